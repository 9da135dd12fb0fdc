//! The join: which access event stands behind which span.
//!
//! A pure state machine. It is handed probes (the join keys of a span), access events and the time, and answers with
//! merged events and links. It never waits, reads no clock, does no I/O, never sees a span, and never holds one back: a probe
//! whose event is not known yet stays pending, and the link comes late. The same records in any order, doubled or not,
//! end in the same asserted links.
//!
//! ```
//! use fanlight_correlate::{Correlator, Decision, Record, Settings};
//! use fanlight_model::{AccessEvent, EventUid, Feed, Timestamp};
//!
//! let mut correlator = Correlator::new(Settings::default());
//! let now = Timestamp::from_seconds(1);
//! let event = AccessEvent::empty(EventUid([1; 16]), Feed::ZpaUserActivity, now, "{}");
//! let mut decisions = Vec::new();
//! correlator.apply(Record::AccessEvent(event), now, &mut decisions);
//! assert!(matches!(decisions.as_slice(), [Decision::Event(merged)] if merged.revision == 1));
//! ```

mod association;
mod block;
mod confidence;
mod connection;
mod correlator;
mod decision;
mod evict;
mod ladder;
mod packed;
mod redeclare;
mod rescore;

pub use correlator::{Correlator, Declared, Record, Settings};
pub use decision::{Counts, Decision, Linked};
