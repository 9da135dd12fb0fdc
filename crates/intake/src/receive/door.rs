//! What both OTLP listeners do with a request once they have its bytes.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use fanlight_log::{Appender, Frame};
use fanlight_otlp::{Batch, Limits, RefusalReason, scan};
use fanlight_runtime::{Budget, Clock, Histogram, Ledger, Outcome, Shutdown, spawn, spawn_blocking};

use super::body::Share;
use super::refusal::Refusal;
use crate::frame_kind;
use crate::settings::Payload;

pub(crate) const STAGE: &str = "intake";
const REQUEST: &str = "request";
const SPAN: &str = "span";

/// A scan of this many bytes takes about a millisecond; a larger one goes to a blocking thread.
const LARGE_BODY_BYTES: usize = 512 << 10;

/// What the OTLP listeners share.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) appender: Appender<Payload>,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: Shutdown,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    pub(crate) max_body_bytes: usize,
    /// How long acknowledging took.
    pub(crate) acknowledged: Histogram,
}

/// What was taken: all but these spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) rejected_spans: u64,
    pub(crate) message: String,
}

/// One request in the ledger: received now, and exactly one thing becomes of it, also where its sender hangs up.
#[derive(Debug)]
pub(crate) struct Tally {
    ledger: Ledger,
    open: bool,
}

impl Tally {
    pub(crate) fn received(ledger: &Ledger, listener: &'static str) -> Self {
        ledger.add(STAGE, REQUEST, Outcome::Received, listener, 1);
        Self { ledger: ledger.clone(), open: true }
    }

    pub(crate) fn close(mut self, result: &Result<Accepted, Refusal>) {
        self.open = false;
        match result {
            Ok(_) => self.ledger.add(STAGE, REQUEST, Outcome::Stored, "", 1),
            Err(refusal) => self.ledger.add(STAGE, REQUEST, Outcome::Refused, refusal.word(), 1),
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if self.open {
            self.ledger.add(STAGE, REQUEST, Outcome::Dropped, "broken_off", 1);
        }
    }
}

impl Door {
    /// Before a body is read: room for it, or a refusal. A body that is announced over the cap is refused unread.
    pub(crate) fn admit(&self, announced: Option<u64>) -> Result<Share, Refusal> {
        if self.shutdown.is_begun() {
            return Err(Refusal::Stopping);
        }
        if announced.is_some_and(|bytes| bytes > self.max_body_bytes as u64) {
            return Err(Refusal::TooLarge { limit: self.max_body_bytes });
        }
        Share::of(&self.budget, announced)
    }

    /// Scans a decompressed request and makes it durable; returns once it is. A sender that hangs up meanwhile changes nothing.
    pub(crate) async fn take_traces(&self, bytes: Bytes, share: Share) -> Result<Accepted, Refusal> {
        let began = self.clock.elapsed();
        let batch = self.scan(&bytes).await?;
        let accepted = self.count_spans(&batch);
        if batch.is_empty() {
            return Ok(accepted);
        }
        let door = self.clone();
        let example = batch.span(0).trace_id();
        let committed = spawn("intake.append", async move { door.commit(bytes, batch, share).await }).await;
        committed.unwrap_or(Err(Refusal::DiskFailed))?;
        let took = self.clock.elapsed().saturating_sub(began);
        self.acknowledged.observe_duration(&[], took, Some(example));
        Ok(accepted)
    }

    async fn scan(&self, bytes: &Bytes) -> Result<Batch, Refusal> {
        if bytes.len() < LARGE_BODY_BYTES {
            return Ok(scan(bytes, &self.limits)?);
        }
        let (bytes, limits) = (bytes.clone(), self.limits.clone());
        let scanned = spawn_blocking("intake.scan", move || scan(&bytes, &limits)).await;
        scanned.map_or(Err(Refusal::Unreadable("the scan of it failed".to_owned())), |batch| Ok(batch?))
    }

    async fn commit(&self, bytes: Bytes, batch: Batch, share: Share) -> Result<(), Refusal> {
        let (spans, repaired) = (batch.len() as u64, batch.repaired() as u64);
        let frame = Frame {
            kind: frame_kind::OTLP_TRACES,
            arrival: self.clock.now(),
            source_id: 0,
            encoding: 0,
            bytes,
        };
        let payload = Payload { batch: Some(batch), permit: share.take() };
        match self.appender.append(frame, payload).await {
            Ok(_) => {
                self.ledger.add(STAGE, SPAN, Outcome::Stored, "", spans);
                self.ledger.add(STAGE, SPAN, Outcome::Repaired, "mended", repaired);
                Ok(())
            }
            Err(error) => {
                let refusal = Refusal::from(error);
                self.ledger.add(STAGE, SPAN, Outcome::Refused, refusal.word(), spans);
                Err(refusal)
            }
        }
    }

    fn count_spans(&self, batch: &Batch) -> Accepted {
        let refused = batch.refused();
        let total = (batch.len() + refused.len()) as u64;
        self.ledger.add(STAGE, SPAN, Outcome::Received, "", total);
        let mut reasons: BTreeMap<&'static str, (RefusalReason, u64)> = BTreeMap::new();
        for refusal in refused {
            reasons.entry(refusal.reason.as_str()).or_insert((refusal.reason, 0)).1 += 1;
        }
        if reasons.is_empty() {
            return Accepted::default();
        }
        let mut message = format!("{} of {total} spans refused, the others are stored:", refused.len());
        for (at, (word, (reason, count))) in reasons.into_iter().enumerate() {
            self.ledger.add(STAGE, SPAN, Outcome::Refused, word, count);
            let comma = if at > 0 { "," } else { "" };
            // Writing into a `String` cannot fail.
            write!(message, "{comma} {count} because {reason}").unwrap_or_default();
        }
        Accepted { rejected_spans: refused.len() as u64, message }
    }
}
