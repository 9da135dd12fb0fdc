//! What is visible at one moment: the seam between the write side and the queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;

use crate::raw_lines::RawLines;
use crate::{Part, Table};

/// Everything that is visible at one moment, as shared values: taking one is cheap and holding one blocks nobody. A row is in
/// exactly one place of it, also while a seal is under way.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    tables: BTreeMap<Table, Rows>,
    /// Where records find their lines; without it they are shown without.
    lines: Option<RawLines>,
}

/// The rows of one table.
#[derive(Clone, Debug, Default)]
struct Rows {
    hot: Vec<RecordBatch>,
    parts: Vec<Arc<Part>>,
}

impl Snapshot {
    /// The rows that are in memory only, unsorted, in the table's schema.
    pub fn hot(&self, table: Table) -> &[RecordBatch] {
        self.rows(table).map_or(&[], |rows| &rows.hot)
    }

    /// The table's visible parts, in the order in which they were committed.
    pub fn parts(&self, table: Table) -> &[Arc<Part>] {
        self.rows(table).map_or(&[], |rows| &rows.parts)
    }

    /// All rows of the table, in memory and in parts.
    pub fn row_count(&self, table: Table) -> u64 {
        let hot: usize = self.hot(table).iter().map(RecordBatch::num_rows).sum();
        self.parts(table).iter().map(|part| part.rows).sum::<u64>() + hot as u64
    }

    /// The same, with a way to the lines of its records.
    pub(crate) fn with_lines(self, lines: RawLines) -> Self {
        Self { lines: Some(lines), ..self }
    }

    pub(crate) const fn lines(&self) -> Option<&RawLines> {
        self.lines.as_ref()
    }

    /// The same with other spans.
    pub(crate) fn with_spans(&self, hot: Vec<RecordBatch>, parts: Vec<Arc<Part>>) -> Self {
        let mut other = self.clone();
        other.set(Table::Spans, hot, parts);
        other
    }

    pub(crate) fn set(&mut self, table: Table, hot: Vec<RecordBatch>, parts: Vec<Arc<Part>>) {
        self.tables.insert(table, Rows { hot, parts });
    }

    fn rows(&self, table: Table) -> Option<&Rows> {
        self.tables.get(&table)
    }
}
