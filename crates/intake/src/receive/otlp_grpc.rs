//! OTLP/gRPC: `TraceService/Export` on raw bytes, plain, gzip or zstd.
//!
//! gRPC's framing is five bytes before a message, and is read here: the message then goes the way of an HTTP body, under the same caps
//! while it is inflated. Its status is tonic's.

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use fanlight_listen::{Guard, RequestBody, Visitor, serve_http};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tonic::Status;
use tonic::body::Body;
use tracing::Instrument;

use super::body::Metered;
use super::door::{Accepted, Door, Form, Tally, end_span, request_span};
use super::inflate::Layer;
use super::lightstep::{self, Purpose};
use super::refusal::{Refusal, quoted};
use super::status;

pub(crate) const NAME: &str = "otlp_grpc";

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// What an HTTP/1 client on this port is told.
const WRONG_PROTOCOL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
this port speaks OTLP/gRPC; for OTLP/HTTP use the port of `intake.otlp_http` (4318 by default), or set \
`OTEL_EXPORTER_OTLP_PROTOCOL=grpc`\n";

/// Serves one connection until its peer, the shutdown or a bound ends it.
pub(crate) async fn serve(visitor: Visitor, door: Arc<Door>) {
    let guard = Arc::new(visitor.guard.clone());
    serve_http(visitor, WRONG_PROTOCOL, move |request| {
        answer(Arc::clone(&door), request, Arc::clone(&guard))
    })
    .await;
}

async fn answer(door: Arc<Door>, request: Request<RequestBody>, guard: Arc<Guard>) -> Response<Body> {
    let tally = Tally::received(&door.ledger, NAME);
    // A browser speaks no HTTP/2 without TLS, and under it a name that is not ours has no certificate: a page is refused all the same.
    let named = door.names.hosts.check_page(request.uri(), request.headers(), None).map_err(Refusal::from);
    let admitted = named.and_then(|()| lightstep::check(&guard, request.headers(), door.lightstep));
    let routed = admitted.and_then(|()| route(&request));
    let (head, body) = request.into_parts();
    let span = request_span(NAME);
    let result = match routed {
        Ok(()) => export(&door, &head.headers, body).instrument(span.clone()).await,
        Err(refusal) => Err(refusal),
    };
    end_span(&span, &result);
    tally.close(&result);
    match result {
        Ok(Accepted { rejected_spans, message }) => {
            success(&status::encode_response(rejected_spans, &message))
        }
        Err(refusal @ Refusal::UnknownContentType(_)) => not_grpc(&refusal),
        Err(refusal) => {
            let mut answer = refusal.to_status().into_http();
            if matches!(refusal, Refusal::UnknownEncoding(_)) {
                answer.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,zstd"));
            }
            answer
        }
    }
}

/// A flag that says whether the message is compressed, and its length.
const PREFIX_BYTES: usize = 5;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

async fn export(door: &Door, headers: &HeaderMap, body: RequestBody) -> Result<Accepted, Refusal> {
    let layer = layer(headers)?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let share = door.admit(announced)?;
    let limit = door.max_body_bytes;
    let whole = Metered::new(body, share.clone(), limit.saturating_add(PREFIX_BYTES)).read_whole().await?;
    let (is_compressed, message) = message(whole)?;
    let layer = match (is_compressed, layer) {
        (false, _) => None,
        (true, Some(layer)) => Some(layer),
        (true, None) => {
            let why = "the message says that it is compressed, and no `grpc-encoding` says how";
            return Err(Refusal::Unreadable(why.to_owned()));
        }
    };
    door.take(message, layer, Form::Protobuf, share).await
}

fn layer(headers: &HeaderMap) -> Result<Option<Layer>, Refusal> {
    match headers.get(ENCODING).map(|encoding| encoding.to_str().unwrap_or("unreadable")) {
        None | Some("identity") => Ok(None),
        Some(name) => Layer::named(name).map(Some).ok_or_else(|| Refusal::UnknownEncoding(quoted(name))),
    }
}

/// The one message of a body.
fn message(mut body: Bytes) -> Result<(bool, Bytes), Refusal> {
    if body.len() < PREFIX_BYTES {
        return Err(Refusal::BrokenOff);
    }
    let (flag, length) = (body.get_u8(), body.get_u32() as usize);
    match (flag, body.len().cmp(&length)) {
        (0 | 1, Ordering::Equal) => Ok((flag == 1, body)),
        (0 | 1, Ordering::Less) => Err(Refusal::BrokenOff),
        (0 | 1, Ordering::Greater) => Err(Refusal::Unreadable(
            "a request of this method has one message; send one a request".to_owned(),
        )),
        _ => Err(Refusal::Unreadable("the message is not framed as gRPC frames it".to_owned())),
    }
}

fn success(message: &[u8]) -> Response<Body> {
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(Status::GRPC_STATUS, HeaderValue::from_static("0"));
    let body = Full::new(framed.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut answer = Response::new(Body::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    answer
}

fn route<B>(request: &Request<B>) -> Result<(), Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if *request.method() != Method::POST
        || !content_type.is_some_and(|found| found.starts_with("application/grpc"))
    {
        return Err(Refusal::UnknownContentType(quoted(content_type.unwrap_or("none"))));
    }
    match request.uri().path() {
        TRACES => Ok(()),
        LOGS => Err(Refusal::NotCollected("logs")),
        METRICS => Err(Refusal::NotCollected("metrics")),
        other => match lightstep::purpose(other) {
            Some(Purpose::TracerReports) => Err(Refusal::TracerReports),
            _ => Err(Refusal::NoSuchPath(quoted(other))),
        },
    }
}

/// gRPC's own rule for a request that is not gRPC.
fn not_grpc(refusal: &Refusal) -> Response<Body> {
    let text = format!("this port speaks OTLP/gRPC only: {refusal}\n");
    let mut answer = Response::new(Body::new(Full::new(Bytes::from(text))));
    *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}
