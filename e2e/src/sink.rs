//! An OTLP receiver that keeps everything, and where told passes it on unread.

use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use fanlight_runtime::spawn;
use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::http_client::HttpClient;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The path.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, no longer compressed.
    pub body: Bytes,
}

/// A listening sink; it ends when dropped.
#[derive(Debug)]
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

struct Behind {
    received: Arc<Mutex<Vec<Received>>>,
    forward: Option<SocketAddr>,
    client: HttpClient,
}

impl Sink {
    /// Listens; with `forward` each request goes on to there, byte by byte, and that one's answer comes back.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn start(forward: Option<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port is free")?;
        let address = listener.local_addr()?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let behind =
            Arc::new(Behind { received: Arc::clone(&received), forward, client: HttpClient::default() });
        let task = spawn("e2e.sink", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let behind = Arc::clone(&behind);
                let service = service_fn(move |request| {
                    let behind = Arc::clone(&behind);
                    async move { Ok::<_, Infallible>(answer(&behind, request).await) }
                });
                spawn("e2e.sink.connection", async move {
                    let serving = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    // A sender that goes away in the middle has sent nothing.
                    serving.await.unwrap_or_default();
                });
            }
        });
        Ok(Self { address, received, task })
    }

    /// Everything so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// Every traces request so far, decoded by OpenTelemetry's own types.
    ///
    /// # Errors
    /// Where a body is not one.
    pub fn requests(&self) -> Result<Vec<ExportTraceServiceRequest>> {
        lock(&self.received)
            .iter()
            .map(|received| {
                ExportTraceServiceRequest::decode(received.body.clone()).context("not an OTLP request")
            })
            .collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(behind: &Behind, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match take(behind, request).await {
        Ok(answer) => answer,
        Err(error) => {
            let mut answer = Response::new(Full::new(Bytes::from(format!("{error:#}"))));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    }
}

async fn take(behind: &Behind, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let raw = body.collect().await?.to_bytes();
    let header = |name: &str| {
        head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (kind, encoding) = (header("content-type"), header("content-encoding"));
    let body = if encoding == "gzip" {
        let mut plain = Vec::new();
        GzDecoder::new(&raw[..]).read_to_end(&mut plain)?;
        plain.into()
    } else {
        raw.clone()
    };
    let path = head.uri.path().to_owned();
    lock(&behind.received).push(Received { path: path.clone(), headers: head.headers, body });
    let Some(forward) = behind.forward else { return Ok(Response::new(Full::default())) };
    let mut headers = vec![("content-type", kind.as_str())];
    if !encoding.is_empty() {
        headers.push(("content-encoding", encoding.as_str()));
    }
    let answer = behind.client.send(Method::POST, &format!("http://{forward}{path}"), &headers, raw).await?;
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    Ok(response)
}

fn lock(received: &Mutex<Vec<Received>>) -> MutexGuard<'_, Vec<Received>> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}
