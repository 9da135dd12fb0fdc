//! The HTTP API's listener: who may connect, and when it stops.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use fanlight_api::{AdminToken, ApiState, Problem, Readiness};
use fanlight_runtime::{Clock, Ledger, Outcome, Shutdown};
use fanlight_store::Store;
use http::StatusCode;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::folder::DataFolder;
use crate::outcome::{Exit, Failure};
use crate::telemetry;

/// A listening API.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) task: JoinHandle<()>,
}

/// What the API answers from.
pub(super) struct Served {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) ready: Readiness,
}

/// Binds and serves; `None` where the configuration switches it off.
pub(super) async fn start(
    settings: &Settings,
    folder: &DataFolder,
    served: Served,
    shutdown: &Shutdown,
) -> Result<Option<Running>, Failure> {
    let token = AdminToken::load_or_create(&folder.admin_token())?;
    let Some(listener) = &settings.api else { return Ok(None) };
    let socket = TcpListener::bind(listener.listen).await.map_err(|cause| {
        Failure::new(
            Exit::Failed,
            anyhow::Error::new(cause).context(format!("cannot listen on `{}` for `api`", listener.listen)),
        )
        .with_hint(
            "stop what listens there, or set `[api] listen`, or move all ports with `--listen-offset N`",
        )
    })?;
    let address = socket.local_addr()?;
    let mut hosts = settings.api_hosts.clone();
    hosts.push(address.ip().to_string());
    let Served { store, clock, ledger, ready } = served;
    let counted = ledger.clone();
    let state = ApiState { store, clock, ledger, token, ready, hosts };
    let allow: Arc<[IpNet]> = listener.allow.clone().into();
    let router = fanlight_api::router(state)
        .layer(middleware::from_fn(
            move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next| {
                let is_allowed = allow.is_empty()
                    || allow.iter().any(|network| network.contains(&peer.ip().to_canonical()));
                let counted = counted.clone();
                async move {
                    if is_allowed {
                        return next.run(request).await;
                    }
                    counted.add("api", "request", Outcome::Refused, "not in `allow`", 1);
                    not_allowed().into_response()
                }
            },
        ))
        .layer(middleware::from_fn(telemetry::api_request))
        .into_make_service_with_connect_info::<SocketAddr>();
    let stop = shutdown.clone();
    let task = fanlight_runtime::spawn("api", async move {
        if let Err(cause) =
            axum::serve(socket, router).with_graceful_shutdown(async move { stop.begun().await }).await
        {
            tracing::error!(name: "fanlight.api.ended", %cause, "the API ended by itself");
        }
    });
    Ok(Some(Running { address, task }))
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
