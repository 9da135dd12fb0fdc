//! Why it was slow: which stretch of a request's time belonged to whom.
//!
//! Pure: it takes an access event and what is known of its span, and gives segments. It never guesses: a term that the
//! records do not hold is named as missing, never counted as zero. The verdict over these segments is not made here yet.
//!
//! ```
//! use fanlight_diagnose::set_up_segments;
//! use fanlight_model::{AccessEvent, EventUid, Feed, SegmentName, Timestamp};
//!
//! let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", "s,c");
//! let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, Timestamp::from_seconds(1), "");
//! event.phases.setup_us = Some(192_397);
//! event.phases.connector_setup_us = Some(191_017);
//! let segments = set_up_segments(&event, true);
//! assert_eq!(segments.measured[0].name, SegmentName::EdgePolicy);
//! assert_eq!(segments.measured[0].duration_ns, 1_380_000);
//! assert!(segments.missing.iter().any(|missing| missing.name == SegmentName::LastMile));
//! ```

mod segments;

pub use segments::{Missing, NamedPortion, Segments, set_up_segments};
