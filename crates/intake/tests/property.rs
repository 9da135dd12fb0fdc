//! Whatever the bytes and however they are cut.

#![cfg(test)]

use bytes::Bytes;
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Decoded, Decoder, decode_lines, frame_kind};
use fanlight_log::Frame;
use fanlight_model::{AccessEvent, Feed, FeedRecord, ParseLevel, SpanId, SpanKind, Timestamp, TraceId};
use fanlight_otlp::{Attributes, Limits, SpanDraft, encode_request, scan};
use fanlight_runtime::{Ledger, Outcome};
use proptest::prelude::*;

const MAX_LINE_BYTES: usize = 400;
const ARRIVAL: Timestamp = Timestamp::from_seconds(1_772_612_442);

fn frame(kind: u8, bytes: &[u8]) -> Frame {
    Frame { kind, arrival: ARRIVAL, source_id: 7, encoding: 0, bytes: Bytes::copy_from_slice(bytes) }
}

/// Decodes a stream cut at these places, to its end, and checks the ledger: INV-1.
fn decode(stream: &[u8], cuts: &[usize]) -> Vec<AccessEvent> {
    let ledger = Ledger::default();
    let mut decoder =
        Decoder::new(Limits::default(), MAX_LINE_BYTES, PrincipalNamer::for_tests(), ledger.clone());
    let mut events = Vec::new();
    let mut take = |frame: Frame| {
        if let Decoded::Records(more) = decoder.apply(&frame, None) {
            events.extend(more.into_iter().filter_map(FeedRecord::into_access_event));
        }
    };
    let mut from = 0;
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    places.sort_unstable();
    for to in places.into_iter().chain([stream.len()]) {
        take(frame(frame_kind::LSS_READ, &stream[from..to]));
        from = to;
    }
    take(frame(frame_kind::LSS_CLOSED, b""));
    let of = |outcome| {
        ledger
            .rows()
            .iter()
            .filter(|row| row.record == "line" && row.outcome == outcome)
            .map(|row| row.count)
            .sum::<u64>()
    };
    assert_eq!(of(Outcome::Received), of(Outcome::Stored) + of(Outcome::Rejected) + of(Outcome::Dropped));
    assert_eq!(of(Outcome::Stored) + of(Outcome::Rejected), events.len() as u64);
    events
}

/// Decodes a pushed body, and checks the ledger: INV-1.
fn pushed(body: &[u8]) -> Vec<AccessEvent> {
    let ledger = Ledger::default();
    let mut decoder = Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), ledger.clone());
    let kind = frame_kind::pushed(Feed::ZpaUserActivity);
    let events: Vec<AccessEvent> = match decoder.apply(&frame(kind, body), None) {
        Decoded::Records(records) => records.into_iter().filter_map(FeedRecord::into_access_event).collect(),
        _ => Vec::new(),
    };
    let received: u64 = ledger
        .rows()
        .iter()
        .filter(|row| row.record == "line" && row.outcome == Outcome::Received)
        .map(|row| row.count)
        .sum();
    assert_eq!(received, events.len() as u64);
    events
}

/// Pieces of which streams are made: good lines and all that goes wrong between them.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0_u16..500).prop_map(|port| {
            format!("{{\"ConnectionID\": \"s,{port}\",\"ConnectorIP\": \"192.0.2.7\",\"ConnectorPort\": {port}}}\n").into_bytes()
        }),
        Just("{\"ConnectionID\": \"é😀,1\",\"ConnectorIP\": \"192.0.2.7\",\"Policy\": \"ü\"}\r\n".as_bytes().to_vec()),
        Just(b"{\"ConnectionID\": \"s,1\",\"ConnectorIP\": \"192.0.2.7\",\"Policy\": \"a \"b\" c\",}\n".to_vec()),
        Just(b"\n\r\n\n".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        Just(b"<134>".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"{\"Connec".to_vec()),
        Just(vec![b'x'; MAX_LINE_BYTES + 20]),
        prop::collection::vec(any::<u8>(), 0..20),
        "[{}\",:%\\\\a0.\n -]{0,30}".prop_map(String::into_bytes),
    ]
}

