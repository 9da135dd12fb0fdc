//! The HTTP API's listener: who may connect, and when it stops.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use fanlight_api::{AdminToken, ApiState, Problem, Readiness, SignIn};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown};
use fanlight_store::Store;
use http::StatusCode;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Settings;
use crate::folder::DataFolder;
use crate::outcome::{Exit, Failure};

/// A listening API.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) task: JoinHandle<()>,
    /// Makes the codes that sign a browser in.
    pub(super) sign_in: SignIn,
    /// How a browser on this machine reaches it: `http://127.0.0.1:8080`.
    pub(super) origin: String,
}

/// What the API answers from.
pub(super) struct Served {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) metrics: Metrics,
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
    let Served { store, clock, ledger, metrics, ready } = served;
    let counted = ledger.clone();
    let sign_in = SignIn::new(clock.clone());
    let origin = origin(address, &settings.api_hosts, false);
    let state = ApiState { store, clock, ledger, metrics, token, sign_in: sign_in.clone(), ready, hosts };
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
        .into_make_service_with_connect_info::<SocketAddr>();
    let stop = shutdown.clone();
    let task = fanlight_runtime::spawn("api", async move {
        if let Err(cause) =
            axum::serve(socket, router).with_graceful_shutdown(async move { stop.begun().await }).await
        {
            tracing::error!(name: "fanlight.api.ended", %cause, "the API ended by itself");
        }
    });
    Ok(Some(Running { address, task, sign_in, origin }))
}

/// How a browser reaches it: under the first name that it is known by, else by its address; one that listens everywhere is
/// reached on loopback.
fn origin(address: SocketAddr, hosts: &[String], has_tls: bool) -> String {
    let scheme = if has_tls { "https" } else { "http" };
    let is_reached_by_name = !address.ip().to_canonical().is_loopback();
    let name = hosts.first().filter(|_| is_reached_by_name).cloned();
    let host = name.unwrap_or_else(|| match address.ip() {
        everywhere if everywhere.is_unspecified() => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(v6) => format!("[{v6}]"),
        v4 => v4.to_string(),
    });
    format!("{scheme}://{host}:{}", address.port())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_a_name_that_the_server_answers_to() {
        let check = |address: &str, hosts: &[&str], has_tls, expected: &str| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            assert_eq!(origin(address.parse().unwrap(), &hosts, has_tls), expected);
        };
        check("127.0.0.1:8080", &["fanlight.example.com"], false, "http://127.0.0.1:8080");
        check("192.0.2.10:8080", &["fanlight.example.com"], true, "https://fanlight.example.com:8080");
        check("192.0.2.10:8080", &[], false, "http://192.0.2.10:8080");
        check("0.0.0.0:8080", &[], false, "http://127.0.0.1:8080");
        check("[::1]:8080", &[], false, "http://[::1]:8080");
    }
}
