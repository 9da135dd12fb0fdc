//! OTLP/HTTP: `POST /v1/traces`, protobuf, gzip.

use std::sync::Arc;

use bytes::Bytes;
use fanlight_listen::{Guard, RequestBody, Visitor, serve_http};
use fanlight_runtime::spawn_blocking;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::body::{Metered, Share, drain};
use super::door::{Accepted, Door, Tally};
use super::inflate::{inflate, is_gzip};
use super::refusal::{Refusal, quoted};
use super::status;

pub(crate) const NAME: &str = "otlp_http";

const TRACES: &str = "/v1/traces";
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Inflating this many bytes takes about a millisecond; a larger body goes to a blocking thread.
const LARGE_BODY_BYTES: usize = 64 << 10;

type Answer = Response<Full<Bytes>>;

/// Serves one connection until its peer, the shutdown or a bound ends it.
pub(crate) async fn serve(visitor: Visitor, door: Arc<Door>) {
    let guard = Arc::new(visitor.guard.clone());
    let answer = move |request| {
        let (door, guard) = (Arc::clone(&door), Arc::clone(&guard));
        async move { answer(&door, request, &guard).await }
    };
    serve_http(visitor, b"", answer).await;
}

async fn answer(door: &Door, request: Request<RequestBody>, guard: &Guard) -> Answer {
    let tally = Tally::received(&door.ledger, NAME);
    let (head, mut body) = request.into_parts();
    let route = guard
        .check(&head.headers)
        .map_err(Refusal::from)
        .and_then(|()| route(&head.method, head.uri.path()))
        .and_then(|()| Encodings::read(&head.headers));
    let result = match route {
        Ok(encodings) => traces(door, &head.headers, encodings, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    tally.close(&result);
    match result {
        Ok(accepted) => {
            let body = status::encode_response(accepted.rejected_spans, &accepted.message);
            response(StatusCode::OK, PROTOBUF, body)
        }
        Err(refusal) => {
            if !head.headers.contains_key(EXPECT) {
                drain(body).await;
            }
            refused(&refusal, content_type(&head.headers).as_deref())
        }
    }
}

fn route(method: &Method, path: &str) -> Result<(), Refusal> {
    match path {
        TRACES if *method == Method::POST => Ok(()),
        TRACES => Err(Refusal::WrongMethod),
        "/v1/logs" => Err(Refusal::NotCollected("logs")),
        "/v1/metrics" => Err(Refusal::NotCollected("metrics")),
        _ => Err(Refusal::NoSuchPath(quoted(path))),
    }
}

async fn traces(
    door: &Door,
    headers: &HeaderMap,
    encoding: Encodings,
    body: &mut RequestBody,
) -> Result<Accepted, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let share = door.admit(announced)?;
    let bytes = Metered::new(body, share.clone(), door.max_body_bytes).read_whole().await?;
    // A body cannot begin like gzip and be protobuf: whoever forgot the header is understood all the same.
    let bytes = if encoding == Encodings::Gzip || is_gzip(&bytes) {
        inflated(bytes, door.max_body_bytes, share.clone()).await?
    } else {
        bytes
    };
    door.take_traces(bytes, share).await
}

async fn inflated(bytes: Bytes, limit: usize, share: Share) -> Result<Bytes, Refusal> {
    if bytes.len() < LARGE_BODY_BYTES {
        return inflate(&bytes, limit, &share);
    }
    let inflated = spawn_blocking("intake.inflate", move || inflate(&bytes, limit, &share)).await;
    inflated.unwrap_or(Err(Refusal::BadGzip))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encodings {
    Plain,
    Gzip,
}

impl Encodings {
    /// Checks that the body is protobuf, plain or compressed once.
    fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        match content_type(headers).as_deref() {
            Some(PROTOBUF | "application/protobuf") => {}
            found => return Err(Refusal::UnknownContentType(quoted(found.unwrap_or("none")))),
        }
        let layers: Vec<String> = headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(|layer| layer.trim().to_ascii_lowercase())
            .filter(|layer| !layer.is_empty() && layer != "identity")
            .collect();
        match layers.as_slice() {
            [] => Ok(Self::Plain),
            [only] if only == "gzip" || only == "x-gzip" => Ok(Self::Gzip),
            [other] => Err(Refusal::UnknownEncoding(quoted(other))),
            _ => Err(Refusal::NestedEncoding),
        }
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(|essence| essence.trim().to_ascii_lowercase())
}

/// `google.rpc.Status` in the request's own content type, and plain text for whoever is no OTLP sender.
fn refused(refusal: &Refusal, asked_in: Option<&str>) -> Answer {
    let code = refusal.grpc_code() as i32;
    let message = refusal.to_string();
    let (content_type, body) = match asked_in {
        Some(PROTOBUF | "application/protobuf") => {
            (PROTOBUF, status::encode(code, &message, refusal.retry_after()))
        }
        Some(JSON) => {
            (JSON, Bytes::from(format!("{{\"code\":{code},\"message\":\"{}\"}}", json_text(&message))))
        }
        _ => ("text/plain; charset=utf-8", Bytes::from(format!("{message}\n"))),
    };
    let mut answer = response(refusal.http_status(), content_type, body);
    let headers = answer.headers_mut();
    if let Some(delay) = refusal.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
    }
    match refusal {
        Refusal::WrongMethod => {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        Refusal::TokenMissing | Refusal::TokenWrong => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Refusal::UnknownEncoding(_) | Refusal::NestedEncoding => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        _ => {}
    }
    answer
}

fn response(code: StatusCode, content_type: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Our messages hold no control characters.
fn json_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
