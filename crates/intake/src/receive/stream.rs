//! Streams of records over TCP, plain or under TLS, of whichever feed: ZPA LSS, ZIA NSS, and what relays send on. They are read
//! eagerly, made durable, and decoded later. None of these protocols has an acknowledgement; their only word for "wait" is a socket
//! that is not read.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_listen::{PeerIdentity, Stream, Visitor};
use fanlight_model::Feed;
use fanlight_runtime::{Budget, Outcome, Permit};
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::sink::Sink;
use crate::frame_kind;

/// One frame at most; while it is made durable as much again is read.
const MAX_READ_BYTES: usize = 1 << 20;
const READ_STEP: usize = 64 << 10;

/// What all connections together may hold beyond a step each, read and not yet durable: with the disk full and every peer sending it
/// is this, not a frame for each of a thousand.
const AHEAD_BYTES: u64 = 64 << 20;

/// What the streams share.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    sink: Sink,
    ahead: Budget,
    /// How long a peer may be silent.
    idle: Duration,
}

impl Streams {
    pub(crate) fn new(sink: Sink, idle: Duration) -> Self {
        Self { sink, ahead: Budget::new(AHEAD_BYTES), idle }
    }
}

/// How the reading of a connection came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The peer has ended it.
    Peer,
    /// It broke.
    Broken,
    /// Nothing came for too long.
    Idle,
    /// The peer is let in no more.
    Refused,
    /// The server stops.
    Shutdown,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Peer => "by the peer",
            Self::Broken => "broken",
            Self::Idle => "idle",
            Self::Refused => "not allowed any more",
            Self::Shutdown => "stopping",
        }
    }
}

/// Reads one connection until its peer, the shutdown or a bound ends it.
pub(crate) async fn serve(visitor: Visitor, feed: Feed, streams: Streams) {
    let Visitor { stream, guard, peer, identity, .. } = visitor;
    if guard.check_address().is_err() {
        return;
    }
    let Streams { sink, ahead, idle } = streams;
    let source_id = sink.sources.next();
    let name = name(peer, identity.as_ref());
    let listener = feed.as_str();
    tracing::info!(name: "intake.stream.connected", listener, source_id, connection = name, "a sender connected");
    let ahead = ahead.try_acquire(0);
    let mut reading = Reading { stream, read: BytesMut::new(), ahead, feed, source_id };
    let mut refused = std::pin::pin!(guard.until_refused());
    let end = loop {
        let end = tokio::select! {
            () = sink.shutdown.begun() => Some(End::Shutdown),
            () = refused.as_mut() => Some(End::Refused),
            end = timeout(idle, reading.read_some()) => end.unwrap_or(Some(End::Idle)),
        };
        // What came in while the last frame was being logged must not wait for the sender's next byte.
        while !reading.read.is_empty() {
            if !reading.log_while_reading(&sink).await {
                sink.lost(feed, reading.read.len(), "not_durable_at_shutdown");
                return;
            }
        }
        if let Some(end) = end {
            break end;
        }
    };
    if end == End::Idle {
        sink.ledger.add(fanlight_listen::STAGE, "connection", Outcome::Dropped, "idle_stream", 1);
    }
    sink.log(feed, sink.frame(frame_kind::LSS_CLOSED, source_id, Bytes::new())).await;
    tracing::info!(name: "intake.stream.disconnected", listener, source_id, connection = name, reason = end.word(), "a sender's connection ended");
}

/// How people know it: by what its certificate names, else by its address.
fn name(peer: SocketAddr, identity: Option<&PeerIdentity>) -> String {
    match identity {
        Some(identity) if !identity.subject.is_empty() => format!("{} ({peer})", identity.subject),
        _ => peer.to_string(),
    }
}

/// One connection, and what was read of it and is not in a frame yet.
struct Reading {
    stream: Stream,
    read: BytesMut,
    /// Its share of what is read ahead.
    ahead: Option<Permit>,
    feed: Feed,
    source_id: u64,
}

impl Reading {
    /// Reads once; says where the stream has ended. Not reading further than a frame's size is what slows the sender down.
    async fn read_some(&mut self) -> Option<End> {
        self.read.reserve(READ_STEP);
        match self.stream.read_buf(&mut self.read).await {
            Ok(0) => Some(End::Peer),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(name: "intake.stream.broken", listener = self.feed.as_str(), %error, "a sender's connection broke");
                Some(End::Broken)
            }
        }
    }

    /// Whether more may be read beside `logging` bytes that are not durable yet.
    fn has_room(&mut self, logging: usize) -> bool {
        let held = (logging + self.read.len()) as u64;
        if self.read.len() >= MAX_READ_BYTES {
            return false;
        }
        if self.read.len() < READ_STEP {
            return true;
        }
        let more = |ahead: &mut Permit| {
            let more = (held + READ_STEP as u64).saturating_sub(ahead.bytes());
            more == 0 || ahead.try_grow(more)
        };
        self.ahead.as_mut().is_some_and(more)
    }

    /// Takes what was read. A short read is copied, so that a few bytes in a queue do not keep a whole buffer.
    fn take(&mut self) -> Bytes {
        if self.read.len() >= READ_STEP / 2 {
            return self.read.split().freeze();
        }
        let bytes = Bytes::copy_from_slice(&self.read);
        self.read.clear();
        bytes
    }

    /// Logs what was read as one frame, and reads on meanwhile. False where it had to be given up.
    async fn log_while_reading(&mut self, sink: &Sink) -> bool {
        let bytes = self.take();
        let length = bytes.len();
        let frame = sink.frame(frame_kind::stream_read(self.feed), self.source_id, bytes);
        let mut logging = std::pin::pin!(sink.log(self.feed, frame));
        let mut open = true;
        loop {
            let may_read = open && !sink.shutdown.is_begun() && self.has_room(length);
            tokio::select! {
                biased;
                logged = logging.as_mut() => {
                    if let Some(ahead) = self.ahead.as_mut() {
                        ahead.shrink_to(self.read.len() as u64);
                    }
                    return logged;
                }
                // An end is met again by the next read.
                end = self.read_some(), if may_read => open = end.is_none(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_called_by_its_certificate_where_it_has_one() {
        let peer = "192.0.2.7:40001".parse().unwrap();
        let identity = |subject: &str| PeerIdentity {
            subject: subject.to_owned(),
            names: Vec::new(),
            serial: "01".to_owned(),
        };
        assert_eq!(name(peer, None), "192.0.2.7:40001");
        assert_eq!(name(peer, Some(&identity("CN=connector-1"))), "CN=connector-1 (192.0.2.7:40001)");
        assert_eq!(name(peer, Some(&identity(""))), "192.0.2.7:40001");
    }
}
