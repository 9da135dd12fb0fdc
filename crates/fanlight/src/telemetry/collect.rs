//! Puts what was recorded through our own door.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fanlight_intake::OwnSpans;
use fanlight_model::attribute;
use fanlight_otlp::{Attributes, SpanDraft, encode_request};
use fanlight_runtime::{Ledger, Outcome, Shutdown, spawn};
use tokio::sync::mpsc;

const STAGE: &str = "telemetry";
const SPAN: &str = "span";
/// Who we are, and the scope of what we tell.
const FANLIGHT: &str = "fanlight";

/// Spans are kept in batches of so many, or as many as there are after so long.
const MAX_BATCH: usize = 512;
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Spans about our own work, as they end.
#[derive(Debug)]
pub(crate) struct Made {
    waiting: mpsc::Receiver<SpanDraft>,
    dropped: Arc<AtomicU64>,
}

impl Made {
    pub(super) fn new(waiting: mpsc::Receiver<SpanDraft>, dropped: Arc<AtomicU64>) -> Self {
        Self { waiting, dropped }
    }

    /// Keeps them until the shutdown: durable, and in the store like anybody's. What the door does not take is dropped and counted; it
    /// is only about ourselves.
    pub(crate) fn keep(mut self, door: OwnSpans, ledger: Ledger, shutdown: Shutdown) {
        drop(spawn("telemetry.keep", async move {
            let mut resource = Attributes::default();
            resource.push_str(attribute::SERVICE_NAME, FANLIGHT);
            resource.push_str("service.version", env!("CARGO_PKG_VERSION"));
            let mut batch = Vec::with_capacity(MAX_BATCH);
            loop {
                tokio::select! {
                    () = shutdown.begun() => return,
                    () = self.fill(&mut batch) => {}
                }
                self.count_dropped(&ledger);
                let spans = batch.len() as u64;
                ledger.add(STAGE, SPAN, Outcome::Received, "", spans);
                let request = encode_request(&resource, FANLIGHT, &batch);
                batch.clear();
                match door.take(request).await {
                    Ok(()) => ledger.add(STAGE, SPAN, Outcome::Stored, "", spans),
                    Err(word) => ledger.add(STAGE, SPAN, Outcome::Dropped, word, spans),
                }
            }
        }));
    }

    /// Waits for a first one, and then for a while for more.
    async fn fill(&mut self, batch: &mut Vec<SpanDraft>) {
        if batch.is_empty() && self.waiting.recv_many(batch, MAX_BATCH).await == 0 {
            return std::future::pending().await;
        }
        let more = async {
            while batch.len() < MAX_BATCH && self.waiting.recv_many(batch, MAX_BATCH - batch.len()).await > 0
            {
            }
        };
        // A batch that is not full by then goes as it is.
        tokio::time::timeout(LONGEST_WAIT, more).await.unwrap_or_default();
    }

    fn count_dropped(&self, ledger: &Ledger) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        ledger.add(STAGE, SPAN, Outcome::Received, "", dropped);
        ledger.add(STAGE, SPAN, Outcome::Dropped, "queue_full", dropped);
    }

    /// Everything so far.
    #[cfg(test)]
    pub(super) fn taken(&mut self) -> Vec<SpanDraft> {
        std::iter::from_fn(|| self.waiting.try_recv().ok()).collect()
    }

    #[cfg(test)]
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
