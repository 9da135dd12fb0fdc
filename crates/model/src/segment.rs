//! Stretches of a request's time that one party owns.

use std::fmt;

/// The contract's names of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentName {
    /// Between the principal's device and the service edge.
    LastMile,
    /// Policy and dispatch at the service edge.
    EdgePolicy,
    /// Content inspection.
    EdgeInspection,
    /// A rate limit.
    EdgeThrottle,
    /// A detour.
    Reroute,
    /// The app connector's data connection, without the server's own set-up.
    ConnectorSetup,
    /// The app's server accepting the connection.
    ServerConnect,
    /// Sidecars and proxies between.
    Mesh,
    /// The app's own time.
    OurCode,
    /// What the app waited for.
    Dependency,
    /// Beyond the edge.
    InternetSaas,
    /// One lump where nothing finer was measured: edge and client.
    EdgeAndClient,
    /// One lump where nothing finer was measured: outside or edge.
    OutsideOrEdge,
    /// The rest.
    Unexplained,
}

impl SegmentName {
    /// The contract's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastMile => "last_mile",
            Self::EdgePolicy => "edge_policy",
            Self::EdgeInspection => "edge_inspection",
            Self::EdgeThrottle => "edge_throttle",
            Self::Reroute => "reroute",
            Self::ConnectorSetup => "connector_setup",
            Self::ServerConnect => "server_connect",
            Self::Mesh => "mesh",
            Self::OurCode => "our_code",
            Self::Dependency => "dependency",
            Self::InternetSaas => "internet_saas",
            Self::EdgeAndClient => "edge_and_client",
            Self::OutsideOrEdge => "outside_or_edge",
            Self::Unexplained => "unexplained",
        }
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One stretch of a request's time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whose time it is.
    pub name: SegmentName,
    /// How long.
    pub duration_ns: u64,
}
