use bytes::Bytes;
use fanlight_identity::PrincipalNamer;
use fanlight_log::Frame;
use fanlight_otlp::Limits;
use fanlight_runtime::Ledger;
use proptest::prelude::*;

use super::*;
use crate::frame_kind;
use crate::{Decoder, template};

const START: i64 = 1_772_612_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(START + second)
}

fn decoder() -> Decoder {
    Decoder::new(Limits::default(), 400, PrincipalNamer::for_tests(), Ledger::default())
}

fn frame(kind: u8, source_id: u64, arrival: Timestamp, text: &str) -> Frame {
    Frame { kind, arrival, source_id, encoding: 0, bytes: Bytes::copy_from_slice(text.as_bytes()) }
}

fn read(decoder: &mut Decoder, arrival: Timestamp, text: &str) {
    decoder.apply(&frame(frame_kind::LSS_READ, 7, arrival, text), None);
}

/// A User Activity line whose stamp is at this second.
fn line(second: i64, rest: &str) -> String {
    let stamp = (START + second) * 1_000_000;
    format!(
        "{{\"LogTimestamp\":{stamp},\"ConnectionID\":\"s,1\",\"ConnectorIP\":\"192.0.2.7\",\"InternalReason\":\"\"{rest}}}\n"
    )
}

fn report(decoder: &Decoder, now: Timestamp) -> FeedReport {
    let mut reports = decoder.health().lock().reports(&[Feed::ZpaUserActivity], now);
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn levels_reasons_keys_and_tokens_are_counted() {
    let mut decoder = decoder();
    read(&mut decoder, at(1), &line(0, ""));
    read(&mut decoder, at(1), &line(0, ",\"Own\":\"x\",\"Policy\":\"%j{Polcy}\""));
    read(&mut decoder, at(2), &line(0, ",\"Policy\":"));
    read(&mut decoder, at(2), "no object\n");
    read(&mut decoder, at(2), &format!("{}\n", "x".repeat(500)));
    let report = report(&decoder, at(3));
    assert_eq!((report.strict, report.repaired, report.raw, report.dropped), (1, 2, 1, 1));
    assert_eq!(report.lines(), 5);
    assert_eq!(report.reasons, [("line_too_long", 1), ("no_object", 1)]);
    assert_eq!(report.unknown_keys, [(Arc::from("Own"), 1)]);
    assert_eq!(report.unfilled, [("Policy", 1)]);
    assert_eq!(report.condition, FeedCondition::Degraded);
    assert_eq!(report.problems.len(), 3, "{:?}", report.problems);
    assert_eq!((report.last, report.silent_seconds, report.connections), (Some(at(2)), 1, 1));
    assert_eq!(report.dialects, [("custom", 3)]);
}

/// The newest template is what counts: whoever pastes the recommended one sees the missing fields go.
#[test]
fn missing_fields_are_those_of_the_newest_template() {
    let mut decoder =
        Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), Ledger::default());
    read(&mut decoder, at(1), &line(0, ""));
    let poor = report(&decoder, at(1));
    assert!(poor.missing.contains(&"ConnectorPort") && !poor.missing.contains(&"ConnectorIP"));
    assert!(poor.gains.iter().any(|gain| gain.gives == Gives::Rung("R2")));
    let full = template(Feed::ZpaUserActivity).unwrap().replace("\\n", "\n");
    let mut filled = String::new();
    let mut rest = full.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        let (kind, after) = after.split_at(1);
        filled += before;
        filled += if kind == "j" { "\"x\"" } else { "1" };
        rest = after.split_once('}').unwrap().1;
    }
    read(&mut decoder, at(2), &(filled + rest));
    let report = report(&decoder, at(2));
    assert_eq!(report.dialect, Some("fanlight"));
    assert_eq!(report.missing, Vec::<&str>::new());
    assert!(report.gains.is_empty());
}

#[test]
fn lateness_makes_the_watermark_once_it_is_learned() {
    let mut decoder = decoder();
    for second in 0..50 {
        read(&mut decoder, at(second + 7), &line(second, ""));
    }
    let watermark = |decoder: &Decoder, now| decoder.health().lock().watermark(Feed::ZpaUserActivity, now);
    assert_eq!(watermark(&decoder, at(60)), at(60 - 120));
    for second in 50..200 {
        read(&mut decoder, at(second + 7), &line(second, ""));
    }
    let report = report(&decoder, at(207));
    assert_eq!(
        report.lateness.map(|late| (late.records, late.p50_ms / 10, late.p999_ms / 10)),
        Some((200, 700, 700))
    );
    assert!(report.delay_is_learned && report.whole_seconds);
    assert!(report.gains.iter().any(|gain| gain.words.contains("epoch_us")));
    let behind = at(207).nanos_since(watermark(&decoder, at(207)));
    assert!((6_950_000_000..=7_050_000_000).contains(&behind), "{behind}");
    assert_eq!(decoder.health().lock().watermark(Feed::ZiaWeb, at(0)), at(-600));
}

