//! What is told of each trace that was found: looked up by its id, as a whole, wherever its spans lie in time.

use std::collections::{BTreeMap, HashMap, HashSet};

use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{Link, LinkState, SpanId, Timestamp, TraceId};

use super::Notes;
use super::answer::{FoundAccess, FoundSpan, FoundTrace};
use crate::part::Wanted;
use crate::query::QueryError;
use crate::trace::cells::{Flags, Ids, Lists, Longs, Texts, Times};
use crate::trace::{View, links, newest_links};
use crate::{Store, StoreError, Table};

/// Traces that are looked up together: enough that parts are not opened for each, few enough that the bound on bytes is met soon.
const GROUP: usize = 16;

/// Bytes of rows that the summaries of one search may read: about 400 000 spans.
const MAX_BYTES: usize = 64 << 20;

const SPAN_COLUMNS: [&str; 9] = [
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "service_name",
    "start_time",
    "duration_ns",
    "status_code",
    "synthetic",
];
const EVENT_COLUMNS: [&str; 9] =
    ["event_uid", "revision", "principal_id", "user_name", "device", "app", "disposition", "effects", "rule"];

/// The traces in the order in which they began, the newest first.
pub(super) async fn summarise(
    store: &Store,
    view: &View,
    found: &[(TraceId, SpanId)],
    notes: &mut Notes,
) -> Result<Vec<FoundTrace>, QueryError> {
    let mut reader = Reader { store, view, room: MAX_BYTES, damaged_parts: 0 };
    let mut traces = Vec::with_capacity(found.len());
    for group in found.chunks(GROUP) {
        if reader.room == 0 {
            notes.partly("some traces that match are not shown: they have too many spans to count them all");
            break;
        }
        let told = reader.group(group, notes)?;
        traces.extend(told);
        // Whoever asked may have left meanwhile: this is where that is noticed.
        tokio::task::yield_now().await;
    }
    if reader.damaged_parts > 0 {
        let parts = reader.damaged_parts;
        notes.partly(&format!("{parts} parts that may hold some of it are damaged and put aside"));
    }
    traces.sort_by_key(|trace| (std::cmp::Reverse(trace.start_time), trace.trace_id));
    Ok(traces)
}

struct Reader<'a> {
    store: &'a Store,
    view: &'a View,
    room: usize,
    damaged_parts: u64,
}

impl Reader<'_> {
    fn group(
        &mut self,
        group: &[(TraceId, SpanId)],
        notes: &mut Notes,
    ) -> Result<Vec<FoundTrace>, QueryError> {
        let ids: Vec<[u8; 16]> = group.iter().map(|(trace_id, _)| trace_id.0).collect();
        let mut summaries: HashMap<TraceId, Summary> =
            group.iter().map(|(trace_id, shown)| (*trace_id, Summary::of(*shown))).collect();
        let spans = Wanted::new("trace_id", ids.clone()).with_columns(&SPAN_COLUMNS);
        for batch in self.rows(Table::Spans, &spans, notes)? {
            take_spans(&batch, &mut summaries);
        }
        let links = self.rows(Table::Links, &Wanted::new("trace_id", ids), notes)?;
        for link in newest_links(links.iter().flat_map(links::decode)) {
            if let Some(summary) = summaries.get_mut(&link.trace_id) {
                summary.take_link(link);
            }
        }
        let uids = summaries.values().filter_map(|summary| Some(summary.link.as_ref()?.1.event_uid.0));
        let events = Wanted::new("event_uid", uids.collect()).with_columns(&EVENT_COLUMNS);
        let rows = match events.ids.is_empty() {
            true => Vec::new(),
            false => self.rows(Table::AccessEvents, &events, notes)?,
        };
        let events = newest_events(&rows);
        let told = summaries.into_iter().filter_map(|(trace_id, summary)| summary.told(trace_id, &events));
        Ok(told.collect())
    }

    fn rows(
        &mut self,
        table: Table,
        wanted: &Wanted,
        notes: &mut Notes,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let found = self.store.rows_within(self.view, table, wanted, self.room, &mut self.damaged_parts);
        let (rows, is_all) = found.map_err(unreadable)?;
        let bytes: usize = rows.iter().map(RecordBatch::get_array_memory_size).sum();
        self.room = if is_all { self.room.saturating_sub(bytes) } else { 0 };
        if !is_all {
            notes.partly("a trace has too many spans to count them all: its counts are of the first of them");
        }
        Ok(rows)
    }
}

fn unreadable(cause: StoreError) -> QueryError {
    QueryError::Read { cause: datafusion::error::DataFusionError::External(Box::new(cause)) }
}

/// What is known of one trace while its spans are read.
#[derive(Debug)]
struct Summary {
    /// The span that matched.
    shown: SpanId,
    matched: Option<(Timestamp, FoundSpan)>,
    root: Option<(Timestamp, String, Option<String>)>,
    /// First start and last end: of received spans where there are any, else of made ones.
    times: [Option<(Timestamp, Timestamp)>; 2],
    /// What a sender repeated counts once.
    seen: HashSet<(SpanId, Timestamp, i64)>,
    starts: HashMap<SpanId, Timestamp>,
    errors: u64,
    services: BTreeMap<String, Timestamp>,
    /// The link that is shown: how near it is to the span that matched, and when its span began.
    link: Option<((bool, Timestamp), Link)>,
}

impl Summary {
    fn of(shown: SpanId) -> Self {
        Self {
            shown,
            matched: None,
            root: None,
            times: [None, None],
            seen: HashSet::new(),
            starts: HashMap::new(),
            errors: 0,
            services: BTreeMap::new(),
            link: None,
        }
    }

