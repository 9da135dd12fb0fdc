//! The stage between the log and the join: frames in, probes and access events out. Pure, and the same at every replay.

use std::sync::{Arc, MutexGuard};

use fanlight_identity::PrincipalNamer;
use fanlight_log::Frame;
use fanlight_model::{Feed, FeedRecord, ParseLevel, Probe, Timestamp};
use fanlight_otlp::{Batch, Limits, scan};
use fanlight_runtime::{Ledger, Outcome};

use crate::decode::body::decode_body;
use crate::decode::dialect::UNKNOWN;
use crate::decode::feed_setting::FeedSettings;
use crate::decode::layout::Layout;
use crate::decode::line::{Content, LineRecord, RawReason, Reading};
use crate::decode::note::{Note, Notes};
use crate::decode::sources::{Allowance, Sources};
use crate::frame_kind::{self, Transport, feed_of};
use crate::framing::{Piece, RecordFramer};
use crate::health::{Health, Seen, SharedHealth};
use crate::kept_lines::visit_kept_lines;
use crate::normalise::memo::Memo;
use crate::normalise::record::{normalise, raw_record};
use crate::normalise::span;

/// What a frame holds.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a frame, moved once; a box would cost more than the move")]
pub enum Decoded {
    /// Spans, and the probes of those that can be joined.
    Spans(SpanBatch),
    /// Records of feeds, in the order of the stream: those that the frame completes. Nearly all are access events.
    Records(Vec<FeedRecord>),
    /// No whole record.
    Nothing,
}

/// The spans of one request.
#[derive(Debug)]
pub struct SpanBatch {
    /// The spans.
    pub batch: Batch,
    /// The join keys of its server spans; `index` points into the batch.
    pub probes: Vec<Probe>,
}

/// One record of a line, for people: what was read, and what was odd.
#[derive(Debug)]
pub struct DecodedLine {
    /// Which line it stood in, from 1. A line can hold several records.
    pub line: usize,
    /// The feed that it is of, as found out; of a line that could not be read, the one that was asked for.
    pub feed: Feed,
    /// Which template rendered it: `fanlight`, `default`, `custom`, the name of a dialect, or `unknown`.
    pub dialect: &'static str,
    /// How much could be read.
    pub level: ParseLevel,
    /// What it says; `None` for a line over the cap, which is not kept.
    pub event: Option<FeedRecord>,
    /// Wanted tokens that the template lacks, in the vendor's words.
    pub missing: Vec<&'static str>,
    /// What was odd, in sentences.
    pub notes: Vec<String>,
}

/// Turns logged frames into the model. Owns the unfinished line of each source.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    max_line_bytes: usize,
    ledger: Ledger,
    health: SharedHealth,
    sources: Sources,
    reading: Reading,
    memo: Memo,
}

const STAGE: &str = "intake";
const LINE: &str = "line";

impl Decoder {
    /// A decoder without any unfinished line. Start it where the replay of the log starts.
    pub fn new(limits: Limits, max_line_bytes: usize, namer: PrincipalNamer, ledger: Ledger) -> Self {
        let (sources, memo) = (Sources::new(max_line_bytes), Memo::new(namer));
        let health = SharedHealth::default();
        Self { limits, max_line_bytes, ledger, health, sources, reading: Reading::default(), memo }
    }

    /// With what the site says of its feeds. It must be the same at a replay.
    #[must_use]
    pub fn with_settings(mut self, settings: FeedSettings) -> Self {
        self.reading.settings = settings;
        self
    }

    /// Counts into another ledger from now on: a replay's counts are not those of what comes in live.
    pub fn count_into(&mut self, ledger: Ledger) {
        self.ledger = ledger;
    }

    /// How the feeds are that come through here: at a replay the same as when they came.
    pub fn health(&self) -> SharedHealth {
        self.health.clone()
    }

