//! OTLP/gRPC: `TraceService/Export` on raw bytes, plain, gzip or zstd.
//!
//! gRPC's framing is five bytes before a message, and is read here: the message then goes the way of an HTTP body, under the same caps
//! while it is inflated. Its status is tonic's.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use fanlight_runtime::spawn;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Status;
use tonic::body::Body;
use tracing::Instrument;

use super::accept::Visitor;
use super::body::{Metered, let_go};
use super::door::{Accepted, Door, Form, Tally, end_span, request_span};
use super::inflate::Layer;
use super::lightstep::{self, Purpose};
use super::refusal::{Refusal, quoted};
use super::status;

pub(crate) const NAME: &str = "otlp_grpc";

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// What every HTTP/2 client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PREFACE_DEADLINE: Duration = Duration::from_secs(10);

/// What an HTTP/1 client on this port is told.
const WRONG_PROTOCOL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
this port speaks OTLP/gRPC; for OTLP/HTTP use the port of `intake.otlp_http` (4318 by default), or set \
`OTEL_EXPORTER_OTLP_PROTOCOL=grpc`\n";

/// A peer that answers no ping for this long is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_DEADLINE: Duration = Duration::from_secs(20);

/// An exporter has one request in flight, a collector a few dozen.
const MAX_STREAMS: u32 = 64;
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// What a connection may have sent that nobody has read yet.
const CONNECTION_WINDOW: u32 = 1 << 20;
const STREAM_WINDOW: u32 = 512 << 10;

/// Serves one connection until its peer or the shutdown ends it.
pub(crate) async fn serve(visitor: Visitor, door: Arc<Door>) {
    let is_allowed = visitor.is_allowed;
    let shutdown = door.shutdown.clone();
    let io = tokio::select! {
        io = after_preface(visitor.stream) => io,
        () = shutdown.begun() => None,
    };
    let Some(io) = io else { return };
    let service = service_fn(move |request| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(answer(door, request, is_allowed).await) }
    });
    let mut connection = pin!(
        http2::Builder::new(Streams)
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_DEADLINE)
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEADER_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .serve_connection(TokioIo::new(io), service)
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(name: "intake.otlp_grpc.broken", %error, "a connection ended in an error");
    }
}

/// Reads the preface within a deadline and puts it back in front. A client of another protocol is told which one this port speaks.
async fn after_preface(
    mut stream: TcpStream,
) -> Option<impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> {
    let mut read = Vec::with_capacity(PREFACE.len());
    let whole = async {
        while read.len() < PREFACE.len() && PREFACE.starts_with(&read) {
            let mut rest = (&mut stream).take((PREFACE.len() - read.len()) as u64);
            if rest.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    };
    tokio::time::timeout(PREFACE_DEADLINE, whole).await.ok().flatten()?;
    if read != PREFACE {
        tracing::debug!(name: "intake.otlp_grpc.other_protocol", "a client does not speak HTTP/2");
        if stream.write_all(WRONG_PROTOCOL).await.is_ok() {
            let_go(stream).await;
        }
        return None;
    }
    let (from_peer, to_peer) = stream.into_split();
    Some(tokio::io::join(AsyncReadExt::chain(std::io::Cursor::new(read), from_peer), to_peer))
}

/// Runs hyper's streams as named tasks.
#[derive(Clone, Copy, Debug)]
struct Streams;

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(spawn("intake.otlp_grpc.stream", future));
    }
}

async fn answer(door: Arc<Door>, request: Request<Incoming>, is_allowed: bool) -> Response<Body> {
    let tally = Tally::received(&door.ledger, NAME);
    let routed = route(&request, is_allowed);
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

async fn export(door: &Door, headers: &HeaderMap, body: Incoming) -> Result<Accepted, Refusal> {
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

fn route<B>(request: &Request<B>, is_allowed: bool) -> Result<(), Refusal> {
    if !is_allowed {
        return Err(Refusal::NotAllowed);
    }
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
