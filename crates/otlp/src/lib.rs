//! Spans read and enriched in place, on the wire bytes of an OTLP trace request.
//!
//! It counts before it allocates, indexes each span in at most 80 bytes, mends invalid UTF-8, and splices attributes into
//! the bytes. JSON it writes anew as those bytes first. It never builds a tree of spans, and it never loses a whole request for one bad span: that span is refused by
//! name and its siblings stay. Of equal keys the last on the wire is in force.
//!
//! ```
//! use fanlight_model::{SpanId, TraceId};
//! use fanlight_otlp::{Attributes, Limits, SpanDraft, encode_request, scan, splice};
//!
//! let draft = SpanDraft { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]), ..SpanDraft::default() };
//! let batch = scan(&encode_request(&Attributes::default(), "shop", &[draft]), &Limits::default())?;
//! let mut joined = Attributes::default();
//! joined.push_str("user.id", "p-7");
//! let enriched = scan(&splice(&batch, &[(0, joined)]), &Limits::default())?;
//! assert!(enriched.span(0).has_attribute("user.id"));
//! # Ok::<(), fanlight_otlp::ScanError>(())
//! ```

mod attributes;
mod batch;
mod counter;
mod draft;
mod join;
mod json;
mod limits;
mod scan;
mod splice;
mod value;
mod view;
mod wire;

pub use attributes::Attributes;
pub use batch::{Batch, Counts};
pub use counter::ItemCounter;
pub use draft::{SpanDraft, encode_request};
pub use join::JoinAttributes;
pub use json::{JsonError, Transcoded, transcode_json};
pub use limits::{Limits, Refusal, RefusalReason, ScanError};
pub use scan::scan;
pub use splice::{only, splice};
pub use value::{ArrayView, MapView, Value};
pub use view::{AttributeIter, ResourceView, SpanView};
pub use wire::WireError;
