//! The shared words of Fanlight: every other crate compiles against this one.
//!
//! It holds plain values: ids, times, addresses, the access event, the probe of a span, the link between the two, and
//! the attribute keys. It does no I/O, knows no async runtime and no serialisation format, and never reads a clock.
//!
//! ```
//! use fanlight_model::{EventUid, SpanId, Timestamp, TraceId, link_id};
//!
//! let trace = TraceId([1; 16]);
//! let span = SpanId([2; 8]);
//! let event = EventUid::of_vendor_uid("zpa", "zpa_user_activity", "session,connection");
//! // Ids are deterministic: the same pair is the same link on every machine and at every replay.
//! assert_eq!(link_id(trace, span, event), link_id(trace, span, event));
//! assert_eq!(Timestamp::from_nanos(1_500_000_000).to_rfc3339(), "1970-01-01T00:00:01.500000000Z");
//! ```

mod access_event;
pub mod attribute;
mod bridge;
mod config_change;
mod connector_health;
mod device_fact;
mod disposition;
mod endpoint;
mod feed;
mod feed_health;
mod id;
mod link;
mod other_record;
mod phase;
mod principal;
mod probe;
mod raw_line;
mod record;
mod segment;
mod time;

pub use access_event::{AccessEvent, ParseLevel, Product};
pub use bridge::Bridge;
pub use config_change::ConfigChange;
pub use connector_health::{ConnectorHealth, ConnectorKind};
pub use device_fact::DeviceFact;
pub use disposition::{Disposition, Effect};
pub use endpoint::{Endpoint, LocalEndpoint};
pub use feed::{FEED_CODES, Feed, OcsfClass};
pub use feed_health::FeedHealth;
pub use id::{
    EventUid, LinkId, ParseIdError, RawAddress, SpanId, TraceId, hash_parts, link_id, synthetic_span_id,
};
pub use link::{Link, LinkState, Relation, Rung};
pub use other_record::{OtherRecord, split_records};
pub use phase::{ConnectionStamps, PhaseDurations, RequestTimes};
pub use principal::{PrincipalId, PrincipalKind};
pub use probe::{Probe, ServiceId, SpanKind};
pub use raw_line::{Raw, RawLine};
pub use record::{FeedRecord, KeptRecord, OCSF_OTHER, RecordHeader};
pub use segment::{Segment, SegmentName};
pub use time::{ParseTimestampError, Timestamp};
