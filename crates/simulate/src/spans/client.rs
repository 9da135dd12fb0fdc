//! What a client span tells, by stack.

use std::net::SocketAddrV4;

use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::status_text;
use super::{dotnet, go, java, node, python};
use crate::topology::service::Stack;

/// A request as the process that makes it sees it.
#[derive(Clone, Debug)]
pub(crate) struct Outbound<'a> {
    pub(crate) method: &'a str,
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// The socket's other side.
    pub(crate) peer: SocketAddrV4,
    pub(crate) service: &'a str,
}

impl Outbound<'_> {
    pub(crate) fn url(&self) -> String {
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => format!("{}://{}{}", self.scheme, self.host, self.path),
            _ => format!("{}://{}:{}{}", self.scheme, self.host, self.port, self.path),
        }
    }

    /// The attributes that all of the stable conventions have. A status of 0 is none: the request never came through.
    pub(crate) fn stable(&self, into: &mut Attributes) {
        into.text("http.request.method", self.method);
        into.text("url.full", &self.url());
        into.text("server.address", self.host);
        into.int("server.port", i64::from(self.port));
        if self.status > 0 {
            into.int("http.response.status_code", i64::from(self.status));
            into.text("network.protocol.version", "1.1");
        }
        match self.status {
            0 => into.text("error.type", "connection_error"),
            500.. => into.text("error.type", status_text(self.status)),
            _ => {}
        }
    }

    pub(crate) fn peer(&self, into: &mut Attributes) {
        into.text("network.peer.address", &self.peer.ip().to_string());
        into.int("network.peer.port", i64::from(self.peer.port()));
    }
}

/// Fills in what the stack tells; gives the span's name and scope. `is_grpc` where both sides are.
pub(crate) fn describe(
    stack: Stack,
    tells_peer: bool,
    is_grpc: bool,
    outbound: &Outbound<'_>,
    into: &mut Attributes,
) -> (String, Scope) {
    match stack {
        Stack::Java => java::client(outbound, into, tells_peer),
        Stack::GoHttp | Stack::GoGrpc if is_grpc => go::grpc_client(outbound, into),
        Stack::GoHttp | Stack::GoGrpc => go::client(outbound, into),
        Stack::Node => node::client(outbound, into),
        Stack::NodeOld => node::old_client(outbound, into),
        Stack::PythonOld => python::old_client(outbound, into),
        Stack::PythonNew => python::client(outbound, into),
        Stack::DotNet => dotnet::client(outbound, into),
    }
}
