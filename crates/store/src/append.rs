//! What comes in.

use std::sync::Arc;

use fanlight_log::Position;
use fanlight_model::{AccessEvent, Link, OtherRecord, Timestamp};
use fanlight_otlp::{Attributes, Batch};

/// All that one frame of the log led to. One frame is one append: a seal cuts the log between appends, never inside one.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// The end of the frame. At or before [`crate::Store::committed`] the rows are already in parts: they are remembered as
    /// seen and not stored again, so a replay may append everything.
    pub position: Position,
    /// Requests with their spans.
    pub spans: Vec<SpanRows>,
    /// Access events, each at its newest revision.
    pub events: Vec<Arc<AccessEvent>>,
    /// Links, each at its newest revision.
    pub links: Vec<Link>,
    /// Records that are no access events; `fanlight_model::split_records` tells them apart.
    pub records: Vec<OtherRecord>,
    /// When the frame arrived; the hour of it names the folder of the parts.
    pub arrival: Timestamp,
}

/// The spans of one request.
#[derive(Clone, Debug)]
pub struct SpanRows {
    /// The scanned request.
    pub batch: Batch,
    /// Attributes that go with some of its spans, by the span's place in the batch, each place at most once.
    pub additions: Vec<(u32, Attributes)>,
    /// True for spans that Fanlight made.
    pub synthetic: bool,
}

/// How full the hot tail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// There is room.
    Calm,
    /// A seal is due: see [`crate::Store::seal_if_due`].
    SealDue,
    /// The caller lets a seal end before it appends more; the store still takes what comes.
    Full,
}
