//! Access events become columns.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, FixedSizeBinaryArray, Int32Array, Int64Array, ListBuilder, StringArray,
    StringBuilder, TimestampNanosecondArray,
};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{AccessEvent, Bridge, RequestTimes, Timestamp};

use crate::schema::{TIME_ZONE, Table};

/// One batch of `access_events`, in the schema's order of columns.
pub(crate) fn event_batch(events: &[Arc<AccessEvent>]) -> Result<RecordBatch, ArrowError> {
    let mut columns = vec![
        uids(events.iter().map(|event| event.event_uid.0))?,
        longs(events, |event| Some(event.revision)),
        texts(events, |event| event.vendor_uid.as_deref()),
        texts(events, |event| Some(event.product().as_str())),
        texts(events, |event| Some(event.feed.as_str())),
        times(events, |event| Some(event.start_time)),
        times(events, |event| event.end_time),
        times(events, |event| Some(event.last_time)),
        times(events, |event| event.log_time),
        times(events, |event| Some(event.arrival_time)),
    ];
    columns.extend(who_and_where(events));
    columns.extend(what(events)?);
    columns.extend(phases(events));
    columns.extend(stamps(events));
    columns.extend([
        texts(events, |event| event.connection_uid.as_deref()),
        texts(events, |event| event.session_id.as_deref()),
        ints(events, |event| event.client_port),
        ints(events, |event| i32::try_from(event.feed.ocsf_class().uid()).ok()),
        ints(events, |event| Some(event.ocsf_activity())),
        uids(events.iter().map(|event| event.record_hash.to_be_bytes()))?,
    ]);
    columns.extend(request_phases(events));
    columns.extend(request_stamps(events));
    columns.extend(bridge_texts(events));
    columns.extend(bridge_numbers(events));
    columns.push(texts(events, |event| Some(event.parse_level.as_str())));
    columns.push(Arc::new(events.iter().map(|event| Some(event.retired)).collect::<BooleanArray>()));
    let addresses = events.iter().map(|event| Some(event.raw.address(event.feed).0));
    columns.push(Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(addresses, 16)?));
    columns.push(texts(events, |event| event.raw.line().map(|line| &**line)));
    RecordBatch::try_new(Table::AccessEvents.schema(), columns)
}

fn who_and_where(events: &[Arc<AccessEvent>]) -> Vec<ArrayRef> {
    let connector_address =
        events.iter().map(|event| event.app_connector_address().map(|address| address.to_string()));
    let server_address = events.iter().map(|event| event.server_address.map(|address| address.to_string()));
    vec![
        texts(events, |event| event.principal_id.as_ref().map(|principal| &*principal.0)),
        texts(events, |event| event.user_name.as_deref()),
        texts(events, |event| event.device.as_deref()),
        texts(events, |event| event.client_address.as_deref()),
        texts(events, |event| event.service_edge.as_deref()),
        texts(events, |event| event.app_connector.as_deref()),
        Arc::new(connector_address.collect::<StringArray>()),
        ints(events, |event| event.connector.map(|connector| connector.port)),
        Arc::new(server_address.collect::<StringArray>()),
        ints(events, |event| event.server_port),
        ints(events, |event| event.ip_protocol),
    ]
}

fn what(events: &[Arc<AccessEvent>]) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut effects = ListBuilder::new(StringBuilder::new());
    for event in events {
        for effect in &event.effects {
            effects.values().append_value(effect.as_str());
        }
        effects.append(true);
    }
    Ok(vec![
        texts(events, |event| event.host.as_deref()),
        ints(events, |event| event.service_port),
        texts(events, |event| event.app.as_deref()),
        texts(events, |event| event.app_segment.as_deref()),
        texts(events, |event| event.method.as_deref()),
        texts(events, |event| event.path.as_deref()),
        ints(events, |event| event.status),
        texts(events, |event| event.disposition.map(|disposition| disposition.as_str())),
        Arc::new(effects.finish()),
        texts(events, |event| event.rule.as_deref()),
        texts(events, |event| event.reason.as_deref()),
        texts(events, |event| event.connection_status.as_deref()),
        longs(events, |event| Some(event.total_bytes)),
    ])
}

fn phases(events: &[Arc<AccessEvent>]) -> [ArrayRef; 6] {
    [
        longs(events, |event| event.phases.policy_us),
        longs(events, |event| event.phases.ca_us),
        longs(events, |event| event.phases.app_learn_us),
        longs(events, |event| event.phases.connector_setup_us),
        longs(events, |event| event.phases.setup_us),
        longs(events, |event| event.phases.server_setup_us),
    ]
}

