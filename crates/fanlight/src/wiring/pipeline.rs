//! The stages that think, in the order of the log: decode, correlate, enrich, then to store and export.
//!
//! At a restart the retained log runs through this same code, so that the join's state is what it was; what was committed or
//! enqueued before is not written a second time (docs/adr/0007).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_correlate::{Correlator, Decision, Linked, Record};
use fanlight_export::{inline_attributes, synthetic_access_span};
use fanlight_intake::frame_kind::{self, Transport, feed_of};
use fanlight_intake::health::SharedHealth;
use fanlight_intake::{Decoded, Decoder, SpanBatch};
use fanlight_log::{Frame, Position};
use fanlight_model::{
    AccessEvent, Feed, FeedRecord, Link, LinkState, OtherRecord, ParseLevel, RawLine, Timestamp,
    split_records,
};
use fanlight_otlp::{Attributes, Batch, Limits, splice};
use fanlight_runtime::{Ledger, Outcome, own_span};
use fanlight_store::{Append, Pressure, SpanRows, Store};
use tracing::Span;

use super::exports::Exports;
use super::health_rows::HealthRows;
use super::reload::Declaring;
use crate::retention::Retention;

/// A piece of what late links export; the OpenTelemetry Collector refuses requests above 20 MiB.
const CHUNK_BYTES: usize = 4 << 20;
/// Fewer than the bytes of the shortest frame.
const MAX_CHUNKS: usize = 16;
/// How often, and how long apart, room is asked for in a hot tail that is full.
const SEAL_TRIES: u32 = 50;
const SEAL_PAUSE: Duration = Duration::from_millis(100);

/// Owns the state of the stages; one thread runs it.
pub(super) struct Pipeline {
    decoder: Decoder,
    correlator: Correlator,
    store: Store,
    exports: Option<Exports>,
    retention: Retention,
    ledger: Ledger,
    /// The cut that was last told.
    cut: Position,
    decisions: Vec<Decision>,
    declaring: Declaring,
    health_rows: HealthRows,
}

impl Pipeline {
    pub(super) fn new(
        decoder: Decoder,
        correlator: Correlator,
        store: Store,
        exports: Option<Exports>,
        retention: Retention,
        ledger: Ledger,
    ) -> Self {
        let health_rows = HealthRows::new(decoder.health());
        Self {
            decoder,
            correlator,
            store,
            exports,
            retention,
            ledger,
            cut: Position::START,
            decisions: Vec::new(),
            declaring: Declaring::default(),
            health_rows,
        }
    }

    /// The replay is over: from now on it is counted.
    pub(super) fn go_live(&mut self, ledger: Ledger) {
        self.decoder.count_into(ledger.clone());
        self.ledger = ledger;
    }

    /// How the feeds are that come through here.
    pub(super) fn health(&self) -> SharedHealth {
        self.decoder.health()
    }

    /// What is put there is declared from the next frame on, in place of what was declared before.
    pub(super) fn declaring(&self) -> Declaring {
        Arc::clone(&self.declaring)
    }

