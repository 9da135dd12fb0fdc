//! What the stages tell `/metrics` and `/readyz` of themselves.

use std::time::Duration;

use fanlight_api::Readiness;
use fanlight_export::{Exporter, QueueDepth};
use fanlight_intake::Payload;
use fanlight_log::{AppendError, Appender, Logged};
use fanlight_runtime::{Clock, Metrics};
use tokio::sync::mpsc::Sender;

/// A log that refused a frame is asked again by the next sender. Without one, after this time, it counts as ready: else nobody
/// would be sent to it any more, and it would never find out that the disk takes bytes again.
const REFUSAL_COUNTS_FOR: Duration = Duration::from_secs(30);

pub(super) fn of_log(metrics: &Metrics, ready: &Readiness, appender: &Appender<Payload>, clock: &Clock) {
    log_takes_frames(ready, appender.clone(), clock.clone());
    let (waiting, capacity, status) = (appender.clone(), appender.waiting().1, appender.clone());
    let help = "Requests and socket reads that wait for a sync of the log.";
    metrics.gauge("fanlight_log_queue_size", help, &[], move || number(waiting.waiting().0));
    let help = "How many may; past it senders are told to wait.";
    metrics.gauge("fanlight_log_queue_capacity", help, &[], move || number(capacity));
    let help = "Bytes of the log's files.";
    metrics.gauge("fanlight_log_size_bytes", help, &[], move || big(status.status().bytes));
}

/// The gauge holds no sender: it would keep the queue open.
pub(super) fn of_pipeline(metrics: &Metrics, queue: &Sender<Logged<Payload>>) {
    let (weak, capacity) = (queue.downgrade(), queue.max_capacity());
    let help = "Durable frames that wait for the pipeline.";
    metrics.gauge("fanlight_pipeline_queue_size", help, &[], move || {
        weak.upgrade().map_or(0.0, |queue| number(queue.max_capacity() - queue.capacity()))
    });
    let help = "How many may; past it the log waits.";
    metrics.gauge("fanlight_pipeline_queue_capacity", help, &[], move || number(capacity));
}

pub(super) fn of_export(metrics: &Metrics, exporter: Option<&Exporter>, clock: &Clock) {
    let Some(exporter) = exporter else { return };
    for (place, depth) in exporter.depths().into_iter().enumerate() {
        let target = [("target", depth.target.as_str())];
        let of = |read: fn(&QueueDepth) -> f64| {
            let exporter = exporter.clone();
            move || exporter.depths().get(place).map_or(0.0, read)
        };
        let help = "Bytes that wait for a target.";
        metrics.gauge("fanlight_exporter_queue_size_bytes", help, &target, of(|depth| big(depth.bytes)));
        let help = "Bytes at which the oldest are dropped.";
        let limit = of(|depth| big(depth.limit_bytes));
        metrics.gauge("fanlight_exporter_queue_capacity_bytes", help, &target, limit);
        let help = "Spans that wait for a target.";
        metrics.gauge("fanlight_exporter_queue_spans", help, &target, of(|depth| big(depth.spans)));
        let (exporter, clock) = (exporter.clone(), clock.clone());
        let help = "How long the oldest of them has waited.";
        metrics.gauge("fanlight_exporter_queue_age_seconds", help, &target, move || {
            let oldest = exporter.depths().get(place).and_then(|depth| depth.oldest);
            let nanos = oldest.map_or(0, |oldest| clock.now().nanos_since(oldest).max(0));
            Duration::from_nanos(nanos.unsigned_abs()).as_secs_f64()
        });
    }
}

/// Whether what is acknowledged can be made durable.
fn log_takes_frames(ready: &Readiness, appender: Appender<Payload>, clock: Clock) {
    ready.probe("log", move || {
        let (at, error) = appender.status().refused?;
        let is_recent = clock.elapsed().saturating_sub(at) < REFUSAL_COUNTS_FOR;
        is_recent.then_some(match error {
            AppendError::Full => "space on the disk of the log".into(),
            _ => "the disk of the log, which failed".into(),
        })
    });
}

fn number(count: usize) -> f64 {
    big(count as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn big(count: u64) -> f64 {
    count as f64
}
