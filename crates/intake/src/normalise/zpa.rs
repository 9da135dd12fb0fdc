//! ZPA User Activity to the access event.

use std::net::IpAddr;
use std::sync::Arc;

use fanlight_identity::PrincipalNamer;
use fanlight_model::{
    AccessEvent, ConnectionStamps, Endpoint, EventUid, Feed, ParseLevel, PhaseDurations, PrincipalKind,
    Timestamp,
};

use super::zpa_reason;
use crate::decode::line::RawReason;
use crate::decode::note::{Note, Notes};
use crate::decode::stamp::Stamp;
use crate::decode::zpa::{Token, ZpaUserActivity};

const FEED: Feed = Feed::ZpaUserActivity;

/// Whose names principals bear in this feed.
const ISSUER: &str = "zpa";

/// The whole list of `Username`s by which the edge's own clients are known; all begin alike.
const OWN_CLIENT_PREFIX: &str = "zpa ";

/// ZPA's word for "no name" and "no id".
const NULL_NAME: &str = "0";

/// The event that one record tells of; the connection's other records are merged later.
pub(crate) fn access_event(
    record: &ZpaUserActivity<'_>,
    raw: Arc<str>,
    arrival: Timestamp,
    namer: &PrincipalNamer,
    notes: &mut Notes,
) -> AccessEvent {
    let mut reader = Reader { record, notes };
    let vendor_uid = reader.name(Token::ConnectionID);
    let event_uid = match &vendor_uid {
        Some(uid) => EventUid::of_vendor_uid(FEED.product().as_str(), FEED.as_str(), uid),
        None => EventUid::of_raw_line(FEED.product().as_str(), FEED.as_str(), raw.as_bytes()),
    };
    let mut event = AccessEvent::empty(event_uid, FEED, arrival, raw);
    reader.check_session(vendor_uid.as_deref());
    event.vendor_uid = vendor_uid;
    fill_who(&mut event, &reader, namer);
    fill_where(&mut event, &mut reader);
    event.stamps = reader.stamps();
    event.log_time = reader.stamp(Token::LogTimestamp);
    event.phases = reader.phases(&event.stamps);
    event.connection_status =
        reader.name(Token::ConnectionStatus).map(|status| Arc::from(status.to_ascii_lowercase()));
    fill_times(&mut event, &mut reader);
    event.total_bytes = [Token::ZENTotalBytesRxClient, Token::ZENTotalBytesTxClient]
        .into_iter()
        .filter_map(|token| reader.number(token))
        .fold(0, u64::saturating_add);
    event.rule = reader.name(Token::Policy);
    event.reason = reader.name(Token::InternalReason);
    let set_up = event.connector.is_some()
        || event.stamps.setup_complete.is_some()
        || event.stamps.first_tx_connector.is_some();
    let reading = zpa_reason::read(event.reason.as_deref(), event.connection_status.as_deref(), set_up);
    if !reading.known {
        notes.add(Note::UnknownReason);
    }
    event.disposition = reading.disposition;
    event.effects = reading.effects;
    event.parse_level = if notes.has_repair() { ParseLevel::Repaired } else { ParseLevel::Strict };
    event
}

/// A line that could not be read: the line itself, and in `reason` why.
pub(crate) fn raw_event(reason: RawReason, raw: Arc<str>, arrival: Timestamp) -> AccessEvent {
    let event_uid = EventUid::of_raw_line(FEED.product().as_str(), FEED.as_str(), raw.as_bytes());
    let mut event = AccessEvent::empty(event_uid, FEED, arrival, raw);
    event.reason = Some(Arc::from(reason.word()));
    event
}

/// LSS logs its own connections too. They are kept, as a workload's: nobody's span has their addresses, and who counts people
/// does not count them.
fn fill_who(event: &mut AccessEvent, reader: &Reader<'_, '_>, namer: &PrincipalNamer) {
    event.user_name = reader.name(Token::Username);
    event.principal_id = event.user_name.as_deref().map(|name| {
        let own = name.to_lowercase().starts_with(OWN_CLIENT_PREFIX) && !name.contains('@');
        let kind = if own { PrincipalKind::Workload } else { PrincipalKind::Human };
        namer.name(kind, ISSUER, name)
    });
    event.device = reader.name(Token::Hostname);
}

fn fill_where(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    event.client_address = reader.text(Token::ClientPublicIP).or_else(|| reader.text(Token::ClientPrivateIP));
    event.service_edge = reader.name(Token::ClientZEN);
    event.app_connector = reader.name(Token::Connector);
    let port = reader.port(Token::ConnectorPort);
    event.connector = reader.address(Token::ConnectorIP).and_then(|address| Endpoint::new(address, port?));
    event.server_address = reader.address(Token::ServerIP);
    event.server_port = reader.port(Token::ServerPort);
    event.ip_protocol = reader
        .number(Token::IPProtocol)
        .and_then(|number| u8::try_from(number).ok())
        .filter(|number| *number != 0);
    event.host = reader.name(Token::Host);
    event.service_port = reader.port(Token::ServicePort);
    event.app = reader.name(Token::Application);
    event.app_segment = reader.name(Token::AppGroup);
}