    /// Takes the next frame of the log. `batch` is what the receiver has scanned already; at a replay it is scanned again.
    pub fn apply(&mut self, frame: &Frame, batch: Option<Batch>) -> Decoded {
        match frame.kind {
            frame_kind::OTLP_TRACES | frame_kind::OWN_TRACES => self.spans(frame, batch),
            frame_kind::LSS_CLOSED => {
                let mut health = self.health.lock();
                health.disconnected(frame.source_id);
                let mut records = Records::new(frame, Transport::Stream, &mut self.memo, health);
                let reading = &mut self.reading;
                self.sources.end(frame.source_id, &mut |feed, piece, allowance| {
                    records.piece(reading, feed, piece, allowance);
                });
                records.count(&self.ledger)
            }
            kind => match feed_of(kind) {
                Some((Transport::Stream, feed)) => self.stream(frame, feed),
                Some((Transport::Pushed, feed)) => self.body(frame, feed),
                Some((Transport::Reparsed, feed)) => self.again(frame, feed),
                None => {
                    self.ledger.add(STAGE, "frame", Outcome::Rejected, "unknown_kind", 1);
                    Decoded::Nothing
                }
            },
        }
    }

    fn stream(&mut self, frame: &Frame, feed: Feed) -> Decoded {
        let mut health = self.health.lock();
        health.connected(frame.source_id, feed);
        let mut records = Records::new(frame, Transport::Stream, &mut self.memo, health);
        let reading = &mut self.reading;
        let mut visit = |feed, piece: Piece<'_>, allowance: &mut Allowance| {
            records.piece(reading, feed, piece, allowance);
        };
        self.sources.push(frame.source_id, feed, &frame.bytes, &mut visit);
        records.count(&self.ledger)
    }

    fn body(&mut self, frame: &Frame, feed: Feed) -> Decoded {
        let health = self.health.lock();
        let mut records = Records::new(frame, Transport::Pushed, &mut self.memo, health);
        let mut too_long = 0;
        let mut allowance = Allowance::default();
        let mut visit = |record: LineRecord<'_>| {
            allowance.earn(record.text.len());
            records.record(record, feed, allowance.take());
        };
        let reading = &mut self.reading;
        decode_body(reading, &frame.bytes, feed, self.max_line_bytes, &mut visit, &mut || too_long += 1);
        for _ in 0..too_long {
            records.too_long(feed);
        }
        records.count(&self.ledger)
    }

    /// Lines that were read before. Each came when it came; nothing is learned from them of how the feed does now.
    fn again(&mut self, frame: &Frame, feed: Feed) -> Decoded {
        let health = self.health.lock();
        let mut records = Records::new(frame, Transport::Reparsed, &mut self.memo, health);
        let reading = &mut self.reading;
        // The door has looked whether the body has this form.
        let visited = visit_kept_lines(&frame.bytes, &mut |kept| {
            records.arrival = kept.arrival.min(frame.arrival);
            reading.line(kept.line.as_bytes(), feed, &mut |record| {
                records.again(record, feed, kept.level == ParseLevel::Raw);
            });
        });
        if visited.is_err() {
            records.add(AGAIN, Outcome::Rejected, "no_kept_lines");
        }
        records.count(&self.ledger)
    }

    fn spans(&mut self, frame: &Frame, batch: Option<Batch>) -> Decoded {
        let batch = match batch {
            Some(batch) => batch,
            None => match scan(&frame.bytes, &self.limits) {
                Ok(batch) => batch,
                Err(error) => {
                    // It was acknowledged under limits that have been lowered since, or by a newer version.
                    tracing::warn!(name: "intake.frame.unreadable", %error, "a logged request cannot be read any more");
                    self.ledger.add(STAGE, "frame", Outcome::Rejected, "unreadable", 1);
                    return Decoded::Nothing;
                }
            },
        };
        let probes = span::probes(&batch);
        Decoded::Spans(SpanBatch { batch, probes })
    }
}