/// A steady feed that stops owes something: its watermark waits for it, but not longer than the hard limit.
#[test]
fn the_watermark_of_a_feed_that_stopped_stands_still_until_the_hard_limit() {
    let mut decoder = decoder();
    for second in 0..600 {
        read(&mut decoder, at(second), &line(second, ""));
    }
    let watermark = |now| decoder.health().lock().watermark(Feed::ZpaUserActivity, at(now));
    let delay = |now: i64| at(now).nanos_since(watermark(now)) / 1_000_000_000;
    assert!(delay(610) <= 1);
    assert_eq!(watermark(900), watermark(2_000));
    assert_eq!(delay(599 + 3_600), 3_600);
    assert_eq!(delay(20_000), 65 * 60);
    let report = report(&decoder, at(900));
    assert_eq!(report.condition, FeedCondition::Silent);
    assert_eq!((report.gap_count, report.gaps.last().unwrap().end), (1, None));
}

#[test]
fn a_clock_that_is_ahead_and_a_zone_are_told_apart() {
    let check = |stamp_of: fn(i64) -> i64, offset: i64, zone: Option<i64>, says: &str| {
        let mut decoder = decoder();
        for second in 0..200 {
            read(&mut decoder, at(second), &line(stamp_of(second), ""));
        }
        let report = report(&decoder, at(200));
        let told = report.clock_offset_ms.unwrap();
        assert!((told - offset).abs() * 100 <= offset.abs(), "{told}");
        assert_eq!(report.zone_seconds, zone);
        assert!(report.problems.iter().any(|problem| problem.contains(says)), "{:?}", report.problems);
    };
    check(|second| second + 30, -30_000, None, "ahead of ours");
    check(|second| second + 7_200, -7_200_000, Some(7_200), "2:00 h ahead of UTC");
    check(|second| second - 19_802, 0, Some(-19_800), "5:30 h behind UTC");
}

/// Beyond three days delays are not told apart: nothing finer is claimed.
#[test]
fn a_delay_beyond_what_is_counted_is_told_as_more_than_that() {
    let mut decoder = decoder();
    for second in 0..40 {
        read(&mut decoder, at(second + 10 * 86_400), &line(second, ""));
    }
    let late = report(&decoder, at(41 + 10 * 86_400));
    let lateness = late.lateness.unwrap();
    assert_eq!(
        (lateness.p50_ms, lateness.p99_ms, lateness.capped),
        (Lateness::CAP_MS, Lateness::CAP_MS, true)
    );
    assert!(
        late.problems.iter().any(|text| text.contains("is more than 74.5 h late")),
        "{:?}",
        late.problems
    );
    let mut decoder = self::decoder();
    for second in 0..40 {
        read(&mut decoder, at(second), &line(second - 2, ""));
    }
    assert!(!report(&decoder, at(41)).lateness.unwrap().capped);
}

#[test]
fn pushed_and_streamed_are_apart_and_streams_are_counted() {
    let mut decoder = decoder();
    let pushed = frame_kind::pushed(Feed::ZpaUserActivity);
    decoder.apply(&frame(pushed, 0, at(1), &line(0, "")), None);
    for source in 1..4 {
        decoder.apply(&frame(frame_kind::LSS_READ, source, at(1), &line(0, "")), None);
    }
    decoder.apply(&frame(frame_kind::LSS_CLOSED, 2, at(2), ""), None);
    let health = decoder.health();
    let reports = health.lock().reports(&[], at(3));
    let told: Vec<(Option<Transport>, u64, u64)> =
        reports.iter().map(|report| (report.source, report.strict, report.connections)).collect();
    assert_eq!(told, [(Some(Transport::Stream), 3, 2), (Some(Transport::Pushed), 1, 0)]);
    // The streams of a run ended with it.
    decoder.apply(&frame(frame_kind::LSS_READ, 1 << 40, at(9), &line(0, "")), None);
    assert_eq!(health.lock().reports(&[], at(9))[0].connections, 1);
}

#[test]
fn rows_add_up() {
    let mut decoder = decoder();
    let health = decoder.health();
    let mut lines = 0;
    for minute in 0..5 {
        for second in 0..minute {
            read(&mut decoder, at(minute * 60 + second), &line(0, ""));
        }
        read(&mut decoder, at(minute * 60 + 58), &format!("{}\n", "x".repeat(500)));
        health.lock().duplicates(Feed::ZpaUserActivity, Transport::Stream, 1);
        let rows = health.lock().rows(at(minute * 60 + 59));
        lines += rows.iter().map(|row| row.lines).sum::<u64>();
        let is_right = |row: &FeedHealthRow| {
            row.strict + 1 == row.lines
                && row.reasons == [("line_too_long", 1)]
                && (row.dropped, row.duplicates) == (1, 1)
        };
        assert!(rows.iter().all(is_right), "{rows:?}");
    }
    assert_eq!(lines, 15);
}

#[test]
fn a_feed_that_is_expected_and_has_not_come_is_never() {
    let reports = decoder().health().lock().reports(&[Feed::ZpaUserActivity, Feed::ZiaWeb], at(0));
    assert!(reports.iter().all(|report| report.condition == FeedCondition::Never && report.source.is_none()));
    assert_eq!(reports.len(), 2);
}

