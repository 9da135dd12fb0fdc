//! What stands beside access events in the store.

use crate::{
    AccessEvent, ConfigChange, ConnectorHealth, DeviceFact, FeedHealth, FeedRecord, KeptRecord, RawLine,
};

/// A record that is no access event: each is stored as it is, and none of them is ever revised.
#[derive(Clone, Debug, PartialEq)]
pub enum OtherRecord {
    /// What is known of a ZPA session's device and posture.
    DeviceFact(DeviceFact),
    /// How an app connector or service edge is.
    ConnectorHealth(ConnectorHealth),
    /// What an administrator changed.
    ConfigChange(ConfigChange),
    /// Any other record of a feed.
    Kept(KeptRecord),
    /// How a feed did through one interval.
    FeedHealth(FeedHealth),
    /// A line that records were read from.
    RawLine(RawLine),
}

/// Parts the access events from everything else, each in the order of the records.
pub fn split_records(records: impl IntoIterator<Item = FeedRecord>) -> (Vec<AccessEvent>, Vec<OtherRecord>) {
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            FeedRecord::AccessEvent(event) => events.push(event),
            FeedRecord::DeviceFact(fact) => others.push(OtherRecord::DeviceFact(fact)),
            FeedRecord::ConnectorHealth(health) => others.push(OtherRecord::ConnectorHealth(health)),
            FeedRecord::ConfigChange(change) => others.push(OtherRecord::ConfigChange(change)),
            FeedRecord::Kept(kept) => others.push(OtherRecord::Kept(kept)),
        }
    }
    (events, others)
}