/// The receiver hands its scan along; after a restart there is only the frame.
#[test]
fn a_replayed_request_has_the_same_probes() {
    let mut peer = Attributes::default();
    peer.push_str("network.peer.address", "192.0.2.7");
    peer.push_int("network.peer.port", 40_001);
    let spans = [SpanKind::Internal, SpanKind::Server].map(|kind| SpanDraft {
        trace_id: TraceId([1; 16]),
        span_id: SpanId([2; 8]),
        kind,
        attributes: peer.clone(),
        ..SpanDraft::default()
    });
    let frame = frame(frame_kind::OTLP_TRACES, &encode_request(&Attributes::default(), "x", &spans));
    let mut decoder =
        Decoder::new(Limits::default(), MAX_LINE_BYTES, PrincipalNamer::for_tests(), Ledger::default());
    let mut probes = |batch| match decoder.apply(&frame, batch) {
        Decoded::Spans(spans) => (spans.batch.len(), spans.probes),
        other => panic!("spans, not {other:?}"),
    };
    let live = probes(Some(scan(&frame.bytes, &Limits::default()).unwrap()));
    assert_eq!((live.0, live.1.len(), live.1[0].index), (2, 1, 1));
    assert_eq!(probes(None), live);
}

/// A record of User Activity in one of many templates: which keys, in which order, and how each value is written.
fn rendered() -> impl Strategy<Value = (String, [String; 3], u16)> {
    let text = "[ -~é😀]{0,12}";
    let keys =
        Just(vec!["Policy", "Host", "Application", "ConnectorPort", "Extra", "ConnectorIP", "SessionID"])
            .prop_shuffle();
    (keys, [text, text, text], 1_u16.., any::<[bool; 3]>()).prop_map(
        |(keys, values, port, [blank, quoted, nested])| {
            let gap = if blank { " " } else { "" };
            let mut line = String::from("{");
            for key in keys {
                let value = match key {
                    "Policy" => quote(&values[0]),
                    "Host" => quote(&values[1]),
                    "Application" => quote(&values[2]),
                    "ConnectorPort" if quoted => format!("\"{port}\""),
                    "ConnectorPort" => port.to_string(),
                    "Extra" if nested => "[\"}\",{\"a\":[]}]".to_owned(),
                    "Extra" => "null".to_owned(),
                    "ConnectorIP" => "\"192.0.2.7\"".to_owned(),
                    _ => "\"s\"".to_owned(),
                };
                line.push_str(&format!("\"{key}\":{gap}{value},{gap}"));
            }
            line.truncate(line.trim_end().len() - 1);
            line.push_str("}\n");
            (line, values, port)
        },
    )
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What a value says to the model: surrounding blanks, `0`, and a token that was not filled in say nothing.
fn told(value: &str) -> Option<&str> {
    let value = value.trim_ascii();
    let token = value.starts_with('%') && value.ends_with('}');
    (!value.is_empty() && value != "0" && !token).then_some(value)
}

proptest! {
    /// Strict renderings are read back exactly, whatever stood in the lines before: each record is the one that it is alone.
    #[test]
    fn what_is_rendered_is_read_back(records in prop::collection::vec(rendered(), 1..12)) {
        let stream: String = records.iter().map(|(line, ..)| line.as_str()).collect();
        let events = decode(stream.as_bytes(), &[]);
        prop_assert_eq!(events.len(), records.len());
        for ((line, values, port), event) in records.iter().zip(&events) {
            let shown = [&event.rule, &event.host, &event.app].map(|text| text.as_deref());
            for (value, shown) in values.iter().zip(shown) {
                // A value that looks like a token cut short may be taken for one or not.
                if !value.trim_ascii().starts_with('%') {
                    prop_assert_eq!(shown, told(value), "{}", line);
                }
            }
            prop_assert_eq!(event.connector.map(|connector| connector.port), Some(*port), "{}", line);
            prop_assert_eq!(&decode(line.as_bytes(), &[])[0], event);
        }
    }

    /// One line of a stream is spoilt; its neighbours read as before.
    #[test]
    fn a_spoilt_line_changes_no_other(
        before in rendered(),
        spoilt in rendered(),
        after in rendered(),
        cuts in prop::collection::vec((any::<usize>(), prop::collection::vec(any::<u8>(), 0..4)), 1..6),
    ) {
        let mut bad = spoilt.0.trim_end().as_bytes().to_vec();
        for (at, with) in cuts {
            let at = at % bad.len().max(1);
            let to = (at + with.len()).min(bad.len());
            bad.splice(at..to, with.into_iter().filter(|byte| *byte != b'\n'));
        }
        let alone = [&before.0, &after.0].map(|line| decode(line.as_bytes(), &[]).remove(0));
        let stream = [before.0.as_bytes(), &bad, b"\n", before.0.as_bytes(), after.0.as_bytes()].concat();
        let events = decode(&stream, &[]);
        prop_assert_eq!(&events[0], &alone[0]);
        prop_assert_eq!(&events[events.len() - 2], &alone[0]);
        prop_assert_eq!(&events[events.len() - 1], &alone[1]);
    }

    /// A line that begins like the one before it and goes on longer is not taken for it.
    #[test]
    fn glued_and_trailing_text_is_seen_after_lines_without(record in rendered(), rest in "[ -~]{0,8}") {
        let line = record.0.trim_end();
        for glued in [format!("{line}{rest}"), format!("{line}{line}")] {
            let stream = format!("{line}\n{line}\n{glued}\n");
            let events = decode(stream.as_bytes(), &[]);
            prop_assert_eq!(&events[2..], &decode(glued.as_bytes(), &[])[..], "{}", glued);
        }
    }

    /// A body is the same records as an array, as lines, one after another, and printed for people.
    #[test]
    fn every_shape_of_a_body_gives_the_same_records(records in prop::collection::vec(rendered(), 1..6)) {
        let lines: Vec<&str> = records.iter().map(|(line, ..)| line.trim_end()).collect();
        let expected = pushed(lines.join("\n").as_bytes());
        prop_assert_eq!(expected.len(), lines.len());
        let printed: Vec<String> = lines.iter().map(|line| line.replacen('{', "{\n  ", 1).replacen("}\n", "\n}\n", 1)).collect();
        let shapes = [
            format!("[{}]", lines.join(",")),
            format!("\u{feff}[\r\n  {}\n]\n", lines.join(",\r\n  ")),
            format!("{}\n", lines.join("\n")),
            format!("{}\r\n\r\n", lines.join("\r\n")),
            printed.join("\n"),
            format!("[{}]", printed.join(", ")),
        ];
        for shape in shapes {
            let read = pushed(shape.as_bytes());
            let told = |events: &[AccessEvent]| -> Vec<_> { events.iter().map(|event| (event.record_hash, event.rule.clone(), event.connector)).collect() };
            prop_assert_eq!(told(&read), told(&expected), "{}", shape);
        }
    }

    #[test]
    fn arbitrary_bodies_never_panic(body in "[\\[\\]{}\",:%\\\\a0. \n-]{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        pushed(body.as_bytes());
        pushed(&bytes);
    }

    /// A broken element of an array costs itself; the others read as before.
    #[test]
    fn a_broken_element_costs_itself(good in rendered(), quote_at in 0_usize..3) {
        let good = good.0.trim_end();
        let bad = ["{\"ConnectionID\": \"s,1\",\"ConnectorIP\": \"192.0.2.7\",\"Policy\": \"a \"b\" c\"}", "{\"ConnectionID\": oops \"}", "{\"a\"}"][quote_at];
        let body = format!("[{good},{bad},{good}]");
        let read = pushed(body.as_bytes());
        prop_assert_eq!(read.len(), 3, "{}", body);
        prop_assert_eq!(&read[0], &pushed(good.as_bytes())[0]);
        prop_assert_eq!(&read[0], &read[2]);
    }

    /// INV-1, and: any chunking gives the same records.
    #[test]
    fn any_chunking_gives_the_same_records(
        pieces in prop::collection::vec(piece(), 0..12),
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let stream = pieces.concat();
        prop_assert_eq!(decode(&stream, &cuts), decode(&stream, &[]));
    }

    #[test]
    fn one_byte_a_read_gives_the_same_records(pieces in prop::collection::vec(piece(), 0..4)) {
        let stream = pieces.concat();
        let every: Vec<usize> = (0..stream.len()).collect();
        prop_assert_eq!(decode(&stream, &every), decode(&stream, &[]));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        decode_lines(Feed::ZpaUserActivity, &bytes, MAX_LINE_BYTES, ARRIVAL, &PrincipalNamer::for_tests());
    }

    /// One byte of a good line is replaced: it is read, mended or kept raw, and nothing is lost but what stood in it.
    #[test]
    fn a_flipped_byte_costs_its_own_record_at_most(at in 0_usize..70, byte in any::<u8>()) {
        let good = b"{\"ConnectionID\": \"s,2\",\"ConnectorIP\": \"192.0.2.7\",\"ConnectorPort\": 40002}";
        let mut bad = good.to_vec();
        bad[at] = byte;
        let stream = [&bad[..], b"\n", &good[..], b"\n"].concat();
        let events = decode(&stream, &[]);
        let last = events.last().expect("the second line");
        prop_assert_eq!(last.parse_level, ParseLevel::Strict);
        prop_assert_eq!(last.vendor_uid.as_deref(), Some("s,2"));
    }

    /// A frame of spans that nobody scanned yet may hold anything at all.
    #[test]
    fn arbitrary_requests_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0_u8..5) {
        let mut decoder =
            Decoder::new(Limits::default(), MAX_LINE_BYTES, PrincipalNamer::for_tests(), Ledger::default());
        decoder.apply(&frame(kind, &bytes), None);
    }
}
