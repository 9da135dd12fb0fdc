//! An access event as it is held: some hundred bytes in one piece, for as long as nobody asks for it.
//!
//! What is there has a bit, and its value stands in the order of the bits: times as what they lie behind the start, numbers as short
//! as they are, texts behind their length, names by
//! their numbers. The form is memory's alone: nothing of it is written or sent.

use fanlight_model::{
    AccessEvent, Bridge, ConnectionStamps, Disposition, Effect, Endpoint, EventUid, Feed, ParseLevel,
    PhaseDurations, PrincipalId, RequestTimes, Timestamp,
};

mod names;
mod pack;
mod unpack;

pub(crate) use names::Names;
use pack::Packer;
use unpack::Unpacker;

use crate::connection::{durations_in_order, stamps_in_order};

const DISPOSITIONS: [Disposition; 3] = [Disposition::Allowed, Disposition::Blocked, Disposition::Failed];
const LEVELS: [ParseLevel; 3] = [ParseLevel::Strict, ParseLevel::Repaired, ParseLevel::Raw];
const EFFECTS: [Effect; 6] = [
    Effect::Throttled,
    Effect::Rerouted,
    Effect::Isolated,
    Effect::Inspected,
    Effect::Cautioned,
    Effect::Bypassed,
];

/// An event in its short form, without its id.
#[derive(Debug)]
pub(crate) struct Packed {
    bytes: Box<[u8]>,
    /// What events of connections do not have.
    of_request: Option<Box<OfRequest>>,
}

/// What a record of one request has.
#[derive(Clone, Debug, Default)]
struct OfRequest {
    request: Option<Box<RequestTimes>>,
    bridge: Option<Box<Bridge>>,
}

impl Packed {
    /// [`Self::unpack`] names every field, and reads them in the order in which they are written here.
    pub(crate) fn new(event: &AccessEvent, names: &mut Names) -> Self {
        let mut packer = Packer::new(event.start_time, names);
        packer.fixed(&event.start_time.as_nanos().to_le_bytes());
        packer.fixed(&event.record_hash.to_le_bytes());
        packer.number(event.revision);
        packer.number(event.total_bytes);
        packer.byte(event.feed.code());
        packer.byte(LEVELS.iter().position(|known| *known == event.parse_level).unwrap_or_default());
        packer.byte(u8::from(event.retired));
        packer.time(event.last_time);
        packer.time(event.arrival_time);
        packer.effects(&event.effects);
        packer.raw(&event.raw);
        pack_numbers(&mut packer, event);
        pack_texts(&mut packer, event);
        let AccessEvent { request, bridge, .. } = event;
        let has_request = request.is_some() || bridge.is_some();
        let of_request =
            has_request.then(|| Box::new(OfRequest { request: request.clone(), bridge: bridge.clone() }));
        Self { bytes: packer.finish(), of_request }
    }

    /// The event that was packed, which has this id.
    pub(crate) fn unpack(&self, event_uid: EventUid, names: &Names) -> AccessEvent {
        let mut from = Unpacker::new(&self.bytes, names);
        let start_time = Timestamp::from_nanos(i64::from_le_bytes(from.fixed()));
        from.set_start(start_time);
        let record_hash = u64::from_le_bytes(from.fixed());
        let (revision, total_bytes) = (from.number(), from.number());
        // What was packed here is read back: a byte that names nothing does not occur.
        let feed = Feed::from_code(from.byte()).unwrap_or(Feed::ZpaUserActivity);
        let parse_level = LEVELS.get(usize::from(from.byte())).copied().unwrap_or(ParseLevel::Raw);
        let retired = from.byte() != 0;
        let (last_time, arrival_time) = (from.time(), from.time());
        let effects = from.effects();
        let raw = from.raw();
        let (end_time, log_time) = (from.maybe(Unpacker::time), from.maybe(Unpacker::time));
        let stamps = stamps(std::array::from_fn(|_| from.maybe(Unpacker::time)));
        let phases = durations(std::array::from_fn(|_| from.maybe(Unpacker::number)));
        let [client_port, server_port, service_port, status, ip_protocol] =
            std::array::from_fn(|_| from.maybe(Unpacker::number).and_then(|it| u16::try_from(it).ok()));
        let address = from.maybe(Unpacker::address);
        let port = from.maybe(Unpacker::number).and_then(|port| u16::try_from(port).ok());
        let connector = address.zip(port).map(|(address, port)| Endpoint { address, port });
        let (connector_address, server_address) =
            (from.maybe(Unpacker::address), from.maybe(Unpacker::address));
        let disposition =
            from.maybe(Unpacker::byte).and_then(|at| DISPOSITIONS.get(usize::from(at)).copied());
        let session_id = from.maybe(Unpacker::text);
        let vendor_uid = from.maybe(|from| from.text_after(session_id.as_deref().unwrap_or_default()));
        let [connection_uid, path] = std::array::from_fn(|_| from.maybe(Unpacker::text));
        let principal_id = from.maybe(Unpacker::name).map(PrincipalId);
        let [
            user_name,
            device,
            client_address,
            service_edge,
            app_connector,
            host,
            app,
            app_segment,
            method,
            rule,
            reason,
            connection_status,
        ] = std::array::from_fn(|_| from.maybe(Unpacker::name));
        let OfRequest { request, bridge } = self.of_request.as_deref().cloned().unwrap_or_default();
        AccessEvent {
            event_uid,
            revision,
            vendor_uid,
            connection_uid,
            session_id,
            feed,
            start_time,
            end_time,
            last_time,
            log_time,
            arrival_time,
            principal_id,
            user_name,
            device,
            client_address,
            client_port,
            service_edge,
            app_connector,
            connector,
            connector_address,
            server_address,
            server_port,
            ip_protocol: ip_protocol.and_then(|protocol| u8::try_from(protocol).ok()),
            host,
            service_port,
            app,
            app_segment,
            method,
            path,
            status,
            disposition,
            effects,
            rule,
            reason,
            connection_status,
            total_bytes,
            stamps,
            phases,
            request,
            bridge,
            record_hash,
            parse_level,
            retired,
            raw,
        }
    }

