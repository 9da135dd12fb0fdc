//! SQL over one snapshot of the store.
//!
//! Read-only by construction: one statement, planned against a catalogue that holds nothing but this snapshot, its plan checked
//! node by node against an allow-list (`allow`) before anything runs. A query that meets no such refusal still has a budget of
//! rows, bytes and time, and ends when its future is dropped.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Snapshot, Store};

mod allow;
mod amplify;
mod catalogue;
mod error;
mod hex;
mod latest;
mod provider;
mod render;
mod run;
mod session;
mod suggest;
mod yielding;

pub use error::QueryError;

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

/// A query that runs past its time inside one long step is given up this much later, and its thread ends at the next step.
const GRACE: Duration = Duration::from_millis(500);

impl Store {
    /// Answers one read-only SQL query over what the store holds now.
    ///
    /// # Errors
    /// [`QueryError`], whose `code` is stable and whose `hint` names the way out.
    pub async fn sql(&self, sql: &str, budget: QueryBudget) -> Result<SqlAnswer, QueryError> {
        answer(self.snapshot(), sql, budget).await
    }
}

/// Stack for one query. The planner recurses along the query, which `allow` bounds: a test holds the two together.
const STACK_BYTES: usize = 64 << 20;

/// Threads of the queries' own: with stacks that the deepest allowed query fits into, and apart from the tasks that receive and
/// acknowledge, which no decoding or sorting may hold up.
static THREADS: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("query")
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
});

async fn answer(snapshot: Snapshot, sql: &str, budget: QueryBudget) -> Result<SqlAnswer, QueryError> {
    let (held, dropped) = oneshot::channel::<()>();
    let work = start(snapshot, sql.to_owned(), budget, dropped)?;
    let answer = match tokio::time::timeout(budget.max_time.saturating_add(GRACE), work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panicked)) => Err(QueryError::Engine { reason: panicked.to_string() }),
        Err(_elapsed) => Err(QueryError::TookTooLong { limit: budget.max_time }),
    };
    // Dropped here at the latest; dropped earlier, with this future, it ends the work.
    drop(held);
    answer
}

/// Runs the query on one thread, from planning to the last row: its plan has one partition.
fn start(
    snapshot: Snapshot,
    sql: String,
    budget: QueryBudget,
    dropped: oneshot::Receiver<()>,
) -> Result<JoinHandle<Result<SqlAnswer, QueryError>>, QueryError> {
    let threads = match &*THREADS {
        Ok(threads) => threads,
        Err(cause) => return Err(QueryError::NoThread { reason: cause.to_string() }),
    };
    let handle = threads.handle().clone();
    let _entered = threads.enter();
    Ok(fanlight_runtime::spawn_blocking("store.query", move || {
        handle.block_on(async move {
            tokio::select! {
                biased;
                _ = dropped => Err(QueryError::Cancelled),
                answer = tokio::time::timeout(budget.max_time, run::run(&snapshot, &sql, &budget)) => {
                    answer.unwrap_or(Err(QueryError::TookTooLong { limit: budget.max_time }))
                }
            }
        })
    }))
}

#[cfg(test)]
mod tests;
