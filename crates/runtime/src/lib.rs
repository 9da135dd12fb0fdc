//! The only place that starts a task, reads a clock, or counts.
//!
//! It holds what every stage needs to run and none needs to think: named tasks whose panics are seen, a clock that a test can
//! turn, one shutdown signal, a budget of bytes in flight, the ledger of records, and what is measured beside it. It knows nothing of spans or events.
//!
//! ```
//! use fanlight_runtime::{Budget, Ledger, Outcome};
//!
//! let budget = Budget::new(1_000);
//! let held = budget.try_acquire(800).expect("there is room");
//! assert!(budget.try_acquire(300).is_none(), "a full budget refuses, it never waits");
//! drop(held);
//! assert!(budget.try_acquire(300).is_some());
//!
//! let ledger = Ledger::default();
//! ledger.add("intake", "span", Outcome::Received, "", 512);
//! assert_eq!(ledger.get("intake", "span", Outcome::Received, ""), 512);
//! ```

mod budget;
mod clock;
mod error_chain;
mod ledger;
mod metrics;
mod own_span;
mod shutdown;
mod spawn;

pub use budget::{Budget, Permit};
pub use clock::Clock;
pub use error_chain::error_chain;
pub use ledger::{Ledger, LedgerRow, Outcome};
pub use metrics::{
    Histogram, MetricBucket, MetricFamily, MetricKind, MetricSample, MetricValue, Metrics, SECONDS,
};
pub use own_span::OWN_SPANS;
pub use shutdown::Shutdown;
pub use spawn::{spawn, spawn_blocking, spawn_thread};
