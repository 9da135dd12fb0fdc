//! OTLP/HTTP: `POST /v1/traces`, protobuf or JSON, plain, gzip or zstd.

use std::sync::Arc;

use bytes::Bytes;
use fanlight_listen::{Guard, Hosts, RequestBody, Visitor, serve_http};
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use tracing::Instrument;

use super::body::{Metered, drain};
use super::door::{Accepted, Door, Form, Names, Tally, end_span, request_span};
use super::inflate::Layer;
use super::lightstep::{self, Purpose};
use super::refusal::{Refusal, quoted};
use super::status;

pub(crate) const NAME: &str = "otlp_http";

const TRACES: &str = "/v1/traces";
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

type Answer = Response<Full<Bytes>>;

/// Serves one connection until its peer, the shutdown or a bound ends it.
pub(crate) async fn serve(visitor: Visitor, door: Arc<Door>) {
    let (guard, is_secure) = (Arc::new(visitor.guard.clone()), visitor.is_secure);
    let answer = move |request| {
        let (door, guard) = (Arc::clone(&door), Arc::clone(&guard));
        async move { answer(&door, request, &guard, is_secure).await }
    };
    serve_http(visitor, b"", answer).await;
}

async fn answer(door: &Door, request: Request<RequestBody>, guard: &Guard, is_secure: bool) -> Answer {
    let tally = Tally::received(&door.ledger, NAME);
    let (head, mut body) = request.into_parts();
    let named = check_name(&door.names, &head.uri, &head.headers, is_secure);
    let admitted = named.and_then(|()| lightstep::check(guard, &head.headers, door.lightstep));
    let route = admitted.and_then(|()| route(&head.method, head.uri.path(), door.lightstep));
    let span = request_span(NAME);
    let result = match route.and_then(|()| Content::read(&head.headers)) {
        Ok(content) => traces(door, &head.headers, content, &mut body).instrument(span.clone()).await,
        Err(refusal) => Err(refusal),
    };
    end_span(&span, &result);
    tally.close(&result);
    match result {
        Ok(Accepted { rejected_spans, message }) => {
            let (content_type, body) = match form(&head.headers) {
                Some(Form::Json) => (JSON, status::encode_json_response(rejected_spans, &message)),
                _ => (PROTOBUF, status::encode_response(rejected_spans, &message)),
            };
            response(StatusCode::OK, content_type, body)
        }
        Err(refusal) => {
            if !head.headers.contains_key(EXPECT) {
                drain(body).await;
            }
            refused(&refusal, form(&head.headers))
        }
    }
}

/// Whoever reaches loopback is let in, and so would be a page that had its name resolved to it.
fn check_name(names: &Names, uri: &Uri, headers: &HeaderMap, is_secure: bool) -> Result<(), Refusal> {
    let scheme = if is_secure { Scheme::HTTPS } else { Scheme::HTTP };
    let judge = if names.is_local { Hosts::check } else { Hosts::check_page };
    Ok(judge(&names.hosts, uri, headers, Some(&scheme))?)
}

fn route(method: &Method, path: &str, lightstep: bool) -> Result<(), Refusal> {
    let purpose = match path {
        TRACES => Some(Purpose::Traces),
        "/v1/logs" => return Err(Refusal::NotCollected("logs")),
        "/v1/metrics" => Some(Purpose::Metrics),
        _ => match lightstep::purpose(path) {
            Some(Purpose::Traces | Purpose::Metrics) if !lightstep => {
                return Err(Refusal::LightstepIsOff(quoted(path)));
            }
            purpose => purpose,
        },
    };
    match purpose {
        Some(Purpose::Traces) if *method == Method::POST => Ok(()),
        Some(Purpose::Traces) => Err(Refusal::WrongMethod),
        Some(Purpose::Metrics) => Err(Refusal::NotCollected("metrics")),
        Some(Purpose::TracerReports) => Err(Refusal::TracerReports),
        None => Err(Refusal::NoSuchPath(quoted(path))),
    }
}

async fn traces(
    door: &Door,
    headers: &HeaderMap,
    content: Content,
    body: &mut RequestBody,
) -> Result<Accepted, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let share = door.admit(announced)?;
    let bytes = Metered::new(body, share.clone(), door.max_body_bytes).read_whole().await?;
    door.take(bytes, content.layer, content.form, share).await
}

/// What the headers say of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content {
    form: Form,
    layer: Option<Layer>,
}

impl Content {
    /// Checks that the body is of a form that is read, plain or compressed once.
    fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let form = form(headers).ok_or_else(|| {
            Refusal::UnknownContentType(quoted(content_type(headers).as_deref().unwrap_or("none")))
        })?;
        let layers: Vec<String> = headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(|layer| layer.trim().to_ascii_lowercase())
            .filter(|layer| !layer.is_empty() && layer != "identity")
            .collect();
        let layer = match layers.as_slice() {
            [] => None,
            [only] => Some(Layer::named(only).ok_or_else(|| Refusal::UnknownEncoding(quoted(only)))?),
            _ => return Err(Refusal::NestedEncoding),
        };
        Ok(Self { form, layer })
    }
}

fn form(headers: &HeaderMap) -> Option<Form> {
    match content_type(headers)?.as_str() {
        PROTOBUF | "application/protobuf" => Some(Form::Protobuf),
        JSON => Some(Form::Json),
        _ => None,
    }
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(|essence| essence.trim().to_ascii_lowercase())
}

/// `google.rpc.Status` in the request's own form, and plain text for whoever is no OTLP sender.
fn refused(refusal: &Refusal, form: Option<Form>) -> Answer {
    let code = refusal.grpc_code() as i32;
    let message = refusal.to_string();
    let (content_type, body) = match form {
        Some(Form::Protobuf) => (PROTOBUF, status::encode(code, &message, refusal.retry_after())),
        Some(Form::Json) => (JSON, status::encode_json(code, &message, refusal.retry_after())),
        None => ("text/plain; charset=utf-8", Bytes::from(format!("{message}\n"))),
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
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
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
