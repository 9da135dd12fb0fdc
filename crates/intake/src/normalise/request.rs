//! ZPA's feeds of one record per HTTP request to the access event: Browser Access and AppProtection.

use std::sync::Arc;

use fanlight_model::{AccessEvent, Disposition, Effect, EventUid, RequestTimes, Timestamp};

use super::reader::Reader;
use super::zpa_reason::{self, Said};
use crate::decode::feed_table::Token;
use crate::decode::table::zpa_appprotection::T as A;
use crate::decode::table::zpa_browser_access::T as B;

/// The event of one request that a browser made. Many share a `ConnectionID`: what tells them apart is when each began, and what it
/// asked for.
pub(crate) fn browser_access(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let times = RequestTimes {
        connection_setup_us: reader.duration(B::TotalTimeConnectionSetup),
        server_response_us: reader.duration(B::TotalTimeServerResponse),
        ..browser_times(reader)
    };
    let start = reader.value(B::TimestampRequestReceiveStart);
    let what = [reader.value(B::ClientPublicPort), reader.value(B::Method), reader.value(B::URL)];
    let uid = uid(reader.value(B::ConnectionID), start, &what);
    let mut event = begin(reader, uid, raw);
    event.connection_uid = reader.text(B::ConnectionID);
    (event.user_name, event.principal_id) = reader.named(B::NameID);
    event.client_address = reader.text(B::ClientPublicIp).or_else(|| reader.text(B::ClientPrivateIp));
    event.client_port = reader.port(B::ClientPublicPort);
    event.service_edge = reader.text(B::Exporter);
    event.host = reader.text(B::Host);
    event.service_port = reader.port(B::ApplicationPort);
    event.method = reader.text(B::Method);
    event.path = reader.text(B::URL);
    event.status = status(reader, B::StatusCode.index());
    event.connection_status =
        reader.value(B::ConnectionStatus).map(|word| reader.memo.text(&word.to_ascii_lowercase()));
    event.reason = reader.text(B::ConnectionReason);
    event.total_bytes = sum(reader, &[B::RequestSize.index(), B::ResponseSize.index()]).unwrap_or(0);
    let (reason, status) = (event.reason.as_deref(), event.connection_status.as_deref());
    let answered = times.request_transmit_start.is_some() && times.response_receive_start.is_some();
    let reading = zpa_reason::read(Said { reason, status, set_up: event.status.is_some() }, || answered);
    reading.unknown.into_iter().for_each(|note| reader.notes.add(note));
    event.disposition = reading.disposition;
    event.effects = reading.effects;
    let (log_time, exact) = reader.log_time(B::LogTimestamp);
    finish(reader, event, times, log_time, exact)
}

/// The event of one exchange that AppProtection inspected.
pub(crate) fn appprotection(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let times = RequestTimes { inspection_us: inspection(reader), ..exchange_times(reader) };
    let start = reader.value(A::TimestampRequestReceiveStart);
    let index = reader.wire.slots.get(reader.wire.text, A::ExchangeSequenceIndex.index());
    let uid = uid(
        reader.value(A::ConnectionID),
        start.or(index),
        &[index, reader.value(A::Method), reader.value(A::URL)],
    );
    let mut event = begin(reader, uid, raw);
    event.connection_uid = reader.text(A::ConnectionID);
    (event.user_name, event.principal_id) = reader.named(A::UserID);
    event.client_address = reader.text(A::ClientPublicIp);
    event.client_port = reader.port(A::ClientPort);
    event.app_connector = reader.text(A::AssistantID);
    event.host = reader.text(A::Host);
    event.app = reader.text(A::Application);
    event.app_segment.clone_from(&event.app);
    event.method = reader.text(A::Method);
    event.path = reader.text(A::URL);
    event.status = status(reader, A::StatusCode.index());
    event.rule = reader.text(A::InspectionPolicy);
    event.reason = reader.text(A::HTTPError);
    let sizes = [A::RequestHdrSize, A::ResponseHdrSize, A::RequestBodySize, A::ResponseBodySize];
    event.total_bytes = sum(reader, &sizes.map(Token::index)).unwrap_or(0);
    let blocks = |action: &Arc<str>| {
        let action = action.to_ascii_lowercase();
        action.contains("block") || action.contains("deny")
    };
    let blocked = reader.list(A::Actions).iter().any(blocks);
    event.disposition = Some(if blocked { Disposition::Blocked } else { Disposition::Allowed });
    // A record of AppProtection is there because it looked at the exchange.
    event.effects = vec![Effect::Inspected];
    let (log_time, exact) = reader.log_time(A::LogTimestamp);
    finish(reader, event, times, log_time, exact)
}

