//! From a queue to its receiver.

use std::error::Error;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_runtime::{Clock, Shutdown, spawn_blocking};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use crate::answer::{Answer, of_status};
use crate::dead_letter::DeadLetters;
use crate::queue::{Fate, Queue, Queued};
use crate::retry::{Backoff, retry_after};
use crate::target::{ExportError, Target};

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The answer's body is read this far: a partial success is a few bytes, an error page may be anything.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// A receiver that stumbles over the same bytes this often is taken to refuse them.
const MAX_STUMBLES: u32 = 3;
/// An idle connection is dropped before the usual receiver drops it under us.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);
/// A queue that could not be read is tried again after this.
const READ_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Sender {
    pub(crate) target: Target,
    pub(crate) queue: Arc<Queue>,
    pub(crate) client: HttpClient,
    pub(crate) backoff: Backoff,
    pub(crate) dead_letters: Arc<DeadLetters>,
    pub(crate) clock: Clock,
    /// The process is ending: one pause is cut short for it.
    pub(crate) shutdown: Shutdown,
    pub(crate) has_hurried: bool,
    /// The drain is over.
    pub(crate) stop: Shutdown,
}

/// A client for one target. Roots are read for `https` only.
pub(crate) fn client(target: &Target) -> Result<HttpClient, ExportError> {
    let roots = |cause| ExportError::Roots { name: target.name.clone(), cause };
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(target.timeout));
    let provider = rustls::crypto::ring::default_provider();
    let builder = HttpsConnectorBuilder::new();
    let builder = if target.endpoint.scheme_str() == Some("https") {
        builder.with_provider_and_native_roots(provider).map_err(roots)?
    } else {
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|cause| roots(std::io::Error::other(cause)))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        builder.with_tls_config(config)
    };
    let connector = builder.https_or_http().enable_http1().wrap_connector(connector);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .build(connector))
}

impl Sender {
    /// Sends what is in the queue until the stop.
    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        let mut changes = self.queue.changes();
        loop {
            changes.borrow_and_update();
            let queue = Arc::clone(&self.queue);
            match spawn_blocking("export.read", move || queue.next_batch()).await {
                Ok(Ok(batch)) if batch.is_empty() => {
                    tokio::select! {
                        changed = changes.changed() => if changed.is_err() { return },
                        () = stop.begun() => return,
                    }
                }
                Ok(Ok(batch)) => {
                    tokio::select! {
                        () = self.deliver(&batch) => {}
                        () = stop.begun() => return,
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(name: "export.queue.unreadable", target = self.target.name, %error, "a queue cannot be read");
                    tokio::select! {
                        () = tokio::time::sleep(READ_PAUSE) => {}
                        () = stop.begun() => return,
                    }
                }
                // The runtime is going down, or reading panicked, which was reported.
                Err(_) => return,
            }
        }
    }

    /// Sends a batch; what is refused is halved until the one item is found that is not wanted.
    async fn deliver(&mut self, batch: &[Queued]) {
        let whole = 0..batch.len();
        let mut ranges: Vec<Range<usize>> = vec![whole];
        while let Some(range) = ranges.pop() {
            let items = batch.get(range.clone()).unwrap_or_default();
            let Some(last) = items.last() else { continue };
            let spans: u64 = items.iter().map(|item| item.spans).sum();
            let mut fate = Fate { items: items.len() as u64, ..Fate::default() };
            match (self.send(items).await, items) {
                (Ok(rejected), _) => {
                    fate.refused = rejected.min(spans);
                    fate.exported = spans - fate.refused;
                }
                (Err(why), [poison]) => {
                    self.park(poison, why).await;
                    fate.parked = spans;
                }
                (Err(_), _) => {
                    let middle = range.start + items.len() / 2;
                    ranges.push(middle..range.end);
                    ranges.push(range.start..middle);
                    continue;
                }
            }
            let (queue, end) = (Arc::clone(&self.queue), last.end);
            if spawn_blocking("export.mark", move || queue.done(end, fate)).await.is_err() {
                return;
            }
        }
    }

