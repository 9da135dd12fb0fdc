//! The tables and the Arrow schemas of their parts and hot batches.
//!
//! The seam to the query side: **physical** columns, here, hold ids as fixed-size binary (a trace id is 16 bytes, not 32
//! characters, in memory, on disk, in blooms and in min/max statistics). **SQL** shows every column named in [`ID_COLUMNS`]
//! as lower-case hex text (`Utf8`); the query side wraps the physical tables in views that encode them, and turns
//! `trace_id = '…'` back into a comparison of bytes. Everything else has the same type on both sides.
//!
//! What is stored is what was appended: `access_events` holds every revision of an event and `links` every revision of a
//! link. SQL shows the highest revision per `event_uid` and per `link_id`; that is the query side's view, too. The tables of the
//! feeds' other records (`record.rs`) may hold a record twice, and SQL shows it once.
//!
//! Columns are nullable where the contract allows "not told"; absent is null, never an empty text or a zero.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::MapFieldNames;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use fanlight_model::{ConfigChange, ConnectorHealth, DeviceFact, FeedHealth, KeptRecord, RawLine};

use crate::record;

/// One table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row a span, received or made.
    Spans,
    /// One row a revision of an access event.
    AccessEvents,
    /// One row a revision of a link.
    Links,
    /// One row a record of a ZPA session's device and posture.
    DeviceFacts,
    /// One row a report of an app connector or service edge.
    ConnectorHealth,
    /// One row an administrator's action.
    ConfigChanges,
    /// One row any other record of a feed.
    FeedRecords,
    /// One row a feed, a source and an interval.
    FeedHealth,
    /// One row a line of a feed, whatever was read from it.
    RawLines,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 9] = [
        Self::Spans,
        Self::AccessEvents,
        Self::Links,
        Self::DeviceFacts,
        Self::ConnectorHealth,
        Self::ConfigChanges,
        Self::FeedRecords,
        Self::FeedHealth,
        Self::RawLines,
    ];

    /// Its name in SQL and as a folder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::AccessEvents => "access_events",
            Self::Links => "links",
            Self::DeviceFacts => "device_facts",
            Self::ConnectorHealth => "connector_health",
            Self::ConfigChanges => "config_changes",
            Self::FeedRecords => "feed_records",
            Self::FeedHealth => "feed_health",
            Self::RawLines => "raw_lines",
        }
    }

    /// The word for one of its rows in the ledger.
    pub(crate) const fn record(self) -> &'static str {
        match self {
            Self::Spans => "span",
            Self::AccessEvents => "access_event",
            Self::Links => "link",
            Self::DeviceFacts => "device_fact",
            Self::ConnectorHealth => "connector_health",
            Self::ConfigChanges => "config_change",
            Self::FeedRecords => "feed_record",
            Self::FeedHealth => "feed_health",
            Self::RawLines => "raw_line",
        }
    }

    /// Finds a table by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// The schema of its parts and hot batches.
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Spans => Arc::clone(&SPANS),
            Self::AccessEvents => Arc::clone(&ACCESS_EVENTS),
            Self::Links => Arc::clone(&LINKS),
            Self::DeviceFacts => Arc::clone(&DEVICE_FACTS),
            Self::ConnectorHealth => Arc::clone(&CONNECTOR_HEALTH),
            Self::ConfigChanges => Arc::clone(&CONFIG_CHANGES),
            Self::FeedRecords => Arc::clone(&FEED_RECORDS),
            Self::FeedHealth => Arc::clone(&FEED_HEALTH),
            Self::RawLines => Arc::clone(&RAW_LINES),
        }
    }

    /// The columns that its parts are sorted by, ascending, nulls first. Hot batches are not sorted.
    pub const fn sorted_by(self) -> [&'static str; 2] {
        match self {
            Self::Spans => ["trace_id", "start_time"],
            Self::AccessEvents => ["start_time", "principal_id"],
            Self::Links => ["trace_id", "span_id"],
            Self::DeviceFacts
            | Self::ConnectorHealth
            | Self::ConfigChanges
            | Self::FeedRecords
            | Self::FeedHealth => ["time", "event_uid"],
            // As records come, so that neighbours in another table find their lines side by side.
            Self::RawLines => ["arrival_time", "raw_address"],
        }
    }

    /// The id column that its parts carry a bloom filter on.
    pub const fn bloom_column(self) -> &'static str {
        match self {
            Self::Spans | Self::Links => "trace_id",
            Self::AccessEvents
            | Self::DeviceFacts
            | Self::ConnectorHealth
            | Self::ConfigChanges
            | Self::FeedRecords
            | Self::FeedHealth => "event_uid",
            Self::RawLines => "raw_address",
        }
    }

    /// The column whose smallest and largest value a [`crate::Part`] knows.
    pub const fn time_column(self) -> &'static str {
        match self {
            Self::Spans | Self::AccessEvents => "start_time",
            Self::Links => "decided_time",
            Self::DeviceFacts
            | Self::ConnectorHealth
            | Self::ConfigChanges
            | Self::FeedRecords
            | Self::FeedHealth => "time",
            Self::RawLines => "arrival_time",
        }
    }
}

