//! The HTTP API behind its door.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse;
use fanlight_api::{AdminToken, ApiState, ConfigReport, Hosts, Problem, Readiness};
use fanlight_listen::{Doorway, Limits, Listener, Protocol, Tools, Visitor, serve_http};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome};
use fanlight_store::Store;
use http::StatusCode;
use http::uri::Scheme;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::outcome::Failure;

const NAME: &str = "api";

/// What the API answers from.
pub(super) struct Served {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) metrics: Metrics,
    pub(super) token: AdminToken,
    pub(super) ready: Readiness,
    pub(super) hosts: Hosts,
    pub(super) config: ConfigReport,
}

/// Binds the address; `None` where the configuration switches it off.
pub(super) async fn open(settings: &Settings, tools: &Tools) -> Result<Option<Doorway>, Failure> {
    let Some(listener) = &settings.api else { return Ok(None) };
    let (listen, access) = (listener.listen, listener.access.clone());
    let listener = Listener { name: NAME, listen, access, protocol: Protocol::Web, limits: Limits::DEFAULT };
    Ok(Some(Doorway::open(listener, tools).await?))
}

/// Serves behind that door.
pub(super) fn start(door: Doorway, served: Served) -> JoinHandle<()> {
    let Served { store, clock, ledger, metrics, token, ready, hosts, config } = served;
    let counted = ledger.clone();
    let state = ApiState { store, clock, ledger, metrics, token, ready, hosts, config };
    let router = TowerToHyperService::new(fanlight_api::router(state));
    let serve = move |visitor: Visitor| {
        let (router, counted) = (router.clone(), counted.clone());
        let (guard, peer) = (Arc::new(visitor.guard.clone()), visitor.peer);
        let scheme = if visitor.is_secure { Scheme::HTTPS } else { Scheme::HTTP };
        serve_http(visitor, b"", move |request| {
            let (router, counted, guard) = (router.clone(), counted.clone(), Arc::clone(&guard));
            let mut request = request.map(Body::new);
            // Where a request comes from, and whether over TLS, is told to the routes beside it.
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(scheme.clone());
            async move {
                if guard.check_address().is_err() {
                    counted.add(NAME, "request", Outcome::Refused, "not in `allow`", 1);
                    return not_allowed().into_response();
                }
                router.call(request).await.unwrap_or_else(|never| match never {})
            }
        })
    };
    fanlight_runtime::spawn(NAME, door.run(serve))
}

fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "address_not_allowed",
        "not from here",
        "the address that this request came from is not allowed to connect",
        "whoever runs the server can add it to `[api] allow`",
    )
}