/// The record's own stamp has whole seconds in the default template, so it only stands in where nothing finer is there.
fn fill_times(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    let stamps = event.stamps;
    let first = stamps.connection_start.or(event.log_time);
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
        event.log_time,
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

struct Reader<'a, 'r> {
    record: &'a ZpaUserActivity<'r>,
    notes: &'a mut Notes,
}

impl Reader<'_, '_> {
    /// A value as sent, without surrounding blanks.
    fn text(&self, token: Token) -> Option<Arc<str>> {
        self.record.get(token).map(|text| Arc::from(text.trim()))
    }

    /// A name or id: `"0"` is none.
    fn name(&self, token: Token) -> Option<Arc<str>> {
        self.text(token).filter(|name| &**name != NULL_NAME)
    }

    /// A whole number, quoted or not, with or without a fraction of zeros.
    fn number(&mut self, token: Token) -> Option<u64> {
        let text = self.record.get(token)?.trim();
        let whole = match text.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
            _ => text,
        };
        let number = whole.parse().ok();
        if number.is_none() {
            self.notes.add(Note::UnreadableNumber(token.as_str()));
        }
        number
    }

    /// A port: 0 is none.
    fn port(&mut self, token: Token) -> Option<u16> {
        let number = self.number(token)?;
        let port = u16::try_from(number).ok();
        if port.is_none() {
            self.notes.add(Note::UnreadableNumber(token.as_str()));
        }
        port.filter(|port| *port != 0)
    }

    /// An IP address in canonical form; `0.0.0.0` is none.
    fn address(&mut self, token: Token) -> Option<IpAddr> {
        let text = self.record.get(token)?.trim();
        let address: Option<IpAddr> = text.parse().ok();
        if address.is_none() && text != NULL_NAME {
            self.notes.add(Note::UnreadableAddress(token.as_str()));
        }
        address.map(|address| address.to_canonical()).filter(|address| !address.is_unspecified())
    }

    fn stamp(&mut self, token: Token) -> Option<Timestamp> {
        match Stamp::read(self.record.get(token)?) {
            Stamp::At(time) => Some(time),
            Stamp::Absent => None,
            Stamp::Unreadable => {
                self.notes.add(Note::UnreadableTime(token.as_str()));
                None
            }
        }
    }

    /// Microseconds: 0 is not measured.
    fn duration(&mut self, token: Token) -> Option<u64> {
        self.number(token).filter(|micros| *micros != 0)
    }

    fn stamps(&mut self) -> ConnectionStamps {
        ConnectionStamps {
            connection_start: self.stamp(Token::TimestampConnectionStart),
            connection_end: self.stamp(Token::TimestampConnectionEnd),
            ca_tx: self.stamp(Token::TimestampCATx),
            ca_rx: self.stamp(Token::TimestampCARx),
            app_learn_start: self.stamp(Token::TimestampAppLearnStart),
            setup_complete: self.stamp(Token::TimestampConnectorZENSetupComplete),
            first_rx_client: self.stamp(Token::TimestampZENFirstRxClient),
            first_tx_client: self.stamp(Token::TimestampZENFirstTxClient),
            last_rx_client: self.stamp(Token::TimestampZENLastRxClient),
            last_tx_client: self.stamp(Token::TimestampZENLastTxClient),
            first_rx_connector: self.stamp(Token::TimestampZENFirstRxConnector),
            first_tx_connector: self.stamp(Token::TimestampZENFirstTxConnector),
            last_rx_connector: self.stamp(Token::TimestampZENLastRxConnector),
            last_tx_connector: self.stamp(Token::TimestampZENLastTxConnector),
        }
    }

    /// Where the template lacks `ConnectionSetupTime`, the stamps give the same to the millisecond.
    fn phases(&mut self, stamps: &ConnectionStamps) -> PhaseDurations {
        let between = || {
            let nanos = stamps.setup_complete?.nanos_since(stamps.connection_start?);
            u64::try_from(nanos / 1_000).ok().filter(|micros| *micros != 0)
        };
        PhaseDurations {
            policy_us: self.duration(Token::PolicyProcessingTime),
            ca_us: self.duration(Token::CAProcessingTime),
            app_learn_us: self.duration(Token::AppLearnTime),
            connector_setup_us: self.duration(Token::ConnectorZENSetupTime),
            setup_us: self.duration(Token::ConnectionSetupTime).or_else(between),
            server_setup_us: self.duration(Token::ServerSetupTime),
        }
    }

    /// The key is the whole `ConnectionID`; a prefix that is not the session's is told, never refused.
    fn check_session(&mut self, connection: Option<&str>) {
        let session = self.name(Token::SessionID);
        if let (Some(connection), Some(session)) = (connection, session)
            && connection.split_once(',').is_some_and(|(prefix, _)| prefix != &*session)
        {
            self.notes.add(Note::ForeignSession);
        }
    }
}
