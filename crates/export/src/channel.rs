//! One receiver as it is spoken to: a request out, what became of it back.

mod grpc;
mod http;

use std::io::Write;
use std::time::Duration;

use ::http::header::{HeaderMap, HeaderValue, USER_AGENT};
use ::http::{Request, Response, Uri};
use bytes::Bytes;
use fanlight_runtime::Clock;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::Incoming;

use crate::answer::Answer;
use crate::connect::{Connector, HttpClient, client, connector};
use crate::target::{ExportError, Protocol, Target};

/// The answer's body is read this far: a partial success is a few bytes, an error page may be anything.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// The way to one receiver.
pub(crate) struct Channel {
    protocol: Protocol,
    uri: Uri,
    /// The same in each request.
    headers: HeaderMap,
    gzip: bool,
    timeout: Duration,
    connector: Connector,
    client: HttpClient,
    clock: Clock,
}

/// How a target's bodies are made: what is done on a thread for blocking work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    protocol: Protocol,
    gzip: bool,
}

impl Packing {
    /// The body of a request with this message.
    pub(crate) fn body(self, message: Bytes) -> Bytes {
        match (self.protocol, self.gzip) {
            (Protocol::Http, false) => message,
            (Protocol::Http, true) => compressed(Vec::new(), &message),
            (Protocol::Grpc, gzip) => grpc::framed(&message, gzip),
        }
    }
}

impl Channel {
    /// Makes no connection yet.
    pub(crate) fn open(target: &Target, clock: Clock) -> Result<Self, ExportError> {
        let connector = connector(target)?;
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("fanlight/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in &target.headers {
            headers.insert(name, value.clone());
        }
        let uri = match target.protocol {
            Protocol::Http => {
                http::add_headers(&mut headers, target.gzip);
                target.endpoint.clone()
            }
            Protocol::Grpc => {
                grpc::add_headers(&mut headers, target.gzip, target.timeout);
                grpc::method_of(target)?
            }
        };
        let (protocol, gzip, timeout) = (target.protocol, target.gzip, target.timeout);
        let client = client(connector.clone(), protocol);
        Ok(Self { protocol, uri, headers, gzip, timeout, connector, client, clock })
    }

    pub(crate) fn packing(&self) -> Packing {
        Packing { protocol: self.protocol, gzip: self.gzip }
    }

    /// Sends one request.
    pub(crate) async fn exchange(&mut self, body: Bytes) -> Answer {
        match tokio::time::timeout(self.timeout, self.request(body)).await {
            Ok(Ok(answer)) => match self.protocol {
                Protocol::Http => http::answer(answer, self.clock.now()),
                Protocol::Grpc => grpc::answer(answer, self.clock.now()),
            },
            Ok(Err(error)) => Answer::Later { after: None, why: fanlight_runtime::error_chain(&error) },
            Err(_) => {
                // Over HTTP/2 the connection outlives the request: were it dead, the next one would wait on it, too.
                self.client = client(self.connector.clone(), self.protocol);
                Answer::Later { after: None, why: format!("no answer within {:?}", self.timeout) }
            }
        }
    }

    async fn request(&self, body: Bytes) -> Result<Whole, hyper_util::client::legacy::Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = ::http::Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let (head, body) = self.client.request(request).await?.into_parts();
        Ok(Response::from_parts(head, read(body).await))
    }
}

/// An answer with its body and its trailers.
type Whole = Response<Collected<Bytes>>;

/// Whoever answered has decided: a body that breaks off, or has no end, changes nothing.
async fn read(body: Incoming) -> Collected<Bytes> {
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    match body {
        Ok(body) => body,
        Err(_) => Full::new(Bytes::new()).collect().await.unwrap_or_else(|never| match never {}),
    }
}

/// Appends the compressed message.
fn compressed(head: Vec<u8>, message: &[u8]) -> Bytes {
    let mut head = head;
    head.reserve(message.len() / 4);
    let mut encoder = GzEncoder::new(head, Compression::fast());
    // Writing to memory does not fail; were it to, the receiver would refuse the torn stream.
    match encoder.write_all(message).and_then(|()| encoder.finish()) {
        Ok(bytes) => bytes.into(),
        Err(_) => Bytes::new(),
    }
}