/// Decodes a text as one stream that ends with it, without a log or a server: for `fanlight ingest test`.
pub fn decode_lines(
    feed: Feed,
    text: &[u8],
    max_line_bytes: usize,
    arrival: Timestamp,
    namer: &PrincipalNamer,
) -> Vec<DecodedLine> {
    decode_lines_with(feed, text, max_line_bytes, arrival, namer, &FeedSettings::default())
}

/// The same, with what the site says of its feeds.
pub fn decode_lines_with(
    feed: Feed,
    text: &[u8],
    max_line_bytes: usize,
    arrival: Timestamp,
    namer: &PrincipalNamer,
    settings: &FeedSettings,
) -> Vec<DecodedLine> {
    let (mut decoded, mut line) = (Vec::new(), 0);
    let (mut reading, mut memo) = (Reading::default(), Memo::new(namer.clone()));
    reading.settings = settings.clone();
    let mut framer = RecordFramer::default();
    let mut visit = |piece: Piece<'_>| {
        line += 1;
        match piece {
            Piece::Blank(count) => line += count - 1,
            Piece::Line(bytes) | Piece::Miscounted(bytes) | Piece::HalfLine(bytes) => {
                reading.line(bytes, feed, &mut |record| {
                    decoded.push(described(feed, line, record, arrival, &mut memo));
                });
            }
            Piece::TooLong => decoded.push(DecodedLine {
                line,
                feed,
                dialect: UNKNOWN,
                level: ParseLevel::Raw,
                event: None,
                missing: Vec::new(),
                notes: vec![format!("the line is longer than {max_line_bytes} bytes and was skipped")],
            }),
        }
    };
    framer.push(text, max_line_bytes, &mut visit);
    framer.finish(&mut visit);
    decoded
}

fn described(
    hint: Feed,
    line: usize,
    record: LineRecord<'_>,
    arrival: Timestamp,
    memo: &mut Memo,
) -> DecodedLine {
    let feed = record.feed(hint);
    let (dialect, missing) = match &record.content {
        Content::Wire(wire) => (wire.layout.dialect, wire.missing()),
        Content::Raw(_) => (UNKNOWN, Vec::new()),
    };
    let read = Read::of(record, hint, arrival, memo);
    let mut notes: Vec<String> = read.raw.iter().map(|reason| reason.with_way_out(hint)).collect();
    notes.extend(read.notes.iter().map(Note::to_string));
    DecodedLine {
        line,
        feed,
        dialect,
        level: read.record.parse_level(),
        event: Some(read.record),
        missing,
        notes,
    }
}

/// A record in the model, with what was odd about it.
struct Read {
    record: FeedRecord,
    raw: Option<RawReason>,
    notes: Notes,
    layout: Option<Arc<Layout>>,
}

impl Read {
    fn of(record: LineRecord<'_>, hint: Feed, arrival: Timestamp, memo: &mut Memo) -> Self {
        let LineRecord { text, mut notes, content } = record;
        let text = Arc::from(text);
        let (record, raw, layout) = match content {
            Content::Wire(wire) => {
                (normalise(&wire, text, arrival, memo, &mut notes), None, Some(wire.layout))
            }
            Content::Raw(reason) => (raw_record(hint, reason, text, arrival), Some(reason), None),
        };
        Self { record, raw, notes, layout }
    }
}

/// The records of one frame, and their counts: one call to the ledger a frame and reason, not one a record.
struct Records<'a> {
    arrival: Timestamp,
    source: Transport,
    memo: &'a mut Memo,
    health: MutexGuard<'a, Health>,
    records: Vec<FeedRecord>,
    /// A handful of reasons at most: looked for one after another.
    counts: Vec<(&'static str, Outcome, &'static str, u64)>,
}

/// Room for so many records is made at once: a record takes less than its line.
const USUAL_LINE_BYTES: usize = 1 << 10;

/// What was unusual and nothing to mend: an unknown code, an unknown key.
const ODDITY: &str = "oddity";

