//! Addresses of sockets, as the join compares them.

use std::fmt;
use std::net::IpAddr;

/// An IP address and a port. IPv4 addresses mapped into IPv6 are kept in their IPv4 form, so that equal sockets are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address, in canonical form.
    pub address: IpAddr,
    /// The port, never 0.
    pub port: u16,
}

impl Endpoint {
    /// `None` for port 0 and for an address that names no host (`0.0.0.0`, `::`): such a pair is no join key.
    pub fn new(address: IpAddr, port: u16) -> Option<Self> {
        let address = address.to_canonical();
        (port != 0 && !address.is_unspecified()).then_some(Self { address, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::net::SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// What is known of the server's own side of a connection; spans rarely say all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LocalEndpoint {
    /// From `network.local.address`, else from the resource's `k8s.pod.ip` or `host.ip`.
    pub address: Option<IpAddr>,
    /// From `network.local.port`, else from the old `net.host.port`.
    pub port: Option<u16>,
}
