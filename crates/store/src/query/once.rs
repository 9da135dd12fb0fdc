//! Of what was stored twice, the copy that was stored first.
//!
//! Rows are told apart by their key alone, in the order in which they are read: parts as they were committed, then memory. A copy is
//! never read before its first, so one pass is enough and nothing is held but the keys. What a condition may skip on the disk must
//! then be skipped with all of its copies: see [`Copies::skippable`].

use std::collections::HashSet;

use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::Expr;

use super::hex::bare;
use crate::Table;

/// What tells the copies of a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copies {
    /// The columns of the key.
    pub(super) key: &'static [&'static str],
    /// The columns in which copies can differ.
    differ: Differ,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Differ {
    /// Only in how and when the record came.
    InArrival,
    /// In everything but what the key is made of.
    OutsideOf(&'static [&'static str]),
}

/// The columns in which two copies of one record can differ: it came another time, in another dialect.
const OF_ARRIVAL: [&str; 4] = ["arrival_time", "parse_level", "raw", "raw_address"];

impl Copies {
    /// How a table's copies are told. `None` for tables that have none, or revisions instead.
    pub(super) const fn of(table: Table) -> Option<Self> {
        match table {
            Table::Spans | Table::AccessEvents | Table::Links => None,
            Table::DeviceFacts | Table::ConnectorHealth | Table::ConfigChanges | Table::FeedRecords => {
                Some(Self { key: &["event_uid", "record_hash"], differ: Differ::InArrival })
            }
            Table::RawLines => {
                Some(Self { key: &["raw_address"], differ: Differ::OutsideOf(&["raw_address", "line"]) })
            }
            Table::FeedHealth => Some(Self {
                key: &["event_uid"],
                differ: Differ::OutsideOf(&["event_uid", "time", "feed", "source"]),
            }),
        }
    }

    /// The condition by which rows may be skipped unread: one that holds for all copies of a row or for none. `None` where there is no
    /// such form of it. The `time` of a record without a stamp of its own is its arrival, so such a record is never skipped by it.
    pub(super) fn skippable(&self, condition: Expr) -> Option<Expr> {
        let names: Vec<String> = condition.column_refs().iter().map(|column| column.name.clone()).collect();
        match self.differ {
            Differ::InArrival if names.iter().any(|name| OF_ARRIVAL.contains(&name.as_str())) => None,
            Differ::InArrival if names.iter().any(|name| name == "time") => {
                Some(condition.or(bare("log_time").is_null()))
            }
            Differ::InArrival => Some(condition),
            Differ::OutsideOf(shared) => {
                names.iter().all(|name| shared.contains(&name.as_str())).then_some(condition)
            }
        }
    }
}

/// The keys of the rows that were read so far.
pub(super) struct Seen {
    keys: HashSet<[u8; 24]>,
    reservation: MemoryReservation,
}

/// A key and its share of the table.
const ENTRY_BYTES: usize = 48;

impl Seen {
    pub(super) fn new(reservation: MemoryReservation) -> Self {
        Self { keys: HashSet::new(), reservation }
    }

    /// The rows whose key, in the columns at `key`, was not read before.
    pub(super) fn keep(&mut self, batch: &RecordBatch, key: &[usize]) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(key.len());
        for place in key {
            match batch.columns().get(*place).and_then(|column| column.as_fixed_size_binary_opt()) {
                Some(ids) => columns.push(ids),
                None => return internal_err!("copies are told by ids"),
            }
        }
        let is_first = |row: usize| {
            let mut key = [0; 24];
            let bytes = columns.iter().flat_map(|ids| ids.value(row));
            key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            Some(self.keys.insert(key))
        };
        let keep: BooleanArray = (0..batch.num_rows()).map(is_first).collect();
        self.reservation.try_resize(self.keys.len() * ENTRY_BYTES)?;
        Ok(filter_record_batch(batch, &keep)?)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::lit;

    use super::*;

    /// A row that is skipped while its copy is not would let the copy stand for it.
    #[test]
    fn only_what_copies_share_skips_rows() {
        let copies = Copies::of(Table::DeviceFacts).expect("has copies");
        let device = bare("device").eq(lit("laptop-7"));
        assert_eq!(copies.skippable(device.clone()), Some(device.clone()));
        assert_eq!(copies.skippable(bare("raw").like(lit("%7%"))), None);
        assert_eq!(copies.skippable(device.clone().or(bare("arrival_time").is_null())), None);
        let time = bare("time").gt(lit(1));
        assert_eq!(copies.skippable(time.clone()), Some(time.clone().or(bare("log_time").is_null())));
        let of_feed = Copies::of(Table::FeedHealth).expect("has copies");
        assert_eq!(of_feed.skippable(time.clone()), Some(time));
        assert_eq!(of_feed.skippable(bare("lines").gt(lit(0))), None);
    }
}