    fn take_span(&mut self, span: Span<'_>) {
        let Span { span_id, start, duration_ns, synthetic, .. } = span;
        let end = start.shifted(duration_ns);
        let [received, made] = &mut self.times;
        let times = if synthetic { made } else { received };
        *times = Some(times.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
        let is_earlier = |known: Option<Timestamp>| known.is_none_or(|known| start < known);
        if span_id == self.shown && is_earlier(self.matched.as_ref().map(|(start, _)| *start)) {
            self.matched = Some((start, span.told()));
        }
        if synthetic || !self.seen.insert((span_id, start, duration_ns)) {
            return;
        }
        self.errors += u64::from(span.status == "error");
        self.starts.entry(span_id).and_modify(|known| *known = start.min(*known)).or_insert(start);
        if let Some(service) = span.service {
            match self.services.get_mut(service) {
                Some(first) => *first = start.min(*first),
                None => drop(self.services.insert(service.to_owned(), start)),
            }
        }
        if span.is_root && is_earlier(self.root.as_ref().map(|(start, ..)| *start)) {
            self.root = Some((start, span.name.to_owned(), span.service.map(str::to_owned)));
        }
    }

    /// Of the asserted links the one of the span that matched, else that of the earliest span.
    fn take_link(&mut self, link: Link) {
        if link.state != LinkState::Asserted {
            return;
        }
        let start = self.starts.get(&link.span_id).copied().unwrap_or(Timestamp::MAX);
        let rank = (link.span_id != self.shown, start);
        if self.link.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.link = Some((rank, link));
        }
    }

    fn told(self, trace_id: TraceId, events: &Events<'_>) -> Option<FoundTrace> {
        let (_, matched) = self.matched?;
        let [received, made] = self.times;
        let (start_time, end) = received.or(made)?;
        let (root_name, root_service) = self.root.map(|(_, name, service)| (name, service)).unzip();
        let access = self.link.and_then(|(_, link)| {
            let (_, batch, row) = events.get(&link.event_uid.0)?;
            Some(access(&link, batch, *row))
        });
        let mut services: Vec<(Timestamp, String)> =
            self.services.into_iter().map(|(name, first)| (first, name)).collect();
        services.sort();
        Some(FoundTrace {
            trace_id,
            root_service: root_service.flatten(),
            root_name,
            start_time,
            duration_ns: end.nanos_since(start_time),
            span_count: self.seen.len() as u64,
            error_count: self.errors,
            services: services.into_iter().map(|(_, name)| name).collect(),
            matched,
            access,
        })
    }
}

struct Span<'a> {
    span_id: SpanId,
    is_root: bool,
    name: &'a str,
    service: Option<&'a str>,
    start: Timestamp,
    duration_ns: i64,
    status: &'a str,
    synthetic: bool,
}

impl Span<'_> {
    fn told(&self) -> FoundSpan {
        FoundSpan {
            span_id: self.span_id,
            name: self.name.to_owned(),
            service_name: self.service.map(str::to_owned),
            duration_ns: self.duration_ns,
            status_code: self.status.to_owned(),
        }
    }
}

fn take_spans(batch: &RecordBatch, summaries: &mut HashMap<TraceId, Summary>) {
    let ids = |name| Ids::of(batch, name);
    let texts = |name| Texts::of(batch, name);
    let (trace_id, span_id, parent) = (ids("trace_id"), ids("span_id"), ids("parent_span_id"));
    let (name, service, status) = (texts("name"), texts("service_name"), texts("status_code"));
    let (start, duration_ns) = (Times::of(batch, "start_time"), Longs::of(batch, "duration_ns"));
    let synthetic = Flags::of(batch, "synthetic");
    for row in 0..batch.num_rows() {
        let summary = trace_id.at(row).map(TraceId).and_then(|trace_id| summaries.get_mut(&trace_id));
        let Some(summary) = summary else { continue };
        summary.take_span(Span {
            span_id: span_id.at(row).map(SpanId).unwrap_or_default(),
            is_root: parent.at::<8>(row).is_none(),
            name: name.at(row).unwrap_or_default(),
            service: service.at(row),
            start: start.at(row).unwrap_or_default(),
            duration_ns: duration_ns.at(row).unwrap_or_default(),
            status: status.at(row).unwrap_or_default(),
            synthetic: synthetic.at(row),
        });
    }
}

/// Where the newest revision of each event lies, and its number.
type Events<'a> = HashMap<[u8; 16], (i64, &'a RecordBatch, usize)>;

fn newest_events(batches: &[RecordBatch]) -> Events<'_> {
    let mut newest = Events::new();
    for batch in batches {
        let (uid, revision) = (Ids::of(batch, "event_uid"), Longs::of(batch, "revision"));
        for row in 0..batch.num_rows() {
            let (Some(uid), Some(revision)) = (uid.at(row), revision.at(row)) else { continue };
            if newest.get(&uid).is_none_or(|(known, ..)| *known <= revision) {
                newest.insert(uid, (revision, batch, row));
            }
        }
    }
    newest
}

fn access(link: &Link, event: &RecordBatch, row: usize) -> FoundAccess {
    let text = |name| Texts::of(event, name).owned(row);
    FoundAccess {
        event_uid: link.event_uid,
        user_name: text("user_name"),
        principal_id: text("principal_id"),
        device: text("device"),
        disposition: text("disposition"),
        effects: Lists::of(event, "effects").at(row),
        rule: text("rule"),
        app: text("app"),
        rung: link.rung,
        confidence: link.confidence,
    }
}
