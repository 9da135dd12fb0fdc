//! The true time of one request: a cursor that only segments move, so that they always sum to the whole.

use fanlight_model::Timestamp;

/// A stretch of a request's time, and who owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    LastMile,
    EdgePolicy,
    EdgeInspection,
    EdgeThrottle,
    Reroute,
    ConnectorSetup,
    ServerConnect,
    ConnectorTransit,
    Mesh,
    OurCode,
    Dependency,
    InternetSaas,
}

impl Segment {
    pub(crate) const ALL: [Self; 12] = [
        Self::LastMile,
        Self::EdgePolicy,
        Self::EdgeInspection,
        Self::EdgeThrottle,
        Self::Reroute,
        Self::ConnectorSetup,
        Self::ServerConnect,
        Self::ConnectorTransit,
        Self::Mesh,
        Self::OurCode,
        Self::Dependency,
        Self::InternetSaas,
    ];

    /// Its name in `truth/requests.ndjson`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::LastMile => "last_mile",
            Self::EdgePolicy => "edge_policy",
            Self::EdgeInspection => "edge_inspection",
            Self::EdgeThrottle => "edge_throttle",
            Self::Reroute => "reroute",
            Self::ConnectorSetup => "connector_setup",
            Self::ServerConnect => "server_connect",
            Self::ConnectorTransit => "connector_transit",
            Self::Mesh => "mesh",
            Self::OurCode => "our_code",
            Self::Dependency => "dependency",
            Self::InternetSaas => "internet_saas",
        }
    }

    /// The cause that owns it.
    pub(crate) const fn cause(self) -> &'static str {
        match self {
            Self::LastMile => "last_mile",
            Self::EdgePolicy | Self::EdgeInspection => "edge_policy",
            Self::EdgeThrottle => "edge_capacity",
            Self::Reroute => "reroute",
            Self::ConnectorSetup | Self::ConnectorTransit => "connector",
            Self::ServerConnect => "infrastructure",
            Self::Mesh => "mesh",
            Self::OurCode => "our_code",
            Self::Dependency => "dependency",
            Self::InternetSaas => "internet_saas",
        }
    }
}

/// What a segment took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) ns: i64,
    /// What it takes in the middle of all cases: what is above is excess, injected or natural.
    pub(crate) typical_ns: i64,
}

/// What an incident added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    pub(crate) incident: u32,
    pub(crate) cause: &'static str,
    pub(crate) ns: i64,
}

/// One request's time.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    pub(crate) start: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) parts: [Part; 12],
    pub(crate) injected: Vec<Injected>,
}

impl Timeline {
    pub(crate) const fn new(start: Timestamp) -> Self {
        Self { start, now: start, parts: [Part { ns: 0, typical_ns: 0 }; 12], injected: Vec::new() }
    }

    /// Time passes; `typical_ns` is the median of the same.
    pub(crate) fn spend(&mut self, segment: Segment, ns: i64, typical_ns: i64) {
        let ns = ns.max(0);
        self.now = self.now.shifted(ns);
        if let Some(part) = self.parts.get_mut(segment as usize) {
            part.ns += ns;
            part.typical_ns += typical_ns;
        }
    }

    /// Time passes that an incident added.
    pub(crate) fn inject(&mut self, segment: Segment, ns: i64, incident: u32) {
        self.spend(segment, ns, 0);
        self.blame(segment.cause(), ns, incident);
    }

    /// An incident had a part in it, and this much.
    pub(crate) fn blame(&mut self, cause: &'static str, ns: i64, incident: u32) {
        let same = |known: &&mut Injected| known.incident == incident && known.cause == cause;
        match self.injected.iter_mut().find(same) {
            Some(known) => known.ns += ns,
            None => self.injected.push(Injected { incident, cause, ns }),
        }
    }

    pub(crate) fn part(&self, segment: Segment) -> Part {
        self.parts.get(segment as usize).copied().unwrap_or_default()
    }

    pub(crate) fn total_ns(&self) -> i64 {
        self.now.nanos_since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_sum_to_the_whole() {
        let mut timeline = Timeline::new(Timestamp::from_seconds(1));
        timeline.spend(Segment::LastMile, 5, 4);
        timeline.spend(Segment::OurCode, 7, 7);
        timeline.inject(Segment::OurCode, 200, 1);
        timeline.inject(Segment::OurCode, 1, 1);
        assert_eq!(timeline.parts.iter().map(|part| part.ns).sum::<i64>(), timeline.total_ns());
        assert_eq!(timeline.injected, [Injected { incident: 1, cause: "our_code", ns: 201 }]);
        for (at, segment) in Segment::ALL.into_iter().enumerate() {
            assert_eq!(segment as usize, at);
        }
    }
}
