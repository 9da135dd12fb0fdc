//! The time segments that ZPA's own stamps give.

use fanlight_model::{AccessEvent, Segment, SegmentName, Timestamp};

/// What an access event says of one request's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// What was measured, in the order in which it happened; each on one clock.
    pub measured: Vec<Segment>,
    /// Named portions of a measured segment, for the reader; they are not added to it.
    pub portions: Vec<NamedPortion>,
    /// What was not measured, and why.
    pub missing: Vec<Missing>,
}

/// A part of a measured segment that the vendor names on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPortion {
    /// The segment that it is a part of.
    pub of: SegmentName,
    /// What the vendor calls it, in our words: `policy`, `dispatch`.
    pub name: &'static str,
    /// How long, in nanoseconds.
    pub duration_ns: u64,
}

/// A segment that was not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub name: SegmentName,
    /// Why, in words for a person.
    pub why: &'static str,
}

/// Splits the set-up of a ZPA connection. Only the first request of a connection pays it: for a later one nothing is charged
/// and the output says so.
///
/// `ConnectionSetupTime − ConnectorZENSetupTime` is the edge's own part, with policy and dispatch as named portions of it;
/// `ServerSetupTime` lies inside `ConnectorZENSetupTime` and is taken out of it. Source: Zscaler LSS field descriptions, and the
/// arithmetic of published records.
pub fn set_up_segments(event: &AccessEvent, first_on_connection: bool) -> Segments {
    let mut segments = Segments::default();
    if !first_on_connection {
        segments.miss(
            SegmentName::EdgeAndClient,
            "a later request on its connection: User Activity times the connection, not each request",
        );
        return segments;
    }
    let split = SetUp::of(event);
    match split.edge {
        Some(edge) => {
            segments.measure(SegmentName::EdgePolicy, edge);
            segments.portion(SegmentName::EdgePolicy, "policy", event.phases.policy_us, edge);
            segments.portion(SegmentName::EdgePolicy, "dispatch", event.phases.ca_us, edge);
        }
        None => segments.miss(SegmentName::EdgePolicy, split.why_not),
    }
    match (split.connector, event.phases.server_setup_us) {
        (Some(connector), Some(server)) if server <= connector => {
            segments.measure(SegmentName::ConnectorSetup, connector - server);
        }
        (Some(connector), None) => segments.measure(SegmentName::ConnectorSetup, connector),
        (Some(_), Some(_)) => {
            segments.miss(
                SegmentName::ConnectorSetup,
                "`ServerSetupTime` is longer than the set-up that contains it",
            );
        }
        (None, _) => segments.miss(SegmentName::ConnectorSetup, split.why_not),
    }
    match event.phases.server_setup_us {
        Some(server) => segments.measure(SegmentName::ServerConnect, server),
        None => segments.miss(SegmentName::ServerConnect, "the record has no `ServerSetupTime`"),
    }
    segments
        .miss(SegmentName::LastMile, "User Activity cannot separate it; Browser Access or AppProtection can");
    segments
}

/// The set-up in two parts, in microseconds: before the app connector, and the app connector's.
struct SetUp {
    edge: Option<u64>,
    connector: Option<u64>,
    why_not: &'static str,
}

impl SetUp {
    /// From the timers where the template has them, else from the stamps, which the default template has at a millisecond's
    /// resolution: the edge's part ends when the central authority answered, the app connector's when its data connection came.
    fn of(event: &AccessEvent) -> Self {
        let (phases, stamps) = (&event.phases, &event.stamps);
        if let (Some(setup), Some(connector)) = (phases.setup_us, phases.connector_setup_us) {
            return match setup.checked_sub(connector) {
                Some(edge) => Self { edge: Some(edge), connector: Some(connector), why_not: "" },
                None => Self::none("the record's set-up times contradict each other"),
            };
        }
        let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
            u64::try_from(to?.nanos_since(from?)).ok().map(|nanos| nanos / 1_000)
        };
        match (between(stamps.connection_start, stamps.ca_rx), between(stamps.ca_rx, stamps.setup_complete)) {
            (Some(edge), Some(connector)) => {
                // What the stamps cannot resolve, the policy timer may: it measures a portion of the same stretch.
                let edge = Some(edge.max(phases.policy_us.unwrap_or(0))).filter(|edge| *edge > 0);
                Self {
                    edge,
                    connector: Some(connector),
                    why_not: "shorter than the millisecond that the stamps resolve",
                }
            }
            _ if stamps.setup_complete.is_none() => {
                Self::none("the connection's set-up did not complete, or the record does not say")
            }
            _ => Self::none("the record has neither `ConnectorZENSetupTime` nor `TimestampCARx`"),
        }
    }

    const fn none(why_not: &'static str) -> Self {
        Self { edge: None, connector: None, why_not }
    }
}

impl Segments {
    fn measure(&mut self, name: SegmentName, duration_us: u64) {
        self.measured.push(Segment { name, duration_ns: duration_us.saturating_mul(1_000) });
    }

    /// A portion longer than its whole is a contradiction and is left out.
    fn portion(&mut self, of: SegmentName, name: &'static str, duration_us: Option<u64>, of_us: u64) {
        if let Some(duration_us) = duration_us.filter(|duration| *duration <= of_us) {
            self.portions.push(NamedPortion { of, name, duration_ns: duration_us.saturating_mul(1_000) });
        }
    }

