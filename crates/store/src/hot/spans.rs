//! Spans become columns, straight from the wire bytes.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, FixedSizeBinaryArray, Int32Builder, Int64Builder, MapBuilder,
    NullBufferBuilder, StringBuilder, TimestampNanosecondBuilder,
};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::attribute as key;
use fanlight_otlp::{Attributes, SpanView, Value};

use crate::schema::{TIME_ZONE, Table, map_names};

/// What a row takes beside its texts: ids, numbers, offsets.
const FIXED_BYTES: usize = 160;
/// Two offsets a pair.
const PAIR_BYTES: usize = 8;

/// Attributes in force: of equal keys the last.
pub(crate) type Pairs<'a> = Vec<(&'a str, Value<'a>)>;

/// Growing columns of `spans`.
#[derive(Debug)]
pub(crate) struct SpanColumns {
    rows: usize,
    text_bytes: usize,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    parent_span_id: Vec<u8>,
    has_parent: NullBufferBuilder,
    name: StringBuilder,
    kind: StringBuilder,
    service_name: StringBuilder,
    start_time: TimestampNanosecondBuilder,
    duration_ns: Int64Builder,
    status_code: StringBuilder,
    status_message: StringBuilder,
    http_route: StringBuilder,
    http_status: Int32Builder,
    server_address: StringBuilder,
    peer_address: StringBuilder,
    peer_port: Int32Builder,
    scope_name: StringBuilder,
    scope_version: StringBuilder,
    attributes: MapBuilder<StringBuilder, StringBuilder>,
    resource: MapBuilder<StringBuilder, StringBuilder>,
    synthetic: BooleanBuilder,
}

impl Default for SpanColumns {
    fn default() -> Self {
        Self {
            rows: 0,
            text_bytes: 0,
            trace_id: Vec::new(),
            span_id: Vec::new(),
            parent_span_id: Vec::new(),
            has_parent: NullBufferBuilder::new(0),
            name: StringBuilder::new(),
            kind: StringBuilder::new(),
            service_name: StringBuilder::new(),
            start_time: TimestampNanosecondBuilder::new().with_timezone(TIME_ZONE),
            duration_ns: Int64Builder::new(),
            status_code: StringBuilder::new(),
            status_message: StringBuilder::new(),
            http_route: StringBuilder::new(),
            http_status: Int32Builder::new(),
            server_address: StringBuilder::new(),
            peer_address: StringBuilder::new(),
            peer_port: Int32Builder::new(),
            scope_name: StringBuilder::new(),
            scope_version: StringBuilder::new(),
            attributes: map_builder(),
            resource: map_builder(),
            synthetic: BooleanBuilder::new(),
        }
    }
}

fn map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    MapBuilder::new(Some(map_names()), StringBuilder::new(), StringBuilder::new())
}

impl SpanColumns {
    /// Rows not yet taken by [`Self::finish`].
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// About how many bytes they hold.
    pub(crate) fn bytes(&self) -> usize {
        self.rows * FIXED_BYTES + self.text_bytes
    }

    /// Adds one span. `resource` is what [`in_force`] gave for its resource, `scratch` any list.
    pub(crate) fn append<'a>(
        &mut self,
        span: &SpanView<'a>,
        resource: &Pairs<'a>,
        additions: Option<&'a Attributes>,
        synthetic: bool,
        scratch: &mut Pairs<'a>,
    ) -> Result<(), ArrowError> {
        self.rows += 1;
        self.trace_id.extend_from_slice(&span.trace_id().0);
        self.span_id.extend_from_slice(&span.span_id().0);
        let parent = span.parent_span_id();
        self.parent_span_id.extend_from_slice(&parent.0);
        self.has_parent.append(!parent.is_zero());
        self.name.append_value(span.name());
        self.kind.append_value(span.kind().as_str());
        let start = span.start();
        self.start_time.append_value(start.as_nanos());
        self.duration_ns.append_value(span.end().nanos_since(start));
        self.status_code.append_value(match span.status_code() {
            1 => "ok",
            2 => "error",
            _ => "unset",
        });
        self.status_message.append_option(told(span.status_message()));
        self.scope_name.append_option(told(span.scope_name()));
        self.scope_version.append_option(told(span.scope_version()));
        self.synthetic.append_value(synthetic);
        self.text_bytes += span.name().len() + span.status_message().len();

        let service = resource.iter().find(|(key, _)| *key == key::SERVICE_NAME);
        self.service_name.append_option(service.and_then(|(_, value)| value.as_str()));
        self.text_bytes += append_map(&mut self.resource, resource)?;

        in_force(span.attributes(), scratch);
        self.append_derived(&Derived::of(scratch));
        if let Some(additions) = additions {
            scratch.extend(additions.iter());
        }
        if span.is_repaired() {
            scratch.push((key::REPAIRED, Value::Bool(true)));
        }
        self.text_bytes += append_map(&mut self.attributes, scratch)?;
        Ok(())
    }

    fn append_derived(&mut self, derived: &Derived<'_>) {
        self.http_route.append_option(derived.http_route);
        self.http_status.append_option(derived.http_status);
        self.server_address.append_option(derived.server_address);
        self.peer_address.append_option(derived.peer_address);
        self.peer_port.append_option(derived.peer_port);
    }

    /// Takes the rows as one batch.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        self.text_bytes = 0;
        let parents = self.has_parent.finish();
        let ids = |width, bytes: &mut Vec<u8>, nulls| {
            FixedSizeBinaryArray::try_new(width, Buffer::from_vec(std::mem::take(bytes)), nulls)
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ids(16, &mut self.trace_id, None)?),
            Arc::new(ids(8, &mut self.span_id, None)?),
            Arc::new(ids(8, &mut self.parent_span_id, parents)?),
            Arc::new(self.name.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.service_name.finish()),
            Arc::new(self.start_time.finish()),
            Arc::new(self.duration_ns.finish()),
            Arc::new(self.status_code.finish()),
            Arc::new(self.status_message.finish()),
            Arc::new(self.http_route.finish()),
            Arc::new(self.http_status.finish()),
            Arc::new(self.server_address.finish()),
            Arc::new(self.peer_address.finish()),
            Arc::new(self.peer_port.finish()),
            Arc::new(self.scope_name.finish()),
            Arc::new(self.scope_version.finish()),
            Arc::new(self.attributes.finish()),
            Arc::new(self.resource.finish()),
            Arc::new(self.synthetic.finish()),
        ];
        let options = datafusion::arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Table::Spans.schema(), columns, &options)
    }
}

