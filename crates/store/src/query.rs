//! Questions to one snapshot of the store: SQL, and searches of fixed shape.
//!
//! SQL is read-only by construction: one statement, planned against a catalogue that holds nothing but this snapshot, its plan checked
//! node by node against an allow-list (`allow`) before anything runs. A query that meets no such refusal still has a budget of
//! rows, bytes and time, and ends when its future is dropped. A search is planned from a typed filter: no text of the asker's is ever
//! parsed here.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::raw_lines::RawLines;
use crate::{Snapshot, Store};

mod allow;
mod amplify;
mod apart;
mod catalogue;
mod error;
mod hex;
mod latest;
mod lines;
mod once;
mod provider;
mod render;
mod run;
mod search;
mod session;
mod suggest;
mod values;
mod yielding;

pub use error::QueryError;
pub use search::{
    AccessField, Comparison, FoundAccess, FoundSpan, FoundTrace, Pattern, PatternError, SearchAnswer,
    SpanField, SpanFilter, SpanTest, Test, TimeRange,
};
pub use values::{AccessValue, AccessValues, ServiceRow, Services, ValueField};

/// What one query may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryBudget {
    /// Rows of the answer; more are refused, never cut off in silence.
    pub max_rows: usize,
    /// Bytes that sorts, joins and groups may hold while the query runs.
    pub max_memory_bytes: usize,
    /// Bytes of text in the answer, before JSON's own marks.
    pub max_answer_bytes: usize,
    /// From the start of planning to the last row.
    pub max_time: Duration,
}

impl Default for QueryBudget {
    /// A person's query: what a table on a screen, or a file of it, can use.
    fn default() -> Self {
        Self {
            max_rows: 100_000,
            max_memory_bytes: 256 << 20,
            max_answer_bytes: 64 << 20,
            max_time: Duration::from_secs(30),
        }
    }
}

/// The answer to one query.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlAnswer {
    /// The columns' names, in the query's order.
    pub columns: Vec<String>,
    /// The rows, in the contract's JSON: int64 and ids as strings, times RFC 3339 with nine digits, maps as objects, lists as
    /// arrays, doubles as numbers.
    pub rows: Vec<Vec<Value>>,
}

impl Store {
    /// Answers one read-only SQL query over what the store holds now.
    ///
    /// # Errors
    /// [`QueryError`], whose `code` is stable and whose `hint` names the way out.
    pub async fn sql(&self, sql: &str, budget: QueryBudget) -> Result<SqlAnswer, QueryError> {
        let view = Arc::new(self.view());
        let lines = RawLines::new(self.clone(), Arc::clone(&view));
        answer(view.snapshot.clone().with_lines(lines), sql, budget).await
    }
}

pub(crate) async fn answer(
    snapshot: Snapshot,
    sql: &str,
    budget: QueryBudget,
) -> Result<SqlAnswer, QueryError> {
    let sql = sql.to_owned();
    apart::run(budget.max_time, move || async move { run::run(&snapshot, &sql, &budget).await }).await
}

#[cfg(test)]
mod tests;
