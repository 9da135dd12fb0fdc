//! Python: old conventions are still the default; under the new ones the peer stands in the client's attributes.

use super::client::Outbound;
use super::protobuf::Attributes;
use super::scope::Scope;
use super::server::{Inbound, Told, stable};

/// Flask, without `OTEL_SEMCONV_STABILITY_OPT_IN`: `net.host.port` is the port that it really listens on.
pub(crate) fn old_server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    into.text("http.method", inbound.method);
    into.text("http.server_name", "0.0.0.0");
    into.text("http.scheme", "http");
    into.int("net.host.port", i64::from(inbound.local.port()));
    into.text("http.host", inbound.host);
    into.text("http.target", inbound.path);
    into.text("net.peer.ip", &inbound.peer.ip().to_string());
    into.text("http.user_agent", inbound.user_agent);
    into.int("net.peer.port", i64::from(inbound.peer.port()));
    into.text("http.flavor", "1.1");
    into.text("http.route", inbound.route);
    into.int("http.status_code", i64::from(inbound.status));
    let told = Told { peer: true, local_port: true, local_address: false };
    (format!("{} {}", inbound.method, inbound.route), Scope::PythonFlask, told)
}

/// FastAPI with the new conventions: no `network.peer.*`, the peer is the client.
pub(crate) fn server(inbound: &Inbound<'_>, into: &mut Attributes) -> (String, Scope, Told) {
    stable(inbound, into);
    into.text("client.address", &inbound.peer.ip().to_string());
    into.int("client.port", i64::from(inbound.peer.port()));
    (
        format!("{} {}", inbound.method, inbound.route),
        Scope::PythonFastApi,
        Told { peer: true, ..Told::default() },
    )
}

/// `requests` puts the URL's host name where an address belongs.
pub(crate) fn client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    outbound.stable(into);
    into.text("network.peer.address", outbound.host);
    (outbound.method.to_owned(), Scope::PythonRequests)
}

pub(crate) fn old_client(outbound: &Outbound<'_>, into: &mut Attributes) -> (String, Scope) {
    into.text("http.method", outbound.method);
    into.text("http.url", &outbound.url());
    into.int("http.status_code", i64::from(outbound.status));
    (outbound.method.to_owned(), Scope::PythonRequests)
}