/// The columns that are taken out of the attributes.
#[derive(Default)]
struct Derived<'a> {
    http_route: Option<&'a str>,
    http_status: Option<i32>,
    server_address: Option<&'a str>,
    peer_address: Option<&'a str>,
    peer_port: Option<i32>,
}

impl<'a> Derived<'a> {
    /// The stable convention's key before the older ones, whatever their order on the wire.
    fn of(pairs: &Pairs<'a>) -> Self {
        let mut derived = Self::default();
        let mut ranks = [u8::MAX; 4];
        let [status, server, address, port] = &mut ranks;
        for (key, value) in pairs {
            match *key {
                key::HTTP_ROUTE => derived.http_route = value.as_str(),
                key::HTTP_RESPONSE_STATUS_CODE => better(&mut derived.http_status, status, 0, number(value)),
                key::HTTP_STATUS_CODE => better(&mut derived.http_status, status, 1, number(value)),
                key::SERVER_ADDRESS => better(&mut derived.server_address, server, 0, value.as_str()),
                key::NET_HOST_NAME => better(&mut derived.server_address, server, 1, value.as_str()),
                key::NETWORK_PEER_ADDRESS => better(&mut derived.peer_address, address, 0, value.as_str()),
                key::NET_SOCK_PEER_ADDR => better(&mut derived.peer_address, address, 1, value.as_str()),
                key::NET_PEER_IP => better(&mut derived.peer_address, address, 2, value.as_str()),
                key::NETWORK_PEER_PORT => better(&mut derived.peer_port, port, 0, number(value)),
                key::NET_SOCK_PEER_PORT => better(&mut derived.peer_port, port, 1, number(value)),
                key::NET_PEER_PORT => better(&mut derived.peer_port, port, 2, number(value)),
                _ => {}
            }
        }
        derived
    }
}

fn better<T>(column: &mut Option<T>, rank: &mut u8, new_rank: u8, value: Option<T>) {
    if value.is_some() && new_rank < *rank {
        *rank = new_rank;
        *column = value;
    }
}

/// A number that may have been sent as text.
fn number(value: &Value<'_>) -> Option<i32> {
    match value {
        Value::Int(number) => i32::try_from(*number).ok(),
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
}

fn told(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Collects attributes into `pairs`; of equal keys only the last stays, in its own place.
pub(crate) fn in_force<'a>(attributes: impl Iterator<Item = (&'a str, Value<'a>)>, pairs: &mut Pairs<'a>) {
    pairs.clear();
    pairs.extend(attributes);
    if pairs.len() <= SHORT {
        let mut at = 0;
        while at < pairs.len() {
            let (Some((key, _)), Some(rest)) = (pairs.get(at), pairs.get(at + 1..)) else { return };
            if rest.iter().any(|(later, _)| later == key) {
                pairs.remove(at);
            } else {
                at += 1;
            }
        }
        return;
    }
    let mut seen = std::collections::HashSet::with_capacity(pairs.len());
    pairs.reverse();
    pairs.retain(|(key, _)| seen.insert(*key));
    pairs.reverse();
}

/// Up to here comparing all pairs of keys is cheaper than a table; beyond, it would be a sender's way to burn our time.
const SHORT: usize = 48;

fn append_map(
    map: &mut MapBuilder<StringBuilder, StringBuilder>,
    pairs: &Pairs<'_>,
) -> Result<usize, ArrowError> {
    let mut bytes = pairs.len() * PAIR_BYTES;
    for (key, value) in pairs {
        let (keys, values) = map.entries();
        keys.append_value(key);
        bytes += key.len() + append_text(values, value);
    }
    map.append(true)?;
    Ok(bytes)
}

/// Writes the text form of a value without a `String` in between, but for nested ones.
fn append_text(values: &mut StringBuilder, value: &Value<'_>) -> usize {
    match value {
        Value::Str(text) => {
            values.append_value(text);
            text.len()
        }
        Value::Int(number) if write!(values, "{number}").is_ok() => {
            values.append_value("");
            8
        }
        other => {
            let text = other.to_text();
            values.append_value(&text);
            text.len()
        }
    }
}
