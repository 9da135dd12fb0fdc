//! A real HTTP server on the loopback that answers as told and remembers what it got.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanlight_runtime::{Clock, Shutdown, spawn};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::PATIENCE;

#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    is_silent: bool,
}

impl Reply {
    pub(super) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "", is_silent: false }
    }

    pub(super) fn ok() -> Self {
        Self::status(200)
    }

    pub(super) fn silence() -> Self {
        Self { is_silent: true, ..Self::ok() }
    }

    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn saying(self, body: &'static str) -> Self {
        Self { body, ..self }
    }
}

pub(super) fn accept_all(_: usize, _: &str) -> Reply {
    Reply::ok()
}

#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// Plain, whatever the encoding was.
    pub(super) body: String,
    pub(super) at: Duration,
    is_accepted: bool,
}

#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    received: Mutex<Vec<Received>>,
    count: watch::Sender<usize>,
    clock: Clock,
    stop: Shutdown,
}

impl Receiver {
    pub(super) async fn start(reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), reply).await
    }

    pub(super) async fn start_at(
        address: SocketAddr,
        reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            count: watch::Sender::new(0),
            clock: Clock::system(),
            stop: Shutdown::new(),
        });
        let task = spawn("receiver", listen(listener, Arc::clone(&shared), Arc::new(reply)));
        Self { address, shared, task }
    }

    /// Stops listening, closes all connections, and returns the address for a later start.
    pub(super) async fn stop(self) -> SocketAddr {
        self.shared.stop.begin();
        self.task.await.expect("ended");
        self.address
    }

    pub(super) async fn until_requests(&self, count: usize) {
        let mut counts = self.shared.count.subscribe();
        let reached = counts.wait_for(|seen| *seen >= count);
        tokio::time::timeout(PATIENCE, reached).await.expect("in time").expect("the receiver is there");
    }

    pub(super) fn requests(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.body).collect()
    }

    /// The bodies that were answered with success.
    pub(super) fn accepted(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .filter(|request| request.is_accepted)
            .map(|request| request.body)
            .collect()
    }
}

async fn listen<R>(listener: TcpListener, shared: Arc<Shared>, reply: Arc<R>)
where
    R: Fn(usize, &str) -> Reply + Send + Sync + 'static,
{
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("accepted").0,
            () = shared.stop.begun() => return,
        };
        let (shared, reply) = (Arc::clone(&shared), Arc::clone(&reply));
        spawn("receiver.connection", async move {
            let stop = shared.stop.clone();
            let service = service_fn(move |request| answer(request, Arc::clone(&shared), Arc::clone(&reply)));
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                // A sender may break a connection off at any time.
                _ = serving => {}
                () = stop.begun() => {}
            }
        });
    }
}

async fn answer<R>(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    reply: Arc<R>,
) -> Result<Response<Full<Bytes>>, Infallible>
where
    R: Fn(usize, &str) -> Reply,
{
    let at = shared.clock.elapsed();
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(Response::default());
    };
    let bytes = body.to_bytes();
    let mut body = String::new();
    if head.headers.contains_key("content-encoding") {
        flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut body).expect("gzip of text");
    } else {
        body = String::from_utf8(bytes.to_vec()).expect("text");
    }
    let reply = {
        let mut received = shared.received.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = reply(received.len(), &body);
        let is_accepted = reply.status == 200 && !reply.is_silent;
        received.push(Received {
            path: head.uri.path().to_owned(),
            headers: head.headers,
            body,
            at,
            is_accepted,
        });
        shared.count.send_replace(received.len());
        reply
    };
    if reply.is_silent {
        std::future::pending::<()>().await;
    }
    let mut response = Response::new(Full::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a status");
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value.parse().expect("a header"));
    }
    Ok(response)
}
