//! Lines that were kept and are read once more, by a decoder that knows more.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use fanlight_identity::PrincipalNamer;
use fanlight_intake::frame_kind::{pushed, reparsed};
use fanlight_intake::{Columns, Decoded, Decoder, FeedSettings, KeptLine};
use fanlight_log::Frame;
use fanlight_model::{AccessEvent, Feed, FeedRecord, ParseLevel, Timestamp};
use fanlight_otlp::Limits;
use fanlight_runtime::Ledger;

const FEED: Feed = Feed::ZiaWeb;
/// Three cells that a decoder without their template cannot name.
const LINE: &str =
    r#""Tue Dec  1 07:00:00 2026","ana@example.com","7300000000000000001","shop.example.com/a","Allowed""#;
const TEMPLATE: &str = r#""%s{time}","%s{login}","%d{recordid}","%s{eurl}","%s{action}"\n"#;

fn decoder() -> Decoder {
    Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), Ledger::default())
}

fn knowing() -> Decoder {
    let columns = Columns::from_template(TEMPLATE).unwrap();
    decoder().with_settings(FeedSettings::default().with_columns(FEED, columns))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_796_108_400 + seconds)
}

fn events(decoder: &mut Decoder, kind: u8, arrival: Timestamp, bytes: &[u8]) -> Vec<AccessEvent> {
    let bytes = bytes.to_vec().into();
    let frame = Frame { kind, arrival, source_id: 1, encoding: 0, bytes };
    let Decoded::Records(records) = decoder.apply(&frame, None) else { return Vec::new() };
    records.into_iter().filter_map(FeedRecord::into_access_event).collect()
}

fn kept(level: ParseLevel, line: &str) -> Vec<u8> {
    let mut body = Vec::new();
    KeptLine { arrival: at(0), level, line }.write(&mut body);
    body
}

#[test]
fn what_can_be_read_now_takes_the_place_of_what_could_not() {
    let mut decoder = decoder();
    let unread = events(&mut decoder, pushed(FEED), at(0), LINE.as_bytes());
    assert_eq!(unread.iter().map(|event| event.parse_level).collect::<Vec<_>>(), [ParseLevel::Raw]);

    let mut knowing = knowing();
    let body = kept(ParseLevel::Raw, LINE);
    let again = events(&mut knowing, reparsed(FEED), at(90_000), &body);
    let [retired, read] = again.as_slice() else { panic!("{again:#?}") };
    assert_eq!((retired.event_uid, retired.retired), (unread[0].event_uid, true));
    assert_eq!((read.vendor_uid.as_deref(), read.retired), (Some("7300000000000000001"), false));
    assert_eq!(read.arrival_time, at(0), "it came when it came");
    // The same as if it had been known from the start, so that it is one with a copy that was.
    assert_eq!(events(&mut knowing, pushed(FEED), at(0), LINE.as_bytes()), std::slice::from_ref(read));
}

#[test]
fn what_still_cannot_be_read_stays_and_what_could_be_is_the_same() {
    let body = kept(ParseLevel::Raw, LINE);
    let again = events(&mut decoder(), reparsed(FEED), at(9), &body);
    assert_eq!(again, events(&mut decoder(), pushed(FEED), at(0), LINE.as_bytes()));
    let body = kept(ParseLevel::Strict, LINE);
    let again = events(&mut knowing(), reparsed(FEED), at(9), &body);
    assert_eq!(again, events(&mut knowing(), pushed(FEED), at(0), LINE.as_bytes()));
}

/// How a feed does now is not told by what came long ago.
#[test]
fn nothing_is_learned_of_the_feed() {
    let mut knowing = knowing();
    let before = knowing.health().lock().reports(&[FEED], at(90_000));
    events(&mut knowing, reparsed(FEED), at(90_000), &kept(ParseLevel::Raw, LINE));
    assert_eq!(knowing.health().lock().reports(&[FEED], at(90_000)), before);
}
