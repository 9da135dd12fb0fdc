//! One HTTP/1.1 connection that is kept open, so that several requests are one access event.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use bytes::Bytes;
use fanlight_runtime::spawn;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection in use.
#[derive(Debug)]
pub struct Connection {
    host: String,
    sender: SendRequest<Empty<Bytes>>,
}

impl Connection {
    /// Opens it.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await.with_context(|| format!("cannot connect to `{to}`"))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // How the connection ends is seen by whoever sends over it.
        spawn("e2e.connection", async move { connection.await.unwrap_or_default() });
        Ok(Self { host: to.to_string(), sender })
    }

    /// One request and its whole answer.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn get(&mut self, path: &str) -> Result<StatusCode> {
        let request = Request::get(path).header("host", &self.host).body(Empty::new())?;
        self.sender.ready().await?;
        let answer =
            self.sender.send_request(request).await.with_context(|| format!("no answer to `{path}`"))?;
        let status = answer.status();
        answer.into_body().collect().await.with_context(|| format!("half an answer to `{path}`"))?;
        Ok(status)
    }
}
