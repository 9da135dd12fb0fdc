//! Whatever the bytes and however they are cut, in every syntax.

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Columns, Decoded, Decoder, FeedSettings, decode_lines_with, frame_kind};
use fanlight_log::Frame;
use fanlight_model::{EventUid, Feed, FeedRecord, Timestamp};
use fanlight_otlp::Limits;
use fanlight_runtime::{Ledger, Outcome};
use proptest::prelude::*;

use crate::golden::{ARRIVAL, decode, fixtures};

/// The lines of all fixtures, with their feeds.
fn lines() -> Vec<(Feed, String)> {
    let of = |(path, feed): (std::path::PathBuf, Feed)| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| (feed, line.to_owned())).collect::<Vec<_>>()
    };
    fixtures().into_iter().flat_map(of).collect()
}

fn line() -> impl Strategy<Value = (Feed, String)> {
    prop::sample::select(lines())
}

fn records(feed: Feed, text: &[u8]) -> Vec<FeedRecord> {
    decode(feed, text).into_iter().filter_map(|line| line.event).collect()
}

/// Decodes a stream cut at these places, to its end, and checks the ledger: INV-1.
fn stream(feed: Feed, stream: &[u8], cuts: &[usize]) -> Vec<FeedRecord> {
    let ledger = Ledger::default();
    let mut decoder = Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), ledger.clone());
    let mut records = Vec::new();
    let mut take = |kind: u8, bytes: &[u8]| {
        let bytes = bytes::Bytes::copy_from_slice(bytes);
        let frame = Frame { kind, arrival: ARRIVAL, source_id: 7, encoding: 0, bytes };
        if let Decoded::Records(more) = decoder.apply(&frame, None) {
            records.extend(more);
        }
    };
    let kind = frame_kind::stream_read(feed);
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    places.sort_unstable();
    let mut from = 0;
    for to in places.into_iter().chain([stream.len()]) {
        take(kind, &stream[from..to]);
        from = to;
    }
    take(frame_kind::LSS_CLOSED, b"");
    let of = |outcome| {
        let rows = ledger.rows();
        rows.iter()
            .filter(|row| row.record == "line" && row.outcome == outcome)
            .map(|row| row.count)
            .sum::<u64>()
    };
    assert_eq!(of(Outcome::Received), of(Outcome::Stored) + of(Outcome::Rejected) + of(Outcome::Dropped));
    assert_eq!(of(Outcome::Stored) + of(Outcome::Rejected), records.len() as u64);
    records
}

/// Pieces of which lines of every syntax are made.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("CEF:0|Zscaler|NSSWeblog|5.7|a|b|3|".to_owned()),
        Just("LEEF:2.0|Zscaler|NSS|4.1|a|^|".to_owned()),
        Just("LEEF:1.0|Zscaler|ZPA|4.1|a|".to_owned()),
        Just("ZSCALERNSS: ".to_owned()),
        Just("ZscalerNSS: ".to_owned()),
        Just("<114>".to_owned()),
        Just("Mar  4 08:20:42 ".to_owned()),
        Just("2026-03-04 08:20:42".to_owned()),
        Just("\"Wed Mar  4 08:20:42 2026\",".to_owned()),
        prop::sample::select(vec![
            "^^", "\t", "|", "=", " ", "\"", "\"\"", ",", "#011", "%41", "é", "[", "]", "{", "}", "\\"
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "suser=ana",
            "act=Allowed",
            "cs1Label=dept",
            "cs1=x",
            "rt=Mar",
            "reason=a b",
            "cat=",
            "src=10.0.0.1"
        ])
        .prop_map(str::to_owned),
        "[a-z =|^,\"\t]{0,12}",
    ]
}

/// A feed of unnamed cells too.
fn declared(feed: Feed) -> FeedSettings {
    let columns = Columns::from_template("\"%s{time}\",\"%s{login}\",x%s{host}y").unwrap();
    FeedSettings::default().with_columns(feed, columns)
}

/// The members of an object in another order.
fn reordered(line: &str, seed: usize) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let text = |object: &serde_json::Map<String, serde_json::Value>| {
        let mut members: Vec<String> = object
            .iter()
            .map(|(key, value)| match value {
                serde_json::Value::Object(inner) if key == "event" => {
                    format!("\"event\":{}", turned(inner, seed))
                }
                value => format!("{}:{value}", serde_json::Value::from(key.as_str())),
            })
            .collect();
        let length = members.len().max(1);
        members.rotate_left(seed % length);
        format!("{{{}}}", members.join(","))
    };
    Some(text(&object))
}

