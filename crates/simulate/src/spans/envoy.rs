//! Envoy's own spans: the peer of the downstream one is an address without a port, that of the upstream one has its port.

use std::net::SocketAddrV4;

use super::protobuf::Attributes;

/// What both spans know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxied<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    pub(crate) request_id: &'a str,
    pub(crate) user_agent: &'a str,
}

/// The span towards the client.
pub(crate) fn downstream(proxied: Proxied<'_>, peer: SocketAddrV4, into: &mut Attributes) {
    tags(proxied, into);
    into.text("peer.address", &peer.ip().to_string());
    into.text("component", "proxy");
    into.text("downstream_cluster", "-");
}

/// The span towards the app.
pub(crate) fn upstream(proxied: Proxied<'_>, peer: SocketAddrV4, cluster: &str, into: &mut Attributes) {
    tags(proxied, into);
    into.text("peer.address", &peer.to_string());
    into.text("component", "proxy");
    into.text("upstream_cluster", cluster);
    into.text("upstream_address", &peer.to_string());
}

fn tags(proxied: Proxied<'_>, into: &mut Attributes) {
    into.text("http.method", proxied.method);
    into.text("http.url", &format!("https://{}{}", proxied.host, proxied.path));
    into.text("http.status_code", &proxied.status.to_string());
    into.text("http.protocol", "HTTP/1.1");
    into.text("guid:x-request-id", proxied.request_id);
    into.text("user_agent", proxied.user_agent);
    into.text("response_flags", "-");
    into.text("node_id", "");
}
