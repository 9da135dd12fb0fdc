//! From a queue to its receiver.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_otlp::{Limits, only, scan};
use fanlight_runtime::{Shutdown, own_trace, spawn_blocking};
use tracing::Instrument;
use tracing::field::Empty;

use crate::answer::Answer;
use crate::channel::Channel;
use crate::dead_letter::DeadLetters;
use crate::queue::{Fate, Queue, Queued};
use crate::retry::Backoff;

/// A receiver that stumbles over the same bytes this often is taken to refuse them.
const MAX_STUMBLES: u32 = 3;
/// How many requests the search for the bad spans of one item may take: enough for a few among hundreds. A receiver that refuses
/// everything must not hold up what comes after.
const MAX_SEARCH: u32 = 64;
/// A queue that could not be read is tried again after this.
const READ_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Sender {
    /// The target's name.
    pub(crate) target: String,
    pub(crate) queue: Arc<Queue>,
    pub(crate) channel: Channel,
    pub(crate) backoff: Backoff,
    pub(crate) dead_letters: Arc<DeadLetters>,
    /// The process is ending: one pause is cut short for it.
    pub(crate) shutdown: Shutdown,
    pub(crate) has_hurried: bool,
    /// The drain is over.
    pub(crate) stop: Shutdown,
}

impl Sender {
    /// Sends what is in the queue until the stop.
    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        let mut changes = self.queue.changes();
        loop {
            changes.borrow_and_update();
            let queue = Arc::clone(&self.queue);
            match spawn_blocking("export.read", move || queue.next_batch()).await {
                Ok(Ok(batch)) if batch.is_empty() => {
                    tokio::select! {
                        changed = changes.changed() => if changed.is_err() { return },
                        () = stop.begun() => return,
                    }
                }
                Ok(Ok(batch)) => {
                    tokio::select! {
                        () = self.deliver(&batch) => {}
                        () = stop.begun() => return,
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(name: "export.queue.unreadable", target = self.target, %error, "a queue cannot be read");
                    tokio::select! {
                        () = tokio::time::sleep(READ_PAUSE) => {}
                        () = stop.begun() => return,
                    }
                }
                // The runtime is going down, or reading panicked, which was reported.
                Err(_) => return,
            }
        }
    }

    /// Sends a batch; what is refused is halved until the one item is found that is not wanted.
    async fn deliver(&mut self, batch: &[Queued]) {
        let whole = 0..batch.len();
        let mut ranges: Vec<Range<usize>> = vec![whole];
        while let Some(range) = ranges.pop() {
            let items = batch.get(range.clone()).unwrap_or_default();
            let Some(last) = items.last() else { continue };
            let spans: u64 = items.iter().map(|item| item.spans).sum();
            let mut fate = Fate { items: items.len() as u64, ..Fate::default() };
            match (self.send(items).await, items) {
                (Ok(rejected), _) => {
                    fate.refused = rejected.min(spans);
                    fate.exported = spans - fate.refused;
                }
                (Err(why), [poison]) => self.search(poison, why, &mut fate).await,
                (Err(_), _) => {
                    let middle = range.start + items.len() / 2;
                    ranges.push(middle..range.end);
                    ranges.push(range.start..middle);
                    continue;
                }
            }
            let (queue, end) = (Arc::clone(&self.queue), last.end);
            if spawn_blocking("export.mark", move || queue.done(end, fate)).await.is_err() {
                return;
            }
        }
    }