fn turned(object: &serde_json::Map<String, serde_json::Value>, seed: usize) -> String {
    let mut members: Vec<String> = object
        .iter()
        .map(|(key, value)| format!("{}:{value}", serde_json::Value::from(key.as_str())))
        .collect();
    let length = members.len().max(1);
    members.rotate_right(seed % length);
    format!("{{{}}}", members.join(","))
}

/// What a record says, without its raw line and its id, which may be the line's.
fn said(mut record: FeedRecord) -> FeedRecord {
    let (event_uid, raw) = match &mut record {
        FeedRecord::AccessEvent(event) => (&mut event.event_uid, &mut event.raw),
        FeedRecord::DeviceFact(fact) => (&mut fact.header.event_uid, &mut fact.header.raw),
        FeedRecord::ConnectorHealth(health) => (&mut health.header.event_uid, &mut health.header.raw),
        FeedRecord::ConfigChange(change) => (&mut change.header.event_uid, &mut change.header.raw),
        FeedRecord::Kept(kept) => (&mut kept.header.event_uid, &mut kept.header.raw),
    };
    *event_uid = EventUid::default();
    *raw = "".into();
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_gives_the_same_records(
        some in prop::collection::vec(line(), 1..8),
        cuts in prop::collection::vec(any::<usize>(), 0..30),
    ) {
        let feed = some[0].0;
        let text: String = some.iter().map(|(_, line)| format!("{line}\n")).collect();
        prop_assert_eq!(stream(feed, text.as_bytes(), &cuts), stream(feed, text.as_bytes(), &[]));
    }

    #[test]
    fn no_line_of_any_syntax_panics(pieces in prop::collection::vec(piece(), 0..24), feed in prop::sample::select(Feed::ALL.to_vec())) {
        let text = pieces.concat();
        decode(feed, text.as_bytes());
        let namer = PrincipalNamer::for_tests();
        decode_lines_with(feed, text.as_bytes(), 1 << 20, ARRIVAL, &namer, &declared(feed));
    }

    /// Bytes of a line are replaced: the lines before and behind it say what they said.
    #[test]
    fn a_broken_line_changes_none_of_its_neighbours(
        (feed, good) in line(),
        (_, bad) in line(),
        at in any::<usize>(),
        bytes in prop::collection::vec(any::<u8>(), 1..6),
    ) {
        let mut broken = bad.into_bytes();
        let from = at % broken.len();
        for (place, byte) in broken.iter_mut().skip(from).zip(&bytes) {
            *place = if *byte == b'\n' { b' ' } else { *byte };
        }
        let text = [good.as_bytes(), b"\n", &broken, b"\n", good.as_bytes(), b"\n"].concat();
        let read = records(feed, &text);
        let alone = records(feed, good.as_bytes());
        prop_assert_eq!(read.first(), alone.first());
        prop_assert_eq!(read.last(), alone.first());
    }

    #[test]
    fn the_order_of_keys_changes_nothing((feed, line) in line(), seed in any::<usize>()) {
        if let Some(other) = reordered(&line, seed) {
            let (first, second) = (records(feed, line.as_bytes()), records(feed, other.as_bytes()));
            prop_assert_eq!(first.len(), second.len());
            for (first, second) in first.into_iter().zip(second) {
                prop_assert_eq!(first.record_hash(), second.record_hash());
                prop_assert_eq!(said(first), said(second));
            }
        }
    }

    /// The same line read the long way and by what was learned is the same record.
    #[test]
    fn what_was_learned_changes_nothing((feed, line) in line()) {
        let twice = records(feed, format!("{line}\n{line}\n").as_bytes());
        prop_assert_eq!(twice.len() % 2, 0);
        let (first, second) = twice.split_at(twice.len() / 2);
        prop_assert_eq!(first, second);
    }

    /// A header without a year is dated into the year before its arrival, but for a clock that is ahead by a day.
    #[test]
    fn a_header_is_dated_before_its_arrival(month in 0_usize..12, day in 1_u8..=28, days in 8_000_i64..28_000) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let arrival = Timestamp::from_seconds((days + 1_000) * 86_400);
        let line = format!("{} {day:2} 08:20:42 [192.0.2.9] ZscalerNSS: x", months[month]);
        let namer = PrincipalNamer::for_tests();
        let read = decode_lines_with(Feed::ZiaNssAlert, line.as_bytes(), 1 << 20, arrival, &namer, &FeedSettings::default());
        let time = read[0].event.as_ref().and_then(FeedRecord::log_time).unwrap();
        let hours = time.nanos_since(arrival) / 3_600_000_000_000;
        prop_assert!((-366 * 24..=26).contains(&hours), "{hours} h");
    }
}
