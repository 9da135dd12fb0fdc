//! One trace by its id, without SQL: blooms pick the parts, min and max their row groups and pages.

pub(crate) mod cells;
mod events;
pub(crate) mod links;
mod spans;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};

use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::file::metadata::PageIndexPolicy;
use fanlight_model::{AccessEvent, EventUid, Link, LinkId, Timestamp, TraceId};

use crate::part::{OpenPart, PartFault, Stored, Wanted, open_part, read_rows};
use crate::raw_lines::RawLines;
use crate::snapshot::Snapshot;
use crate::store::{Shared, Store};
use crate::{StoreError, Table};
#[cfg(test)]
pub(crate) use events::decode as decode_events;
pub use spans::SpanRow;

/// Footers kept ready; one of a part of a million rows takes about a megabyte.
const MAX_FOOTERS: usize = 64;

/// All that the store has of one trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceRows {
    /// Its spans by start. What a sender repeated is here once; two spans of one id that differ are both here.
    pub spans: Vec<SpanRow>,
    /// Its links, each at its highest revision, in the order of their spans.
    pub links: Vec<Link>,
    /// The access events that its links name, each at its highest revision.
    pub events: Vec<AccessEvent>,
    /// How many parts that may hold rows of it were found damaged just now and put aside: the rest is shown.
    pub damaged_parts: u64,
}

/// What is visible at one moment, with the filters of the parts.
#[derive(Debug)]
pub(crate) struct View {
    /// All of it as the queries see it.
    pub(crate) snapshot: Snapshot,
    parts: BTreeMap<Table, Vec<Arc<Stored>>>,
}

/// The footers of the parts read last.
#[derive(Debug, Default)]
pub(crate) struct Footers {
    ready: VecDeque<(String, OpenPart)>,
}

impl Store {
    /// Finds a trace in the hot tail and in all parts. Blocks on the disk. An unknown id gives no rows.
    ///
    /// # Errors
    /// Where the disk refuses to read. Damage is no error: a damaged part is put aside, and the rest is shown.
    pub fn trace(&self, trace_id: TraceId) -> Result<TraceRows, StoreError> {
        let view = Arc::new(self.view());
        let mut damaged_parts = 0;
        let wanted = Wanted::new("trace_id", vec![trace_id.0]);
        let spans = self.rows(&view, Table::Spans, &wanted, &mut damaged_parts)?;
        let links = self.rows(&view, Table::Links, &wanted, &mut damaged_parts)?;
        let links = newest_links(links.iter().flat_map(links::decode));
        let mut events = Vec::new();
        if !links.is_empty() {
            let uids = links.iter().map(|link| link.event_uid.0).collect();
            let wanted = Wanted::new("event_uid", uids);
            let rows = self.rows(&view, Table::AccessEvents, &wanted, &mut damaged_parts)?;
            events = newest_events(rows.iter().flat_map(events::decode));
            let lines = RawLines::new(self.clone(), Arc::clone(&view));
            lines.restore(&mut events, &mut damaged_parts)?;
        }
        let spans = spans::once(spans.iter().flat_map(spans::decode).collect());
        Ok(TraceRows { spans, links, events, damaged_parts })
    }

    /// What is visible now, for look-ups by id beside a query.
    pub(crate) fn view(&self) -> View {
        let mut state = self.shared.state();
        View { snapshot: state.snapshot(), parts: state.parts.clone() }
    }

    /// The wanted rows of a table, parts first.
    pub(crate) fn rows(
        &self,
        view: &View,
        table: Table,
        wanted: &Wanted,
        damaged_parts: &mut u64,
    ) -> Result<Vec<RecordBatch>, StoreError> {
        Ok(self.rows_within(view, table, wanted, usize::MAX, damaged_parts)?.0)
    }

    /// As [`Self::rows`], and false where they are more than `max_bytes` and some were left out.
    pub(crate) fn rows_within(
        &self,
        view: &View,
        table: Table,
        wanted: &Wanted,
        max_bytes: usize,
        damaged_parts: &mut u64,
    ) -> Result<(Vec<RecordBatch>, bool), StoreError> {
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for stored in view.parts.get(&table).into_iter().flatten() {
            let disk = self.shared.disk.as_ref();
            if !wanted.ids.iter().any(|id| stored.may_contain(disk, id)) {
                continue;
            }
            let room = max_bytes.saturating_sub(bytes);
            match self.shared.footer(stored).and_then(|open| read_rows(&open, wanted, room)) {
                Ok(rows) => {
                    bytes += rows.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
                    found.extend(rows);
                }
                Err(PartFault::Damaged(reason)) => {
                    self.set_aside(&stored.part, &reason);
                    *damaged_parts += 1;
                }
                Err(PartFault::Disk(cause)) => {
                    return Err(StoreError::disk("read", &stored.part.path)(cause));
                }
            }
            if bytes > max_bytes {
                return Ok((found, false));
            }
        }
        for batch in view.snapshot.hot(table) {
            let mask = wanted.mask(batch);
            if mask.has_true() {
                let narrowed = wanted.narrowed(batch).map_err(StoreError::columns(table))?;
                let rows = filter_record_batch(&narrowed, &mask).map_err(StoreError::columns(table))?;
                bytes += rows.get_array_memory_size();
                found.push(rows);
            }
            if bytes > max_bytes {
                return Ok((found, false));
            }
        }
        Ok((found, true))
    }
}

impl Shared {
    /// The checked footer of a part, from memory where it was read lately.
    fn footer(&self, stored: &Stored) -> Result<OpenPart, PartFault> {
        let key = stored.entry.key();
        {
            let mut footers = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = footers.ready.iter().position(|(ready, _)| *ready == key)
                && let Some(found) = footers.ready.remove(place)
            {
                let open = found.1.clone();
                footers.ready.push_front(found);
                return Ok(open);
            }
        }
        let open = open_part(&self.disk, &stored.part.path, &stored.entry, PageIndexPolicy::Required)?;
        let mut footers = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        footers.ready.push_front((key, open.clone()));
        footers.ready.truncate(MAX_FOOTERS);
        Ok(open)
    }
}

pub(crate) fn newest_links(links: impl Iterator<Item = Link>) -> Vec<Link> {
    let mut newest: BTreeMap<LinkId, Link> = BTreeMap::new();
    for link in links {
        if newest.get(&link.link_id).is_none_or(|known| known.revision <= link.revision) {
            newest.insert(link.link_id, link);
        }
    }
    let mut links: Vec<Link> = newest.into_values().collect();
    links.sort_by_key(|link| (link.span_id, link.link_id));
    links
}

fn newest_events(events: impl Iterator<Item = AccessEvent>) -> Vec<AccessEvent> {
    let mut newest: BTreeMap<EventUid, AccessEvent> = BTreeMap::new();
    for event in events {
        if newest.get(&event.event_uid).is_none_or(|known| known.revision <= event.revision) {
            newest.insert(event.event_uid, event);
        }
    }
    let mut events: Vec<AccessEvent> = newest.into_values().filter(|event| !event.retired).collect();
    events.sort_by_key(|event| (event.start_time, event.event_uid));
    events
}

impl SpanRow {
    /// When it ended.
    pub fn end_time(&self) -> Timestamp {
        self.start_time.shifted(self.duration_ns)
    }
}
