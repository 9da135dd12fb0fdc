//! Both directions of one connection, copied and counted.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::stopwatch::Stopwatch;

/// One read; a request and its answer mostly fit into one.
const CHUNK: usize = 16 * 1_024;
/// A connection of which one side has ended is cut when the other says nothing for this long.
const HALF_CLOSED: Duration = Duration::from_secs(30);

/// One direction's stamps and bytes, at the edge.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    pub(super) first_rx: Option<Timestamp>,
    pub(super) last_rx: Option<Timestamp>,
    pub(super) first_tx: Option<Timestamp>,
    pub(super) last_tx: Option<Timestamp>,
    pub(super) rx_bytes: u64,
    pub(super) tx_bytes: u64,
}

/// Both directions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    /// From the client, to the app connector.
    pub(super) request: Way,
    /// From the app connector, to the client.
    pub(super) response: Way,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndedBy {
    Client,
    Server,
    ServerReset,
    Us,
}

/// How one direction ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PumpEnd {
    Finished,
    ReadFailed,
    WriteFailed,
}

/// Copies both ways until both sides have ended, one of them was reset, or the shutdown begins. `tick` runs every so often
/// while the connection lives.
pub(super) async fn forward(
    client: TcpStream,
    server: TcpStream,
    watch: &Stopwatch,
    traffic: &Mutex<Traffic>,
    every: Duration,
    shutdown: &Shutdown,
    mut tick: impl FnMut(),
) -> EndedBy {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut request = pin!(pump(from_client, to_server, watch, traffic, |traffic| &mut traffic.request));
    let mut response = pin!(pump(from_server, to_client, watch, traffic, |traffic| &mut traffic.response));
    let (mut request_ended, mut response_ended) = (false, false);
    let mut ended_by = None;
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.reset();
    while !(request_ended && response_ended) {
        let half_closed = request_ended || response_ended;
        tokio::select! {
            end = &mut request, if !request_ended => {
                request_ended = true;
                let by = if end == PumpEnd::WriteFailed { EndedBy::ServerReset } else { EndedBy::Client };
                ended_by.get_or_insert(by);
                if end != PumpEnd::Finished { break; }
            }
            end = &mut response, if !response_ended => {
                response_ended = true;
                let by = match end {
                    PumpEnd::Finished => EndedBy::Server,
                    PumpEnd::ReadFailed => EndedBy::ServerReset,
                    PumpEnd::WriteFailed => EndedBy::Client,
                };
                ended_by.get_or_insert(by);
                if end != PumpEnd::Finished { break; }
            }
            _ = ticks.tick() => tick(),
            () = tokio::time::sleep(HALF_CLOSED), if half_closed => break,
            () = shutdown.begun() => { ended_by.get_or_insert(EndedBy::Us); break; }
        }
    }
    ended_by.unwrap_or(EndedBy::Us)
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    watch: &Stopwatch,
    traffic: &Mutex<Traffic>,
    way: fn(&mut Traffic) -> &mut Way,
) -> PumpEnd {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(0) => {
                return if to.shutdown().await.is_ok() { PumpEnd::Finished } else { PumpEnd::WriteFailed };
            }
            Ok(read) => read,
            Err(_) => return PumpEnd::ReadFailed,
        };
        let bytes = u64::try_from(read).unwrap_or(u64::MAX);
        {
            let mut traffic = lock(traffic);
            let (way, now) = (way(&mut traffic), watch.now());
            way.first_rx.get_or_insert(now);
            way.last_rx = Some(now);
            way.rx_bytes += bytes;
            // Stamped before the write: the other side cannot have received it any earlier.
            way.first_tx.get_or_insert(now);
        }
        if to.write_all(buffer.get(..read).unwrap_or_default()).await.is_err() {
            return PumpEnd::WriteFailed;
        }
        let mut traffic = lock(traffic);
        let way = way(&mut traffic);
        way.last_tx = Some(watch.now());
        way.tx_bytes += bytes;
    }
}

pub(super) fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}