    /// Takes one frame of the log. `batch` is the scan that the receiver already made; at a replay it is made again.
    pub(super) fn apply(&mut self, position: Position, frame: &Frame, batch: Option<Batch>) {
        if let Some(declared) = self.declaring.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.correlator.redeclare(declared);
        }
        self.retention.note(position, frame.arrival);
        let mut written = Written::default();
        // Whoever lets this frame through has a span about it, or none: at a replay, and about our own spans, there is none.
        let span = Span::current();
        let decoded = own_span!(span, "pipeline.decode").in_scope(|| self.decoder.apply(frame, batch));
        own_span!(span, "pipeline.correlate").in_scope(|| match decoded {
            Decoded::Spans(spans) => self.take_spans(spans, frame.arrival, &mut written),
            Decoded::Records(records) => self.take_records(frame, records, &mut written),
            Decoded::Nothing => {}
        });
        written.records.extend(self.health_rows.due(frame.arrival));
        if frame.kind == frame_kind::OWN_TRACES {
            // Lest the export feed on itself: each request to a backend would make spans, and they another.
            written.exported = Exported::default();
        }
        written.revise(position);
        if let Some(exports) = &self.exports {
            written.exported.enqueue(exports, position);
        }
        self.ledger.add("correlate", "link", Outcome::Linked, "", written.links.len() as u64);
        // At a replay the store itself leaves out what it has committed.
        let append = Append {
            position,
            spans: written.spans,
            events: written.events,
            links: written.links,
            records: written.records,
            arrival: frame.arrival,
        };
        let appended = own_span!(span, "pipeline.store").in_scope(|| self.store.append(append));
        match appended {
            Ok(Pressure::Calm | Pressure::SealDue) => {}
            Ok(Pressure::Full) => self.make_room(),
            Err(error) => {
                self.ledger.add("store", "frame", Outcome::Dropped, "append failed", 1);
                tracing::error!(name: "fanlight.store.refused", %error, %position, "rows of a frame could not be stored; the frame stays in the log");
            }
        }
    }

    /// The hot tail is twice as full as it may be: nothing more is taken until a seal has made room, and the queue before this
    /// stage pushes back to the senders. A disk that refuses for longer than the tries last must not stop the server for ever.
    fn make_room(&self) {
        for _ in 0..SEAL_TRIES {
            match self.store.seal_if_due() {
                Ok(_) if self.store.pressure() < Pressure::Full => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(name: "fanlight.seal.failed", %error, "rows stay in memory and in the log until a seal succeeds");
                }
            }
            std::thread::park_timeout(SEAL_PAUSE);
        }
    }

    /// Up to where the log may be cut, where that moved.
    pub(super) fn log_cut(&mut self, now: Timestamp) -> Option<Position> {
        let committed = self.store.committed();
        let safe = self.exports.as_ref().map_or(committed, |exports| exports.durable(committed));
        let cut = self.retention.cut(safe, now);
        (cut > self.cut).then(|| {
            self.cut = cut;
            cut
        })
    }

    /// Spans look for their access events; what is found at once goes into the bytes.
    fn take_spans(&mut self, spans: SpanBatch, now: Timestamp, written: &mut Written) {
        let SpanBatch { batch, probes } = spans;
        for probe in &probes {
            self.correlator.apply(Record::Probe(probe), now, &mut self.decisions);
        }
        let mut additions: BTreeMap<u32, Attributes> = BTreeMap::new();
        for decision in self.decisions.drain(..) {
            match decision {
                Decision::Event(event) => written.events.push(event),
                Decision::Link(linked) => {
                    match on_time(&batch, &linked) {
                        Some((index, Some(attributes))) => drop(additions.insert(index, attributes)),
                        Some((index, None)) => drop(additions.remove(&index)),
                        // A span that taught us something can decide others that came before it.
                        None => written.add_synthetic(&linked),
                    }
                    written.links.push(linked.link);
                }
            }
        }
        let additions: Vec<(u32, Attributes)> = additions.into_iter().collect();
        written.exported.close_chunk();
        written.exported.push(&splice(&batch, &additions), batch.len() as u64);
        written.spans.push(SpanRows { batch, additions, synthetic: false });
    }

    /// Access events look for spans that came before them; each link that is new adds a synthetic access span to its trace. What else
    /// feeds tell is stored as it is. Lines stand apart from here on: what the join holds is what they say.
    fn take_records(&mut self, frame: &Frame, mut records: Vec<FeedRecord>, written: &mut Written) {
        let now = frame.arrival;
        let lines: Vec<RawLine> = records.iter_mut().filter_map(FeedRecord::set_raw_apart).collect();
        let (events, others) = split_records(records);
        written.records = others;
        written.records.extend(lines.into_iter().map(OtherRecord::RawLine));
        let (feed, before) = (events.first().map(|event| event.feed), self.correlator.counts().duplicates);
        let is_again = matches!(feed_of(frame.kind), Some((Transport::Reparsed, _)));
        for event in events {
            if is_joined(&event) {
                let (event_uid, decided) = (event.event_uid, self.decisions.len());
                self.correlator.apply(Record::AccessEvent(event), now, &mut self.decisions);
                // A join that was rebuilt by this parser knows it already and decides nothing; the store does not know it.
                if is_again && self.decisions.len() == decided {
                    written.events.extend(self.correlator.event(event_uid).map(Arc::new));
                }
            } else {
                written.events.push(Arc::new(event));
            }
        }
        let duplicates = self.correlator.counts().duplicates - before;
        if let (Some(feed), Some((transport, _)), 1.., false) =
            (feed, feed_of(frame.kind), duplicates, is_again)
        {
            self.ledger.add("correlate", "access_event", Outcome::Duplicate, "", duplicates);
            self.decoder.health().lock().duplicates(feed, transport, duplicates);
        }
        for decision in self.decisions.drain(..) {
            match decision {
                Decision::Event(event) => written.events.push(event),
                Decision::Link(linked) => {
                    written.add_synthetic(&linked);
                    written.links.push(linked.link);
                }
            }
        }
        if is_again {
            self.keep_the_newest(&mut written.events);
        }
    }

    /// A line that is read again must not take the place of one that came later: it speaks only for an event that is told by it now, or by
    /// none.
    fn keep_the_newest(&self, events: &mut Vec<Arc<AccessEvent>>) {
        let told = self.store.told_by(events.iter().map(|event| event.event_uid).collect());
        match told {
            Ok(told) => events.retain(|event| {
                let line = told.get(&event.event_uid);
                line.is_none_or(|line| *line == event.raw.address(event.feed))
            }),
            Err(error) => {
                tracing::error!(name: "fanlight.reparse.unread", %error, "what is stored cannot be read, so lines that are read again change nothing");
                events.clear();
            }
        }
    }
}

