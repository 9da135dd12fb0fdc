//! A receiver of everything that only writes down what came.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use fanlight_model::Feed;
use fanlight_runtime::spawn;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// A request that came, and how it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) token: Option<String>,
    pub(crate) status: Option<StatusCode>,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Came>,
    /// What each connection brought.
    pub(crate) streams: Vec<(Feed, Vec<u8>)>,
}

impl Seen {
    /// Bodies on a path that were taken.
    pub(crate) fn taken(&self, path: &str) -> Vec<Bytes> {
        let taken =
            self.requests.iter().filter(|came| came.path == path && came.status == Some(StatusCode::OK));
        taken.map(|came| came.body.clone()).collect()
    }

    /// All that came of a feed, over all connections.
    pub(crate) fn streamed(&self, feed: Feed) -> Vec<u8> {
        self.streams.iter().filter(|(of, _)| *of == feed).flat_map(|(_, bytes)| bytes.clone()).collect()
    }
}

/// How the next request is answered: `None` as long as it is to wait.
type Rule = dyn Fn(usize, &Came) -> Option<StatusCode> + Send + Sync;

#[derive(Clone)]
pub(crate) struct Sink {
    inner: Arc<Inner>,
    http: SocketAddr,
    feeds: BTreeMap<Feed, SocketAddr>,
}

struct Inner {
    seen: Mutex<Seen>,
    rule: Mutex<Arc<Rule>>,
    changed: watch::Sender<u64>,
}

impl Inner {
    fn note<T>(&self, change: impl FnOnce(&mut Seen) -> T) -> T {
        let noted = change(&mut self.seen.lock().unwrap());
        self.changed.send_modify(|count| *count += 1);
        noted
    }
}

impl Sink {
    /// Listens for requests, and for a stream of each feed.
    pub(crate) async fn start(feeds: &[Feed]) -> Self {
        let inner = Arc::new(Inner {
            seen: Mutex::default(),
            rule: Mutex::new(Arc::new(|_, _| Some(StatusCode::OK))),
            changed: watch::Sender::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = listener.local_addr().unwrap();
        spawn("sink.http", take_requests(Arc::clone(&inner), listener));
        let mut addresses = BTreeMap::new();
        for feed in feeds {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.insert(*feed, listener.local_addr().unwrap());
            spawn("sink.stream", take_streams(Arc::clone(&inner), listener, *feed));
        }
        Self { inner, http, feeds: addresses }
    }

    /// Listens for one more stream.
    pub(crate) async fn listen(&self, feed: Feed, address: SocketAddr) {
        let listener = TcpListener::bind(address).await.unwrap();
        spawn("sink.stream", take_streams(Arc::clone(&self.inner), listener, feed));
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    pub(crate) fn streams(&self) -> BTreeMap<Feed, String> {
        self.feeds.iter().map(|(feed, address)| (*feed, address.to_string())).collect()
    }

    /// From now on requests are answered by this rule, those that wait too. It is told how many came before.
    pub(crate) fn answer(&self, rule: impl Fn(usize, &Came) -> Option<StatusCode> + Send + Sync + 'static) {
        *self.inner.rule.lock().unwrap() = Arc::new(rule);
        self.inner.changed.send_modify(|count| *count += 1);
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.inner.seen.lock().unwrap())
    }

    /// Waits until what was seen is so.
    pub(crate) async fn until(&self, mut is_so: impl FnMut(&Seen) -> bool) {
        let mut changed = self.inner.changed.subscribe();
        while !self.look(&mut is_so) {
            changed.changed().await.unwrap();
        }
    }
}

async fn take_requests(inner: Arc<Inner>, listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let inner = Arc::clone(&inner);
        spawn("sink.connection", async move {
            let service = service_fn(|request| answer(Arc::clone(&inner), request));
            // A client that leaves in the middle is what some tests are about.
            Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

async fn answer(
    inner: Arc<Inner>,
    request: Request<Incoming>,
) -> Result<Response<Empty<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let token = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await?.to_bytes();
    let came = Came { path, body, token, status: None };
    let at = inner.note(|seen| {
        seen.requests.push(came.clone());
        seen.requests.len() - 1
    });
    let mut changed = inner.changed.subscribe();
    let status = loop {
        let rule = Arc::clone(&inner.rule.lock().unwrap());
        if let Some(status) = rule(at, &came) {
            break status;
        }
        changed.changed().await.unwrap();
    };
    inner.note(|seen| seen.requests[at].status = Some(status));
    let response = Response::builder().status(status).header("retry-after", "0").header("grpc-status", "0");
    Ok(response.body(Empty::new()).unwrap())
}

async fn take_streams(inner: Arc<Inner>, listener: TcpListener, feed: Feed) -> Infallible {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let inner = Arc::clone(&inner);
        let at = inner.note(|seen| {
            seen.streams.push((feed, Vec::new()));
            seen.streams.len() - 1
        });
        spawn("sink.read", async move {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                inner.note(|seen| seen.streams[at].1.extend_from_slice(&buffer[..count]));
            }
        });
    }
}
