//! What must hold of every scanner, whatever the bytes. The fuzz targets call it, and `crates/intake/tests/corpus.rs` replays the
//! corpus through it on stable. It uses what intake shows to everybody, and nothing else.

use bytes::Bytes;
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Columns, Decoded, Decoder, FeedSettings, decode_lines_with, explain, frame_kind};
use fanlight_log::Frame;
use fanlight_model::{Feed, FeedRecord, Timestamp};
use fanlight_otlp::Limits;
use fanlight_runtime::{Ledger, Outcome};

/// A scanner, the feeds whose lines it reads, and what is done with the bytes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    feeds: &'static [Feed],
    check: fn(&[u8], Feed),
}

/// One a scanner.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "lss_json", feeds: &[Feed::ZpaUserActivity, Feed::ZpaAudit, Feed::ZiaWeb], check: lines },
    Target { name: "key_value", feeds: &[Feed::ZiaWeb, Feed::ZiaFirewall], check: lines },
    Target { name: "csv", feeds: &[Feed::ZiaWeb, Feed::ZiaDns, Feed::ZpaUserActivity], check: cells },
    Target { name: "cef", feeds: &[Feed::ZiaWeb, Feed::ZiaFirewall], check: lines },
    Target { name: "leef", feeds: &[Feed::ZiaWeb, Feed::ZpaUserActivity], check: lines },
    Target { name: "rsa", feeds: &[Feed::ZiaWeb], check: lines },
    Target { name: "syslog", feeds: &[Feed::ZiaNssAlert, Feed::ZpaUserActivity], check: framed },
    Target { name: "nss_body", feeds: &[Feed::ZiaWeb, Feed::ZpaUserActivity], check: body },
    Target {
        name: "template",
        feeds: &[Feed::ZpaUserActivity, Feed::ZiaWeb, Feed::ZiaNssAlert],
        check: template,
    },
];

/// 2026-03-04T08:21:00Z, soon after what the corpus tells of.
const ARRIVAL: Timestamp = Timestamp::from_seconds(1_772_612_460);

/// Small, so that a short input can be too long.
const MAX_LINE_BYTES: usize = 4_096;

/// Lines that are sound, in the syntaxes that are told apart: what stands beside them must not change what they say.
const SOUND: [&str; 3] = [
    r#"{"LogTimestamp": "Wed Mar  4 08:21:10 2026","Customer": "Example","ConnectionID": "s1,c1","ConnectorIP": "192.0.2.7","ConnectorPort": 40001,"Username": "ana@example.com","Policy": "a"}"#,
    "2026-03-04 08:20:42\treason=Allowed\tevent_id=7\tprotocol=HTTPS\taction=Allowed\tlogin=ana@example.com\turl=www.example.com/a\tclientip=192.0.2.9",
    "<114>Mar  4 08:20:42 [192.0.2.9] ZscalerNSS: the connection to the feed of the web log was lost and is tried again",
];

/// Panics where something does not hold.
pub(crate) fn check(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of the table");
    for feed in target.feeds {
        (target.check)(bytes, *feed);
    }
}

fn lines(bytes: &[u8], feed: Feed) {
    stream(bytes, feed, &FeedSettings::default());
}

/// The vendor's columns; those of a site where the feed has none.
fn cells(bytes: &[u8], feed: Feed) {
    let template = "%s{LogTimestamp:time} User Activity zpa-lss: ,%s{Customer},%s{ConnectionID},%s{Username},\"%s{Policy}\",%s{Host}";
    let columns = (feed == Feed::ZpaUserActivity).then(|| Columns::from_template(template)).flatten();
    let settings = FeedSettings::default();
    stream(
        bytes,
        feed,
        &columns.map_or_else(|| settings.clone(), |columns| settings.clone().with_columns(feed, columns)),
    );
}

