//! The way into the log for senders that understand nothing but a pause: whatever was read is tried until it is durable.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanlight_log::{AppendError, Appender, Frame};
use fanlight_model::Feed;
use fanlight_runtime::{Budget, Clock, Ledger, Outcome, Shutdown};
use tokio::time::sleep;

use super::door::STAGE;
use crate::settings::Payload;
use crate::source_id::SourceIds;

/// While the log or the bytes in flight are full: a pause that doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// After the shutdown signal, what was read and cannot be made durable within this is given up, and counted.
const LAST_TRY: Duration = Duration::from_secs(5);

/// What streams and files share.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    pub(crate) appender: Appender<Payload>,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: Shutdown,
    pub(crate) budget: Budget,
    pub(crate) sources: Arc<SourceIds>,
}

impl Sink {
    pub(crate) fn frame(&self, kind: u8, source_id: u64, bytes: Bytes) -> Frame {
        Frame { kind, arrival: self.clock.now(), source_id, encoding: 0, bytes }
    }

    /// Makes a frame durable, however long the disk is full; false where the server ends first.
    pub(crate) async fn log(&self, feed: Feed, frame: Frame) -> bool {
        let bytes = frame.bytes.len() as u64;
        let count = |outcome, reason: &str| {
            self.ledger.add(STAGE, "frame", outcome, reason, 1);
            self.ledger.add(STAGE, "byte", outcome, reason, bytes);
        };
        count(Outcome::Received, feed.as_str());
        let reason = tokio::select! {
            reason = self.log_until_closed(feed, frame) => reason,
            () = self.last_try() => Some("not_durable_at_shutdown"),
        };
        match reason {
            None => count(Outcome::Stored, feed.as_str()),
            Some(reason) => {
                tracing::error!(name: "intake.stream.lost", feed = feed.as_str(), bytes, reason, "received bytes could not be made durable");
                count(Outcome::Dropped, reason);
            }
        }
        reason.is_none()
    }

    /// Counts bytes that never came into a frame.
    pub(crate) fn lost(&self, feed: Feed, bytes: usize, reason: &'static str) {
        self.ledger.add(STAGE, "byte", Outcome::Received, feed.as_str(), bytes as u64);
        self.ledger.add(STAGE, "byte", Outcome::Dropped, reason, bytes as u64);
    }

    async fn last_try(&self) {
        self.shutdown.begun().await;
        sleep(LAST_TRY).await;
    }

    /// Tries until it is durable (`None`), or the log is closed.
    async fn log_until_closed(&self, feed: Feed, frame: Frame) -> Option<&'static str> {
        let mut pause = FIRST_PAUSE;
        let mut is_waiting = false;
        loop {
            let refused = match self.budget.try_acquire(frame.bytes.len() as u64) {
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
                tracing::warn!(name: "intake.stream.waiting", feed = feed.as_str(), reason = refused, "the log takes nothing; reading stops until it does");
            }
            sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }
}
