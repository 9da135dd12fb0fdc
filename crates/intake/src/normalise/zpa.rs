//! ZPA User Activity to the access event.

use std::sync::Arc;

use fanlight_model::{AccessEvent, ConnectionStamps, EventUid, Feed, PhaseDurations};

use super::reader::{Reader, whole_number};
use super::zpa_reason::{self, Said};
use crate::decode::note::Note;
use crate::decode::table::zpa_user_activity::T;

const FEED: Feed = Feed::ZpaUserActivity;

/// The event that one record tells of; the connection's other records are merged later.
pub(crate) fn access_event(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let vendor_uid = reader.own_text(T::ConnectionID);
    let event_uid = match &vendor_uid {
        Some(uid) => EventUid::of_vendor_uid(FEED.product().as_str(), FEED.as_str(), uid),
        None => EventUid::of_raw_line(FEED.product().as_str(), FEED.as_str(), raw.as_bytes()),
    };
    let mut event = AccessEvent::empty(event_uid, FEED, reader.arrival, raw);
    check_session(reader);
    event.vendor_uid = vendor_uid;
    event.session_id = reader.text(T::SessionID);
    event.record_hash = reader.wire.hash();
    fill_who(&mut event, reader);
    fill_where(&mut event, reader);
    event.stamps = stamps(reader);
    event.phases = phases(reader, &event.stamps);
    event.connection_status = reader.value(T::ConnectionStatus).map(|status| match status {
        "close" | "active" | "open" => reader.memo.text(status),
        other => reader.memo.text(&other.to_ascii_lowercase()),
    });
    fill_times(&mut event, reader);
    event.total_bytes = [T::ZENTotalBytesRxClient, T::ZENTotalBytesTxClient]
        .into_iter()
        .filter_map(|token| reader.number(token))
        .fold(0, u64::saturating_add);
    event.rule = reader.text(T::Policy);
    event.reason = reader.text(T::InternalReason);
    let set_up = event.connector.is_some()
        || event.stamps.setup_complete.is_some()
        || event.stamps.first_tx_connector.is_some();
    let (reason, status) = (event.reason.as_deref(), event.connection_status.as_deref());
    let reading = zpa_reason::read(Said { reason, status, set_up }, || has_traffic(reader));
    reading.unknown.into_iter().for_each(|note| reader.notes.add(note));
    event.disposition = reading.disposition;
    event.effects = reading.effects;
    event.parse_level = reader.level();
    event
}

/// Bytes went to the app connector, and came from it.
fn has_traffic(reader: &Reader<'_, '_>) -> bool {
    let is_some = |token: T| reader.value(token).and_then(whole_number).is_some_and(|bytes| bytes > 0);
    let counts = |all: T, since: T| is_some(all) || is_some(since);
    counts(T::ZENTotalBytesRxConnector, T::ZENBytesRxConnector)
        && counts(T::ZENTotalBytesTxConnector, T::ZENBytesTxConnector)
}

fn fill_who(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    (event.user_name, event.principal_id) = reader.named(T::Username);
    event.device = reader.text(T::Hostname).map(|name| reader.marked(name));
}

fn fill_where(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    event.client_address = reader.text(T::ClientPublicIP).or_else(|| reader.text(T::ClientPrivateIP));
    event.service_edge = reader.text(T::ClientZEN);
    event.app_connector = reader.text(T::Connector);
    let port = reader.port(T::ConnectorPort);
    event.set_connector(reader.address(T::ConnectorIP), port);
    event.server_address = reader.address(T::ServerIP);
    event.server_port = reader.port(T::ServerPort);
    event.ip_protocol = reader
        .number(T::IPProtocol)
        .and_then(|number| u8::try_from(number).ok())
        .filter(|number| *number != 0);
    event.host = reader.text(T::Host);
    event.service_port = reader.port(T::ServicePort);
    event.app = reader.text(T::Application);
    // An app bears the name of its app segment; `AppGroup` is the group of them.
    event.app_segment.clone_from(&event.app);
}

