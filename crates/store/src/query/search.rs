//! Traces that have a span which fulfils a filter, the newest first.
//!
//! Two steps. The first reads columns: it runs the filter over the spans of the range as one plan of the engine's, the newest
//! parts first, and ends as soon as enough traces are found; it keeps ids and starts only. The second looks those traces up
//! by their ids, as a whole, and sums them up. A search that is out of time gives what it has, and says so.

mod answer;
mod attribute;
mod chunks;
mod condition;
mod filter;
mod found;
mod pattern;
mod plan;
mod summary;

use std::time::Duration;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures_util::StreamExt;
use std::sync::Arc;

use super::{QueryBudget, QueryError, apart, session};
use crate::{Snapshot, Store, Table};
pub use answer::{FoundAccess, FoundSpan, FoundTrace, SearchAnswer};
pub(super) use attribute::attribute;
pub(super) use chunks::{Chunk, FIRST_ROWS, newest_first};
pub use filter::{AccessField, Comparison, SpanField, SpanFilter, SpanTest, Test, TimeRange};
pub use pattern::{Pattern, PatternError};
pub(super) use plan::{table, time, within};

use filter::Needs;
use found::Found;

/// How long spans are looked through before what was found is shown as it is. Whoever waits longer has gone.
const LOOKING: Duration = Duration::from_secs(8);
/// And how long everything may take.
const MAX_TIME: Duration = Duration::from_secs(15);

/// What a search is about.
#[derive(Clone, Debug)]
struct Asked {
    filter: SpanFilter,
    range: TimeRange,
    limit: usize,
    looking: Duration,
    first_rows: u64,
}

impl Store {
    /// Finds the newest `limit` traces with a span that starts in the range and fulfils the filter. Dropping the future ends
    /// the search.
    ///
    /// # Errors
    /// [`QueryError`]: more memory than a search may have, or a store that cannot be read. Running out of time is none.
    pub async fn search(
        &self,
        filter: SpanFilter,
        range: TimeRange,
        limit: usize,
    ) -> Result<SearchAnswer, QueryError> {
        self.search_for(Asked { filter, range, limit, looking: LOOKING, first_rows: FIRST_ROWS }).await
    }

    async fn search_for(&self, asked: Asked) -> Result<SearchAnswer, QueryError> {
        let store = self.clone();
        apart::run(MAX_TIME, move || async move { search(&store, &asked).await }).await
    }
}

async fn search(store: &Store, asked: &Asked) -> Result<SearchAnswer, QueryError> {
    let view = store.view();
    let mut notes = Notes::default();
    let mut found = Found::default();
    {
        let looked = look(&view.snapshot, asked, &mut found, &mut notes);
        if let Ok(looked) = tokio::time::timeout(asked.looking, looked).await {
            looked?;
        } else {
            let seconds = asked.looking.as_secs_f32();
            notes.partly(&format!("not all spans of the range were looked at within {seconds} s; narrow it"));
        }
    }
    let traces = summary::summarise(store, &view, &found.newest(asked.limit), &mut notes).await?;
    Ok(SearchAnswer { traces, partial: notes.partial, notes: notes.texts })
}

/// Looks through the range until enough is found, or all was seen.
async fn look(
    snapshot: &Snapshot,
    asked: &Asked,
    found: &mut Found,
    notes: &mut Notes,
) -> Result<(), QueryError> {
    let engine = Engine::open()?;
    let needs = Needs::of(&asked.filter);
    if needs.trace {
        notes.told(
            "a trace's own duration and root are taken from spans that start within an hour of the range",
        );
    }
    if needs.trace || !needs.access.is_empty() {
        let mut range = asked.range;
        if needs.trace {
            range = TimeRange { start: range.start.before(plan::AROUND), end: range.end.after(plan::AROUND) };
        }
        return collect(&engine, &chunks::whole(snapshot, range), asked, &needs, found).await;
    }
    for chunk in newest_first(snapshot, asked.range, asked.first_rows) {
        // What is read from memory alone never waits: here at least the clock and whoever left are heard.
        tokio::task::yield_now().await;
        match collect(&engine, &chunk, asked, &needs, found).await {
            Err(QueryError::Read { .. } | QueryError::Computation { .. }) => {
                collect_singly(&engine, &chunk, asked, &needs, found, notes).await?;
            }
            other => other?,
        }
        if chunk.rest_starts_by.is_some_and(|bound| found.is_settled(asked.limit, bound.as_nanos())) {
            return Ok(());
        }
    }
    Ok(())
}

async fn collect(
    engine: &Engine,
    chunk: &Chunk,
    asked: &Asked,
    needs: &Needs,
    found: &mut Found,
) -> Result<(), QueryError> {
    let plan = plan::matching(&chunk.snapshot, &asked.filter, needs, asked.range);
    let mut take = |batch: &_| found.take(batch);
    engine.run(plan, &mut take).await
}

/// One of the parts cannot be read: the others are, each by itself.
async fn collect_singly(
    engine: &Engine,
    chunk: &Chunk,
    asked: &Asked,
    needs: &Needs,
    found: &mut Found,
    notes: &mut Notes,
) -> Result<(), QueryError> {
    let alone = |hot, parts| Chunk { snapshot: chunk.snapshot.with_spans(hot, parts), rest_starts_by: None };
    let hot = chunk.snapshot.hot(Table::Spans).to_vec();
    collect(engine, &alone(hot, Vec::new()), asked, needs, found).await?;
    for part in chunk.snapshot.parts(Table::Spans) {
        let one = alone(Vec::new(), vec![Arc::clone(part)]);
        if let Err(error) = collect(engine, &one, asked, needs, found).await {
            tracing::error!(name: "store.part.unreadable", part = part.id, %error, "a search goes on without a part");
            notes.partly(&format!("part `{}` cannot be read; `fanlight store check` says why", part.id));
        }
    }
    Ok(())
}

/// The engine, for plans of our own.
pub(super) struct Engine {
    session: SessionState,
    budget: QueryBudget,
}

impl Engine {
    pub(super) fn open() -> Result<Self, QueryError> {
        let budget = QueryBudget::default();
        let nothing_by_name = Arc::new(MemoryCatalogProviderList::new());
        let session = session::open(nothing_by_name, &budget)
            .map_err(|error| QueryError::from_engine(error, budget.max_memory_bytes))?;
        Ok(Self { session, budget })
    }

    /// Runs a plan and hands out its batches.
    pub(super) async fn run(
        &self,
        plan: datafusion::error::Result<LogicalPlan>,
        take: &mut (dyn FnMut(&RecordBatch) -> datafusion::error::Result<()> + Send),
    ) -> Result<(), QueryError> {
        let told = |error| QueryError::from_engine(error, self.budget.max_memory_bytes);
        let plan = self.session.create_physical_plan(&plan.map_err(told)?).await.map_err(told)?;
        let mut batches = execute_stream(plan, self.session.task_ctx()).map_err(told)?;
        while let Some(batch) = batches.next().await {
            take(&batch.map_err(told)?).map_err(told)?;
        }
        Ok(())
    }
}

/// What a person should know of an answer.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) partial: bool,
    pub(super) texts: Vec<String>,
}

impl Notes {
    /// Something was left out.
    pub(super) fn partly(&mut self, text: &str) {
        self.partial = true;
        self.told(text);
    }

    fn told(&mut self, text: &str) {
        if !self.texts.iter().any(|known| known == text) {
            self.texts.push(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
