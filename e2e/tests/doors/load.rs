//! Senders that expect every request to be taken.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Result, bail};
use fanlight_e2e::otlp::{encode, request, server_span};
use fanlight_e2e::{HttpClient, PATIENCE, until};
use fanlight_runtime::spawn;
use http::{Method, StatusCode};
use tokio::task::JoinHandle;

const SENDERS: u64 = 4;

pub(crate) struct Load {
    taken: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    senders: Vec<JoinHandle<Result<()>>>,
}

pub(crate) fn span(number: u64) -> Vec<u8> {
    let mut trace_id = [3; 16];
    trace_id[8..].copy_from_slice(&(number + 1).to_be_bytes());
    encode(&request("load", vec![], vec![server_span(trace_id, (number + 1).to_be_bytes(), "GET /", vec![])]))
}

/// Posts one span, on a connection of its own, as somebody with that token.
pub(crate) async fn post(to: SocketAddr, token: Option<&str>, number: u64) -> Result<StatusCode> {
    send(&HttpClient::default(), to, token, number).await
}

async fn send(client: &HttpClient, to: SocketAddr, token: Option<&str>, number: u64) -> Result<StatusCode> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/x-protobuf")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let url = format!("http://{to}/v1/traces");
    Ok(client.send(Method::POST, &url, &headers, span(number)).await?.status)
}

impl Load {
    /// Half of them on connections that stay, half on a new one each time.
    pub(crate) fn start(to: SocketAddr, token: Option<&'static str>) -> Self {
        let (taken, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let senders = (0..SENDERS)
            .map(|sender| {
                let (taken, is_over) = (Arc::clone(&taken), Arc::clone(&is_over));
                spawn("e2e.load", async move {
                    let mut client = HttpClient::default();
                    while !is_over.load(Ordering::Relaxed) {
                        if sender % 2 == 0 {
                            client = HttpClient::default();
                        }
                        let number = taken.fetch_add(1, Ordering::Relaxed) * SENDERS + sender;
                        let status = send(&client, to, token, number).await?;
                        if status != StatusCode::OK {
                            bail!("request {number} was answered with {status}");
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        Self { taken, is_over, senders }
    }

    /// Waits until that many more were taken.
    pub(crate) async fn goes_on(&self, more: u64) -> Result<()> {
        let before = self.taken.load(Ordering::Relaxed);
        until("the load stands still", PATIENCE, || async {
            Ok((self.taken.load(Ordering::Relaxed) >= before + more).then_some(()))
        })
        .await
    }

    /// Ends it; an error where any request failed. How many were taken.
    pub(crate) async fn end(self) -> Result<u64> {
        self.is_over.store(true, Ordering::Relaxed);
        for sender in self.senders {
            sender.await??;
        }
        Ok(self.taken.load(Ordering::Relaxed))
    }
}