/// The record's own stamp has whole seconds in the default template, so it only stands in where nothing finer is there.
fn fill_times(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    let stamps = event.stamps;
    let (log_time, exact) = reader.log_time(T::LogTimestamp);
    event.log_time = log_time;
    let log_time = log_time.filter(|_| exact);
    let first = stamps.connection_start.or(log_time);
    event.start_time = first.unwrap_or(event.arrival_time);
    let signs = [
        stamps.connection_start,
        stamps.connection_end,
        stamps.ca_tx,
        stamps.ca_rx,
        stamps.app_learn_start,
        stamps.setup_complete,
        stamps.first_rx_client,
        stamps.first_tx_client,
        stamps.last_rx_client,
        stamps.last_tx_client,
        stamps.first_rx_connector,
        stamps.first_tx_connector,
        stamps.last_rx_connector,
        stamps.last_tx_connector,
        log_time,
    ];
    event.last_time = signs.into_iter().flatten().max().unwrap_or(event.start_time);
    event.end_time = match stamps.connection_end {
        Some(end) if end < event.start_time => {
            reader.notes.add(Note::EndBeforeStart);
            Some(event.start_time)
        }
        Some(end) => Some(end),
        None if event.connection_status.as_deref() == Some("close") => {
            Some(event.last_time.max(event.start_time))
        }
        None => None,
    };
}

/// Where the template lacks `ConnectionSetupTime`, the stamps give the same to the millisecond.
fn phases(reader: &mut Reader<'_, '_>, stamps: &ConnectionStamps) -> PhaseDurations {
    let between = || {
        let nanos = stamps.setup_complete?.nanos_since(stamps.connection_start?);
        u64::try_from(nanos / 1_000).ok().filter(|micros| *micros != 0)
    };
    PhaseDurations {
        policy_us: reader.duration(T::PolicyProcessingTime),
        ca_us: reader.duration(T::CAProcessingTime),
        app_learn_us: reader.duration(T::AppLearnTime),
        connector_setup_us: reader.duration(T::ConnectorZENSetupTime),
        setup_us: reader.duration(T::ConnectionSetupTime).or_else(between),
        server_setup_us: reader.duration(T::ServerSetupTime),
    }
}

fn stamps(reader: &mut Reader<'_, '_>) -> ConnectionStamps {
    ConnectionStamps {
        connection_start: reader.stamp(T::TimestampConnectionStart),
        connection_end: reader.stamp(T::TimestampConnectionEnd),
        ca_tx: reader.stamp(T::TimestampCATx),
        ca_rx: reader.stamp(T::TimestampCARx),
        app_learn_start: reader.stamp(T::TimestampAppLearnStart),
        setup_complete: reader.stamp(T::TimestampConnectorZENSetupComplete),
        first_rx_client: reader.stamp(T::TimestampZENFirstRxClient),
        first_tx_client: reader.stamp(T::TimestampZENFirstTxClient),
        last_rx_client: reader.stamp(T::TimestampZENLastRxClient),
        last_tx_client: reader.stamp(T::TimestampZENLastTxClient),
        first_rx_connector: reader.stamp(T::TimestampZENFirstRxConnector),
        first_tx_connector: reader.stamp(T::TimestampZENFirstTxConnector),
        last_rx_connector: reader.stamp(T::TimestampZENLastRxConnector),
        last_tx_connector: reader.stamp(T::TimestampZENLastTxConnector),
    }
}

/// The key is the whole `ConnectionID`; a prefix that is not the session's is told, never refused.
fn check_session(reader: &mut Reader<'_, '_>) {
    if let (Some(connection), Some(session)) = (reader.value(T::ConnectionID), reader.value(T::SessionID))
        && connection.split_once(',').is_some_and(|(prefix, _)| prefix != session)
    {
        reader.notes.add(Note::ForeignSession);
    }
}
