//! The hot tail: rows in memory, visible at once, until a seal has made parts of them.

mod events;
mod links;
mod recent;
mod records;
mod spans;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_log::Position;
use fanlight_model::{AccessEvent, Link, OtherRecord, Timestamp};

use crate::append::SpanRows;
use crate::schema::Table;
#[cfg(test)]
pub(crate) use events::event_batch;
pub(crate) use recent::Recent;
use records::Records;
use spans::{Pairs, SpanColumns, in_force};

/// Rows at which growing columns become a batch.
const BATCH_ROWS: usize = 8_192;
/// Bytes likewise; far below what the offsets of a text column can count.
const BATCH_BYTES: usize = 16 << 20;
/// About what an access event takes, and a link.
const EVENT_BYTES: usize = 800;
const LINK_BYTES: usize = 160;

/// What became of some rows: appended, and dropped because they came before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) stored: u64,
    pub(crate) duplicates: u64,
}

/// Rows that are in no part yet.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    spans: Batches,
    events: Batches,
    links: Batches,
    growing_spans: SpanColumns,
    growing_events: Vec<Arc<AccessEvent>>,
    growing_event_bytes: usize,
    growing_links: Vec<Link>,
    records: Records,
    /// The end of the last frame that it holds, where it holds any.
    pub(crate) position: Option<Position>,
    /// When the first frame that it holds arrived.
    pub(crate) first_arrival: Option<Timestamp>,
    /// When that was by our own clock, so that a replayed tail is not due at once.
    pub(crate) since: Option<Duration>,
}