/// Columns that are bytes here and lower-case hex in SQL, in whichever table they occur.
pub const ID_COLUMNS: [&str; 7] =
    ["trace_id", "span_id", "parent_span_id", "event_uid", "link_id", "record_hash", "raw_address"];

/// How many bytes the ids of a column named in [`ID_COLUMNS`] have.
pub(crate) const fn id_width(name: &str) -> i32 {
    match name.as_bytes() {
        b"span_id" | b"parent_span_id" | b"record_hash" => 8,
        _ => 16,
    }
}

/// The time zone of every time.
pub const TIME_ZONE: &str = "UTC";

/// The number of the schema; rises when a column changes its meaning, and when a table is added: an older version would leave the
/// parts of a table that it does not know out of its next checkpoint. A column that can be null is added without it: parts of any
/// lower number are read, and a column that they lack is null there. A store written by a newer one is refused.
///
/// 2: the tables of the feeds' other records. 3: lines stand apart, in `raw_lines`; before, each record held its own in `raw`.
pub const SCHEMA_VERSION: u32 = 3;

/// The type of every time: nanoseconds in UTC.
pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from(TIME_ZONE)))
}

/// The type of `attributes` and `resource`, and of every other map: text to text, in the order received.
pub fn map_type() -> DataType {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields), false)), false)
}

/// The names inside of [`map_type`], for builders.
pub(crate) fn map_names() -> MapFieldNames {
    MapFieldNames { entry: "entries".to_owned(), key: "key".to_owned(), value: "value".to_owned() }
}

/// The type of `effects`, and of every other list.
pub fn text_list_type() -> DataType {
    DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)))
}

const TRACE_ID: DataType = DataType::FixedSizeBinary(16);
const SPAN_ID: DataType = DataType::FixedSizeBinary(8);
const UID: DataType = DataType::FixedSizeBinary(16);
const HASH: DataType = DataType::FixedSizeBinary(8);

static SPANS: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        always("trace_id", TRACE_ID),
        always("span_id", SPAN_ID),
        // Null for a root.
        maybe("parent_span_id", SPAN_ID),
        always("name", DataType::Utf8),
        always("kind", DataType::Utf8),
        maybe("service_name", DataType::Utf8),
        always("start_time", time_type()),
        always("duration_ns", DataType::Int64),
        always("status_code", DataType::Utf8),
        maybe("status_message", DataType::Utf8),
        maybe("http_route", DataType::Utf8),
        maybe("http_status", DataType::Int32),
        maybe("server_address", DataType::Utf8),
        maybe("peer_address", DataType::Utf8),
        maybe("peer_port", DataType::Int32),
        maybe("scope_name", DataType::Utf8),
        maybe("scope_version", DataType::Utf8),
        always("attributes", map_type()),
        always("resource", map_type()),
        always("synthetic", DataType::Boolean),
    ]))
});