/// An administrator who deletes the log receiver: the last thing that is heard.
#[test]
fn an_audit_record_about_a_log_receiver_is_an_alarm() {
    let mut decoder =
        Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), Ledger::default());
    read(&mut decoder, at(0), &line(0, ""));
    let audit = r#"{"ModifiedTime":"2026-03-04T08:20:42.000Z","CreationTime":"2026-03-04T08:20:42.000Z","ModifiedBy":1,"RequestID":"r","AuditOldValue":"","AuditNewValue":"","AuditOperationType":"Delete","ObjectType":"Log Receiver","ObjectName":"to fanlight","ObjectID":2,"User":"ana@example.com"}"#;
    let kind = frame_kind::stream_read(Feed::ZpaAudit);
    decoder.apply(&frame(kind, 8, at(42), &format!("{audit}\n{audit}\n")), None);
    let health = decoder.health();
    let alarms = health.lock().alarms();
    assert_eq!(alarms.len(), 1);
    assert_eq!(
        (alarms[0].kind, alarms[0].text.as_str()),
        (AlarmKind::FeedDeleted, "Log Receiver: to fanlight")
    );
    let activity = &health.lock().reports(&[], at(43))[0];
    assert_eq!(activity.condition, FeedCondition::Degraded);
    let later = &health.lock().reports(&[], at(43 + 86_400))[0];
    assert!(!later.problems.iter().any(|problem| problem.contains("Log Receiver")));
}

/// A feed that comes in two ways is one series, whose counts are added up.
#[test]
fn metrics_have_one_series_a_feed() {
    let mut decoder = decoder();
    read(&mut decoder, at(1), &line(0, ""));
    decoder.apply(&frame(frame_kind::pushed(Feed::ZpaUserActivity), 0, at(1), &line(0, "")), None);
    let reports = decoder.health().lock().reports(&[], at(11));
    let families = families(&reports, at(11));
    let of = |name: &str| -> Vec<String> {
        let family = families.iter().find(|family| family.name == name).unwrap();
        family.samples.iter().map(|sample| format!("{:?} {:?}", sample.labels, sample.value)).collect()
    };
    assert_eq!(of("fanlight_feed_silence_seconds"), [r#"[("feed", "zpa_user_activity")] Number(10.0)"#]);
    let strict = r#"[("feed", "zpa_user_activity"), ("level", "strict")] Number(2.0)"#;
    assert_eq!(of("fanlight_feed_records")[0], strict);
    assert_eq!(
        of("fanlight_feed_watermark_age_seconds"),
        [r#"[("feed", "zpa_user_activity")] Number(120.0)"#]
    );
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        (-100_i64..4_000).prop_map(|second| line(second, "")),
        (-100_i64..4_000, "[A-D]").prop_map(|(second, key)| line(second, &format!(",\"Own{key}\":1"))),
        (0_i64..100).prop_map(|second| line(second, ",\"Host\":\"a\"b\"")),
        Just("nothing\n".to_owned()),
        Just("{\"a\":1}\n".to_owned()),
        Just(format!("{}\n", "y".repeat(401))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// INV-3: whatever the order in which lines came, the same was counted of them.
    #[test]
    fn order_changes_no_count(lines in prop::collection::vec(piece(), 1..60), seed in any::<u64>()) {
        let told = |lines: &[&String]| {
            let mut decoder = decoder();
            lines.iter().for_each(|line| read(&mut decoder, at(5), line));
            let report = report(&decoder, at(10));
            (
                (report.strict, report.repaired, report.raw, report.dropped, report.lateness),
                (report.reasons, report.repairs, report.unknown_keys, report.dialects, report.clock_offset_ms),
            )
        };
        let straight: Vec<&String> = lines.iter().collect();
        let mut shuffled = straight.clone();
        shuffled.sort_by_key(|line| {
            let mut hash = seed;
            line.bytes().for_each(|byte| hash = hash.rotate_left(5).wrapping_mul(31) ^ u64::from(byte));
            hash
        });
        let counted = told(&straight);
        prop_assert_eq!(counted.0.0 + counted.0.1 + counted.0.2 + counted.0.3, lines.len() as u64);
        prop_assert_eq!(counted, told(&shuffled));
    }

    /// A replay of the log gives the same report, row for row, and however the stream was cut: nothing of it hangs on the wall clock.
    #[test]
    fn a_replay_gives_the_same(lines in prop::collection::vec((piece(), 0_i64..90), 1..60), cut in 1_usize..50) {
        let told = |cut: usize| {
            let mut decoder = decoder();
            let mut second = 0;
            for (line, pause) in &lines {
                second += pause;
                let (first, rest) = line.split_at(cut.min(line.len()));
                read(&mut decoder, at(second), first);
                read(&mut decoder, at(second), rest);
            }
            let health = decoder.health();
            let mut health = health.lock();
            (health.reports(&[], at(second)), health.rows(at(second)))
        };
        let live = told(0);
        prop_assert_eq!(&live, &told(0));
        prop_assert_eq!(&live, &told(cut));
    }
}
