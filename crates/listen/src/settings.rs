//! What a listener can be told, and the bounds that it keeps whatever it is told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::access::Access;

/// One listener.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name, as in the configuration, in counters and in events.
    pub name: &'static str,
    /// The address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Who may connect, and how.
    pub access: Access,
    /// What is spoken there.
    pub protocol: Protocol,
    /// How long a peer may take, and how much of it there may be.
    pub limits: Limits,
}

/// What is spoken on a listener; over TLS this is what ALPN agrees to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2: gRPC.
    Http2,
    /// HTTP/1.1, and HTTP/2 where a TLS peer asks for it: browsers.
    Web,
    /// Bytes as they come: a log stream. No token can be sent with it.
    Raw,
}

/// Bounds of one listener. Nobody sane sets them differently, so they are no keys; tests do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections of one listener; the next is closed at once.
    pub connections: usize,
    /// Connections of one peer: an IPv4 address, or the /64 of an IPv6 one, which is as easily had.
    pub connections_per_peer: usize,
    /// TLS handshakes in progress; the next waits for its turn, within the deadline.
    pub handshakes: usize,
    /// Handshakes of one peer.
    pub handshakes_per_peer: usize,
    /// From the connection to the end of its handshake, waiting included; and for the first bytes of HTTP/2.
    pub handshake: Duration,
    /// For a whole header, from its first byte.
    pub header: Duration,
    /// How long a connection may stand without a request.
    pub idle: Duration,
    /// How long a body may take before its rate counts.
    pub body_grace: Duration,
    /// Bytes a second that a body comes with at least.
    pub body_rate: u32,
    /// How long a peer may take nothing of what it is sent; from then on it takes at least `body_rate`.
    pub stall: Duration,
    /// Silence on a connection before the peer is asked whether it is there, by TCP.
    pub keepalive_idle: Duration,
    /// Between the askings.
    pub keepalive_interval: Duration,
    /// A peer that acknowledges nothing for this long is gone, whether it was sent something or asked.
    pub user_timeout: Duration,
}

impl Limits {
    /// See each field. A dead peer is found out 50 s after its last word: asked at 20, 30, 40 and 50 s, and given up at the first
    /// asking past 45 s.
    pub const DEFAULT: Self = Self {
        // Five thousand slow peers (design/reliability.md F18) leave room for the others; all of them hold about 100 MB for the ten
        // seconds that they last.
        connections: 8_192,
        // It takes sixteen peers to fill a listener, and a NAT with this many senders behind it is rare.
        connections_per_peer: 512,
        // A handshake costs about a millisecond: what is here is done within a second.
        handshakes: 256,
        handshakes_per_peer: 64,
        handshake: Duration::from_secs(10),
        header: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        body_grace: Duration::from_secs(10),
        body_rate: 1_000,
        stall: Duration::from_secs(30),
        keepalive_idle: Duration::from_secs(20),
        keepalive_interval: Duration::from_secs(10),
        user_timeout: Duration::from_secs(45),
    };

    /// Of a listener for log streams, whose peers only send, at whatever rate there is something to tell. A live one may be silent over a
    /// long week-end; a dead one is found out by TCP, as everywhere. What an idle connection is closed for is a box in between that
    /// answers for a peer which is gone.
    pub const STREAM: Self = Self { idle: Duration::from_secs(7 * 24 * 60 * 60), ..Self::DEFAULT };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Protocol {
    /// What ALPN offers, the best first.
    pub(crate) fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Web => &[b"h2", b"http/1.1"],
            Self::Raw => &[],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }

    /// Whether a request can carry a token.
    pub(crate) fn takes_tokens(self) -> bool {
        self != Self::Raw
    }
}

/// A port of the loopback interface.
pub const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
