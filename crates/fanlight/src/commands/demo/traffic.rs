//! What the demo's people do: every so often each opens a connection to each app and asks for two orders.

use std::net::SocketAddr;
use std::time::Duration;

use fanlight_runtime::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One person at one app.
pub(super) struct Visit {
    pub(super) person: String,
    pub(super) app: &'static str,
    /// The address that is only this person's.
    pub(super) address: SocketAddr,
}

const EVERY: Duration = Duration::from_secs(2);
/// No answer of these apps is larger, and a visit never takes longer.
const MAX_ANSWER_BYTES: u64 = 64 << 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// Visits until the shutdown.
pub(super) async fn drive(visits: Vec<Visit>, seed: u64, shutdown: Shutdown) {
    let mut turns = tokio::time::interval(EVERY);
    let mut orders = Orders(seed);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            () = shutdown.begun() => return,
        }
        for visit in &visits {
            let pair = (orders.next(), orders.next());
            match tokio::time::timeout(PATIENCE, visit.make(pair)).await {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => {
                    tracing::debug!(name: "fanlight.demo.refused", app = visit.app, %cause, "a visit was refused")
                }
                Err(_) => {
                    tracing::warn!(name: "fanlight.demo.late", app = visit.app, "a visit got no answer")
                }
            }
        }
    }
}

impl Visit {
    /// Two requests on one connection: the first pays the set-up, the second does not.
    async fn make(&self, orders: (u64, u64)) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.address).await?;
        let request = |order: u64, connection: &str| {
            format!(
                "GET /orders/{order} HTTP/1.1\r\nHost: {}.example.com\r\nUser-Agent: {}\r\nConnection: {connection}\r\n\r\n",
                self.app, self.person
            )
        };
        stream.write_all(request(orders.0, "keep-alive").as_bytes()).await?;
        let mut first = [0; 1024];
        if stream.read(&mut first).await? == 0 {
            return Ok(());
        }
        stream.write_all(request(orders.1, "close").as_bytes()).await?;
        let mut rest = Vec::new();
        stream.take(MAX_ANSWER_BYTES).read_to_end(&mut rest).await?;
        Ok(())
    }
}

/// Order numbers, the same for the same seed (SplitMix64, public domain, S. Vigna).
struct Orders(u64);

impl Orders {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % 9_000 + 1_000
    }
}