/// The lines, and the same lines each behind its length.
fn framed(bytes: &[u8], feed: Feed) {
    let settings = FeedSettings::default();
    stream(bytes, feed, &settings);
    let begins = |line: &&[u8]| matches!(line.first(), Some(b'<' | b'{')) && line.len() < MAX_LINE_BYTES;
    let sound: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(begins).collect();
    let counted: Vec<u8> =
        sound.iter().flat_map(|line| [format!("{} ", line.len()).as_bytes(), line].concat()).collect();
    let on_lines: Vec<u8> = sound.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    let settings = &settings;
    let [counted, on_lines] = [counted, on_lines].map(|bytes| streamed(&bytes, feed, settings, &[]));
    if counted.dropped + on_lines.dropped == 0 {
        assert_eq!(counted.records, on_lines.records, "the framing changes nothing");
    }
}

/// The first line is a template that somebody pasted, the rest what is sent with it.
fn template(bytes: &[u8], feed: Feed) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (template, rest) = bytes.split_at(at);
    let template = String::from_utf8_lossy(template);
    let explained = explain(feed, &template);
    assert_eq!(
        format!("{explained:?}"),
        format!("{:?}", explain(feed, &template)),
        "it is explained once and for all"
    );
    if let Some(explained) = explained {
        assert!(explained.keys.len() <= template.matches('%').count(), "no key is invented");
    }
    if let Some(columns) = Columns::from_template(&template) {
        let settings = FeedSettings::default().with_columns(feed, columns);
        stream(rest.strip_prefix(b"\n").unwrap_or(rest), feed, &settings);
    }
}

/// What a stream gave.
#[derive(Debug)]
struct Read {
    records: Vec<FeedRecord>,
    received: u64,
    dropped: u64,
}

/// Hands frames to a new decoder, and holds its ledger to INV-1: what was received is stored, rejected or dropped.
fn decoded<'a>(frames: impl IntoIterator<Item = (u8, &'a [u8])>, settings: &FeedSettings) -> Read {
    let ledger = Ledger::default();
    let mut decoder =
        Decoder::new(Limits::default(), MAX_LINE_BYTES, PrincipalNamer::for_tests(), ledger.clone())
            .with_settings(settings.clone());
    let mut records = Vec::new();
    for (kind, bytes) in frames {
        let bytes = Bytes::copy_from_slice(bytes);
        let frame = Frame { kind, arrival: ARRIVAL, source_id: 7, encoding: 0, bytes };
        if let Decoded::Records(more) = decoder.apply(&frame, None) {
            records.extend(more);
        }
    }
    let rows = ledger.rows();
    let of = |outcome| -> u64 {
        rows.iter().filter(|row| row.record == "line" && row.outcome == outcome).map(|row| row.count).sum()
    };
    let (received, dropped) = (of(Outcome::Received), of(Outcome::Dropped));
    let kept = of(Outcome::Stored) + of(Outcome::Rejected);
    assert_eq!(received, kept + dropped, "each record is accounted for");
    assert_eq!(kept, records.len() as u64, "what is counted is there");
    Read { records, received, dropped }
}

/// A stream from its beginning to its end, cut at these places.
fn streamed(bytes: &[u8], feed: Feed, settings: &FeedSettings, cuts: &[usize]) -> Read {
    let kind = frame_kind::stream_read(feed);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let reads = starts.zip(ends).map(|(from, to)| (kind, bytes.get(from..to).unwrap_or_default()));
    decoded(reads.chain([(frame_kind::LSS_CLOSED, &b""[..])]), settings)
}

/// All that must hold of a stream.
fn stream(bytes: &[u8], feed: Feed, settings: &FeedSettings) {
    let whole = streamed(bytes, feed, settings, &[]);
    chunking(bytes, feed, settings, &whole);
    if whole.dropped == 0 {
        let namer = PrincipalNamer::for_tests();
        let described = decode_lines_with(feed, bytes, MAX_LINE_BYTES, ARRIVAL, &namer, settings);
        let described: Vec<FeedRecord> = described.into_iter().filter_map(|line| line.event).collect();
        assert_eq!(described, whole.records, "people are shown what is stored");
    }
    let lines = || bytes.split(|byte| *byte == b'\n');
    if !lines().any(|line| line.first().is_some_and(u8::is_ascii_digit)) {
        let said = lines().filter(|line| !is_blank(line)).count() as u64;
        assert!(whole.received >= said, "{said} lines gave {} records", whole.received);
    }
    for line in lines().take(2) {
        neighbours(line, feed, settings);
    }
}

