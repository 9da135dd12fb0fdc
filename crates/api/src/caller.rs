//! Who asks, and under which name: checked before any route is reached.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fanlight_model::TraceId;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, StatusCode, Uri};

use crate::state::Shared;
use crate::{Problem, cookie};

/// Gives the request a trace id (the caller's own, where it sent one), writes problems down with it, and measures how long the
/// answer took.
pub(crate) async fn traced(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let trace_id = trace_id_of(request.headers()).unwrap_or_else(new_trace_id);
    let route = request.extensions().get::<MatchedPath>().map(|path| route_name(path.as_str()).to_owned());
    let method = request.method().clone();
    let began = shared.api.clock.elapsed();
    let mut response = next.run(request).await;
    let took = shared.api.clock.elapsed().saturating_sub(began);
    let status = response.status();
    let labels = [route.as_deref().unwrap_or("none"), method_name(&method), status.as_str()];
    shared.requests.observe_duration(&labels, took, Some(trace_id));
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = problem.answer(trace_id);
        if let Some(methods) = allow {
            response.headers_mut().insert(header::ALLOW, methods);
        }
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page of another origin can neither embed an answer nor learn from trying to.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// The files of the pane are one route to whoever reads metrics.
fn route_name(path: &str) -> &str {
    if path.starts_with("/assets/") { "/assets/{path}" } else { path }
}

/// Methods of our own routes; a caller can make up others.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// Lets in who came under a name of ours. A page that had its own name resolved to our address sends that name as `Host`; a page
/// of another site sends its own as `Origin`.
pub(crate) async fn under_our_name(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let scheme = request.extensions().get::<Scheme>();
    match check_name(request.uri(), request.headers(), &shared.api.hosts.names(), scheme) {
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

/// Lets in who has the token, or a session.
pub(crate) async fn signed_in(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match check_signed_in(request.method(), request.headers(), &shared) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets in who is on this machine, or has the token or a session.
pub(crate) async fn local_or_signed_in(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    if address(&request).is_some_and(|peer| peer.to_canonical().is_loopback()) {
        return next.run(request).await;
    }
    signed_in(State(shared), request, next).await
}

/// Where the request came from, as far as whoever serves the router tells.
pub(crate) fn address(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// Whether it came over TLS, likewise: a `Scheme` among the request's extensions.
pub(crate) fn came_over_tls(request: &Request) -> bool {
    request.extensions().get::<Scheme>().is_some_and(|scheme| *scheme == Scheme::HTTPS)
}

fn unauthorised(code: &'static str, detail: &'static str, hint: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, "a sign-in is needed", detail, hint)
}

fn check_signed_in(method: &Method, headers: &HeaderMap, shared: &Shared) -> Result<(), Problem> {
    // Who sends a token is judged by it: a wrong one is an error to be told, not a reason to look further.
    if headers.contains_key(header::AUTHORIZATION) {
        return check_token(headers, shared);
    }
    let mut sessions = cookie::sessions(headers).peekable();
    if sessions.peek().is_none() {
        return Err(unauthorised(
            "token_missing",
            "the request has no token and no session",
            "a program sends `Authorization: Bearer …` with the text of `admin.token` in the server's data folder; a browser opens the URL that `fanlight url` prints",
        ));
    }
    if !sessions.any(|session| shared.api.sign_in.is_session(session)) {
        return Err(unauthorised(
            "session_unknown",
            "the session has ended, or was never there",
            "sessions last twelve hours and are kept in memory: a restart of the server ends them; `fanlight url` prints a URL for a new one",
        ));
    }
    cookie::check_same_origin(method, headers)
}

fn check_token(headers: &HeaderMap, shared: &Shared) -> Result<(), Problem> {
    let hint = "send `Authorization: Bearer …` with the text of `admin.token` in the server's data folder";
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(unauthorised("token_missing", "the request has no token", hint));
    };
    let presented = value.to_str().ok().and_then(|text| text.split_once(' '));
    match presented {
        Some((scheme, token))
            if scheme.eq_ignore_ascii_case("bearer") && shared.api.token.is(token.trim()) =>
        {
            Ok(())
        }
        _ => Err(unauthorised("token_wrong", "the request's token is not the server's", hint)),
    }
}

fn check_name(
    uri: &Uri,
    headers: &HeaderMap,
    hosts: &[String],
    scheme: Option<&Scheme>,
) -> Result<(), Problem> {
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
        (Some(origin), None) if is_same_origin(origin, &host, scheme) => Ok(()),
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

/// True where the page's name and port are those that the request came under, and its scheme too where that is known.
fn is_same_origin(origin: &HeaderValue, host: &Authority, scheme: Option<&Scheme>) -> bool {
    let text = origin.to_str().unwrap_or_default();
    let (of_page, authority, usual_port) = match text.split_once("://") {
        Some(("http", authority)) => (Scheme::HTTP, authority, 80),
        Some(("https", authority)) => (Scheme::HTTPS, authority, 443),
        _ => return false,
    };
    scheme.is_none_or(|scheme| *scheme == of_page)
        && authority.parse::<Authority>().is_ok_and(|origin| {
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
        let found =
            check_name(&uri.parse().expect("a URI"), &map, &hosts, None).err().map(|problem| problem.code);
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

    #[test]
    fn over_tls_a_page_without_it_is_another_site() {
        let (page, host) =
            (HeaderValue::from_static("http://localhost:8443"), Authority::from_static("localhost:8443"));
        assert!(is_same_origin(&page, &host, Some(&Scheme::HTTP)));
        assert!(!is_same_origin(&page, &host, Some(&Scheme::HTTPS)));
    }
}
