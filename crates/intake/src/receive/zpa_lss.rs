//! ZPA LSS over TCP, plain or under TLS: read eagerly, made durable, decoded later. The protocol has no acknowledgement; its only word for
//! "wait" is a socket that is not read.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_listen::{Stream, Visitor};
use fanlight_log::{AppendError, Appender, Frame};
use fanlight_runtime::{Budget, Clock, Ledger, Outcome, Permit, Shutdown};
use tokio::io::AsyncReadExt;
use tokio::time::sleep;

use super::door::STAGE;
use crate::frame_kind;
use crate::settings::Payload;
use crate::source_id::SourceIds;

pub(crate) const NAME: &str = "zpa_user_activity";

/// One frame at most; while it is made durable as much again is read.
const MAX_READ_BYTES: usize = 1 << 20;
const READ_STEP: usize = 64 << 10;

/// While the log or the bytes in flight are full: a pause that doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// After the shutdown signal, what was read and cannot be made durable within this is given up, and counted.
const LAST_TRY: Duration = Duration::from_secs(5);

/// What the LSS listeners share.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    pub(crate) appender: Appender<Payload>,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: Shutdown,
    pub(crate) budget: Budget,
    pub(crate) sources: Arc<SourceIds>,
}

/// Reads one connection until its peer or the shutdown ends it.
pub(crate) async fn serve(visitor: Visitor, sink: Sink) {
    let Visitor { mut stream, guard, .. } = visitor;
    if guard.check_address().is_err() {
        return;
    }
    let source_id = sink.sources.next();
    tracing::info!(name: "intake.zpa_lss.connected", source_id, "an app connector connected");
    let mut refused = std::pin::pin!(guard.until_refused());
    let mut read = BytesMut::new();
    loop {
        let ended = tokio::select! {
            () = sink.shutdown.begun() => true,
            () = refused.as_mut() => true,
            ended = read_some(&mut stream, &mut read) => ended,
        };
        // What came in while the last frame was being logged must not wait for the sender's next byte.
        while !read.is_empty() {
            if !sink.log_while_reading(source_id, &mut stream, &mut read).await {
                return;
            }
        }
        if ended && read.is_empty() {
            break;
        }
    }
    sink.log(sink.frame(frame_kind::LSS_CLOSED, source_id, Bytes::new())).await;
    tracing::info!(name: "intake.zpa_lss.disconnected", source_id, "an app connector's connection ended");
}

/// Reads once; true where the stream has ended. Not reading further than a frame's size is what slows the sender down.
async fn read_some(stream: &mut Stream, into: &mut BytesMut) -> bool {
    into.reserve(READ_STEP);
    match stream.read_buf(into).await {
        Ok(count) => count == 0,
        Err(error) => {
            tracing::debug!(name: "intake.zpa_lss.broken", %error, "an app connector's connection broke");
            true
        }
    }
}

/// Takes what was read. A short read is copied, so that a few bytes in a queue do not keep a whole buffer.
fn take(read: &mut BytesMut) -> Bytes {
    if read.len() >= READ_STEP / 2 {
        return read.split().freeze();
    }
    let bytes = Bytes::copy_from_slice(read);
    read.clear();
    bytes
}

impl Sink {
    /// Logs what was read as one frame, and reads on meanwhile. False where it had to be given up.
    async fn log_while_reading(&self, source_id: u64, stream: &mut Stream, read: &mut BytesMut) -> bool {
        let frame = self.frame(frame_kind::LSS_READ, source_id, take(read));
        let mut logging = std::pin::pin!(self.log(frame));
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                logged = logging.as_mut() => return logged,
                ended = read_some(stream, read), if open && read.len() < MAX_READ_BYTES && !self.shutdown.is_begun() => {
                    open = !ended;
                }
            }
        }
    }

    fn frame(&self, kind: u8, source_id: u64, bytes: Bytes) -> Frame {
        Frame { kind, arrival: self.clock.now(), source_id, encoding: 0, bytes }
    }

    /// Makes a frame durable, however long the disk is full; false where the server ends first.
    async fn log(&self, frame: Frame) -> bool {
        let bytes = frame.bytes.len() as u64;
        self.ledger.add(STAGE, "frame", Outcome::Received, NAME, 1);
        let reason = tokio::select! {
            reason = self.log_until_closed(frame) => reason,
            () = self.last_try() => Some("not_durable_at_shutdown"),
        };
        match reason {
            None => {
                self.ledger.add(STAGE, "frame", Outcome::Stored, NAME, 1);
                true
            }
            Some(reason) => {
                tracing::error!(name: "intake.zpa_lss.lost", bytes, reason, "received bytes could not be made durable");
                self.ledger.add(STAGE, "frame", Outcome::Dropped, reason, 1);
                self.ledger.add(STAGE, "byte", Outcome::Dropped, reason, bytes);
                false
            }
        }
    }

    async fn last_try(&self) {
        self.shutdown.begun().await;
        sleep(LAST_TRY).await;
    }

    /// Tries until it is durable (`None`), or the log is closed.
    async fn log_until_closed(&self, frame: Frame) -> Option<&'static str> {
        let mut pause = FIRST_PAUSE;
        let mut is_waiting = false;
        loop {
            let refused = match self.permit(frame.bytes.len() as u64) {
                None => "busy",
                Some(permit) => {
                    let payload = Payload { permit: Some(permit), ..Payload::default() };
                    match self.appender.append_when_free(frame.clone(), payload).await {
                        Ok(_) => return None,
                        Err(AppendError::Closed) => return Some("log_closed"),
                        Err(AppendError::TooLarge) => return Some("too_large"),
                        Err(AppendError::Full) => "disk_full",
                        Err(AppendError::Failed) => "disk_failed",
                        Err(AppendError::Busy) => "busy",
                    }
                }
            };
            self.ledger.add(STAGE, "frame", Outcome::Retried, refused, 1);
            if !std::mem::replace(&mut is_waiting, true) && refused != "busy" {
                tracing::warn!(name: "intake.zpa_lss.waiting", reason = refused, "the log takes nothing; reading stops until it does");
            }
            sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    fn permit(&self, bytes: u64) -> Option<Permit> {
        self.budget.try_acquire(bytes)
    }
}
