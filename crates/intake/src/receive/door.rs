//! What both OTLP listeners do with a request once they have its bytes.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use fanlight_listen::Hosts;
use fanlight_log::{Appender, Frame};
use fanlight_otlp::Refusal as RefusedSpan;
use fanlight_otlp::{Batch, ItemCounter, Limits, RefusalReason, Transcoded, scan, transcode_json};
use fanlight_runtime::{
    Budget, Clock, Histogram, Ledger, Outcome, Shutdown, own_span, own_trace, spawn, spawn_blocking,
};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::body::Share;
use super::inflate::{Layer, inflate};
use super::refusal::Refusal;
use crate::frame_kind;
use crate::settings::Payload;

pub(crate) const STAGE: &str = "intake";
const REQUEST: &str = "request";
const SPAN: &str = "span";

/// A scan of this many bytes takes about a millisecond; a larger one goes to a blocking thread. So do the others.
const LARGE_BODY_BYTES: usize = 512 << 10;
const LARGE_JSON_BYTES: usize = 256 << 10;
const LARGE_COMPRESSED_BYTES: usize = 64 << 10;

/// What the OTLP listeners share.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) appender: Appender<Payload>,
    pub(crate) clock: Clock,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: Shutdown,
    /// What Lightstep's ingest took is taken too.
    pub(crate) lightstep: bool,
    /// Under which names requests come.
    pub(crate) names: Names,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    pub(crate) max_body_bytes: usize,
    /// How long acknowledging took.
    pub(crate) acknowledged: Histogram,
}

/// Keeps pages in a browser from writing spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) hosts: Hosts,
    /// OTLP/HTTP listens on loopback, where nothing else is asked of a sender.
    pub(crate) is_local: bool,
}

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    Json,
}

/// A request as protobuf, whatever it came as.
struct Request {
    bytes: Bytes,
    /// Spans that did not get so far.
    refused: Vec<RefusedSpan>,
    /// Where in the JSON the first of them is wrong.
    first_refused_at: Option<usize>,
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

