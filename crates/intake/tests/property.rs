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

const MAX_LINE_BYTES: usize = 300;
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

proptest! {
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