    fn miss(&mut self, name: SegmentName, why: &'static str) {
        self.missing.push(Missing { name, why });
    }
}

#[cfg(test)]
mod tests {
    use fanlight_model::{ConnectionStamps, EventUid, Feed, PhaseDurations};

    use super::*;

    fn check(phases: PhaseDurations, first: bool, measured: &[(SegmentName, u64)], missing: &[SegmentName]) {
        check_stamped(phases, ConnectionStamps::default(), first, measured, missing);
    }

    fn check_stamped(
        phases: PhaseDurations,
        stamps: ConnectionStamps,
        first: bool,
        measured: &[(SegmentName, u64)],
        missing: &[SegmentName],
    ) {
        let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", "s,c");
        let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, Timestamp::from_seconds(1), "");
        event.phases = phases;
        event.stamps = stamps;
        let segments = set_up_segments(&event, first);
        let found: Vec<_> =
            segments.measured.iter().map(|segment| (segment.name, segment.duration_ns / 1_000)).collect();
        assert_eq!(found, measured);
        assert_eq!(segments.missing.iter().map(|missing| missing.name).collect::<Vec<_>>(), missing);
    }

    /// The four timers of a full template: the parts add up to the whole set-up, to the microsecond.
    #[test]
    fn a_full_record_splits_its_set_up_without_a_rest() {
        let phases = PhaseDurations {
            policy_us: Some(28),
            ca_us: Some(1_330),
            connector_setup_us: Some(191_017),
            setup_us: Some(192_397),
            server_setup_us: Some(465),
            ..PhaseDurations::default()
        };
        check(
            phases,
            true,
            &[
                (SegmentName::EdgePolicy, 1_380),
                (SegmentName::ConnectorSetup, 190_552),
                (SegmentName::ServerConnect, 465),
            ],
            &[SegmentName::LastMile],
        );
    }

    /// The vendor's default template has no such timer, but its stamps tell the same at a millisecond's resolution.
    #[test]
    fn a_default_record_is_split_by_its_stamps() {
        let at = |millis: i64| Some(Timestamp::from_millis(1_790_000_000_000 + millis));
        let phases = PhaseDurations {
            policy_us: Some(304),
            server_setup_us: Some(7_826),
            ..PhaseDurations::default()
        };
        let stamps = ConnectionStamps {
            connection_start: at(0),
            ca_tx: at(1),
            ca_rx: at(10),
            setup_complete: at(181),
            ..ConnectionStamps::default()
        };
        check_stamped(
            phases,
            stamps,
            true,
            &[
                (SegmentName::EdgePolicy, 10_000),
                (SegmentName::ConnectorSetup, 163_174),
                (SegmentName::ServerConnect, 7_826),
            ],
            &[SegmentName::LastMile],
        );
    }

    /// No duration is ever 0: what the stamps cannot resolve is told by the policy timer, or is missing.
    #[test]
    fn what_is_shorter_than_the_stamps_is_not_zero() {
        let at = Some(Timestamp::from_millis(1_790_000_000_000));
        let stamps = ConnectionStamps {
            connection_start: at,
            ca_rx: at,
            setup_complete: Some(Timestamp::from_millis(1_790_000_000_020)),
            ..ConnectionStamps::default()
        };
        let timed = PhaseDurations { policy_us: Some(304), ..PhaseDurations::default() };
        let measured = [(SegmentName::EdgePolicy, 304), (SegmentName::ConnectorSetup, 20_000)];
        check_stamped(timed, stamps, true, &measured, &[SegmentName::ServerConnect, SegmentName::LastMile]);
        check_stamped(
            PhaseDurations::default(),
            stamps,
            true,
            &[(SegmentName::ConnectorSetup, 20_000)],
            &[SegmentName::EdgePolicy, SegmentName::ServerConnect, SegmentName::LastMile],
        );
    }

    /// A total without its parts is not handed to anybody.
    #[test]
    fn a_set_up_without_parts_is_missing() {
        let phases = PhaseDurations { setup_us: Some(181_000), ..PhaseDurations::default() };
        check(
            phases,
            true,
            &[],
            &[
                SegmentName::EdgePolicy,
                SegmentName::ConnectorSetup,
                SegmentName::ServerConnect,
                SegmentName::LastMile,
            ],
        );
    }

    #[test]
    fn a_later_request_is_never_charged_with_the_set_up() {
        let phases = PhaseDurations { setup_us: Some(181_000), ..PhaseDurations::default() };
        check(phases, false, &[], &[SegmentName::EdgeAndClient]);
    }

    /// Times that contradict each other are told as missing, never as zero or a negative number.
    #[test]
    fn contradicting_times_are_missing() {
        let phases = PhaseDurations {
            setup_us: Some(10),
            connector_setup_us: Some(20),
            server_setup_us: Some(30),
            ..PhaseDurations::default()
        };
        check(
            phases,
            true,
            &[(SegmentName::ServerConnect, 30)],
            &[SegmentName::EdgePolicy, SegmentName::ConnectorSetup, SegmentName::LastMile],
        );
    }
}
