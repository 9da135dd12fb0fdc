//! Requests over HTTP until they are taken: what OTLP and pushes have in common.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanlight_runtime::{Shutdown, error_chain};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::cursor::Chunk;
use super::error::ReplayError;
use super::otlp;
use super::state::Tally;

/// A receiver that says nothing for so long has lost the request.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// When the replay is stopped, an answer is awaited for so long.
const LAST_ANSWER: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A receiver may ask for a longer pause than ours, within reason.
const LONGEST_ASKED: Duration = Duration::from_secs(30);
/// Answers are a sentence or nothing.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// So much of an answer is repeated in an error.
const TOLD_CHARACTERS: usize = 300;

/// What a stream's task works with.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) queue: mpsc::Receiver<Chunk>,
    pub(super) tally: Arc<Tally>,
    pub(super) shutdown: Shutdown,
    pub(super) tries: u32,
}

/// The pause after so many tries.
pub(super) fn pause(tried: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tried.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
}

/// Where requests go, and how they look.
#[derive(Clone, Debug)]
pub(super) struct Door {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    headers: HeaderMap,
    is_otlp: bool,
    is_grpc: bool,
}

/// What a receiver says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// How many of its spans are not kept all the same.
    Taken {
        rejected: u64,
    },
    Busy {
        after: Option<Duration>,
        told: String,
    },
    Refused {
        status: String,
        told: String,
    },
}

impl Door {
    pub(super) fn new(
        url: &str,
        content_type: &'static str,
        token: Option<&str>,
        is_grpc: bool,
    ) -> Result<Self, ReplayError> {
        let bad = || ReplayError::BadTarget { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| bad())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
            return Err(bad());
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if is_grpc {
            headers.insert(http::header::TE, HeaderValue::from_static("trailers"));
        }
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| ReplayError::BadToken { url: url.to_owned() })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(LAST_ANSWER));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_only(is_grpc)
            .build(connector);
        let is_otlp = is_grpc || content_type == otlp::CONTENT_TYPE;
        Ok(Self { client, uri, headers, is_otlp, is_grpc })
    }

    async fn ask(&self, bytes: &Bytes) -> Answer {
        let body = if self.is_grpc { otlp::framed(bytes) } else { bytes.clone() };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let asked = async {
            let (head, body) = self.client.request(request).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await?;
            let trailers = body.trailers().cloned().unwrap_or_default();
            Ok::<_, Box<dyn Error + Send + Sync>>((head, trailers, body.to_bytes()))
        };
        match timeout(ANSWER_TIMEOUT, asked).await {
            Ok(Ok((head, trailers, body))) if self.is_grpc && head.status == StatusCode::OK => {
                otlp::grpc_answer(&head.headers, &trailers, &body)
            }
            Ok(Ok((head, _, body))) => {
                let rejected = if self.is_otlp { otlp::rejected_spans(&body) } else { 0 };
                http_answer(head.status, &head.headers, &body, rejected)
            }
            Ok(Err(cause)) => Answer::Busy { after: None, told: error_chain(&*cause) },
            Err(_) => Answer::Busy { after: None, told: "no answer".to_owned() },
        }
    }

    /// Sends a chunk until it is taken, and tells how many of its spans are not kept. `None` where the replay was stopped first.
    async fn deliver(&self, lane: &LaneParts, chunk: &Chunk) -> Result<Option<u64>, ReplayError> {
        let LaneParts { name, tally, shutdown, tries } = lane;
        let mut tried = 0;
        loop {
            tried += 1;
            let answer = tokio::select! {
                answer = self.ask(&chunk.bytes) => answer,
                () = async { shutdown.begun().await; sleep(LAST_ANSWER).await } => return Ok(None),
            };
            let (after, last) = match answer {
                Answer::Taken { rejected } => return Ok(Some(rejected)),
                Answer::Busy { after, told } => (after, told),
                Answer::Refused { status, told } => {
                    let (target, stream) = (self.uri.to_string(), name.clone());
                    return Err(ReplayError::Refused { target, stream, piece: chunk.first, status, told });
                }
            };
            if tried >= *tries {
                let (target, stream) = (self.uri.to_string(), name.clone());
                return Err(ReplayError::GaveUp { target, stream, piece: chunk.first, tries: tried, last });
            }
            tally.retried();
            tracing::debug!(name: "simulate.replay.retried", stream = name, reason = last, "a request is tried again");
            let pause = after.map_or_else(|| pause(tried), |asked| asked.min(LONGEST_ASKED));
            tokio::select! {
                () = shutdown.begun() => return Ok(None),
                () = sleep(pause) => {}
            }
        }
    }
}

struct LaneParts {
    name: String,
    tally: Arc<Tally>,
    shutdown: Shutdown,
    tries: u32,
}

/// Sends a stream's chunks, each begun in its order, at most `in_flight` at a time.
pub(super) async fn run(lane: Lane, door: Door, in_flight: usize) -> Result<(), ReplayError> {
    let Lane { name, mut queue, tally, shutdown, tries } = lane;
    let parts = LaneParts { name, tally, shutdown, tries };
    let deliver = async |chunk: Chunk| {
        if let Some(rejected) = door.deliver(&parts, &chunk).await? {
            parts.tally.done(&chunk);
            parts.tally.acknowledged(rejected);
        }
        Ok(())
    };
    let mut flying = FuturesUnordered::new();
    let mut is_open = true;
    loop {
        let has_room = is_open && flying.len() < in_flight && !parts.shutdown.is_begun();
        tokio::select! {
            biased;
            Some(delivered) = flying.next(), if !flying.is_empty() => delivered?,
            chunk = queue.recv(), if has_room => match chunk {
                Some(chunk) => flying.push(deliver(chunk)),
                None => is_open = false,
            },
            else => return Ok(()),
        }
    }
}

fn http_answer(status: StatusCode, headers: &HeaderMap, body: &[u8], rejected: u64) -> Answer {
    if status.is_success() {
        return Answer::Taken { rejected };
    }
    let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    match status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Answer::Busy { after, told: status.to_string() },
        _ => Answer::Refused { status: status.to_string(), told: told(&String::from_utf8_lossy(body)) },
    }
}

/// The receiver's words, as far as a terminal can show them.
pub(super) fn told(text: &str) -> String {
    let words: String =
        text.trim().chars().filter(|letter| !letter.is_control()).take(TOLD_CHARACTERS).collect();
    if words.is_empty() { words } else { format!(": {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_busy_is_asked_again_and_what_refuses_is_not() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        let after = Some(Duration::from_secs(7));
        for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            let busy = Answer::Busy { after, told: status.to_string() };
            assert_eq!(http_answer(status, &headers, b"", 0), busy);
        }
        assert_eq!(http_answer(StatusCode::OK, &headers, b"", 2), Answer::Taken { rejected: 2 });
        let refused = Answer::Refused { status: "400 Bad Request".to_owned(), told: ": no spans".to_owned() };
        assert_eq!(http_answer(StatusCode::BAD_REQUEST, &headers, b"no spans\n", 0), refused);
    }
}
