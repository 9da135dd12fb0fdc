//! Spans about requests to the API.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use fanlight_model::{SpanId, TraceId};
use fanlight_runtime::own_trace;
use http::{HeaderName, HeaderValue};
use tracing::Instrument;
use tracing::field::{Empty, display};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What asks all the time and says nothing of a person.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Wraps a request in a span. Its trace is the caller's own where that sent one; else the request goes on with this one's, so that what
/// the API answers and logs is of the same trace.
pub(crate) async fn api_request(mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if PROBES.contains(&path) {
        return next.run(request).await;
    }
    let span = own_trace!(
        "api.request",
        otel.kind = "server",
        http.request.method = request.method().as_str(),
        url.path = path,
        network.peer.address = Empty,
        network.peer.port = Empty,
        http.response.status_code = Empty,
        error.type = Empty,
        trace_id = Empty,
        span_id = Empty,
        parent_span_id = Empty
    );
    if span.is_disabled() {
        return next.run(request).await;
    }
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        span.record("network.peer.address", display(peer.ip().to_canonical()));
        span.record("network.peer.port", peer.port());
    }
    let given = request.headers().get(TRACEPARENT).and_then(|value| parent(value.to_str().ok()?));
    match given {
        Some((trace_id, parent)) => {
            span.record("trace_id", display(trace_id)).record("parent_span_id", display(parent));
        }
        None => {
            if let Some((trace_id, span_id)) = new_ids()
                && let Ok(value) = HeaderValue::from_str(&format!("00-{trace_id}-{span_id}-01"))
            {
                span.record("trace_id", display(trace_id)).record("span_id", display(span_id));
                request.headers_mut().insert(TRACEPARENT, value);
            }
        }
    }
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.record("error.type", response.status().as_str());
    }
    response
}

/// W3C's `traceparent`, any version of it.
fn parent(text: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = text.split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (trace_id, span_id): (TraceId, SpanId) = (trace_id.parse().ok()?, span_id.parse().ok()?);
    let is_sound = version.len() == 2 && version != "ff" && flags.len() == 2;
    (is_sound && !trace_id.is_zero() && !span_id.is_zero()).then_some((trace_id, span_id))
}

fn new_ids() -> Option<(TraceId, SpanId)> {
    let (mut trace_id, mut span_id) = ([0; 16], [0; 8]);
    getrandom::fill(&mut trace_id).and_then(|()| getrandom::fill(&mut span_id)).ok()?;
    Some((TraceId(trace_id), SpanId(span_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_is_gone_on_with_where_it_is_one() {
        let known = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let (trace_id, span_id) = parent(known).expect("W3C's own example");
        assert_eq!(trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span_id.to_string(), "b7ad6b7169203331");
        assert!(parent(&known.replacen("00", "cc", 1)).is_some(), "a later version begins alike");
        for wrong in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-xyz-b7ad6b7169203331-01",
        ] {
            assert_eq!(parent(wrong), None, "{wrong}");
        }
    }
}
