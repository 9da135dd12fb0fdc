//! What the routes answer from.

use std::sync::Arc;
use std::time::Duration;

use fanlight_listen::Hosts;
use fanlight_runtime::{Clock, Histogram, Ledger, Metrics, SECONDS};
use fanlight_store::Store;
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{AdminToken, ConfigReport, Feeds, Problem, Readiness, SignIn};

/// What the routes answer from, and whom they let in.
#[derive(Clone, Debug)]
pub struct ApiState {
    /// Spans, access events, links.
    pub store: Store,
    /// Tells the time for `/api/v1/status`.
    pub clock: Clock,
    /// What `/metrics` shows of records …
    pub ledger: Ledger,
    /// … and of everything else.
    pub metrics: Metrics,
    /// Opens `/api` to programs.
    pub token: AdminToken,
    /// Opens it to browsers.
    pub sign_in: SignIn,
    /// What `/readyz` tells.
    pub ready: Readiness,
    /// Names and addresses, without a port, by which the server is known besides those of loopback: the address that it
    /// listens on, and `[api] hosts`. A request under any other name is refused.
    pub hosts: Hosts,
    /// How the configuration came in.
    pub config: ConfigReport,
    /// How the feeds are.
    pub feeds: Feeds,
}

/// Queries at once: each may hold its whole budget of memory.
const QUERIES: usize = 4;
/// Look-ups of single traces at once.
const LOOK_UPS: usize = 16;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) api: ApiState,
    queries: Arc<Semaphore>,
    look_ups: Arc<Semaphore>,
    /// How long requests took.
    pub(crate) requests: Histogram,
}

impl Shared {
    pub(crate) fn new(api: ApiState) -> Self {
        let requests = api.metrics.histogram(
            "fanlight_http_request_duration_seconds",
            "How long the API took for its answers.",
            &["route", "method", "code"],
            SECONDS,
        );
        let (queries, look_ups) = (Semaphore::new(QUERIES), Semaphore::new(LOOK_UPS));
        Self { api, queries: Arc::new(queries), look_ups: Arc::new(look_ups), requests }
    }

    pub(crate) async fn turn_to_query(&self) -> Result<OwnedSemaphorePermit, Problem> {
        turn(&self.queries).await
    }

    pub(crate) async fn turn_to_look_up(&self) -> Result<OwnedSemaphorePermit, Problem> {
        turn(&self.look_ups).await
    }
}

async fn turn(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    match tokio::time::timeout(TURN, Arc::clone(semaphore).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "the server is busy",
            "too many requests of this kind are being answered",
            "ask again in a few seconds, or ask for less at once",
        )),
    }
}
