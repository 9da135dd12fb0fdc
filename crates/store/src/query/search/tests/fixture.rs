//! The small store that the searches are asked of.

use std::sync::Arc;

use fanlight_log::{Position, StdDisk};
use fanlight_model::{
    AccessEvent, Disposition, Effect, EventUid, Feed, Link, LinkState, PhaseDurations, PrincipalId, Relation,
    Rung, SpanId, Timestamp, TraceId, link_id,
};
use fanlight_otlp::{Limits, scan};
use fanlight_runtime::{Clock, Ledger};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::super::TimeRange;
use crate::{Append, Settings, SpanRows, Store, Table};

pub(super) const ANA_RULE: &str = "Order desk";
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

pub(super) struct Bench {
    pub(super) store: Store,
    _folder: tempfile::TempDir,
}

/// Milliseconds after 07:00.
pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_330_800).shifted(millis * 1_000_000)
}

pub(super) fn hour() -> TimeRange {
    TimeRange { start: at(-600_000), end: at(3_000_000) }
}

pub(super) fn trace(number: u8) -> TraceId {
    TraceId([number; 16])
}

pub(super) fn number(trace_id: TraceId) -> u64 {
    u64::from(trace_id.0[0])
}

pub(super) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Bench {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory of its own");
        let (clock, ledger) = (Clock::manual(at(0)), Ledger::default());
        let opened = Store::open(Settings::new(folder.path()), clock, ledger, Arc::new(StdDisk));
        let (store, _) = opened.expect("a new folder opens");
        let one = vec![
            rows("shop", false, vec![failed(span(1, 1, None, "GET /orders", 0, 120, Some(404)))]),
            rows("stock", false, vec![Span { kind: CLIENT, ..span(1, 2, Some(1), "reserve", 10, 40, None) }]),
            rows("zpa", true, vec![Span { kind: 1, ..span(1, 3, Some(1), "zpa access", -20, 140, None) }]),
        ];
        let old = AccessEvent { rule: Some("an older rule".into()), ..event(1, "ana", Disposition::Allowed) };
        append(&store, 1, one, vec![old], vec![link(1, LinkState::Asserted)]);
        store.seal().expect("sealed");
        let two = vec![rows("shop", false, vec![span(2, 4, None, "POST /orders", 600_000, 900, Some(200))])];
        append(
            &store,
            2,
            two,
            vec![event(2, "ben", Disposition::Blocked)],
            vec![link(2, LinkState::Asserted)],
        );
        store.seal().expect("sealed");
        let three = vec![rows("stock", false, vec![span(3, 5, Some(9), "GET /health", 1_200_000, 1, None)])];
        let new = AccessEvent {
            revision: 2,
            rule: Some(ANA_RULE.into()),
            effects: vec![Effect::Throttled],
            ..event(1, "ana", Disposition::Allowed)
        };
        append(&store, 3, three, vec![new], vec![link(3, LinkState::Candidate)]);
        Self { store, _folder: folder }
    }

    pub(super) fn lose_part_one(&self) {
        let snapshot = self.store.snapshot();
        std::fs::remove_file(&snapshot.parts(Table::Spans)[0].path).expect("it is ours");
    }
}

fn append(store: &Store, frame: u64, spans: Vec<SpanRows>, events: Vec<AccessEvent>, links: Vec<Link>) {
    let position = Position { file: 1, offset: frame * 100 };
    let events = events.into_iter().map(Arc::new).collect();
    store
        .append(Append { position, spans, events, links, arrival: at(0), ..Append::default() })
        .expect("the rows are storable");
}

fn pair(key: &str, value: any_value::Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn word(key: &str, value: &str) -> KeyValue {
    pair(key, any_value::Value::StringValue(value.to_owned()))
}

fn span(
    trace_number: u8,
    id: u8,
    parent: Option<u8>,
    name: &str,
    start: i64,
    lasts: i64,
    status: Option<i64>,
) -> Span {
    let mut attributes = Vec::new();
    if let Some(status) = status {
        attributes.push(word("http.route", "/orders"));
        attributes.push(pair("http.response.status_code", any_value::Value::IntValue(status)));
    }
    Span {
        trace_id: trace(trace_number).0.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: parent.map(|parent| vec![parent; 8]).unwrap_or_default(),
        name: name.to_owned(),
        kind: SERVER,
        start_time_unix_nano: at(start).as_unix_nanos(),
        end_time_unix_nano: at(start + lasts).as_unix_nanos(),
        attributes,
        ..Span::default()
    }
}

fn failed(span: Span) -> Span {
    Span { status: Some(Status { code: 2, message: "no such order".to_owned() }), ..span }
}

fn rows(service: &str, synthetic: bool, spans: Vec<Span>) -> SpanRows {
    let attributes = vec![
        word("service.name", service),
        word("service.namespace", "orders"),
        word("deployment.environment", "production"),
        word("host.name", "app.example.com"),
    ];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    };
    let batch = scan(&request.encode_to_vec().into(), &Limits::default()).expect("a sound request");
    SpanRows { batch, additions: Vec::new(), synthetic }
}

fn uid(number: u8) -> EventUid {
    EventUid([number; 16])
}

fn event(number: u8, who: &str, disposition: Disposition) -> AccessEvent {
    let (is_ana, minutes) = (who == "ana", i64::from(number - 1) * 10);
    AccessEvent {
        start_time: at(minutes * 60_000),
        last_time: at(minutes * 60_000 + 1_000),
        principal_id: Some(PrincipalId(format!("fl:default:h:{who}").into())),
        user_name: Some(format!("{who}@example.com").into()),
        app: Some("shop".into()),
        disposition: Some(disposition),
        rule: (!is_ana).then(|| "no contractors".into()),
        phases: PhaseDurations { setup_us: Some(180_000), ..PhaseDurations::default() },
        ..AccessEvent::empty(uid(number), Feed::ZpaUserActivity, at(0), "{}")
    }
}

/// Of the first span of a trace.
fn link(number: u8, state: LinkState) -> Link {
    let span_id = SpanId([[1, 4, 5][usize::from(number - 1)]; 8]);
    Link {
        link_id: link_id(trace(number), span_id, uid(number)),
        trace_id: trace(number),
        span_id,
        event_uid: uid(number),
        rung: Rung::R3,
        relation: Relation::SameConnection,
        confidence: 0.9995,
        runner_up: 0.0,
        residual_ms: 0.0,
        late_by_ms: f64::from(number) * 6.0,
        state,
        revision: 1,
        decided_time: at(0),
        first_on_connection: number == 1,
    }
}
