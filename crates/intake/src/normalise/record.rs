//! A decoded record of any feed to the model's.

use std::sync::Arc;

use fanlight_model::{
    AccessEvent, EventUid, Feed, FeedRecord, KeptRecord, ParseLevel, Product, RecordHeader, Timestamp,
};

use super::memo::Memo;
use super::reader::Reader;
use super::{
    change, cloud_connector, device, health, proxy, request, zia, zia_audit, zia_dns, zia_firewall, zia_web,
    zpa,
};
use crate::decode::line::RawReason;
use crate::decode::note::Notes;
use crate::decode::stamp::Day;
use crate::decode::wire::WireRecord;

/// What a record says, in the model. What is odd about it is added to the notes.
pub(crate) fn normalise(
    wire: &WireRecord<'_>,
    raw: Arc<str>,
    arrival: Timestamp,
    memo: &mut Memo,
    notes: &mut Notes,
) -> FeedRecord {
    let mut reader = Reader { wire, notes, memo, arrival, day: Day::default() };
    match wire.table().feed {
        Feed::ZpaUserActivity => FeedRecord::AccessEvent(zpa::access_event(&mut reader, raw)),
        Feed::ZpaBrowserAccess => FeedRecord::AccessEvent(request::browser_access(&mut reader, raw)),
        Feed::ZpaAppprotection => FeedRecord::AccessEvent(request::appprotection(&mut reader, raw)),
        Feed::ZpaUserStatus => FeedRecord::DeviceFact(device::device_fact(&mut reader, raw)),
        Feed::ZpaAppConnectorStatus
        | Feed::ZpaAppConnectorMetrics
        | Feed::ZpaPrivateServiceEdgeStatus
        | Feed::ZpaPrivateServiceEdgeMetrics => {
            FeedRecord::ConnectorHealth(health::connector_health(&mut reader, raw))
        }
        Feed::ZpaAudit => FeedRecord::ConfigChange(change::config_change(&mut reader, raw)),
        Feed::ZpaMicrosegmentation => FeedRecord::Kept(health::microsegmentation(&mut reader, raw)),
        Feed::ZiaWeb => FeedRecord::AccessEvent(zia_web::access_event(&mut reader, raw)),
        Feed::ZiaFirewall => FeedRecord::AccessEvent(zia_firewall::access_event(&mut reader, raw)),
        Feed::ZiaDns => FeedRecord::AccessEvent(zia_dns::access_event(&mut reader, raw)),
        Feed::CloudConnectorSession => FeedRecord::AccessEvent(cloud_connector::session(&mut reader, raw)),
        Feed::CloudConnectorDns => FeedRecord::AccessEvent(zia_dns::connector_event(&mut reader, raw)),
        Feed::Envoy => FeedRecord::AccessEvent(proxy::envoy(&mut reader, raw)),
        Feed::Nginx => FeedRecord::AccessEvent(proxy::nginx(&mut reader, raw)),
        Feed::CloudConnectorEvent => FeedRecord::ConnectorHealth(cloud_connector::event(&mut reader, raw)),
        Feed::ZiaAudit => FeedRecord::ConfigChange(zia_audit::config_change(&mut reader, raw)),
        feed if feed.product() == Product::Zia => FeedRecord::Kept(zia::kept(&mut reader, raw)),
        _ => FeedRecord::Kept(kept(&mut reader, raw)),
    }
}

/// A line that could not be read: the line itself, and why. Where the feed's records are access events it stands among them.
pub(crate) fn raw_record(
    feed: Feed,
    reason: RawReason,
    raw: Arc<str>,
    arrival_time: Timestamp,
) -> FeedRecord {
    let event_uid = EventUid::of_raw_line(feed.product().as_str(), feed.as_str(), raw.as_bytes());
    if is_access_feed(feed) {
        let mut event = AccessEvent::empty(event_uid, feed, arrival_time, raw);
        event.reason = Some(Arc::from(reason.word()));
        return FeedRecord::AccessEvent(event);
    }
    let header = RecordHeader {
        event_uid,
        feed,
        log_time: None,
        arrival_time,
        parse_level: ParseLevel::Raw,
        record_hash: 0,
        raw: raw.into(),
    };
    FeedRecord::Kept(KeptRecord {
        header,
        fields: vec![("reason", Arc::from(reason.word()))],
        ocsf_activity: 0,
    })
}

/// Feeds of which a record tells that a principal reached for an app.
const fn is_access_feed(feed: Feed) -> bool {
    matches!(
        feed,
        Feed::ZpaUserActivity
            | Feed::ZpaBrowserAccess
            | Feed::ZpaAppprotection
            | Feed::ZiaWeb
            | Feed::ZiaFirewall
            | Feed::ZiaDns
            | Feed::CloudConnectorSession
            | Feed::CloudConnectorDns
            | Feed::Envoy
            | Feed::Nginx
    )
}

/// What every record has. `uid` is the sender's own id of it.
pub(crate) fn header(reader: &mut Reader<'_, '_>, uid: Option<&str>, raw: Arc<str>) -> RecordHeader {
    let feed = reader.wire.table().feed;
    let event_uid = match uid {
        Some(uid) => EventUid::of_vendor_uid(feed.product().as_str(), feed.as_str(), uid),
        None => EventUid::of_raw_line(feed.product().as_str(), feed.as_str(), raw.as_bytes()),
    };
    let log_time = reader.column("log_time").and_then(|at| reader.stamp_at(at));
    RecordHeader {
        event_uid,
        feed,
        log_time,
        arrival_time: reader.arrival,
        parse_level: ParseLevel::Strict,
        record_hash: reader.wire.hash(),
        raw: raw.into(),
    }
}

/// Every field that has a value, in the vendor's words.
pub(crate) fn kept(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> KeptRecord {
    let mut header = header(reader, None, raw);
    let names = reader.wire.table().fields.iter().map(|field| field.name).enumerate();
    let fields: Vec<_> = names.filter_map(|(at, name)| Some((name, reader.text_at(at)?))).collect();
    header.parse_level = reader.level();
    KeptRecord { header, fields, ocsf_activity: 0 }
}