/// However a stream is cut on its way, it gives the same records.
fn chunking(bytes: &[u8], feed: Feed, settings: &FeedSettings, whole: &Read) {
    let seed = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let step = 1 + usize::try_from(seed % 61).unwrap_or_default();
    let some: Vec<usize> = (step..bytes.len()).step_by(step).collect();
    let place =
        |turn: u32| usize::try_from(seed.rotate_left(turn * 13)).unwrap_or_default() % (bytes.len() + 1);
    let mut few: Vec<usize> = (0..3).map(place).collect();
    few.sort_unstable();
    for cuts in [some, few] {
        let cut = streamed(bytes, feed, settings, &cuts);
        assert_eq!(cut.records, whole.records, "cut at {cuts:?}");
        assert_eq!((cut.received, cut.dropped), (whole.received, whole.dropped), "cut at {cuts:?}");
    }
}

/// A line changes none of those beside it, and is not changed by them.
fn neighbours(line: &[u8], feed: Feed, settings: &FeedSettings) {
    let [before, after] = [0, 1]
        .map(|turn| SOUND.get((line.len() + turn) % SOUND.len()).copied().unwrap_or_default().as_bytes());
    let alone = |line: &[u8]| streamed(&[line, b"\n"].concat(), feed, settings, &[]);
    let (first, this, last) = (alone(before), alone(line), alone(after));
    let between = streamed(&[before, b"\n", line, b"\n", after, b"\n"].concat(), feed, settings, &[]);
    beside(&first, &this, &last, &between);
}

fn beside(first: &Read, this: &Read, last: &Read, between: &Read) {
    assert!(between.records.starts_with(&first.records), "the line before is changed");
    assert!(between.records.ends_with(&last.records), "the line behind is changed");
    if this.dropped == 0 {
        let alone: Vec<&FeedRecord> =
            first.records.iter().chain(&this.records).chain(&last.records).collect();
        assert_eq!(between.records.iter().collect::<Vec<_>>(), alone, "the line is changed");
    }
}

/// A pushed body: it is whole, so there is nothing to cut; what stands on lines of it is as apart as in a stream.
fn body(bytes: &[u8], feed: Feed) {
    let settings = FeedSettings::default();
    let pushed = |body: &[u8]| decoded([(frame_kind::pushed(feed), body)], &settings);
    let whole = pushed(bytes);
    assert_eq!(pushed(bytes).records, whole.records, "a body is read alike whenever it comes");
    let said = bytes.iter().any(|byte| !is_outside(*byte) && !b"[]{},:\"\xef\xbb\xbf".contains(byte));
    if said && !bytes.first().is_some_and(u8::is_ascii_digit) {
        assert!(whole.received > 0, "a body that says something gave nothing");
    }
    // A body has no state beyond itself.
    let twice = decoded(
        [(frame_kind::pushed(feed), bytes), (frame_kind::pushed(feed), SOUND[0].as_bytes())],
        &settings,
    );
    assert!(twice.records.ends_with(&pushed(SOUND[0].as_bytes()).records), "a body changes the next");
    let sound = SOUND[0].as_bytes();
    let first = pushed(sound);
    for line in bytes.split(|byte| *byte == b'\n').take(2) {
        let line_alone = streamed(&[line, b"\n"].concat(), feed, &settings, &[]);
        let between = pushed(&[sound, b"\n", line, b"\n", sound, b"\n"].concat());
        beside(&first, &line_alone, &first, &between);
        let before = pushed(&[line, b"\n", sound, b"\n", sound, b"\n"].concat());
        assert!(before.records.ends_with(&first.records), "the first line of a body takes the last along");
        let array = pushed(&[b"[", sound, b",\n", line, b"]"].concat());
        assert!(array.records.starts_with(&first.records), "an element changes the one before it");
    }
}

const fn is_outside(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0
}

/// True for a line that says nothing.
fn is_blank(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !is_outside(*byte)).unwrap_or(line.len());
    let line = line.get(start..).unwrap_or_default();
    String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line))
        .trim_matches(|letter: char| letter.is_whitespace() || letter == '\0')
        .is_empty()
}
