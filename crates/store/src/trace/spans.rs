//! Rows of `spans`.

use std::collections::HashSet;

use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{SpanId, SpanKind, Timestamp, TraceId};

use super::cells::{Flags, Ids, Ints, Longs, Maps, Texts, Times};

/// One span, as the table `spans` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanRow {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// Its parent; `None` for a root.
    pub parent_span_id: Option<SpanId>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: SpanKind,
    /// Resource `service.name`.
    pub service_name: Option<String>,
    /// Its start, on its sender's clock.
    pub start_time: Timestamp,
    /// How long it took, never negative.
    pub duration_ns: i64,
    /// `unset`, `ok` or `error`.
    pub status_code: String,
    /// What the sender said of its status.
    pub status_message: Option<String>,
    /// `http.route`.
    pub http_route: Option<String>,
    /// `http.response.status_code`, else `http.status_code`.
    pub http_status: Option<i32>,
    /// `server.address`, else `net.host.name`.
    pub server_address: Option<String>,
    /// `network.peer.address`, else the older keys.
    pub peer_address: Option<String>,
    /// `network.peer.port`, else the older keys.
    pub peer_port: Option<i32>,
    /// The instrumentation scope's name.
    pub scope_name: Option<String>,
    /// The instrumentation scope's version.
    pub scope_version: Option<String>,
    /// Its attributes, with ours behind its own; each key once.
    pub attributes: Vec<(String, String)>,
    /// Its resource's attributes, each key once.
    pub resource: Vec<(String, String)>,
    /// True for a span that Fanlight made.
    pub synthetic: bool,
}

const KINDS: [SpanKind; 6] = [
    SpanKind::Unspecified,
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

/// Attributes of ours: which of them a span has depends on when its access event came.
const OURS: &str = "fanlight.";

pub(super) fn decode(batch: &RecordBatch) -> Vec<SpanRow> {
    let texts = |name| Texts::of(batch, name);
    let (trace_id, span_id) = (Ids::of(batch, "trace_id"), Ids::of(batch, "span_id"));
    let parent_span_id = Ids::of(batch, "parent_span_id");
    let (name, kind, service_name) = (texts("name"), texts("kind"), texts("service_name"));
    let (start_time, duration_ns) = (Times::of(batch, "start_time"), Longs::of(batch, "duration_ns"));
    let (status_code, status_message) = (texts("status_code"), texts("status_message"));
    let (http_route, http_status) = (texts("http_route"), Ints::of(batch, "http_status"));
    let (server_address, peer_address) = (texts("server_address"), texts("peer_address"));
    let peer_port = Ints::of(batch, "peer_port");
    let (scope_name, scope_version) = (texts("scope_name"), texts("scope_version"));
    let (attributes, resource) = (Maps::of(batch, "attributes"), Maps::of(batch, "resource"));
    let synthetic = Flags::of(batch, "synthetic");
    let row = |row: usize| SpanRow {
        trace_id: trace_id.at(row).map(TraceId).unwrap_or_default(),
        span_id: span_id.at(row).map(SpanId).unwrap_or_default(),
        parent_span_id: parent_span_id.at(row).map(SpanId),
        name: name.owned(row).unwrap_or_default(),
        kind: KINDS.into_iter().find(|known| Some(known.as_str()) == kind.at(row)).unwrap_or_default(),
        service_name: service_name.owned(row),
        start_time: start_time.at(row).unwrap_or_default(),
        duration_ns: duration_ns.at(row).unwrap_or_default(),
        status_code: status_code.owned(row).unwrap_or_default(),
        status_message: status_message.owned(row),
        http_route: http_route.owned(row),
        http_status: http_status.at(row),
        server_address: server_address.owned(row),
        peer_address: peer_address.owned(row),
        peer_port: peer_port.at(row),
        scope_name: scope_name.owned(row),
        scope_version: scope_version.owned(row),
        attributes: attributes.at(row),
        resource: resource.at(row),
        synthetic: synthetic.at(row),
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Orders spans by start and keeps of those that a sender repeated the one that says most. They are the same when all is equal
/// but what Fanlight added: a repetition may have come before its access event, or after.
pub(super) fn once(mut spans: Vec<SpanRow>) -> Vec<SpanRow> {
    spans.sort_by_key(|span| std::cmp::Reverse(span.attributes.len()));
    let mut seen = HashSet::new();
    spans.retain(|span| {
        let mut sent = span.clone();
        sent.attributes.retain(|(key, _)| !is_ours(key));
        seen.insert(sent)
    });
    spans.sort_by_key(|span| (span.start_time, span.span_id));
    spans
}

fn is_ours(key: &str) -> bool {
    use fanlight_model::attribute;
    let standard = [attribute::USER_ID, attribute::SECURITY_RULE_NAME, attribute::SECURITY_RULE_RULESET_NAME];
    key.starts_with(OURS) || standard.contains(&key)
}