    /// Looks for the spans of a refused item that are not wanted, by halving, and parks them alone. What cannot be halved, and what is
    /// left when the search has taken too long, is parked as it is.
    async fn search(&mut self, item: &Queued, why: String, fate: &mut Fate) {
        let bytes = item.bytes.clone();
        let scanned = spawn_blocking("export.scan", move || scan(&bytes, &Limits::default())).await;
        let batch = scanned.ok().and_then(Result::ok).filter(|batch| batch.len() > 1);
        let Some(batch) = batch else {
            fate.parked = item.spans;
            return self.park(item.clone(), 0, why).await;
        };
        let mut tries = 0;
        let mut ranges = halves(&(0..batch.len()));
        while let Some(range) = ranges.pop() {
            let part =
                Queued { spans: range.len() as u64, bytes: only(&batch, range.clone()), end: item.end };
            tries += 1;
            let outcome = match tries {
                ..=MAX_SEARCH => self.send(std::slice::from_ref(&part)).await,
                _ => Err(why.clone()),
            };
            match outcome {
                Ok(rejected) => {
                    let rejected = rejected.min(part.spans);
                    fate.refused += rejected;
                    fate.exported += part.spans - rejected;
                }
                Err(_) if range.len() > 1 && tries < MAX_SEARCH => ranges.extend(halves(&range)),
                Err(why) => {
                    fate.parked += part.spans;
                    self.park(part, range.start, why).await;
                }
            }
        }
    }

    /// Sends items as one request until they are taken (with how many spans were not), or refused (with why).
    async fn send(&mut self, items: &[Queued]) -> Result<u64, String> {
        let body = self.body(items).await;
        let mut stumbles = 0;
        loop {
            let spans: u64 = items.iter().map(|item| item.spans).sum();
            let span = own_trace!(
                "export.request",
                otel.kind = "client",
                target = &*self.target,
                spans,
                bytes = body.len(),
                error.type = Empty
            );
            let answer = self.channel.exchange(body.clone()).instrument(span.clone()).await;
            if let Some(error) = answer.error() {
                span.record("error.type", error);
            }
            drop(span);
            let (after, why) = match answer {
                Answer::Taken { rejected, message } => {
                    if self.backoff.tries() > 0 {
                        tracing::info!(name: "export.target.recovered", target = self.target, "a target takes spans again");
                    }
                    if rejected > 0 || !message.is_empty() {
                        tracing::warn!(name: "export.target.partial", target = self.target, rejected, message, "a target did not take all");
                    }
                    self.backoff.reset();
                    return Ok(rejected);
                }
                Answer::Refused { why } => {
                    self.backoff.reset();
                    return Err(why);
                }
                Answer::Stumbled { why } => {
                    stumbles += 1;
                    if stumbles >= MAX_STUMBLES {
                        self.backoff.reset();
                        return Err(why);
                    }
                    (None, why)
                }
                Answer::Later { after, why } => (after, why),
            };
            if self.backoff.tries() == 0 {
                tracing::warn!(name: "export.target.waits", target = self.target, why, "a target takes nothing; its queue grows");
            }
            self.pause(after).await;
            self.queue.count_retry();
        }
    }

    async fn pause(&mut self, asked: Option<Duration>) {
        let pause = self.backoff.pause(asked);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // One more try at once; after that the pauses are kept, to the end of the drain.
            () = self.shutdown.begun(), if !self.has_hurried => self.has_hurried = true,
        }
    }

    /// Requests one after the other are one request: `resource_spans` is a repeated field.
    async fn body(&self, items: &[Queued]) -> Bytes {
        let plain = match items {
            [one] => one.bytes.clone(),
            many => {
                let length = many.iter().map(|item| item.bytes.len()).sum();
                let mut all = BytesMut::with_capacity(length);
                many.iter().for_each(|item| all.extend_from_slice(&item.bytes));
                all.freeze()
            }
        };
        let packing = self.channel.packing();
        spawn_blocking("export.pack", move || packing.body(plain)).await.unwrap_or_default()
    }

    async fn park(&self, item: Queued, first_span: usize, why: String) {
        tracing::error!(name: "export.item.parked", target = self.target, spans = item.spans, why, "a target refuses an item for good; it is in the dead letters");
        let letters = Arc::clone(&self.dead_letters);
        let work = move || letters.park(item.end, first_span, &item.bytes, &why);
        let parked = spawn_blocking("export.park", work).await;
        if let Ok(Err(cause)) = parked {
            tracing::error!(name: "export.item.lost", target = self.target, %cause, "a dead letter could not be kept");
        }
    }
}

/// The later half first: the last of a list is taken next.
fn halves(range: &Range<usize>) -> Vec<Range<usize>> {
    let middle = range.start + range.len() / 2;
    vec![middle..range.end, range.start..middle]
}
