//! The HTTP API behind its door.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware;
use axum::response::IntoResponse;
use fanlight_api::{AdminToken, ApiState, ConfigReport, Feeds, Problem, Readiness, SignIn};
use fanlight_intake::PushDoor;
use fanlight_listen::{Doorway, Hosts, Limits, Listener, Protocol, Tools, Visitor, serve_http};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome};
use fanlight_store::Store;
use http::StatusCode;
use http::uri::Scheme;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::task::JoinHandle;

use super::push;
use crate::config::Settings;
use crate::outcome::Failure;
use crate::telemetry;

const NAME: &str = "api";

/// What the API answers from.
pub(super) struct Served {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) metrics: Metrics,
    pub(super) token: AdminToken,
    pub(super) ready: Readiness,
    pub(super) sign_in: SignIn,
    pub(super) hosts: Hosts,
    pub(super) config: ConfigReport,
    pub(super) feeds: Feeds,
    /// Takes what is pushed.
    pub(super) push: PushDoor,
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
    let Served { store, clock, ledger, metrics, token, ready, sign_in, hosts, config, feeds, push } = served;
    let counted = ledger.clone();
    let state = ApiState { store, clock, ledger, metrics, token, sign_in, ready, hosts, config, feeds };
    let router = fanlight_api::router_beside(state, push::routes(push));
    let router = router.layer(middleware::from_fn(telemetry::api_request));
    let router = TowerToHyperService::new(router);
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

/// How a browser reaches it: under the first name that it is known by, else by its address; one that listens everywhere is
/// reached on loopback.
pub(super) fn origin(address: SocketAddr, hosts: &[String], has_tls: bool) -> String {
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