/// Whether the join has a use for an event: it has the addresses and ports of a connection, or will have. A line that could not be read has
/// none; nor have the logs of single requests, which would only take the place of connections. A proxy's record has those of the
/// connection in front of it, which is the edge's own to explain.
fn is_joined(event: &AccessEvent) -> bool {
    let is_of_connections =
        matches!(event.feed, Feed::ZpaUserActivity | Feed::ZiaFirewall | Feed::CloudConnectorSession);
    let may_have_ports = event.feed == Feed::ZpaUserActivity || event.connector.is_some();
    is_of_connections && may_have_ports && event.parse_level != ParseLevel::Raw
}

/// What one frame of the log leads to.
#[derive(Default)]
struct Written {
    spans: Vec<SpanRows>,
    events: Vec<Arc<AccessEvent>>,
    links: Vec<Link>,
    records: Vec<OtherRecord>,
    exported: Exported,
}

impl Written {
    /// Adds the synthetic access span of a link that needs one.
    fn add_synthetic(&mut self, linked: &Linked) {
        if let Some((request, rows)) = synthetic(linked) {
            self.exported.push(&request, 1);
            self.spans.push(rows);
        }
    }

    /// Gives events and links revisions that rise with the log. The join's own start anew when it is rebuilt from less history
    /// than it once had, and would then be lower than those in parts.
    fn revise(&mut self, position: Position) {
        let first = position.file << 43 | position.offset << 16;
        let revision = |place: usize| first | u64::try_from(place).unwrap_or(u64::MAX).min(0xffff);
        for (place, event) in self.events.iter_mut().enumerate() {
            Arc::make_mut(event).revision = revision(place);
        }
        for (place, link) in self.links.iter_mut().enumerate() {
            link.revision = revision(place);
        }
    }
}

/// What goes out because of one frame, in pieces that a receiver takes.
#[derive(Default)]
struct Exported {
    closed: Vec<(Bytes, u64)>,
    open: BytesMut,
    open_spans: u64,
}

impl Exported {
    /// OTLP requests concatenate: the repeated field goes on.
    fn push(&mut self, request: &[u8], spans: u64) {
        self.open.extend_from_slice(request);
        self.open_spans += spans;
        if self.open.len() >= CHUNK_BYTES && self.closed.len() < MAX_CHUNKS - 1 {
            self.close_chunk();
        }
    }

    fn close_chunk(&mut self) {
        if !self.open.is_empty() {
            self.closed.push((self.open.split().freeze(), std::mem::take(&mut self.open_spans)));
        }
    }

    /// Gives every target's queue what goes out.
    fn enqueue(self, exports: &Exports, position: Position) {
        for (place, spans, bytes) in self.placed(position) {
            exports.enqueue(place, spans, &bytes);
        }
    }

    /// A queue takes one item a position. The pieces before the last stand a byte apart before the frame's end, inside the frame
    /// itself; a frame that exports nothing moves the queues on all the same, since the log is cut by them.
    fn placed(mut self, position: Position) -> Vec<(Position, u64, Bytes)> {
        self.close_chunk();
        if self.closed.is_empty() {
            return vec![(position, 0, Bytes::new())];
        }
        let mut before_end = self.closed.len() as u64;
        let place = |(bytes, spans)| {
            before_end -= 1;
            let offset = position.offset.saturating_sub(before_end);
            (Position { offset, ..position }, spans, bytes)
        };
        self.closed.into_iter().map(place).collect()
    }
}

/// Where the link's span is one of this batch: its place, and the attributes that the link adds, if it is asserted.
fn on_time(batch: &Batch, linked: &Linked) -> Option<(u32, Option<Attributes>)> {
    let index = linked.probe.index;
    let place = usize::try_from(index).ok().filter(|place| *place < batch.len())?;
    let span = batch.span(place);
    if (span.trace_id(), span.span_id()) != (linked.link.trace_id, linked.link.span_id) {
        return None;
    }
    let is_asserted = linked.link.state == LinkState::Asserted;
    Some((index, is_asserted.then(|| inline_attributes(&span, &linked.link, &linked.event))))
}

/// The synthetic access span of a link that was asserted for the first time, late. Corrections stay in the store: backends
/// cannot take a span back.
fn synthetic(linked: &Linked) -> Option<(Bytes, SpanRows)> {
    if linked.link.state != LinkState::Asserted || !linked.is_first_assertion {
        return None;
    }
    let request = synthetic_access_span(&linked.link, &linked.event, &linked.probe);
    match fanlight_otlp::scan(&request, &Limits::default()) {
        Ok(batch) => Some((request, SpanRows { batch, additions: Vec::new(), synthetic: true })),
        Err(error) => {
            tracing::error!(name: "fanlight.synthetic.unreadable", %error, "a synthetic access span of our own cannot be read back; it is left out");
            None
        }
    }
}

#[cfg(test)]
mod tests;
