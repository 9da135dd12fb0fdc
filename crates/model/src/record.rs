//! What one record of a feed becomes.

use std::sync::Arc;

use crate::{
    AccessEvent, ConfigChange, ConnectorHealth, DeviceFact, EventUid, Feed, OcsfClass, ParseLevel, Raw,
    RawLine, Timestamp,
};

/// What every record has, whatever it tells of. Access events bear the same fields themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordHeader {
    /// `H(product, feed, vendor_uid)`, or `H` of the canonical raw line where the sender gives no id. The same at every replay.
    pub event_uid: EventUid,
    /// Who wrote it.
    pub feed: Feed,
    /// The record's own stamp, on the sender's clock.
    pub log_time: Option<Timestamp>,
    /// When it reached us, on our clock.
    pub arrival_time: Timestamp,
    /// How much of it could be read.
    pub parse_level: ParseLevel,
    /// A hash of all decoded fields in the order of the feed's table: equal for a record that was sent twice, whatever the order of
    /// its keys. Deterministic across runs and machines; no identity outside one `event_uid`.
    pub record_hash: u64,
    /// The line as received.
    pub raw: Raw,
}

/// A record of a feed that does not bear on one request: decoded, countable, and no more.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptRecord {
    /// What every record has.
    pub header: RecordHeader,
    /// Each token that has a value, in the vendor's words and order. A line that could not be read has one, `reason`.
    pub fields: Vec<(&'static str, Arc<str>)>,
    /// OCSF `activity_id` in the feed's class.
    pub ocsf_activity: u8,
}

/// One record of any feed.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all records are access events; a box would cost them an allocation"
)]
pub enum FeedRecord {
    /// A principal reached for an app.
    AccessEvent(AccessEvent),
    /// What is known of a ZPA session's device and posture.
    DeviceFact(DeviceFact),
    /// How an app connector or service edge is.
    ConnectorHealth(ConnectorHealth),
    /// What an administrator changed.
    ConfigChange(ConfigChange),
    /// Anything else.
    Kept(KeptRecord),
}

/// OCSF `activity_id` for what has no number of its own.
pub const OCSF_OTHER: u8 = 99;

impl FeedRecord {
    /// The record's id.
    pub const fn event_uid(&self) -> EventUid {
        match self {
            Self::AccessEvent(event) => event.event_uid,
            Self::DeviceFact(fact) => fact.header.event_uid,
            Self::ConnectorHealth(health) => health.header.event_uid,
            Self::ConfigChange(change) => change.header.event_uid,
            Self::Kept(kept) => kept.header.event_uid,
        }
    }

    /// Who wrote it.
    pub const fn feed(&self) -> Feed {
        match self {
            Self::AccessEvent(event) => event.feed,
            Self::DeviceFact(fact) => fact.header.feed,
            Self::ConnectorHealth(health) => health.header.feed,
            Self::ConfigChange(change) => change.header.feed,
            Self::Kept(kept) => kept.header.feed,
        }
    }

    /// The record's own stamp, on the sender's clock.
    pub const fn log_time(&self) -> Option<Timestamp> {
        match self {
            Self::AccessEvent(event) => event.log_time,
            Self::DeviceFact(fact) => fact.header.log_time,
            Self::ConnectorHealth(health) => health.header.log_time,
            Self::ConfigChange(change) => change.header.log_time,
            Self::Kept(kept) => kept.header.log_time,
        }
    }

    /// When it reached us, on our clock.
    pub const fn arrival_time(&self) -> Timestamp {
        match self {
            Self::AccessEvent(event) => event.arrival_time,
            Self::DeviceFact(fact) => fact.header.arrival_time,
            Self::ConnectorHealth(health) => health.header.arrival_time,
            Self::ConfigChange(change) => change.header.arrival_time,
            Self::Kept(kept) => kept.header.arrival_time,
        }
    }

    /// How much of it could be read.
    pub const fn parse_level(&self) -> ParseLevel {
        match self {
            Self::AccessEvent(event) => event.parse_level,
            Self::DeviceFact(fact) => fact.header.parse_level,
            Self::ConnectorHealth(health) => health.header.parse_level,
            Self::ConfigChange(change) => change.header.parse_level,
            Self::Kept(kept) => kept.header.parse_level,
        }
    }

    /// The hash of its decoded fields, by which a record that was sent twice is known.
    pub const fn record_hash(&self) -> u64 {
        match self {
            Self::AccessEvent(event) => event.record_hash,
            Self::DeviceFact(fact) => fact.header.record_hash,
            Self::ConnectorHealth(health) => health.header.record_hash,
            Self::ConfigChange(change) => change.header.record_hash,
            Self::Kept(kept) => kept.header.record_hash,
        }
    }

    /// The line as received.
    pub const fn raw(&self) -> &Raw {
        match self {
            Self::AccessEvent(event) => &event.raw,
            Self::DeviceFact(fact) => &fact.header.raw,
            Self::ConnectorHealth(health) => &health.header.raw,
            Self::ConfigChange(change) => &change.header.raw,
            Self::Kept(kept) => &kept.header.raw,
        }
    }

    /// Gives the line away to be kept, and leaves its address behind. `None` where that was done before.
    pub fn set_raw_apart(&mut self) -> Option<RawLine> {
        let (feed, arrival_time, parse_level) = (self.feed(), self.arrival_time(), self.parse_level());
        let raw = match self {
            Self::AccessEvent(event) => &mut event.raw,
            Self::DeviceFact(fact) => &mut fact.header.raw,
            Self::ConnectorHealth(health) => &mut health.header.raw,
            Self::ConfigChange(change) => &mut change.header.raw,
            Self::Kept(kept) => &mut kept.header.raw,
        };
        raw.set_apart(feed, arrival_time, parse_level)
    }

    /// The OCSF class of this record: its feed's, but for an administrator's sign-in.
    pub fn ocsf_class(&self) -> OcsfClass {
        match self {
            Self::ConfigChange(change) => change.ocsf_class(),
            other => other.feed().ocsf_class(),
        }
    }

    /// OCSF `activity_id` in that class; 0 is unknown and 99 other.
    pub fn ocsf_activity(&self) -> u8 {
        match self {
            Self::AccessEvent(event) => event.ocsf_activity(),
            Self::DeviceFact(fact) => fact.ocsf_activity(),
            Self::ConnectorHealth(health) => health.ocsf_activity(),
            Self::ConfigChange(change) => change.ocsf_activity(),
            Self::Kept(kept) => kept.ocsf_activity,
        }
    }

    /// The access event, where it is one.
    pub const fn as_access_event(&self) -> Option<&AccessEvent> {
        match self {
            Self::AccessEvent(event) => Some(event),
            _ => None,
        }
    }

    /// The access event, where it is one.
    pub fn into_access_event(self) -> Option<AccessEvent> {
        match self {
            Self::AccessEvent(event) => Some(event),
            _ => None,
        }
    }
}
