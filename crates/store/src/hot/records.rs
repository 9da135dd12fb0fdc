//! The feeds' other records, until they become columns: one growing list a table.

use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{
    ConfigChange, ConnectorHealth, DeviceFact, FeedHealth, KeptRecord, OtherRecord, RawLine,
};

use super::{BATCH_BYTES, BATCH_ROWS, Batches, Counted, Recent};
use crate::record::{Columns, batch};
use crate::schema::Table;

/// The tail of every table of records.
#[derive(Debug, Default)]
pub(crate) struct Records {
    device_facts: Growing<DeviceFact>,
    connector_health: Growing<ConnectorHealth>,
    config_changes: Growing<ConfigChange>,
    feed_records: Growing<KeptRecord>,
    feed_health: Growing<FeedHealth>,
    raw_lines: Growing<RawLine>,
}

impl Records {
    /// Adds a record; returns the table that it belongs to and what became of it.
    pub(super) fn append(
        &mut self,
        record: OtherRecord,
        recent: &mut Recent,
        keep: bool,
    ) -> (Table, Result<Counted, ArrowError>) {
        match record {
            OtherRecord::DeviceFact(row) => self.device_facts.append(row, recent, keep),
            OtherRecord::ConnectorHealth(row) => self.connector_health.append(row, recent, keep),
            OtherRecord::ConfigChange(row) => self.config_changes.append(row, recent, keep),
            OtherRecord::Kept(row) => self.feed_records.append(row, recent, keep),
            OtherRecord::FeedHealth(row) => self.feed_health.append(row, recent, keep),
            OtherRecord::RawLine(row) => self.raw_lines.append(row, recent, keep),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.all().into_iter().map(|table| table.rows()).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.all().into_iter().map(|table| table.bytes()).sum()
    }

    pub(super) fn flush(&mut self) -> Result<(), ArrowError> {
        self.device_facts.flush()?;
        self.connector_health.flush()?;
        self.config_changes.flush()?;
        self.feed_records.flush()?;
        self.feed_health.flush()?;
        self.raw_lines.flush()
    }

    /// The batches of one of these tables; of any other there are none here.
    pub(super) fn batches(&self, table: Table) -> &[RecordBatch] {
        let found = self.all().into_iter().find(|growing| growing.table() == table);
        found.map_or(&[], |growing| growing.list())
    }

    fn all(&self) -> [&dyn Grown; 6] {
        [
            &self.device_facts,
            &self.connector_health,
            &self.config_changes,
            &self.feed_records,
            &self.feed_health,
            &self.raw_lines,
        ]
    }
}

/// Rows of one table: in batches, and those that are to become one.
#[derive(Debug)]
struct Growing<T> {
    batches: Batches,
    rows: Vec<T>,
    bytes: usize,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Self { batches: Batches::default(), rows: Vec::new(), bytes: 0 }
    }
}

impl<T: Columns> Growing<T> {
    fn append(&mut self, row: T, recent: &mut Recent, keep: bool) -> (Table, Result<Counted, ArrowError>) {
        let (uid, hash) = row.identity();
        let mut identity = Vec::with_capacity(48);
        identity.extend_from_slice(&uid);
        identity.extend_from_slice(&hash.to_be_bytes());
        identity.extend_from_slice(T::TABLE.as_str().as_bytes());
        if !recent.is_new(&identity) {
            return (T::TABLE, Ok(Counted { stored: 0, duplicates: 1 }));
        }
        if !keep {
            return (T::TABLE, Ok(Counted::default()));
        }
        self.bytes += size_of::<T>() + row.text_bytes();
        self.rows.push(row);
        let is_full = self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES;
        let flushed = if is_full { self.flush() } else { Ok(()) };
        (T::TABLE, flushed.map(|()| Counted { stored: 1, duplicates: 0 }))
    }

    fn flush(&mut self) -> Result<(), ArrowError> {
        if !self.rows.is_empty() {
            let batch = batch(&self.rows)?;
            self.rows.clear();
            self.batches.push(batch, std::mem::take(&mut self.bytes))?;
        }
        Ok(())
    }
}

/// What the tail asks of each of its tables.
trait Grown {
    fn table(&self) -> Table;
    fn rows(&self) -> usize;
    fn bytes(&self) -> usize;
    fn list(&self) -> &[RecordBatch];
}

impl<T: Columns> Grown for Growing<T> {
    fn table(&self) -> Table {
        T::TABLE
    }

    fn rows(&self) -> usize {
        self.batches.rows + self.rows.len()
    }

    fn bytes(&self) -> usize {
        self.batches.bytes + self.bytes
    }

    fn list(&self) -> &[RecordBatch] {
        &self.batches.list
    }
}