fn stamps(events: &[Arc<AccessEvent>]) -> [ArrayRef; 14] {
    [
        times(events, |event| event.stamps.connection_start),
        times(events, |event| event.stamps.connection_end),
        times(events, |event| event.stamps.ca_tx),
        times(events, |event| event.stamps.ca_rx),
        times(events, |event| event.stamps.app_learn_start),
        times(events, |event| event.stamps.setup_complete),
        times(events, |event| event.stamps.first_rx_client),
        times(events, |event| event.stamps.first_tx_client),
        times(events, |event| event.stamps.last_rx_client),
        times(events, |event| event.stamps.last_tx_client),
        times(events, |event| event.stamps.first_rx_connector),
        times(events, |event| event.stamps.first_tx_connector),
        times(events, |event| event.stamps.last_rx_connector),
        times(events, |event| event.stamps.last_tx_connector),
    ]
}

fn request_phases(events: &[Arc<AccessEvent>]) -> [ArrayRef; 7] {
    let of = |column: fn(&RequestTimes) -> Option<u64>| {
        longs(events, move |event| event.request.as_deref().and_then(column))
    };
    [
        of(|request| request.request_receive_us),
        of(|request| request.request_transmit_us),
        of(|request| request.response_receive_us),
        of(|request| request.response_transmit_us),
        of(|request| request.connection_setup_us),
        of(|request| request.server_response_us),
        of(|request| request.inspection_us),
    ]
}

fn request_stamps(events: &[Arc<AccessEvent>]) -> [ArrayRef; 9] {
    let of = |column: fn(&RequestTimes) -> Option<Timestamp>| {
        times(events, move |event| event.request.as_deref().and_then(column))
    };
    [
        of(|request| request.request_receive_start),
        of(|request| request.request_receive_header_finish),
        of(|request| request.request_receive_finish),
        of(|request| request.request_transmit_start),
        of(|request| request.request_transmit_finish),
        of(|request| request.response_receive_start),
        of(|request| request.response_receive_finish),
        of(|request| request.response_transmit_start),
        of(|request| request.response_transmit_finish),
    ]
}

fn bridge_texts(events: &[Arc<AccessEvent>]) -> [ArrayRef; 7] {
    let of = |column: fn(&Bridge) -> Option<String>| -> ArrayRef {
        let texts = events.iter().map(|event| event.bridge.as_deref().and_then(column));
        Arc::new(texts.collect::<StringArray>())
    };
    [
        of(|bridge| bridge.upstream_local.map(|local| local.to_string())),
        of(|bridge| bridge.upstream_remote.map(|remote| remote.to_string())),
        of(|bridge| bridge.request_id.as_deref().map(str::to_owned)),
        of(|bridge| bridge.trace_id.map(|id| id.to_string())),
        of(|bridge| bridge.span_id.map(|id| id.to_string())),
        of(|bridge| bridge.connection_number.as_deref().map(str::to_owned)),
        of(|bridge| bridge.response_flags.as_deref().map(str::to_owned)),
    ]
}

fn bridge_numbers(events: &[Arc<AccessEvent>]) -> [ArrayRef; 5] {
    let of = |column: fn(&Bridge) -> Option<u64>| {
        longs(events, move |event| event.bridge.as_deref().and_then(column))
    };
    [
        of(|bridge| bridge.duration_us),
        of(|bridge| bridge.upstream_connect_us),
        of(|bridge| bridge.upstream_first_byte_us),
        of(|bridge| bridge.response_transmit_us),
        of(|bridge| bridge.attempts),
    ]
}

/// A column of ids of 8 or 16 bytes.
pub(crate) fn uids<const N: usize>(ids: impl Iterator<Item = [u8; N]>) -> Result<ArrayRef, ArrowError> {
    let bytes: Vec<u8> = ids.flatten().collect();
    let width = i32::try_from(N).unwrap_or(i32::MAX);
    Ok(Arc::new(FixedSizeBinaryArray::try_new(width, Buffer::from_vec(bytes), None)?))
}

fn texts<'a>(
    events: &'a [Arc<AccessEvent>],
    column: impl Fn(&'a AccessEvent) -> Option<&'a str>,
) -> ArrayRef {
    Arc::new(events.iter().map(|event| column(event)).collect::<StringArray>())
}

fn ints<T: Into<i32>>(events: &[Arc<AccessEvent>], column: impl Fn(&AccessEvent) -> Option<T>) -> ArrayRef {
    Arc::new(events.iter().map(|event| column(event).map(Into::into)).collect::<Int32Array>())
}

/// Counts beyond what SQL's integers hold saturate.
fn longs(events: &[Arc<AccessEvent>], column: impl Fn(&AccessEvent) -> Option<u64>) -> ArrayRef {
    let numbers =
        events.iter().map(|event| column(event).map(|number| i64::try_from(number).unwrap_or(i64::MAX)));
    Arc::new(numbers.collect::<Int64Array>())
}

fn times(events: &[Arc<AccessEvent>], column: impl Fn(&AccessEvent) -> Option<Timestamp>) -> ArrayRef {
    let nanos = events.iter().map(|event| column(event).map(Timestamp::as_nanos));
    Arc::new(nanos.collect::<TimestampNanosecondArray>().with_timezone(TIME_ZONE))
}
