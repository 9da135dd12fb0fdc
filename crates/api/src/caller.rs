//! Who asks, and under which name: checked before any route is reached.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fanlight_model::TraceId;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::Authority;
use http::{StatusCode, Uri};

use crate::Problem;
use crate::state::Shared;

/// Gives the request a trace id (the caller's own, where it sent one) and writes problems down with it.
pub(crate) async fn traced(request: Request, next: Next) -> Response {
    let trace_id = trace_id_of(request.headers()).unwrap_or_else(new_trace_id);
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = problem.answer(trace_id);
        if let Some(methods) = allow {
            response.headers_mut().insert(header::ALLOW, methods);
        }
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets in who came under a name of ours. A page that had its own name resolved to our address sends that name as `Host`; a page
/// of another site sends its own as `Origin`.
pub(crate) async fn under_our_name(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match check_name(request.uri(), request.headers(), &shared.api.hosts.names()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets in who has the token.
pub(crate) async fn token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match check_token(request.headers(), &shared) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets in who is on this machine, or has the token.
pub(crate) async fn local_or_token(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return next.run(request).await;
    }
    token(State(shared), request, next).await
}

fn check_token(headers: &HeaderMap, shared: &Shared) -> Result<(), Problem> {
    let refused = |code, detail| {
        let hint =
            "send `Authorization: Bearer …` with the text of `admin.token` in the server's data folder";
        Problem::new(StatusCode::UNAUTHORIZED, code, "a token is needed", detail, hint)
    };
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(refused("token_missing", "the request has no token"));
    };
    let presented = value.to_str().ok().and_then(|text| text.split_once(' '));
    match presented {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer") && shared.api.token.is(token.trim()) =>
        {
            Ok(())
        }
        _ => Err(refused("token_wrong", "the request's token is not the server's")),
    }
}

fn check_name(uri: &Uri, headers: &HeaderMap, hosts: &[String]) -> Result<(), Problem> {
    let host = sole_host(uri, headers)?;
    if !is_ours(host.host(), hosts) {
        return Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_not_allowed",
            "not a name of this server",
            "the request came under a name that is not this server's",
            "ask by `127.0.0.1` or `localhost`, or add the name to `hosts` under `[api]`",
        ));
    }
    let mut origins = headers.get_all(header::ORIGIN).into_iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(()),
        (Some(origin), None) if is_same_site(origin, &host) => Ok(()),
        _ => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "not from a page of this server",
            "the request was made by a page of another site",
            "open the page that this server serves, or ask from a program",
        )),
    }
}

/// The one name that the request came under; where the target names one too, both are the same.
fn sole_host(uri: &Uri, headers: &HeaderMap) -> Result<Authority, Problem> {
    let mut sent = headers.get_all(header::HOST).into_iter();
    let first = sent.next().and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let host = match (first, sent.next(), uri.authority()) {
        (Some(host), None, None) => Some(host),
        (Some(host), None, Some(target)) if host == *target => Some(host),
        (None, None, Some(target)) => Some(target.clone()),
        _ => None,
    };
    host.filter(|host| !host.as_str().contains('@')).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "host_invalid",
            "no clear name of a server",
            "the request has no `Host`, or more than one",
            "send one `Host` header, as HTTP/1.1 asks for",
        )
    })
}

fn is_ours(host: &str, hosts: &[String]) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
    is_loopback
        || bare.eq_ignore_ascii_case("localhost")
        || hosts
            .iter()
            .any(|ours| ours.trim_start_matches('[').trim_end_matches(']').eq_ignore_ascii_case(bare))
}

/// True where the page's name and port are those that the request came under.
fn is_same_site(origin: &HeaderValue, host: &Authority) -> bool {
    let text = origin.to_str().unwrap_or_default();
    let (authority, usual_port) = match text.split_once("://") {
        Some(("http", authority)) => (authority, 80),
        Some(("https", authority)) => (authority, 443),
        _ => return false,
    };
    authority.parse::<Authority>().is_ok_and(|origin| {
        origin.host().eq_ignore_ascii_case(host.host())
            && origin.port_u16().unwrap_or(usual_port) == host.port_u16().unwrap_or(usual_port)
    })
}

/// W3C `traceparent`: `00-<trace id>-<span id>-<flags>`.
fn trace_id_of(headers: &HeaderMap) -> Option<TraceId> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let trace_id: TraceId = text.split('-').nth(1)?.parse().ok()?;
    (!trace_id.is_zero()).then_some(trace_id)
}

/// A trace id of our own. Without the kernel's randomness it is zero, which OpenTelemetry reads as "none".
pub(crate) fn new_trace_id() -> TraceId {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => TraceId(bytes),
        Err(_) => TraceId::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, headers: &[(&'static str, &'static str)], code: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let hosts = ["fanlight.example.com".to_owned(), "192.0.2.10".to_owned()];
        let found = check_name(&uri.parse().expect("a URI"), &map, &hosts).err().map(|problem| problem.code);
        assert_eq!(found, code, "{uri} {headers:?}");
    }

    #[test]
    fn only_names_of_ours_are_answered() {
        check("/", &[("host", "127.0.0.1:8080")], None);
        check("/", &[("host", "127.9.9.9")], None);
        check("/", &[("host", "[::1]:8080")], None);
        check("/", &[("host", "LOCALHOST")], None);
        check("/", &[("host", "fanlight.example.com")], None);
        check("/", &[("host", "192.0.2.10:80")], None);
        check("/", &[("host", "rebound.example.com")], Some("host_not_allowed"));
        check("/", &[("host", "127.0.0.1.example.com")], Some("host_not_allowed"));
        check("/", &[("host", "192.0.2.11")], Some("host_not_allowed"));
    }

    #[test]
    fn an_unclear_name_is_refused() {
        check("/", &[], Some("host_invalid"));
        check("/", &[("host", "localhost"), ("host", "localhost")], Some("host_invalid"));
        check("/", &[("host", "a@localhost")], Some("host_invalid"));
        check("http://rebound.example.com/", &[("host", "localhost")], Some("host_invalid"));
        check("http://rebound.example.com/", &[], Some("host_not_allowed"));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        check("/", &[("host", "localhost:8080"), ("origin", "http://localhost:8080")], None);
        check(
            "/",
            &[("host", "localhost:8080"), ("origin", "http://localhost:5173")],
            Some("origin_not_allowed"),
        );
        check(
            "/",
            &[("host", "localhost:8080"), ("origin", "http://evil.example.com")],
            Some("origin_not_allowed"),
        );
        check("/", &[("host", "localhost:8080"), ("origin", "null")], Some("origin_not_allowed"));
    }
}