    /// Sends items as one request until they are taken (with how many spans were not), or refused (with why).
    async fn send(&mut self, items: &[Queued]) -> Result<u64, String> {
        let body = self.body(items).await;
        let mut stumbles = 0;
        loop {
            let (after, why) = match self.request(body.clone()).await {
                Answer::Taken { rejected, message } => {
                    if self.backoff.tries() > 0 {
                        tracing::info!(name: "export.target.recovered", target = self.target.name, "a target takes spans again");
                    }
                    if rejected > 0 || !message.is_empty() {
                        tracing::warn!(name: "export.target.partial", target = self.target.name, rejected, message, "a target did not take all");
                    }
                    self.backoff.reset();
                    return Ok(rejected);
                }
                Answer::Refused { why } => {
                    self.backoff.reset();
                    return Err(why);
                }
                Answer::Stumbled { why } => {
                    stumbles += 1;
                    if stumbles >= MAX_STUMBLES {
                        self.backoff.reset();
                        return Err(why);
                    }
                    (None, why)
                }
                Answer::Later { after, why } => (after, why),
            };
            if self.backoff.tries() == 0 {
                tracing::warn!(name: "export.target.waits", target = self.target.name, why, "a target takes nothing; its queue grows");
            }
            self.pause(after).await;
            self.queue.count_retry();
        }
    }

    async fn pause(&mut self, asked: Option<Duration>) {
        let pause = self.backoff.pause(asked);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // One more try at once; after that the pauses are kept, to the end of the drain.
            () = self.shutdown.begun(), if !self.has_hurried => self.has_hurried = true,
        }
    }

    async fn request(&self, body: Bytes) -> Answer {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.endpoint.clone();
        *request.headers_mut() = self.headers();
        let exchange = async {
            let answer = self.client.request(request).await?;
            let (head, body) = answer.into_parts();
            // Whoever answered has decided: a body that breaks off changes nothing.
            let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
            Ok((head, body.map(|body| body.to_bytes()).unwrap_or_default()))
        };
        match tokio::time::timeout(self.target.timeout, exchange).await {
            Ok(Ok((head, body))) => {
                let after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let after = after.and_then(|value| retry_after(value, self.clock.now()));
                of_status(head.status, after, &body)
            }
            Ok(Err(error)) => Answer::Later { after: None, why: chain(error) },
            Err(_) => {
                Answer::Later { after: None, why: format!("no answer within {:?}", self.target.timeout) }
            }
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("fanlight/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in &self.target.headers {
            headers.insert(name, value.clone());
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        if self.target.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers
    }

    /// Requests one after the other are one request: `resource_spans` is a repeated field.
    async fn body(&self, items: &[Queued]) -> Bytes {
        let plain = match items {
            [one] => one.bytes.clone(),
            many => {
                let length = many.iter().map(|item| item.bytes.len()).sum();
                let mut all = BytesMut::with_capacity(length);
                many.iter().for_each(|item| all.extend_from_slice(&item.bytes));
                all.freeze()
            }
        };
        if !self.target.gzip {
            return plain;
        }
        spawn_blocking("export.compress", move || compressed(&plain)).await.unwrap_or_default()
    }

    async fn park(&self, item: &Queued, why: String) {
        tracing::error!(name: "export.item.parked", target = self.target.name, spans = item.spans, why, "a target refuses an item for good; it is in the dead letters");
        let (letters, item) = (Arc::clone(&self.dead_letters), item.clone());
        let parked = spawn_blocking("export.park", move || letters.park(item.end, &item.bytes, &why)).await;
        if let Ok(Err(cause)) = parked {
            tracing::error!(name: "export.item.lost", target = self.target.name, %cause, "a dead letter could not be kept");
        }
    }
}

fn compressed(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    // Writing to memory does not fail; were it to, the receiver would refuse the torn stream.
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(bytes) => bytes.into(),
        Err(_) => Bytes::new(),
    }
}

/// An error with its causes: the outermost rarely says why a connection failed.
fn chain(error: hyper_util::client::legacy::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