static ACCESS_EVENTS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        always("event_uid", UID),
        always("revision", DataType::Int64),
        maybe("vendor_uid", DataType::Utf8),
        always("product", DataType::Utf8),
        always("feed", DataType::Utf8),
        always("start_time", time_type()),
        maybe("end_time", time_type()),
        always("last_time", time_type()),
        maybe("log_time", time_type()),
        always("arrival_time", time_type()),
        maybe("principal_id", DataType::Utf8),
        maybe("user_name", DataType::Utf8),
        maybe("device", DataType::Utf8),
        maybe("client_address", DataType::Utf8),
        maybe("service_edge", DataType::Utf8),
        maybe("app_connector", DataType::Utf8),
        maybe("connector_address", DataType::Utf8),
        maybe("connector_port", DataType::Int32),
        maybe("server_address", DataType::Utf8),
        maybe("server_port", DataType::Int32),
        maybe("ip_protocol", DataType::Int32),
        maybe("host", DataType::Utf8),
        maybe("service_port", DataType::Int32),
        maybe("app", DataType::Utf8),
        maybe("app_segment", DataType::Utf8),
        maybe("method", DataType::Utf8),
        maybe("path", DataType::Utf8),
        maybe("status", DataType::Int32),
        maybe("disposition", DataType::Utf8),
        always("effects", text_list_type()),
        maybe("rule", DataType::Utf8),
        maybe("reason", DataType::Utf8),
        maybe("connection_status", DataType::Utf8),
        always("total_bytes", DataType::Int64),
    ];
    fields.extend(PHASE_COLUMNS.map(|name| maybe(name, DataType::Int64)));
    fields.extend(STAMP_COLUMNS.map(|name| maybe(name, time_type())));
    // Since schema 2. Parts of schema 1 lack them.
    fields.push(maybe("connection_uid", DataType::Utf8));
    fields.push(maybe("session_id", DataType::Utf8));
    fields.push(maybe("client_port", DataType::Int32));
    fields.push(maybe("ocsf_class", DataType::Int32));
    fields.push(maybe("ocsf_activity", DataType::Int32));
    fields.push(maybe("record_hash", HASH));
    fields.extend(REQUEST_PHASE_COLUMNS.map(|name| maybe(name, DataType::Int64)));
    fields.extend(REQUEST_STAMP_COLUMNS.map(|name| maybe(name, time_type())));
    fields.extend(BRIDGE_TEXT_COLUMNS.map(|name| maybe(name, DataType::Utf8)));
    fields.extend(BRIDGE_NUMBER_COLUMNS.map(|name| maybe(name, DataType::Int64)));
    fields.push(always("parse_level", DataType::Utf8));
    // Since schema 3. Parts before it lack the mark and the address and have the line itself in `raw`, which is null since.
    fields.push(maybe("retired", DataType::Boolean));
    fields.push(maybe("raw_address", UID));
    fields.push(maybe("raw", DataType::Utf8));
    Arc::new(Schema::new(fields))
});

/// The edge's durations, in the order of `model::PhaseDurations`; two of them are named by the contract.
pub(crate) const PHASE_COLUMNS: [&str; 6] = [
    "policy_us",
    "phase_ca_us",
    "phase_app_learn_us",
    "phase_connector_setup_us",
    "setup_us",
    "phase_server_setup_us",
];

/// The edge's stamps, in the order of `model::ConnectionStamps`.
pub(crate) const STAMP_COLUMNS: [&str; 14] = [
    "stamp_connection_start",
    "stamp_connection_end",
    "stamp_ca_tx",
    "stamp_ca_rx",
    "stamp_app_learn_start",
    "stamp_setup_complete",
    "stamp_first_rx_client",
    "stamp_first_tx_client",
    "stamp_last_rx_client",
    "stamp_last_tx_client",
    "stamp_first_rx_connector",
    "stamp_first_tx_connector",
    "stamp_last_rx_connector",
    "stamp_last_tx_connector",
];

