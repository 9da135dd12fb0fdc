//! A gRPC server of tonic's on the loopback that answers as told and remembers what it got.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use fanlight_runtime::{Clock, Shutdown, spawn};
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codec::{BufferSettings, Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// `OK` with this message.
    Taken(&'static [u8]),
    /// A status with its details.
    Refused(Code, Vec<u8>),
    /// Nothing, ever.
    Silence,
    /// `OK`, and a GOAWAY behind it.
    Goodbye,
}

#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// Plain, whatever the encoding was.
    pub(super) message: Bytes,
    pub(super) at: Duration,
    pub(super) is_accepted: bool,
}

#[derive(Debug)]
pub(super) struct GrpcReceiver {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

type Answers = dyn Fn(usize, &[u8]) -> Reply + Send + Sync;

struct Shared {
    received: Mutex<Vec<Received>>,
    connections: watch::Sender<usize>,
    clock: Clock,
    stop: Shutdown,
    reply: Box<Answers>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl GrpcReceiver {
    pub(super) async fn start(reply: impl Fn(usize, &[u8]) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), None, reply).await
    }

    pub(super) async fn start_at(
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
        reply: impl Fn(usize, &[u8]) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            connections: watch::Sender::new(0),
            clock: Clock::system(),
            stop: Shutdown::new(),
            reply: Box::new(reply),
        });
        let task = spawn("grpc receiver", listen(listener, tls, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// Stops listening, closes all connections, and returns the address for a later start.
    pub(super) async fn stop(self) -> SocketAddr {
        self.shared.stop.begin();
        self.task.await.expect("ended");
        self.address
    }

    pub(super) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    pub(super) fn requests(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The messages that were answered with success, one after the other.
    pub(super) fn accepted(&self) -> Vec<u8> {
        let accepted = self.requests().into_iter().filter(|request| request.is_accepted);
        accepted.flat_map(|request| request.message).collect()
    }
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("accepted").0,
            () = shared.stop.begun() => return,
        };
        shared.connections.send_modify(|count| *count += 1);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        spawn("grpc receiver.connection", async move {
            match tls {
                None => serve(stream, shared).await,
                // A sender that does not trust us, or that we do not trust, goes away.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
    }
}

#[derive(Clone)]
struct Tasks;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        drop(spawn("grpc receiver.stream", future));
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) {
    let goodbye = Shutdown::new();
    let (stop, said) = (shared.stop.clone(), goodbye.clone());
    let service = service_fn(move |request| answer(request, Arc::clone(&shared), said.clone()));
    let mut connection = std::pin::pin!(
        hyper::server::conn::http2::Builder::new(Tasks).serve_connection(TokioIo::new(stream), service)
    );
    let mut is_leaving = false;
    loop {
        tokio::select! {
            // A sender may break a connection off at any time.
            _ = connection.as_mut() => return,
            () = stop.begun() => return,
            () = goodbye.begun(), if !is_leaving => {
                is_leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    goodbye: Shutdown,
) -> Result<Response<Body>, std::convert::Infallible> {
    let (head, body) = request.into_parts();
    let (path, headers) = (head.uri.path().to_owned(), head.headers.clone());
    let mut grpc = Grpc::new(RawCodec).accept_compressed(CompressionEncoding::Gzip);
    let export = Export { shared, goodbye, path, headers };
    Ok(grpc.unary(export, Request::from_parts(head, Body::new(body))).await)
}

struct Export {
    shared: Arc<Shared>,
    goodbye: Shutdown,
    path: String,
    headers: HeaderMap,
}

impl UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let (path, headers, message) = (self.path.clone(), self.headers.clone(), request.into_inner());
        let reply = {
            let mut received = self.shared.received.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = (self.shared.reply)(received.len(), &message);
            let is_accepted = matches!(reply, Reply::Taken(_) | Reply::Goodbye);
            let at = self.shared.clock.elapsed();
            received.push(Received { path, headers, message, at, is_accepted });
            reply
        };
        let goodbye = self.goodbye.clone();
        Box::pin(async move {
            match reply {
                Reply::Taken(message) => Ok(tonic::Response::new(Bytes::from_static(message))),
                Reply::Refused(code, details) => {
                    Err(Status::with_details(code, "what is this?", details.into()))
                }
                Reply::Silence => std::future::pending().await,
                Reply::Goodbye => {
                    goodbye.begin();
                    Ok(tonic::Response::new(Bytes::new()))
                }
            }
        })
    }
}

#[derive(Clone, Debug)]
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
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

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