    /// What it takes beside this handle.
    pub(crate) fn heap_bytes(&self) -> usize {
        let of_request =
            self.of_request.as_ref().map_or(0, |_| size_of::<RequestTimes>() + size_of::<Bridge>());
        self.bytes.len() + of_request
    }
}

fn pack_numbers(packer: &mut Packer<'_>, event: &AccessEvent) {
    for time in [event.end_time, event.log_time].into_iter().chain(stamps_in_order(&event.stamps)) {
        packer.maybe(time, Packer::time);
    }
    for duration in durations_in_order(&event.phases) {
        packer.maybe(duration, Packer::number);
    }
    let protocol = event.ip_protocol.map(u16::from);
    for number in [event.client_port, event.server_port, event.service_port, event.status, protocol] {
        packer.maybe(number.map(u64::from), Packer::number);
    }
    packer.maybe(event.connector.map(|connector| connector.address), Packer::address);
    packer.maybe(event.connector.map(|connector| u64::from(connector.port)), Packer::number);
    packer.maybe(event.connector_address, Packer::address);
    packer.maybe(event.server_address, Packer::address);
    let disposition = event.disposition.and_then(|it| DISPOSITIONS.iter().position(|known| *known == it));
    packer.maybe(disposition, Packer::byte);
}

fn pack_texts(packer: &mut Packer<'_>, event: &AccessEvent) {
    packer.maybe(event.session_id.as_deref(), Packer::text);
    // A connection's id begins with its session's, as ZPA writes them.
    let session = event.session_id.as_deref().unwrap_or_default();
    packer.maybe(event.vendor_uid.as_deref(), |packer, uid| packer.text_after(session, uid));
    for text in [&event.connection_uid, &event.path] {
        packer.maybe(text.as_deref(), Packer::text);
    }
    packer.maybe(event.principal_id.as_ref().map(|principal| &*principal.0), Packer::name);
    let repeated = [
        &event.user_name,
        &event.device,
        &event.client_address,
        &event.service_edge,
        &event.app_connector,
        &event.host,
        &event.app,
        &event.app_segment,
        &event.method,
        &event.rule,
        &event.reason,
        &event.connection_status,
    ];
    for text in repeated {
        packer.maybe(text.as_deref(), Packer::name);
    }
}

fn stamps(in_order: [Option<Timestamp>; 14]) -> ConnectionStamps {
    let [
        connection_start,
        connection_end,
        ca_tx,
        ca_rx,
        app_learn_start,
        setup_complete,
        first_rx_client,
        first_tx_client,
        last_rx_client,
        last_tx_client,
        first_rx_connector,
        first_tx_connector,
        last_rx_connector,
        last_tx_connector,
    ] = in_order;
    ConnectionStamps {
        connection_start,
        connection_end,
        ca_tx,
        ca_rx,
        app_learn_start,
        setup_complete,
        first_rx_client,
        first_tx_client,
        last_rx_client,
        last_tx_client,
        first_rx_connector,
        first_tx_connector,
        last_rx_connector,
        last_tx_connector,
    }
}

fn durations(in_order: [Option<u64>; 6]) -> PhaseDurations {
    let [policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us] = in_order;
    PhaseDurations { policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us }
}

#[cfg(test)]
mod tests;
