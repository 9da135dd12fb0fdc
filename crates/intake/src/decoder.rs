//! The stage between the log and the join: frames in, probes and access events out. Pure, and the same at every replay.

use std::collections::HashMap;
use std::sync::Arc;

use fanlight_identity::PrincipalNamer;
use fanlight_log::Frame;
use fanlight_model::{AccessEvent, Feed, ParseLevel, Probe, Timestamp};
use fanlight_otlp::{Batch, Limits, scan};
use fanlight_runtime::{Ledger, Outcome};

use crate::decode::line::{Content, LineRecord, RawReason, decode_line};
use crate::decode::lines::{LineFramer, Piece};
use crate::decode::note::Note;
use crate::decode::sources::Sources;
use crate::decode::zpa::Dialect;
use crate::frame_kind;
use crate::normalise::{span, zpa};

/// What a frame holds.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one a frame, moved once; a box would cost more than the move")]
pub enum Decoded {
    /// Spans, and the probes of those that can be joined.
    Spans(SpanBatch),
    /// Access events, one a record that the frame completes, in the order of the stream.
    AccessEvents(Vec<AccessEvent>),
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
    /// The feed it was read as.
    pub feed: Feed,
    /// Which template rendered it.
    pub dialect: Dialect,
    /// How much could be read.
    pub level: ParseLevel,
    /// What it says; `None` for a line over the cap, which is not kept.
    pub event: Option<AccessEvent>,
    /// Wanted tokens that the template lacks, in the vendor's words.
    pub missing: Vec<&'static str>,
    /// What was odd, in sentences.
    pub notes: Vec<String>,
}

/// Turns logged frames into the model. Owns the unfinished line of each source.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    namer: PrincipalNamer,
    ledger: Ledger,
    sources: Sources,
}

const STAGE: &str = "intake";
const LINE: &str = "line";

impl Decoder {
    /// A decoder without any unfinished line. Start it where the replay of the log starts.
    pub fn new(limits: Limits, max_line_bytes: usize, namer: PrincipalNamer, ledger: Ledger) -> Self {
        Self { limits, namer, ledger, sources: Sources::new(max_line_bytes) }
    }

    /// Counts into another ledger from now on: a replay's counts are not those of what comes in live.
    pub fn count_into(&mut self, ledger: Ledger) {
        self.ledger = ledger;
    }

    /// Takes the next frame of the log. `batch` is what the receiver has scanned already; at a replay it is scanned again.
    pub fn apply(&mut self, frame: &Frame, batch: Option<Batch>) -> Decoded {
        match frame.kind {
            frame_kind::OTLP_TRACES | frame_kind::OWN_TRACES => self.spans(frame, batch),
            frame_kind::LSS_READ => self.lines(frame, false),
            frame_kind::LSS_CLOSED => self.lines(frame, true),
            _ => {
                self.ledger.add(STAGE, "frame", Outcome::Rejected, "unknown_kind", 1);
                Decoded::Nothing
            }
        }
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

    fn lines(&mut self, frame: &Frame, closes: bool) -> Decoded {
        let mut records = Records::new(frame.arrival, &self.namer);
        self.sources.push(frame.source_id, &frame.bytes, closes, &mut |piece| records.piece(piece));
        records.count(&self.ledger);
        if records.events.is_empty() { Decoded::Nothing } else { Decoded::AccessEvents(records.events) }
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
    let mut decoded = Vec::new();
    let mut line = 0;
    let mut framer = LineFramer::default();
    let mut visit = |piece: Piece<'_>| {
        line += 1;
        match piece {
            Piece::Line(bytes) | Piece::HalfLine(bytes) => decode_line(bytes, &mut |record| {
                decoded.push(described(feed, line, record, arrival, namer));
            }),
            Piece::TooLong => decoded.push(DecodedLine {
                line,
                feed,
                dialect: Dialect::Unknown,
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
    feed: Feed,
    line: usize,
    record: LineRecord<'_>,
    arrival: Timestamp,
    namer: &PrincipalNamer,
) -> DecodedLine {
    let (dialect, missing) = match &record.content {
        Content::UserActivity(wire) => (wire.dialect, wire.missing()),
        Content::Raw(_) => (Dialect::Unknown, Vec::new()),
    };
    let read = Read::of(record, arrival, namer);
    let mut notes: Vec<String> = read.raw.iter().map(RawReason::to_string).collect();
    notes.extend(read.notes.iter().map(Note::to_string));
    DecodedLine {
        line,
        feed,
        dialect,
        level: read.event.parse_level,
        event: Some(read.event),
        missing,
        notes,
    }
}

/// A record in the model, with what was odd about it.
struct Read {
    event: AccessEvent,
    raw: Option<RawReason>,
    notes: Vec<Note>,
}

impl Read {
    fn of(record: LineRecord<'_>, arrival: Timestamp, namer: &PrincipalNamer) -> Self {
        let LineRecord { text, mut notes, content } = record;
        let text = Arc::from(text);
        let (event, raw) = match content {
            Content::UserActivity(wire) => (zpa::access_event(&wire, text, arrival, namer, &mut notes), None),
            Content::Raw(reason) => (zpa::raw_event(reason, text, arrival), Some(reason)),
        };
        Self { event, raw, notes: notes.into_vec() }
    }
}

/// The records of one frame, and their counts: one call to the ledger a frame and reason, not one a record.
struct Records<'a> {
    arrival: Timestamp,
    namer: &'a PrincipalNamer,
    events: Vec<AccessEvent>,
    counts: HashMap<(Outcome, &'static str), u64>,
    /// What was unusual and nothing to mend: an unknown code, an unknown key.
    oddities: HashMap<&'static str, u64>,
}

impl<'a> Records<'a> {
    fn new(arrival: Timestamp, namer: &'a PrincipalNamer) -> Self {
        Self { arrival, namer, events: Vec::new(), counts: HashMap::new(), oddities: HashMap::new() }
    }

    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Line(line) | Piece::HalfLine(line) => decode_line(line, &mut |record| self.record(record)),
            Piece::TooLong => {
                self.add(Outcome::Received, "");
                self.add(Outcome::Dropped, "line_too_long");
            }
        }
    }

    fn record(&mut self, record: LineRecord<'_>) {
        let read = Read::of(record, self.arrival, self.namer);
        self.add(Outcome::Received, "");
        match read.raw {
            Some(reason) => self.add(Outcome::Rejected, reason.word()),
            None => self.add(Outcome::Stored, read.event.parse_level.as_str()),
        }
        // A mended record is counted once, under the first thing that was mended.
        if read.raw.is_none()
            && let Some(repair) = read.notes.iter().find(|note| note.is_repair())
        {
            self.add(Outcome::Repaired, repair.word());
        }
        for odd in read.notes.iter().filter(|note| !note.is_repair()) {
            *self.oddities.entry(odd.word()).or_insert(0) += 1;
        }
        self.events.push(read.event);
    }

    fn add(&mut self, outcome: Outcome, reason: &'static str) {
        *self.counts.entry((outcome, reason)).or_insert(0) += 1;
    }

    fn count(&self, ledger: &Ledger) {
        for ((outcome, reason), count) in &self.counts {
            ledger.add(STAGE, LINE, *outcome, reason, *count);
        }
        for (word, count) in &self.oddities {
            ledger.add(STAGE, "oddity", Outcome::Received, word, *count);
        }
    }
}
