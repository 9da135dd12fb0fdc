//! A row a feed and minute for the table `feed_health`. It rides on the first frame of the next minute: what comes from the log alone is
//! the same at a replay, and while nothing at all comes there is nothing to tell.

use fanlight_intake::frame_kind::Transport;
use fanlight_intake::health::{FeedHealthRow, SharedHealth};
use fanlight_model::{FeedHealth, OtherRecord, Timestamp};

const MINUTE_NANOS: i64 = 60_000_000_000;

/// Knows which minute was told last.
pub(super) struct HealthRows {
    health: SharedHealth,
    minute: Option<i64>,
}

impl HealthRows {
    pub(super) fn new(health: SharedHealth) -> Self {
        Self { health, minute: None }
    }

    /// The rows of the minute before, where `now` is the first stamp of another one. The first minute of a run or a replay is told whole
    /// only from its second on.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<OtherRecord> {
        let minute = now.as_nanos().div_euclid(MINUTE_NANOS);
        let is_first = self.minute.is_none();
        if self.minute.is_some_and(|told| told >= minute) {
            return Vec::new();
        }
        self.minute = Some(minute);
        if is_first {
            return Vec::new();
        }
        let end = Timestamp::from_nanos(minute.saturating_mul(MINUTE_NANOS));
        self.health.lock().rows(end).into_iter().map(|row| OtherRecord::FeedHealth(stored(row))).collect()
    }
}

fn stored(row: FeedHealthRow) -> FeedHealth {
    let source = match row.source {
        Transport::Stream => "stream",
        Transport::Pushed => "pushed",
        Transport::Reparsed => "reparsed",
    };
    FeedHealth {
        lines: row.lines,
        strict: row.strict,
        repaired: row.repaired,
        raw: row.raw,
        duplicates: row.duplicates,
        dropped: row.dropped,
        lateness_p50_ms: row.lateness_p50_ms,
        lateness_p99_ms: row.lateness_p99_ms,
        clock_offset_ms: row.clock_offset_ms,
        silent_seconds: Some(row.silent_seconds),
        gaps: row.gaps,
        unknown_keys: row.unknown_keys.into_iter().map(Into::into).collect(),
        missing: row.missing.into_iter().map(Into::into).collect(),
        reasons: row.reasons.into_iter().map(|(reason, count)| (reason.into(), count)).collect(),
        ..FeedHealth::empty(row.time, row.feed, Some(source.into()))
    }
}

#[cfg(test)]
mod tests {
    use fanlight_identity::PrincipalNamer;
    use fanlight_intake::{Decoder, frame_kind};
    use fanlight_log::Frame;
    use fanlight_model::Feed;
    use fanlight_otlp::Limits;
    use fanlight_runtime::Ledger;

    use super::*;

    /// Lines of one minute are told once, at the first stamp of the next.
    #[test]
    fn a_minute_is_told_once() {
        let mut decoder =
            Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), Ledger::default());
        let mut rows = HealthRows::new(decoder.health());
        let at = Timestamp::from_seconds;
        assert_eq!(rows.due(at(600)), []);
        let line = "{\"ConnectionID\": \"s,c\",\"ConnectorIP\": \"192.0.2.7\",\"ConnectorPort\": 40001}\n";
        let frame = Frame {
            kind: frame_kind::stream_read(Feed::ZpaUserActivity),
            arrival: at(601),
            source_id: 1,
            encoding: 0,
            bytes: line.repeat(3).into(),
        };
        decoder.apply(&frame, None);
        assert_eq!(rows.due(at(659)), []);
        let told = rows.due(at(661));
        let [OtherRecord::FeedHealth(row)] = &*told else { panic!("{told:?}") };
        assert_eq!((row.time, row.feed, row.lines), (at(660), Feed::ZpaUserActivity, 3));
        assert_eq!(rows.due(at(662)), []);
        let later = rows.due(at(725));
        assert!(matches!(&*later, [OtherRecord::FeedHealth(row)] if row.lines == 0), "{later:?}");
    }
}
