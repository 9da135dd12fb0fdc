use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines};
use fanlight_model::{Feed, ParseLevel, Timestamp};
use fanlight_simulate::{ListShape, Settings, StreamKind, ZiaDialect};

use super::run::{DEFAULT, RECOMMENDED, Run, SAMPLE, run, small};

pub(crate) fn decoded(run: &Run, stream: &str, feed: Feed) -> Vec<DecodedLine> {
    let arrival = run.settings.start.shifted(3_600_000_000_000);
    decode_lines(feed, &run.text(stream), 1 << 20, arrival, &PrincipalNamer::for_tests())
}

/// Every line of every feed is read as its format says, as the feed that it is of, and nothing about it is odd.
fn check(run: &Run) -> usize {
    let mut lines = 0;
    for (stream, kind) in &run.kinds {
        let StreamKind::Lines(feed) = *kind else { continue };
        let mut seen = 0;
        for line in decoded(run, stream, feed) {
            assert_eq!(line.level, ParseLevel::Strict, "{stream} line {}: {:?}", line.line, line.notes);
            assert_eq!(line.feed, feed, "{stream} line {}", line.line);
            assert_eq!(line.notes, Vec::<String>::new(), "{stream} line {}", line.line);
            seen += 1;
        }
        assert_eq!(seen, run.pieces.get(stream).map_or(0, Vec::len), "{stream}");
        assert!(seen > 0, "{stream} is empty");
        lines += seen;
    }
    lines
}

#[test]
fn every_line_of_the_vendors_sample_dialect_is_read_strictly() {
    assert!(check(&SAMPLE) > 1_000);
}

#[test]
fn every_line_of_the_vendors_default_dialect_is_read_strictly() {
    assert!(check(&DEFAULT) > 500);
}

/// Two receivers get the same records, each in its own order.
#[test]
fn every_line_of_our_own_dialect_is_read_strictly() {
    assert!(check(&RECOMMENDED) > 500);
    let sorted = |stream: &str| {
        let mut lines: Vec<Vec<u8>> =
            RECOMMENDED.pieces[stream].iter().map(|piece| piece.bytes.clone()).collect();
        lines.sort_unstable();
        lines
    };
    let (one, two) = (sorted("zpa_user_activity.group-1"), sorted("zpa_user_activity.group-2"));
    let both = one.iter().filter(|line| two.binary_search(line).is_ok()).count();
    assert!(both * 100 > one.len() * 98 && one.len().abs_diff(two.len()) * 50 < one.len());
    assert_eq!(dialects(&RECOMMENDED, "zpa_user_activity.group-1", Feed::ZpaUserActivity), ["fanlight"]);
}

fn dialects(run: &Run, stream: &str, feed: Feed) -> Vec<&'static str> {
    let mut dialects: Vec<_> = decoded(run, stream, feed).iter().map(|line| line.dialect).collect();
    dialects.sort_unstable();
    dialects.dedup();
    dialects
}

#[test]
fn cells_and_leef_are_read_strictly() {
    for (zia, dialect) in [(ZiaDialect::Csv, "csv"), (ZiaDialect::Leef, "leef")] {
        let run = run(Settings { zia, visits_per_hour: 0.3, ..small() });
        assert!(check(&run) > 100);
        assert_eq!(dialects(&run, "zia_web.nss", Feed::ZiaWeb), [dialect]);
    }
}

/// What is seen in the field and is no valid JSON comes out mended, and only where the switch says so.
#[test]
fn broken_shapes_are_mended() {
    let settings = Settings { lists: ListShape::NothingWhenEmpty, raw_quotes: true, ..small() };
    let run = run(settings);
    let count = |stream: &str, feed| {
        let lines = decoded(&run, stream, feed);
        let of = |level| lines.iter().filter(|line| line.level == level).count();
        (of(ParseLevel::Strict), of(ParseLevel::Repaired), of(ParseLevel::Raw))
    };
    let (_, repaired, raw) = count("zpa_user_status.group-1", Feed::ZpaUserStatus);
    assert!(repaired > 50 && raw == 0, "{repaired} {raw}");
    let (strict, repaired, raw) = count("zia_web.nss", Feed::ZiaWeb);
    assert!(repaired > 3 && strict > repaired * 10 && raw == 0, "{strict} {repaired} {raw}");
    let (_, repaired, _) = count("zpa_user_activity.group-1", Feed::ZpaUserActivity);
    assert_eq!(repaired, 0);
}

/// Lists with commas and opaque identities are odd and legal.
#[test]
fn other_shapes_are_read_strictly() {
    let settings = Settings { lists: ListShape::Commas, obfuscated: true, visits_per_hour: 0.3, ..small() };
    let run = run(settings);
    check(&run);
    assert!(!String::from_utf8_lossy(&run.text("zia_web.nss")).contains("@example.com"));
}

/// A record is never of the future of its arrival by more than a clock is wrong.
#[test]
fn records_arrive_after_they_were_written() {
    for (feed, stream) in
        [(Feed::ZpaUserActivity, "zpa_user_activity.group-1"), (Feed::ZiaWeb, "zia_web.nss")]
    {
        let lines = decoded(&SAMPLE, stream, feed);
        for (line, piece) in lines.iter().zip(&SAMPLE.pieces[stream]) {
            let log_time: Option<Timestamp> = match &line.event {
                Some(fanlight_model::FeedRecord::AccessEvent(event)) => event.log_time,
                _ => None,
            };
            assert!(log_time.expect("a time").nanos_since(piece.arrival) < 500_000_000, "{stream}");
        }
    }
}
