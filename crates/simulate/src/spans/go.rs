//! Go: `otelhttp` tells the peer; `otelgrpc` tells the own side, under the server's name.

use super::client::Outbound;
use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::{Inbound, Told, peer, stable};

pub(crate) fn server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    stable(inbound, into);
    peer(inbound, into);
    (format!("{} {}", inbound.method, inbound.route), Scope::GoHttp, Told { peer: true, ..Told::default() })
}

pub(crate) fn grpc_server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    let name = format!("shop.{}/Handle", inbound.service);
    rpc(inbound.service, into);
    into.text("server.address", &inbound.local.ip().to_string());
    into.int("server.port", i64::from(inbound.local.port()));
    into.int("rpc.grpc.status_code", if inbound.status >= 500 { 14 } else { 0 });
    (name, Scope::GoGrpc, Told { peer: false, local_port: true, local_address: true })
}

/// No peer.
pub(crate) fn client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    outbound.stable(into);
    (format!("HTTP {}", outbound.method), Scope::GoHttp)
}

pub(crate) fn grpc_client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    rpc(outbound.service, into);
    into.text("server.address", outbound.host);
    into.int("server.port", i64::from(outbound.port));
    into.int("rpc.grpc.status_code", if outbound.status >= 500 { 14 } else { 0 });
    (format!("shop.{}/Handle", outbound.service), Scope::GoGrpc)
}

fn rpc(service: &str, into: &mut Attributes) {
    into.text("rpc.system", "grpc");
    into.text("rpc.service", &format!("shop.{service}"));
    into.text("rpc.method", "Handle");
}
