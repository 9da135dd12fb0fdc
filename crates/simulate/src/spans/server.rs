//! What a server span tells, by stack.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::protobuf::Attributes;
use super::scope::Scope;
use super::{dotnet, go, java, node, python};
use crate::topology::service::Stack;

/// A request as the process that serves it sees it.
#[derive(Clone, Debug)]
pub(crate) struct Inbound<'a> {
    pub(crate) method: &'a str,
    pub(crate) scheme: &'a str,
    /// The `Host` header.
    pub(crate) host: &'a str,
    pub(crate) host_port: u16,
    pub(crate) path: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) user_agent: &'a str,
    /// The socket's other side.
    pub(crate) peer: SocketAddrV4,
    /// Its own.
    pub(crate) local: SocketAddrV4,
    /// `X-Forwarded-For`, where a proxy wrote one.
    pub(crate) forwarded_for: Option<Ipv4Addr>,
    /// Both sides speak gRPC.
    pub(crate) is_grpc: bool,
    pub(crate) service: &'a str,
}

/// What of its socket a span tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) peer: bool,
    pub(crate) local_port: bool,
    /// Its own address, in an attribute of the span.
    pub(crate) local_address: bool,
}

/// Fills in what the stack tells; gives the span's name, its scope and what it told.
pub(crate) fn describe(stack: Stack, inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    match stack {
        Stack::Java => java::server(inbound, into),
        Stack::GoGrpc if inbound.is_grpc => go::grpc_server(inbound, into),
        Stack::GoHttp | Stack::GoGrpc => go::server(inbound, into),
        Stack::Node => node::server(inbound, into),
        Stack::NodeOld => node::old_server(inbound, into),
        Stack::PythonOld => python::old_server(inbound, into),
        Stack::PythonNew => python::server(inbound, into),
        Stack::DotNet => dotnet::server(inbound, into),
    }
}

/// The attributes that all of the stable conventions have.
pub(crate) fn stable(inbound: &Inbound<'_>, into: &mut Attributes) {
    into.text("http.request.method", inbound.method);
    into.text("url.scheme", inbound.scheme);
    into.text("url.path", inbound.path);
    into.int("http.response.status_code", i64::from(inbound.status));
    into.text("http.route", inbound.route);
    into.text("server.address", inbound.host);
    into.int("server.port", i64::from(inbound.host_port));
    into.text("user_agent.original", inbound.user_agent);
    into.text("network.protocol.version", "1.1");
    if inbound.status >= 500 {
        into.text("error.type", status_text(inbound.status));
    }
}

/// The peer and, de-proxied, the client.
pub(crate) fn peer(inbound: &Inbound<'_>, into: &mut Attributes) {
    into.text("network.peer.address", &inbound.peer.ip().to_string());
    into.int("network.peer.port", i64::from(inbound.peer.port()));
    let client = inbound.forwarded_for.unwrap_or(*inbound.peer.ip());
    into.text("client.address", &client.to_string());
}

pub(crate) const fn status_text(status: u16) -> &'static str {
    match status {
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => "_OTHER",
    }
}
