//! What all records of ZIA and of Cloud Connector have in common.

use std::sync::Arc;

use fanlight_model::{AccessEvent, EventUid, Feed, KeptRecord, OCSF_OTHER, ParseLevel, RecordHeader};

use super::logged::logged;
use super::reader::Reader;

/// Begins the event of a record whose own id is this one. The vendor numbers records within a feed.
pub(crate) fn begin(reader: &Reader<'_, '_>, uid: Option<Arc<str>>, raw: Arc<str>) -> AccessEvent {
    let feed = reader.wire.table().feed;
    let (product, name) = (feed.product().as_str(), feed.as_str());
    let event_uid = match &uid {
        Some(uid) => EventUid::of_vendor_uid(product, name, uid),
        None => EventUid::of_raw_line(product, name, raw.as_bytes()),
    };
    let mut event = AccessEvent::empty(event_uid, feed, reader.arrival, raw);
    event.vendor_uid = uid;
    event.record_hash = reader.wire.hash();
    event
}

/// The header of a record that is no access event. `kind` tells the kinds of record of one feed apart, which are numbered each on
/// its own.
pub(crate) fn header(reader: &mut Reader<'_, '_>, kind: Option<&str>, raw: Arc<str>) -> RecordHeader {
    let feed = reader.wire.table().feed;
    let (product, name) = (feed.product().as_str(), feed.as_str());
    let event_uid = match named(reader, "recordid") {
        Some(id) => EventUid::of_vendor_uid(product, name, &format!("{id}#{}", kind.unwrap_or_default())),
        None => EventUid::of_raw_line(product, name, raw.as_bytes()),
    };
    RecordHeader {
        event_uid,
        feed,
        log_time: logged(reader).time,
        arrival_time: reader.arrival,
        parse_level: ParseLevel::Strict,
        record_hash: reader.wire.hash(),
        raw: raw.into(),
    }
}

fn named<'r>(reader: &Reader<'_, 'r>, name: &str) -> Option<&'r str> {
    let at = reader.wire.table().fields.iter().position(|field| field.name == name)?;
    reader.wire.at(at)
}

/// A record that does not bear on one request: decoded and countable.
pub(crate) fn kept(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> KeptRecord {
    let kind = named(reader, "tunnelactionname");
    let mut header = header(reader, kind, raw);
    let places = reader.wire.table().fields.iter().enumerate();
    // The opaque numbers keep their own keys, and with them a namespace of their own.
    let own = |(at, field): (usize, &crate::decode::feed_table::Field)| (at, field.name);
    let mut fields = Vec::new();
    for (at, name) in places.filter(|(_, field)| !is_rendering(field)).map(own) {
        if let Some(text) = reader.rendered_at(at) {
            fields.push((name, text));
        }
    }
    header.parse_level = reader.level();
    KeptRecord { header, fields, ocsf_activity: activity(reader) }
}

/// Text in another rendering is told under its token's own name.
const fn is_rendering(field: &crate::decode::feed_table::Field) -> bool {
    use crate::decode::feed_table::Kind;
    matches!(field.kind, Kind::Hex(_) | Kind::Base64(_))
}

/// OCSF `activity_id` in the feed's class: a tunnel opens (1) or closes (2), a finding is made (1).
fn activity(reader: &Reader<'_, '_>) -> u8 {
    match reader.wire.table().feed {
        Feed::ZiaTunnel => {
            let event = named(reader, "event").unwrap_or_default().to_ascii_lowercase();
            match () {
                () if event.ends_with(" up") => 1,
                () if event.ends_with(" down") => 2,
                () => OCSF_OTHER,
            }
        }
        Feed::ZiaSaasSecurity | Feed::ZiaEndpointDlp | Feed::ZiaEmailDlp => 1,
        _ => OCSF_OTHER,
    }
}

/// The number of an IP protocol by its name or number.
pub(crate) fn ip_protocol(name: &str) -> Option<u8> {
    match name.to_ascii_uppercase().as_str() {
        "ICMP" => Some(1),
        "TCP" => Some(6),
        "UDP" => Some(17),
        "GRE" => Some(47),
        "ESP" => Some(50),
        "ICMPV6" => Some(58),
        number => number.parse().ok().filter(|number| *number != 0),
    }
}

/// Yes in any of the vendor's spellings.
pub(crate) fn is_yes(text: Option<&str>) -> bool {
    text.is_some_and(|text| ["yes", "1", "true", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes)))
}
