//! Who asks, and under which name: checked before any route is reached.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fanlight_listen::NameError;
use fanlight_model::TraceId;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::Scheme;
use http::{Method, StatusCode};

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
    match shared.api.hosts.check(request.uri(), request.headers(), scheme) {
        Ok(()) => next.run(request).await,
        Err(error) => misnamed(error).into_response(),
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

/// The answer to a request that came under a name that is not ours, or from a page of another site.
fn misnamed(error: NameError) -> Problem {
    match error {
        NameError::Unclear => Problem::new(
            StatusCode::BAD_REQUEST,
            "host_invalid",
            "no clear name of a server",
            "the request has no `Host`, or more than one",
            "send one `Host` header, as HTTP/1.1 asks for",
        ),
        NameError::NotOurs => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host_not_allowed",
            "not a name of this server",
            "the request came under a name that is not this server's",
            "ask by `127.0.0.1` or `localhost`, or add the name to `hosts` under `[api]`",
        ),
        NameError::OtherOrigin => Problem::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "not from a page of this server",
            "the request was made by a page of another site",
            "open the page that this server serves, or ask from a program",
        ),
    }
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
