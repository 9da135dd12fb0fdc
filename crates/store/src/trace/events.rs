//! Rows of `access_events`.

use std::net::SocketAddr;
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{
    AccessEvent, Bridge, ConnectionStamps, Disposition, Effect, Endpoint, EventUid, Feed, ParseLevel,
    PhaseDurations, PrincipalId, Raw, RawAddress, RequestTimes, Timestamp,
};

use super::cells::{Flags, Ids, Ints, Lists, Longs, Texts, Times};
use crate::schema::{
    BRIDGE_NUMBER_COLUMNS, BRIDGE_TEXT_COLUMNS, PHASE_COLUMNS, REQUEST_PHASE_COLUMNS, REQUEST_STAMP_COLUMNS,
    STAMP_COLUMNS,
};

const DISPOSITIONS: [Disposition; 3] = [Disposition::Allowed, Disposition::Blocked, Disposition::Failed];
const EFFECTS: [Effect; 6] = [
    Effect::Throttled,
    Effect::Rerouted,
    Effect::Isolated,
    Effect::Inspected,
    Effect::Cautioned,
    Effect::Bypassed,
];
const LEVELS: [ParseLevel; 3] = [ParseLevel::Strict, ParseLevel::Repaired, ParseLevel::Raw];

/// The events of a batch; one of a feed that this version does not know is left out and told.
pub(crate) fn decode(batch: &RecordBatch) -> Vec<AccessEvent> {
    let events: Vec<AccessEvent> = (0..batch.num_rows()).filter_map(|row| event(batch, row)).collect();
    if events.len() < batch.num_rows() {
        let left_out = batch.num_rows() - events.len();
        tracing::warn!(name: "store.events.unknown", left_out, "access events of unknown feeds are left out");
    }
    events
}

/// A trace has few events: the columns are found anew for each.
fn event(batch: &RecordBatch, row: usize) -> Option<AccessEvent> {
    let text = |name| Texts::of(batch, name).shared(row);
    let time = |name| Times::of(batch, name).at(row);
    let number = |name| Ints::of(batch, name);
    let connector_address = text("connector_address").and_then(|address| address.parse().ok());
    let connector = connector_address.zip(number("connector_port").as_(row));
    let connector = connector.and_then(|(address, port)| Endpoint::new(address, port));
    let disposition = text("disposition");
    let level = text("parse_level");
    let effects = Lists::of(batch, "effects").at(row);
    let effect = |name: &String| EFFECTS.into_iter().find(|known| known.as_str() == name);
    Some(AccessEvent {
        event_uid: EventUid(Ids::of(batch, "event_uid").at(row)?),
        revision: Longs::of(batch, "revision").as_(row)?,
        vendor_uid: text("vendor_uid"),
        connection_uid: text("connection_uid"),
        session_id: text("session_id"),
        feed: Feed::from_name(&text("feed")?)?,
        start_time: time("start_time")?,
        end_time: time("end_time"),
        last_time: time("last_time")?,
        log_time: time("log_time"),
        arrival_time: time("arrival_time")?,
        principal_id: text("principal_id").map(PrincipalId),
        user_name: text("user_name"),
        device: text("device"),
        client_address: text("client_address"),
        client_port: number("client_port").as_(row),
        service_edge: text("service_edge"),
        app_connector: text("app_connector"),
        connector,
        connector_address: connector_address.filter(|_| connector.is_none()),
        server_address: text("server_address").and_then(|address| address.parse().ok()),
        server_port: number("server_port").as_(row),
        ip_protocol: number("ip_protocol").as_(row),
        host: text("host"),
        service_port: number("service_port").as_(row),
        app: text("app"),
        app_segment: text("app_segment"),
        method: text("method"),
        path: text("path"),
        status: number("status").as_(row),
        disposition: DISPOSITIONS.into_iter().find(|known| Some(known.as_str()) == disposition.as_deref()),
        effects: effects.iter().filter_map(effect).collect(),
        rule: text("rule"),
        reason: text("reason"),
        connection_status: text("connection_status"),
        total_bytes: Longs::of(batch, "total_bytes").as_(row)?,
        stamps: stamps(STAMP_COLUMNS.map(time)),
        phases: phases(PHASE_COLUMNS.map(|name| Longs::of(batch, name).as_(row))),
        request: request(batch, row),
        record_hash: Ids::of(batch, "record_hash").at(row).map(u64::from_be_bytes).unwrap_or_default(),
        bridge: bridge(batch, row),
        parse_level: LEVELS.into_iter().find(|known| Some(known.as_str()) == level.as_deref())?,
        retired: Flags::of(batch, "retired").at(row),
        raw: match (text("raw"), Ids::of(batch, "raw_address").at(row)) {
            (Some(line), _) => Raw::Line(line),
            (None, address) => Raw::At(RawAddress(address?)),
        },
    })
}

fn stamps(columns: [Option<Timestamp>; 14]) -> ConnectionStamps {
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
    ] = columns;
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

fn phases(columns: [Option<u64>; 6]) -> PhaseDurations {
    let [policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us] = columns;
    PhaseDurations { policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us }
}

/// `None` where the event is no proxy's, and in parts that do not have the columns.
fn bridge(batch: &RecordBatch, row: usize) -> Option<Box<Bridge>> {
    let [upstream_local, upstream_remote, request_id, trace_id, span_id, connection_number, response_flags] =
        BRIDGE_TEXT_COLUMNS.map(|name| Texts::of(batch, name).shared(row));
    let [duration_us, upstream_connect_us, upstream_first_byte_us, response_transmit_us, attempts] =
        BRIDGE_NUMBER_COLUMNS.map(|name| Longs::of(batch, name).as_(row));
    let socket = |text: Option<Arc<str>>| {
        let socket: SocketAddr = text?.parse().ok()?;
        Endpoint::new(socket.ip(), socket.port())
    };
    let bridge = Bridge {
        upstream_local: socket(upstream_local),
        upstream_remote: socket(upstream_remote),
        request_id,
        trace_id: trace_id.and_then(|id| id.parse().ok()),
        span_id: span_id.and_then(|id| id.parse().ok()),
        connection_number,
        response_flags,
        duration_us,
        upstream_connect_us,
        upstream_first_byte_us,
        response_transmit_us,
        attempts,
    };
    (bridge != Bridge::default()).then(|| Box::new(bridge))
}

/// `None` where nothing of it was measured, and in parts that do not have the columns.
fn request(batch: &RecordBatch, row: usize) -> Option<Box<RequestTimes>> {
    let [
        request_receive_start,
        request_receive_header_finish,
        request_receive_finish,
        request_transmit_start,
        request_transmit_finish,
        response_receive_start,
        response_receive_finish,
        response_transmit_start,
        response_transmit_finish,
    ] = REQUEST_STAMP_COLUMNS.map(|name| Times::of(batch, name).at(row));
    let [
        request_receive_us,
        request_transmit_us,
        response_receive_us,
        response_transmit_us,
        connection_setup_us,
        server_response_us,
        inspection_us,
    ] = REQUEST_PHASE_COLUMNS.map(|name| Longs::of(batch, name).as_(row));
    let request = RequestTimes {
        request_receive_start,
        request_receive_header_finish,
        request_receive_finish,
        request_transmit_start,
        request_transmit_finish,
        response_receive_start,
        response_receive_finish,
        response_transmit_start,
        response_transmit_finish,
        request_receive_us,
        request_transmit_us,
        response_receive_us,
        response_transmit_us,
        connection_setup_us,
        server_response_us,
        inspection_us,
    };
    (request != RequestTimes::default()).then(|| Box::new(request))
}
