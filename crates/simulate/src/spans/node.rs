//! Node's `instrumentation-http`, with new and with old conventions. It does not know the route by itself; Express adds it.

use super::client::Outbound;
use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::{Inbound, Told, peer, stable};

pub(crate) fn server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    stable(inbound, into);
    peer(inbound, into);
    (format!("{} {}", inbound.method, inbound.route), Scope::NodeHttp, Told { peer: true, ..Told::default() })
}

/// The old conventions have the socket's own side too.
pub(crate) fn old_server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    into.text("http.url", &format!("{}://{}{}", inbound.scheme, inbound.host, inbound.path));
    into.text("http.host", inbound.host);
    into.text("net.host.name", inbound.host);
    into.text("http.method", inbound.method);
    into.text("http.scheme", inbound.scheme);
    into.text("http.target", inbound.path);
    into.text("http.user_agent", inbound.user_agent);
    into.text("http.flavor", "1.1");
    into.text("net.transport", "ip_tcp");
    into.text("net.host.ip", &inbound.local.ip().to_string());
    into.int("net.host.port", i64::from(inbound.local.port()));
    into.text("net.peer.ip", &inbound.peer.ip().to_string());
    into.int("net.peer.port", i64::from(inbound.peer.port()));
    if let Some(client) = inbound.forwarded_for {
        into.text("http.client_ip", &client.to_string());
    }
    into.int("http.status_code", i64::from(inbound.status));
    into.text("http.route", inbound.route);
    let told = Told { peer: true, local_port: true, local_address: false };
    (format!("{} {}", inbound.method, inbound.route), Scope::NodeHttp, told)
}

pub(crate) fn client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    outbound.stable(into);
    outbound.peer(into);
    (outbound.method.to_owned(), Scope::NodeHttp)
}

pub(crate) fn old_client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    into.text("http.url", &outbound.url());
    into.text("http.method", outbound.method);
    into.text("http.target", outbound.path);
    into.text("net.peer.name", outbound.host);
    into.text("net.peer.ip", &outbound.peer.ip().to_string());
    into.int("net.peer.port", i64::from(outbound.peer.port()));
    into.text("http.host", outbound.host);
    into.int("http.status_code", i64::from(outbound.status));
    into.text("http.flavor", "1.1");
    into.text("net.transport", "ip_tcp");
    (outbound.method.to_owned(), Scope::NodeHttp)
}
