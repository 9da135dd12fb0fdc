//! OTLP/gRPC: `TraceService/Export` on raw bytes, gzip.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BufMut, Bytes};
use fanlight_listen::{Guard, RequestBody, Visitor, serve_http};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tonic::body::Body;
use tonic::codec::{BufferSettings, Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::body::{Metered, Share, unshared};
use super::door::{Accepted, Door, Tally};
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
    let admitted = guard.check(request.headers()).map_err(Refusal::from);
    if let Err(refusal) = admitted.and_then(|()| route(&request)) {
        let answer = match &refusal {
            Refusal::UnknownContentType(_) => not_grpc(&refusal),
            _ => refusal.to_status().into_http(),
        };
        tally.close(&Err(refusal));
        return answer;
    }
    let share = match door.admit(announced(request.headers())) {
        Ok(share) => share,
        Err(refusal) => {
            let answer = refusal.to_status().into_http();
            tally.close(&Err(refusal));
            return answer;
        }
    };
    let limit = door.max_body_bytes;
    // The five bytes before the message are not its own.
    let request = request.map(|body| {
        Metered::new(body, share.clone(), limit.saturating_add(PREFIX_BYTES)).map_err(Status::from)
    });
    let mut grpc = Grpc::new(RawCodec { share: share.clone() })
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(limit);
    let outcome = Arc::new(Mutex::new(Some(tally)));
    let export = Export { door, share, tally: Arc::clone(&outcome) };
    let answer = grpc.unary(export, request).await;
    // Still there where the message never became whole: gRPC's own layer, or the metered body, has refused it.
    let unfinished = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(tally) = unfinished {
        tally.close(&Err(refusal_of(answer.headers(), limit)));
    }
    answer
}

const PREFIX_BYTES: usize = 5;

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
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
        other => Err(Refusal::NoSuchPath(quoted(other))),
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

/// Which refusal a status of gRPC's own layer was, for the count.
fn refusal_of(headers: &HeaderMap, limit: usize) -> Refusal {
    let status = Status::from_header_map(headers).unwrap_or_else(|| Status::unknown(""));
    match status.code() {
        Code::ResourceExhausted if status.details().is_empty() => Refusal::TooLarge { limit },
        Code::ResourceExhausted => Refusal::Busy,
        Code::OutOfRange => Refusal::TooLarge { limit },
        Code::DeadlineExceeded => Refusal::TooSlow,
        Code::Unimplemented => Refusal::UnknownEncoding(String::new()),
        _ => Refusal::BrokenOff,
    }
}

type SharedTally = Arc<Mutex<Option<Tally>>>;

struct Export {
    door: Arc<Door>,
    share: Share,
    tally: SharedTally,
}

impl UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (door, share) = (self.door.clone(), self.share.clone());
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            let result = door.take_traces(request.into_inner(), share).await;
            if let Some(tally) = tally {
                tally.close(&result);
            }
            let Accepted { rejected_spans, message } = result?;
            Ok(tonic::Response::new(status::encode_response(rejected_spans, &message)))
        })
    }
}

/// Messages stay bytes: nothing is decoded before the scan has counted it.
#[derive(Clone, Debug)]
struct RawCodec {
    share: Share,
}

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = RawEncoder;
    type Decoder = RawDecoder;

    fn encoder(&mut self) -> RawEncoder {
        RawEncoder
    }

    fn decoder(&mut self) -> RawDecoder {
        RawDecoder { share: self.share.clone() }
    }
}

struct RawEncoder;

impl Encoder for RawEncoder {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

struct RawDecoder {
    share: Share,
}

impl Decoder for RawDecoder {
    type Item = Bytes;
    type Error = Status;

    /// The message is inflated by now, under the cap; its share is made to cover it before anything else is done with it.
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = from.remaining();
        self.share.cover(length)?;
        Ok(Some(unshared(from.copy_to_bytes(length))))
    }
}
