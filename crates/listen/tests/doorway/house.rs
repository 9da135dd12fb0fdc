//! A listener on a free port with a small app behind it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use fanlight_listen::{
    Access, Admission, Doorway, Limits, Listener, PeerIdentity, Places, Protocol, RequestBody, Tools,
    loopback, serve_http,
};
use fanlight_runtime::{Clock, Ledger, MetricValue, Metrics, Outcome, Shutdown, spawn};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::task::JoinHandle;

/// Every wait for a state ends here, in a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// On the clock of a test, what the app does at `/late` before it reads the body.
pub(crate) const BUSY: Duration = Duration::from_secs(60);

pub(crate) const OTHER_PROTOCOL: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\nnot here";

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) admission: Admission,
    pub(crate) tools: Tools,
    /// Ends with the last connection, or at the deadline.
    pub(crate) running: JoinHandle<()>,
}

impl House {
    pub(crate) async fn open(protocol: Protocol, access: Access) -> Self {
        Self::open_with(protocol, access, Limits::DEFAULT, Clock::system()).await
    }

    pub(crate) async fn open_with(protocol: Protocol, access: Access, limits: Limits, clock: Clock) -> Self {
        let (ledger, metrics) = (Ledger::default(), Metrics::default());
        let tools = Tools { clock, ledger, metrics, shutdown: Shutdown::new(), places: Places::default() };
        Self::open_among(tools, protocol, access, limits).await
    }

    /// One of several listeners of a process.
    pub(crate) async fn open_among(tools: Tools, protocol: Protocol, access: Access, limits: Limits) -> Self {
        let listener = Listener { name: "house", listen: loopback(0), access, protocol, limits };
        let doorway = Doorway::open(listener, &tools).await.unwrap();
        let (address, admission) = (doorway.address(), doorway.admission());
        let running = spawn(
            "house",
            doorway.run(|visitor| async move {
                let identity = visitor.identity.clone();
                let (guard, secure) = (visitor.guard.clone(), visitor.is_secure);
                serve_http(visitor, OTHER_PROTOCOL, move |request| {
                    let (identity, guard) = (identity.clone(), guard.clone());
                    async move {
                        match guard.check(request.headers()) {
                            Ok(()) => answer(request, identity, secure).await,
                            Err(denied) => told(StatusCode::UNAUTHORIZED, format!("{denied:?}")),
                        }
                    }
                })
                .await;
            }),
        );
        Self { address, admission, tools, running }
    }

    pub(crate) fn count(&self, outcome: Outcome, reason: &str) -> u64 {
        self.tools.ledger.get("listen", "connection", outcome, reason)
    }

    pub(crate) fn gauge(&self, name: &str) -> Option<f64> {
        let families = self.tools.metrics.families();
        let family = families.into_iter().find(|family| family.name == name)?;
        match family.samples.first()?.value {
            MetricValue::Number(value) => Some(value),
            MetricValue::Buckets { .. } => None,
        }
    }

    pub(crate) async fn counted(&self, outcome: Outcome, reason: &str, count: u64) {
        let what = format!("{outcome:?} {reason} {count}");
        until(&what, || self.count(outcome, reason) >= count).await;
    }

    /// Nobody is left inside.
    pub(crate) async fn emptied(&self) {
        until("all connections end", || self.gauge("fanlight_connections") == Some(0.0)).await;
    }
}

/// By real time, also where a test's clock stands still.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let clock = Clock::system();
    while !is_so() {
        assert!(clock.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

async fn answer(
    request: Request<RequestBody>,
    identity: Option<PeerIdentity>,
    secure: bool,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    if path == "/late" {
        tokio::time::timeout(BUSY, std::future::pending::<()>()).await.unwrap_err();
    }
    match (path.as_str(), request.into_body().collect().await) {
        ("/hang", _) => std::future::pending().await,
        ("/large", _) => told(StatusCode::OK, "x".repeat(64 << 20)),
        (_, Ok(body)) => {
            let length = body.to_bytes().len();
            let who = identity.map_or_else(
                || "nobody".to_owned(),
                |PeerIdentity { subject, names, serial }| format!("{subject} {names:?} {serial}"),
            );
            told(StatusCode::OK, format!("{length} bytes from {who}, secure: {secure}"))
        }
        (_, Err(error)) => told(StatusCode::REQUEST_TIMEOUT, error.to_string()),
    }
}

fn told(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}
