//! HTTP as the tests speak it.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A client that keeps its connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

impl HttpClient {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// Where there is no whole answer.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into()))?;
        let answer = self.client.request(request).await.with_context(|| format!("no answer from `{url}`"))?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.with_context(|| format!("half an answer from `{url}`"))?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// Posts an OTLP body, as protobuf.
    ///
    /// # Errors
    /// Where there is no whole answer.
    pub async fn post_otlp(&self, to: SocketAddr, body: impl Into<Bytes>) -> Result<Answer> {
        let headers = [("content-type", "application/x-protobuf")];
        self.send(Method::POST, &format!("http://{to}/v1/traces"), &headers, body).await
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One request by `curl`, over a connection of its own; `None` when it is cut off without an answer.
///
/// # Errors
/// Where there is no `curl`.
pub async fn curl(url: &str) -> Result<Option<u16>> {
    let output = tokio::process::Command::new("curl")
        .args([
            "--silent",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            url,
        ])
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run `curl`")?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}