/// Connection and start where there are both, and what else tells two requests of one connection apart. Without either the raw line
/// must do.
fn uid(connection: Option<&str>, start: Option<&str>, what: &[Option<&str>]) -> Option<String> {
    let mut uid = format!("{}#{}", connection?, start?);
    for part in what {
        uid.push('#');
        uid.push_str(part.unwrap_or_default());
    }
    Some(uid)
}

fn begin(reader: &Reader<'_, '_>, uid: Option<String>, raw: Arc<str>) -> AccessEvent {
    let feed = reader.wire.table().feed;
    let (product, name) = (feed.product().as_str(), feed.as_str());
    let event_uid = match &uid {
        Some(uid) => EventUid::of_vendor_uid(product, name, uid),
        None => EventUid::of_raw_line(product, name, raw.as_bytes()),
    };
    let mut event = AccessEvent::empty(event_uid, feed, reader.arrival, raw);
    event.vendor_uid = uid.map(Arc::from);
    event.record_hash = reader.wire.hash();
    event
}

fn finish(
    reader: &mut Reader<'_, '_>,
    mut event: AccessEvent,
    times: RequestTimes,
    log_time: Option<Timestamp>,
    exact: bool,
) -> AccessEvent {
    event.log_time = log_time;
    let logged = log_time.filter(|_| exact);
    let stamps = [
        times.request_receive_start,
        times.request_receive_header_finish,
        times.request_receive_finish,
        times.request_transmit_start,
        times.request_transmit_finish,
        times.response_receive_start,
        times.response_receive_finish,
        times.response_transmit_start,
        times.response_transmit_finish,
    ];
    let last = stamps.into_iter().flatten().max();
    event.start_time = stamps.into_iter().flatten().min().or(logged).unwrap_or(event.arrival_time);
    event.end_time = last;
    event.last_time = last.max(logged).unwrap_or(event.start_time);
    event.request = (times != RequestTimes::default()).then(|| Box::new(times));
    event.parse_level = reader.level();
    event
}

/// A status that is none (`NA`, 0) is not there; it is no fault of the line's.
fn status(reader: &mut Reader<'_, '_>, index: usize) -> Option<u16> {
    reader.number_at(index).and_then(|status| u16::try_from(status).ok())
}

/// `None` where not one of them was measured.
fn sum(reader: &mut Reader<'_, '_>, parts: &[usize]) -> Option<u64> {
    let mut total = None;
    for part in parts {
        if let Some(number) = reader.number_at(*part) {
            total = Some(u64::saturating_add(total.unwrap_or(0), number));
        }
    }
    total
}

fn inspection(reader: &mut Reader<'_, '_>) -> Option<u64> {
    let parts = [
        A::InspectionRuleProcessingTime,
        A::InspectionReqHeadersProcessingTime,
        A::InspectionReqBodyProcessingTime,
        A::InspectionRespHeadersProcessingTime,
        A::InspectionRespBodyProcessingTime,
    ];
    let total: u64 = parts.into_iter().filter_map(|part| reader.duration(part)).fold(0, u64::saturating_add);
    (total > 0).then_some(total)
}

macro_rules! request_times {
    ($(#[$doc:meta])* $name:ident, $token:ident) => {
        $(#[$doc])*
        fn $name(reader: &mut Reader<'_, '_>) -> RequestTimes {
            RequestTimes {
                request_receive_start: reader.stamp($token::TimestampRequestReceiveStart),
                request_receive_header_finish: reader.stamp($token::TimestampRequestReceiveHeaderFinish),
                request_receive_finish: reader.stamp($token::TimestampRequestReceiveFinish),
                request_transmit_start: reader.stamp($token::TimestampRequestTransmitStart),
                request_transmit_finish: reader.stamp($token::TimestampRequestTransmitFinish),
                response_receive_start: reader.stamp($token::TimestampResponseReceiveStart),
                response_receive_finish: reader.stamp($token::TimestampResponseReceiveFinish),
                response_transmit_start: reader.stamp($token::TimestampResponseTransmitStart),
                response_transmit_finish: reader.stamp($token::TimestampResponseTransmitFinish),
                request_receive_us: reader.duration($token::TotalTimeRequestReceive),
                request_transmit_us: reader.duration($token::TotalTimeRequestTransmit),
                response_receive_us: reader.duration($token::TotalTimeResponseReceive),
                response_transmit_us: reader.duration($token::TotalTimeResponseTransmit),
                connection_setup_us: None,
                server_response_us: None,
                inspection_us: None,
            }
        }
    };
}

request_times!(
    /// What Browser Access measured.
    browser_times,
    B
);
request_times!(
    /// What AppProtection measured; the names are the same.
    exchange_times,
    A
);