    pub(crate) fn close<T>(mut self, result: &Result<T, Refusal>) {
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

/// The span about a request, which ends with its answer: what the pipeline does with the request later is under it all the same.
pub(crate) fn request_span(listener: &'static str) -> Span {
    own_trace!(
        "intake.request",
        otel.kind = "server",
        listener,
        spans = Empty,
        spans.refused = Empty,
        error.type = Empty,
        ended = Empty
    )
}

/// Ends it.
pub(crate) fn end_span<T>(span: &Span, result: &Result<T, Refusal>) {
    if let Err(refusal) = result {
        span.record("error.type", refusal.word());
    }
    span.record("ended", true);
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

    /// Inflates a body, reads it, scans it and makes it durable; returns once it is. A sender that hangs up meanwhile changes
    /// nothing.
    pub(crate) async fn take(
        &self,
        body: Bytes,
        layer: Option<Layer>,
        form: Form,
        share: Share,
    ) -> Result<Accepted, Refusal> {
        // No body begins like something compressed and is a request: whoever forgot the header is understood all the same.
        let body = match layer.or_else(|| Layer::of(&body)) {
            Some(layer) => {
                let span = own_span!(Span::current(), "intake.inflate", bytes = body.len());
                self.inflate(layer, form, body, &share).instrument(span).await?
            }
            None => body,
        };
        let request = match form {
            Form::Protobuf => Request { bytes: body, refused: Vec::new(), first_refused_at: None },
            Form::Json => {
                let span = own_span!(Span::current(), "intake.transcode", bytes = body.len());
                self.transcode(body, &share).instrument(span).await?
            }
        };
        self.take_request(request, frame_kind::OTLP_TRACES, share).await
    }

    /// Takes spans of our own, as protobuf.
    pub(crate) async fn take_own(&self, bytes: Bytes, share: Share) -> Result<Accepted, Refusal> {
        let request = Request { bytes, refused: Vec::new(), first_refused_at: None };
        self.take_request(request, frame_kind::OWN_TRACES, share).await
    }

    async fn take_request(&self, request: Request, kind: u8, share: Share) -> Result<Accepted, Refusal> {
        let began = self.clock.elapsed();
        let bytes = request.bytes.clone();
        let root = Span::current();
        let batch = self.scan(&bytes).instrument(own_span!(root, "intake.scan")).await?;
        let accepted = self.count_spans(&batch, &request);
        root.record("spans", batch.len()).record("spans.refused", accepted.rejected_spans);
        if batch.is_empty() {
            return Ok(accepted);
        }
        let example = batch.span(0).trace_id();
        let (door, appending) = (self.clone(), own_span!(root, "intake.append", bytes = bytes.len()));
        let payload = Payload { batch: Some(batch), permit: share.take(), span: root };
        let work = async move { door.commit(bytes, kind, payload).await };
        let committed = spawn("intake.append", work.instrument(appending)).await;
        committed.unwrap_or(Err(Refusal::DiskFailed))?;
        let took = self.clock.elapsed().saturating_sub(began);
        self.acknowledged.observe_duration(&[], took, Some(example));
        Ok(accepted)
    }

    async fn inflate(&self, layer: Layer, form: Form, body: Bytes, share: &Share) -> Result<Bytes, Refusal> {
        let (limit, limits, share) = (self.max_body_bytes, self.limits.clone(), share.clone());
        let is_large = body.len() >= LARGE_COMPRESSED_BYTES;
        let work = move || {
            let mut counter = ItemCounter::new(&limits);
            inflate(layer, &body, limit, &share, &mut |piece| match form {
                Form::Protobuf => Ok(counter.push(piece)?),
                // Counted while it is transcoded, before anything is made of it.
                Form::Json => Ok(()),
            })
        };
        if !is_large {
            return work();
        }
        spawn_blocking("intake.inflate", work).await.unwrap_or_else(|_| Err(layer.refusal()))
    }

    async fn transcode(&self, json: Bytes, share: &Share) -> Result<Request, Refusal> {
        // Protobuf is about half as long as JSON. The cap keeps both together within what a bomb may cost.
        let most = self.max_body_bytes - self.max_body_bytes / 4;
        share.cover(json.len() + json.len().min(most))?;
        let limits = self.limits.clone();
        let is_large = json.len() >= LARGE_JSON_BYTES;
        let work = move || transcode_json(&json, &limits, most);
        let transcoded = match is_large {
            true => spawn_blocking("intake.transcode", work)
                .await
                .map_err(|_| Refusal::Unreadable("the reading of it failed".to_owned()))?,
            false => work(),
        };
        let Transcoded { bytes, refused, first_refused_at } = transcoded?;
        share.shrink_to(bytes.len());
        Ok(Request { bytes, refused, first_refused_at })
    }

    async fn scan(&self, bytes: &Bytes) -> Result<Batch, Refusal> {
        if bytes.len() < LARGE_BODY_BYTES {
            return Ok(scan(bytes, &self.limits)?);
        }
        let (bytes, limits) = (bytes.clone(), self.limits.clone());
        let scanned = spawn_blocking("intake.scan", move || scan(&bytes, &limits)).await;
        scanned.map_or(Err(Refusal::Unreadable("the scan of it failed".to_owned())), |batch| Ok(batch?))
    }

    async fn commit(&self, bytes: Bytes, kind: u8, payload: Payload) -> Result<(), Refusal> {
        let of_batch = |count: fn(&Batch) -> usize| payload.batch.as_ref().map_or(0, count) as u64;
        let (spans, repaired) = (of_batch(Batch::len), of_batch(Batch::repaired));
        let frame = Frame { kind, arrival: self.clock.now(), source_id: 0, encoding: 0, bytes };
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

    fn count_spans(&self, batch: &Batch, request: &Request) -> Accepted {
        let refused = batch.refused().len() + request.refused.len();
        let total = (batch.len() + refused) as u64;
        self.ledger.add(STAGE, SPAN, Outcome::Received, "", total);
        let mut reasons: BTreeMap<&'static str, (RefusalReason, u64)> = BTreeMap::new();
        for refusal in batch.refused().iter().chain(&request.refused) {
            reasons.entry(refusal.reason.as_str()).or_insert((refusal.reason, 0)).1 += 1;
        }
        if reasons.is_empty() {
            return Accepted::default();
        }
        let mut message = format!("{refused} of {total} spans refused, the others are stored:");
        for (at, (word, (reason, count))) in reasons.into_iter().enumerate() {
            self.ledger.add(STAGE, SPAN, Outcome::Refused, word, count);
            let comma = if at > 0 { "," } else { "" };
            // Writing into a `String` cannot fail.
            write!(message, "{comma} {count} because {reason}").unwrap_or_default();
        }
        if let Some(at) = request.first_refused_at.filter(|_| !request.refused.is_empty()) {
            write!(message, " (see byte {at} of the JSON)").unwrap_or_default();
        }
        Accepted { rejected_spans: refused as u64, message }
    }
}
