//! Enriched OTLP, over HTTP or gRPC, to any number of targets, each from a durable queue of its own.
//!
//! What was enqueued is sent at least once, in order, however often the process or the receiver goes down: a pause with full
//! jitter between tries, never before the receiver asked for. What a receiver will not have is searched out of its batch and
//! parked. Beyond a queue's budget the oldest is dropped, and everything is counted. It never slows the flow for a receiver,
//! and knows nothing of what the spans say.
//!
//! ```
//! use fanlight_export::{ClientTls, Protocol, Target};
//! let target = Target {
//!     name: "tempo".to_owned(),
//!     endpoint: "http://192.0.2.1:4318/v1/traces".parse().expect("a URL"),
//!     protocol: Protocol::Http,
//!     tls: ClientTls::default(),
//!     headers: Vec::new(),
//!     gzip: true,
//!     queue_bytes: 1 << 30,
//!     timeout: std::time::Duration::from_secs(10),
//! };
//! ```

mod answer;
mod channel;
mod connect;
mod dead_letter;
mod enrich;
mod exporter;
mod item;
mod queue;
mod retry;
mod send;
mod target;

pub use enrich::{inline_attributes, synthetic_access_span};
pub use exporter::{Drained, Exporter, Left};
pub use queue::{QueueDepth, TargetCounts};
pub use target::{ClientTls, ExportError, Protocol, Target};