#[derive(Debug, Default)]
struct Batches {
    list: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Tail {
    pub(crate) fn append_spans(
        &mut self,
        rows: &SpanRows,
        recent: &mut Recent,
        keep: bool,
    ) -> Result<Counted, ArrowError> {
        let mut counted = Counted::default();
        let mut resources: Vec<Pairs<'_>> = Vec::new();
        if keep {
            for resource in rows.batch.resources() {
                let mut pairs = Pairs::new();
                in_force(resource.attributes(), &mut pairs);
                resources.push(pairs);
            }
        }
        let mut additions: Vec<_> = rows.additions.iter().collect();
        additions.sort_by_key(|(index, _)| *index);
        let mut additions = additions.into_iter().peekable();
        let none = Pairs::new();
        let mut scratch = Pairs::new();
        for (index, span) in rows.batch.spans().enumerate() {
            let mut added = None;
            while let Some((_, attributes)) = additions.next_if(|(place, _)| *place as usize <= index) {
                added = Some(attributes);
            }
            if !recent.is_new(span.encoded()) {
                counted.duplicates += 1;
            } else if keep {
                let resource = resources.get(span.resource_index() as usize).unwrap_or(&none);
                self.growing_spans.append(&span, resource, added, rows.synthetic, &mut scratch)?;
                counted.stored += 1;
                if self.growing_spans.rows() >= BATCH_ROWS || self.growing_spans.bytes() >= BATCH_BYTES {
                    self.flush_spans()?;
                }
            }
        }
        Ok(counted)
    }

    pub(crate) fn append_events(
        &mut self,
        events: Vec<Arc<AccessEvent>>,
        recent: &mut Recent,
        keep: bool,
    ) -> Result<Counted, ArrowError> {
        let mut counted = Counted::default();
        for event in events {
            let mut identity = [0; 24];
            identity
                .iter_mut()
                .zip(event.event_uid.0.into_iter().chain(event.revision.to_le_bytes()))
                .for_each(|(to, from)| *to = from);
            if !recent.is_new(&identity) {
                counted.duplicates += 1;
            } else if keep {
                self.growing_event_bytes += EVENT_BYTES;
                self.growing_events.push(event);
                counted.stored += 1;
                if self.growing_events.len() >= BATCH_ROWS || self.growing_event_bytes >= BATCH_BYTES {
                    self.flush_events()?;
                }
            }
        }
        Ok(counted)
    }

    pub(crate) fn append_links(
        &mut self,
        links: Vec<Link>,
        recent: &mut Recent,
        keep: bool,
    ) -> Result<Counted, ArrowError> {
        let mut counted = Counted::default();
        for link in links {
            let state = link.state.as_str().as_bytes();
            let mut identity = Vec::with_capacity(40);
            identity.extend_from_slice(&link.link_id.0);
            identity.extend_from_slice(&link.revision.to_le_bytes());
            identity.extend_from_slice(state);
            if !recent.is_new(&identity) {
                counted.duplicates += 1;
            } else if keep {
                self.growing_links.push(link);
                counted.stored += 1;
                if self.growing_links.len() >= BATCH_ROWS {
                    self.flush_links()?;
                }
            }
        }
        Ok(counted)
    }

    /// What became of them by table; where one cannot be laid out, its table and why.
    pub(crate) fn append_records(
        &mut self,
        records: Vec<OtherRecord>,
        recent: &mut Recent,
        keep: bool,
    ) -> Result<BTreeMap<Table, Counted>, (Table, ArrowError)> {
        let mut counted: BTreeMap<Table, Counted> = BTreeMap::new();
        for record in records {
            let (table, appended) = self.records.append(record, recent, keep);
            let appended = appended.map_err(|cause| (table, cause))?;
            let sum = counted.entry(table).or_default();
            sum.stored += appended.stored;
            sum.duplicates += appended.duplicates;
        }
        Ok(counted)
    }

    /// Rows of all tables.
    pub(crate) fn rows(&self) -> usize {
        let growing = self.growing_spans.rows() + self.growing_events.len() + self.growing_links.len();
        self.spans.rows + self.events.rows + self.links.rows + self.records.rows() + growing
    }

    /// About how many bytes they hold.
    pub(crate) fn bytes(&self) -> usize {
        let growing =
            self.growing_spans.bytes() + self.growing_event_bytes + self.growing_links.len() * LINK_BYTES;
        self.spans.bytes + self.events.bytes + self.links.bytes + self.records.bytes() + growing
    }

    /// Makes batches of what grows, so that [`Self::batches`] tells everything.
    pub(crate) fn flush(&mut self) -> Result<(), ArrowError> {
        self.flush_spans()?;
        self.flush_events()?;
        self.flush_links()?;
        self.records.flush()
    }

    /// The batches of a table, all rows of it after [`Self::flush`].
    pub(crate) fn batches(&self, table: Table) -> &[RecordBatch] {
        match table {
            Table::Spans => &self.spans.list,
            Table::AccessEvents => &self.events.list,
            Table::Links => &self.links.list,
            records => self.records.batches(records),
        }
    }

    fn flush_spans(&mut self) -> Result<(), ArrowError> {
        if self.growing_spans.rows() > 0 {
            let bytes = self.growing_spans.bytes();
            self.spans.push(self.growing_spans.finish()?, bytes)?;
        }
        Ok(())
    }

    fn flush_events(&mut self) -> Result<(), ArrowError> {
        if !self.growing_events.is_empty() {
            let batch = events::event_batch(&self.growing_events)?;
            self.growing_events.clear();
            self.events.push(batch, std::mem::take(&mut self.growing_event_bytes))?;
        }
        Ok(())
    }

    fn flush_links(&mut self) -> Result<(), ArrowError> {
        if !self.growing_links.is_empty() {
            let batch = links::link_batch(&self.growing_links)?;
            let bytes = self.growing_links.len() * LINK_BYTES;
            self.growing_links.clear();
            self.links.push(batch, bytes)?;
        }
        Ok(())
    }
}

impl Batches {
    /// Adds a batch. Small ones, which frequent snapshots make, are joined so that their number grows with the logarithm of
    /// the rows between two full ones.
    fn push(&mut self, batch: RecordBatch, bytes: usize) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        self.bytes += bytes;
        let mut batch = batch;
        while let Some(last) = self.list.pop_if(|last| {
            last.num_rows() <= batch.num_rows() * 2 && last.num_rows() + batch.num_rows() <= BATCH_ROWS
        }) {
            batch = concat_batches(&batch.schema(), [&last, &batch])?;
        }
        self.list.push(batch);
        Ok(())
    }
}