/// A record of a line that was read before.
const AGAIN: &str = "line_again";

impl<'a> Records<'a> {
    fn new(frame: &Frame, source: Transport, memo: &'a mut Memo, health: MutexGuard<'a, Health>) -> Self {
        let records = Vec::with_capacity(frame.bytes.len() / USUAL_LINE_BYTES);
        Self { arrival: frame.arrival, source, memo, health, records, counts: Vec::new() }
    }

    fn piece(&mut self, reading: &mut Reading, feed: Feed, piece: Piece<'_>, allowance: &mut Allowance) {
        match piece {
            Piece::Line(line) | Piece::HalfLine(line) => {
                reading.line(line, feed, &mut |record| self.record(record, feed, allowance.take()));
            }
            Piece::Miscounted(line) => {
                self.add(ODDITY, Outcome::Received, "octet_count_untrue");
                reading.line(line, feed, &mut |record| self.record(record, feed, allowance.take()));
            }
            Piece::Blank(_) => {}
            Piece::TooLong => self.too_long(feed),
        }
    }

    fn too_long(&mut self, feed: Feed) {
        self.health.drop_line(feed, self.source, self.arrival);
        self.add(LINE, Outcome::Received, "");
        self.add(LINE, Outcome::Dropped, "line_too_long");
    }

    fn record(&mut self, record: LineRecord<'_>, hint: Feed, may_be_kept: bool) {
        if !may_be_kept {
            self.add(LINE, Outcome::Received, "");
            self.add(LINE, Outcome::Dropped, "too_many_records");
            return;
        }
        let read = Read::of(record, hint, self.arrival, self.memo);
        self.add(LINE, Outcome::Received, "");
        match read.raw {
            Some(reason) => self.add(LINE, Outcome::Rejected, reason.word()),
            None => self.add(LINE, Outcome::Stored, read.record.parse_level().as_str()),
        }
        // A mended record is counted once, under the first thing that was mended.
        if read.raw.is_none()
            && let Some(repair) = read.notes.iter().find(|note| note.is_repair())
        {
            self.add(LINE, Outcome::Repaired, repair.word());
        }
        for odd in read.notes.iter().filter(|note| !note.is_repair()) {
            self.add(ODDITY, Outcome::Received, odd.word());
        }
        let Read { record, raw, notes, layout } = read;
        let seen = Seen { record: &record, raw, notes: &notes, layout };
        self.health.observe(self.source, seen, self.arrival);
        self.records.push(record);
    }

    /// A record of a line that was kept. Where it could not be read then and can be now, what stood for it is retired.
    fn again(&mut self, record: LineRecord<'_>, hint: Feed, was_raw: bool) {
        let unread = was_raw.then(|| raw_record(hint, RawReason::NoObject, record.text.into(), self.arrival));
        let record = Read::of(record, hint, self.arrival, self.memo).record;
        self.add(AGAIN, Outcome::Received, "");
        self.add(AGAIN, Outcome::Stored, record.parse_level().as_str());
        if record.parse_level() != ParseLevel::Raw
            && let Some(FeedRecord::AccessEvent(mut unread)) = unread
        {
            unread.retired = true;
            self.records.push(FeedRecord::AccessEvent(unread));
        }
        self.records.push(record);
    }

    fn add(&mut self, record: &'static str, outcome: Outcome, reason: &'static str) {
        let same = |count: &&mut (&'static str, Outcome, &'static str, u64)| {
            count.1 == outcome && count.2 == reason && count.0 == record
        };
        match self.counts.iter_mut().find(same) {
            Some(count) => count.3 += 1,
            None => self.counts.push((record, outcome, reason, 1)),
        }
    }

    fn count(self, ledger: &Ledger) -> Decoded {
        for (record, outcome, reason, count) in self.counts {
            ledger.add(STAGE, record, outcome, reason, count);
        }
        if self.records.is_empty() { Decoded::Nothing } else { Decoded::Records(self.records) }
    }
}