/// The edge's durations of one request, in the order of `model::RequestTimes`.
pub(crate) const REQUEST_PHASE_COLUMNS: [&str; 7] = [
    "phase_request_receive_us",
    "phase_request_transmit_us",
    "phase_response_receive_us",
    "phase_response_transmit_us",
    "phase_connection_setup_us",
    "phase_server_response_us",
    "phase_inspection_us",
];

/// The edge's stamps of one request, in the order of `model::RequestTimes`.
pub(crate) const REQUEST_STAMP_COLUMNS: [&str; 9] = [
    "stamp_request_receive_start",
    "stamp_request_receive_header_finish",
    "stamp_request_receive_finish",
    "stamp_request_transmit_start",
    "stamp_request_transmit_finish",
    "stamp_response_receive_start",
    "stamp_response_receive_finish",
    "stamp_response_transmit_start",
    "stamp_response_transmit_finish",
];

/// What a proxy's record knows of both of its sides, in the order of `model::Bridge`; sockets as `address:port`, ids in hex.
pub(crate) const BRIDGE_TEXT_COLUMNS: [&str; 7] = [
    "upstream_local",
    "upstream_remote",
    "request_id",
    "request_trace_id",
    "request_span_id",
    "connection_number",
    "response_flags",
];

/// Its durations and how often the app was tried, likewise.
pub(crate) const BRIDGE_NUMBER_COLUMNS: [&str; 5] = [
    "phase_proxy_request_us",
    "phase_upstream_connect_us",
    "phase_upstream_first_byte_us",
    "phase_proxy_response_transmit_us",
    "upstream_attempts",
];

static DEVICE_FACTS: LazyLock<SchemaRef> = LazyLock::new(record::schema::<DeviceFact>);
static CONNECTOR_HEALTH: LazyLock<SchemaRef> = LazyLock::new(record::schema::<ConnectorHealth>);
static CONFIG_CHANGES: LazyLock<SchemaRef> = LazyLock::new(record::schema::<ConfigChange>);
static FEED_RECORDS: LazyLock<SchemaRef> = LazyLock::new(record::schema::<KeptRecord>);
static FEED_HEALTH: LazyLock<SchemaRef> = LazyLock::new(record::schema::<FeedHealth>);

static RAW_LINES: LazyLock<SchemaRef> = LazyLock::new(record::schema::<RawLine>);

static LINKS: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        always("link_id", UID),
        always("trace_id", TRACE_ID),
        always("span_id", SPAN_ID),
        always("event_uid", UID),
        always("rung", DataType::Utf8),
        always("relation", DataType::Utf8),
        always("confidence", DataType::Float64),
        always("runner_up", DataType::Float64),
        always("residual_ms", DataType::Float64),
        always("late_by_ms", DataType::Float64),
        always("state", DataType::Utf8),
        always("revision", DataType::Int64),
        always("decided_time", time_type()),
        always("first_on_connection", DataType::Boolean),
    ]))
});

fn always(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn maybe(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_the_columns_it_is_sorted_by_and_looked_up_by() {
        for table in Table::ALL {
            let schema = table.schema();
            for name in table.sorted_by().into_iter().chain([table.bloom_column(), table.time_column()]) {
                assert!(schema.field_with_name(name).is_ok(), "{}.{name}", table.as_str());
            }
            assert_eq!(Table::from_name(table.as_str()), Some(table));
        }
    }

    #[test]
    fn every_fixed_size_column_is_named_as_an_id() {
        for table in Table::ALL {
            for field in table.schema().fields() {
                let width = match field.data_type() {
                    DataType::FixedSizeBinary(width) => Some(*width),
                    _ => None,
                };
                let is_id = ID_COLUMNS.contains(&field.name().as_str());
                assert_eq!(width, is_id.then(|| id_width(field.name())), "{}", field.name());
            }
        }
    }
}
