//! HTTP on a visitor's connection, under one set of bounds for every listener.
//!
//! What hyper and h2 bound by themselves is set here, not repeated: the size of headers, streams at once, frames that continue a
//! header, resets of streams that nobody has taken, data frames without data. What they do not bound is the pulse's business.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanlight_runtime::{Outcome, error_chain, spawn};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, sleep_until};

use crate::STAGE;
use crate::body::{RequestBody, ResponseBody};
use crate::doorway::{Tools, Visitor};
use crate::preface;
use crate::pulse::{Overdue, Pulse};
use crate::settings::Protocol;

/// Requests carry tokens and trace contexts, not documents.
const MAX_HEADER_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
const MAX_HEADER_LIST_BYTES: u32 = 16 << 10;

/// An exporter has one request in flight, a collector a few dozen.
const MAX_STREAMS: u32 = 64;
/// Streams that a peer reset before we took them, and that we had to reset for what it did wrong; then the connection ends.
const MAX_RESET_BY_PEER: usize = 20;
const MAX_RESET_BY_US: usize = 64;
/// What a connection may have sent that nobody has read yet, and what one of its answers may hold that is not sent yet.
const CONNECTION_WINDOW: u32 = 1 << 20;
const STREAM_WINDOW: u32 = 512 << 10;
const MAX_UNSENT_BYTES: usize = 64 << 10;
/// A peer that answers no ping for this long is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_DEADLINE: Duration = Duration::from_secs(20);

/// A connection that was asked to end has this long for it.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves one connection until its peer, the shutdown or a bound ends it. `otherwise` is what a client of another protocol is
/// told on a listener that speaks HTTP/2 alone.
pub async fn serve_http<S, F, B>(visitor: Visitor, otherwise: &'static [u8], answer: S)
where
    S: Fn(Request<RequestBody>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Visitor { mut stream, name, protocol, limits, tools, .. } = visitor;
    let is_http2 = match protocol {
        Protocol::Http2 => true,
        Protocol::Web => stream.alpn() == Some(b"h2"),
        Protocol::Http1 | Protocol::Raw => false,
    };
    let pulse = Pulse::new(&limits);
    let (answer, watched) = (Arc::new(answer), Arc::clone(&pulse));
    let service = service_fn(move |request: Request<Incoming>| {
        let ticket = watched.begin();
        let answering = answer(request.map(|body| RequestBody::new(body, &limits)));
        async move { Ok::<_, Infallible>(answering.await.map(|body| ResponseBody::new(body, ticket))) }
    });
    if is_http2 {
        let begun = tokio::select! {
            begun = preface::expect(stream, limits.handshake, otherwise) => begun,
            () = tools.shutdown.begun() => None,
        };
        let Some(stream) = begun else { return };
        let connection = http2(name).serve_connection(TokioIo::new(stream), service);
        drive(connection, |connection| connection.graceful_shutdown(), &pulse, name, &tools).await;
    } else {
        stream.tell(Arc::clone(&pulse));
        let connection = http1().serve_connection(TokioIo::new(stream), service);
        drive(connection, |connection| connection.graceful_shutdown(), &pulse, name, &tools).await;
    }
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // How long a header may take is the pulse's to say: here it would be the bound of idleness, too.
    builder.timer(TokioTimer::new()).header_read_timeout(None);
    builder.max_header_size(MAX_HEADER_BYTES).max_headers(MAX_HEADERS).max_buf_size(MAX_UNSENT_BYTES);
    builder
}

fn http2(name: &'static str) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(Streams(name));
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_DEADLINE)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_BY_PEER)
        .max_local_error_reset_streams(MAX_RESET_BY_US)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_stream_window_size(STREAM_WINDOW)
        .max_send_buf_size(MAX_UNSENT_BYTES);
    builder
}

/// Runs a connection to its end.
async fn drive<C>(
    connection: C,
    close: impl Fn(Pin<&mut C>),
    pulse: &Pulse,
    listener: &'static str,
    tools: &Tools,
) where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let mut closes_at: Option<Instant> = None;
    loop {
        let look = match (pulse.next_look(), closes_at) {
            (Ok(at), _) => at,
            (Err(Overdue::Idle), None) => {
                close(connection.as_mut());
                *closes_at.insert(Instant::now() + LAST_WORDS)
            }
            (Err(Overdue::Idle), Some(at)) if at > Instant::now() => at,
            (Err(overdue), _) => {
                let reason = overdue.word();
                tools.ledger.add(STAGE, "connection", Outcome::Dropped, reason, 1);
                tracing::debug!(name: "listen.peer.dropped", listener, reason, "a connection was ended");
                return;
            }
        };
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(name: "listen.connection.broken", listener, error = error_chain(&error), "a connection ended in an error");
                }
                return;
            }
            () = sleep_until(look) => {}
            () = pulse.nearer.notified() => {}
            () = tools.shutdown.begun(), if closes_at.is_none() => {
                close(connection.as_mut());
                closes_at = Some(Instant::now() + LAST_WORDS);
            }
        }
    }
}

/// Runs hyper's streams as named tasks.
#[derive(Clone, Copy, Debug)]
struct Streams(&'static str);

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(spawn(self.0, future));
    }
}
