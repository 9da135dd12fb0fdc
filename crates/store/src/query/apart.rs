//! Where queries run: on threads of their own, for as long as somebody waits for the answer.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::QueryError;

/// A query that runs past its time inside one long step is given up this much later, and its thread ends at the next step.
const GRACE: Duration = Duration::from_millis(500);

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

/// Runs `work` on one thread, from planning to the last row, at most for `max_time`. Dropping this future ends the work.
pub(super) async fn run<T, W, F>(max_time: Duration, work: W) -> Result<T, QueryError>
where
    T: Send + 'static,
    W: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<T, QueryError>>,
{
    let (held, dropped) = oneshot::channel::<()>();
    let started = start(max_time, work, dropped)?;
    let answer = match tokio::time::timeout(max_time.saturating_add(GRACE), started).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panicked)) => Err(QueryError::Engine { reason: panicked.to_string() }),
        Err(_elapsed) => Err(QueryError::TookTooLong { limit: max_time }),
    };
    // Dropped here at the latest; dropped earlier, with this future, it ends the work.
    drop(held);
    answer
}

fn start<T, W, F>(
    max_time: Duration,
    work: W,
    dropped: oneshot::Receiver<()>,
) -> Result<JoinHandle<Result<T, QueryError>>, QueryError>
where
    T: Send + 'static,
    W: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<T, QueryError>>,
{
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
                answer = tokio::time::timeout(max_time, work()) => {
                    answer.unwrap_or(Err(QueryError::TookTooLong { limit: max_time }))
                }
            }
        })
    }))
}
