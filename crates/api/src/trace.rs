//! `GET /api/v1/traces/{trace_id}`: all that is known of one trace.

mod access_event;
mod span;

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use fanlight_diagnose::{Missing, NamedPortion, Segments, set_up_segments};
use fanlight_model::{AccessEvent, EventUid, Link, LinkState, Segment, SpanId, TraceId};
use fanlight_store::TraceRows;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Problem;
use crate::state::Shared;

/// Spans, access events and links of a trace, and where the time of its linked requests went.
pub(crate) async fn get(
    State(shared): State<Shared>,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let trace_id = path.ok().and_then(|Path(text)| text.to_ascii_lowercase().parse::<TraceId>().ok());
    let Some(trace_id) = trace_id.filter(|trace_id| !trace_id.is_zero()) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "trace_id_invalid",
            "not a trace id",
            "the path does not end in a trace id",
            "a trace id is 32 hex digits, not all of them zero",
        ));
    };
    let _turn = shared.turn_to_look_up().await?;
    let store = shared.api.store.clone();
    let found = fanlight_runtime::spawn_blocking("api.trace", move || store.trace(trace_id)).await;
    let rows = match found {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => {
            return Err(Problem::internal("store_read_failed", "the trace cannot be read", &error));
        }
        Err(error) => return Err(Problem::internal("store_read_failed", "the trace cannot be read", &error)),
    };
    if rows.spans.is_empty() && rows.links.is_empty() {
        return Err(unknown(trace_id, &rows));
    }
    Ok(Json(answer(trace_id, &rows)))
}

fn unknown(trace_id: TraceId, rows: &TraceRows) -> Problem {
    let hint = if rows.damaged_parts > 0 {
        "a part that may have held it was damaged and put aside: `quarantine` in the data folder has it"
    } else {
        "a span is found at most a second after it was acknowledged; `select count(*) from spans` tells whether any came"
    };
    let detail = format!("no span of trace `{trace_id}` is in the store");
    Problem::new(StatusCode::NOT_FOUND, "trace_unknown", "no such trace", detail, hint)
}

/// The whole answer. What this version does not compute is null or empty, and named in `missing`.
fn answer(trace_id: TraceId, rows: &TraceRows) -> Value {
    let events: BTreeMap<EventUid, &AccessEvent> =
        rows.events.iter().map(|event| (event.event_uid, event)).collect();
    let segments: Vec<Value> = rows
        .links
        .iter()
        .filter(|link| link.state == LinkState::Asserted)
        .filter_map(|link| Some(segments(link, events.get(&link.event_uid)?)))
        .collect();
    json!({
        "trace_id": trace_id.to_string(),
        "spans": rows.spans.iter().map(span::json).collect::<Vec<_>>(),
        "access_events": rows.events.iter().map(access_event::json).collect::<Vec<_>>(),
        "links": rows.links.iter().map(link).collect::<Vec<_>>(),
        "verdict": Value::Null,
        "segments": segments,
        "critical_path": [],
        "skew": [],
        "missing": missing(rows),
    })
}

fn link(link: &Link) -> Value {
    json!({
        "link_id": link.link_id.to_string(),
        "trace_id": link.trace_id.to_string(),
        "span_id": link.span_id.to_string(),
        "event_uid": link.event_uid.to_string(),
        "rung": link.rung.as_str(),
        "relation": link.relation.as_str(),
        "confidence": link.confidence,
        "runner_up": link.runner_up,
        "residual_ms": link.residual_ms,
        "late_by_ms": link.late_by_ms,
        "state": link.state.as_str(),
        "revision": link.revision.to_string(),
        "decided_time": link.decided_time.to_rfc3339(),
        "first_on_connection": link.first_on_connection,
    })
}

/// Where the time of one linked request went, as far as the edge's own stamps tell.
fn segments(link: &Link, event: &AccessEvent) -> Value {
    let Segments { measured, portions, missing } = set_up_segments(event, link.first_on_connection);
    let measured = measured
        .iter()
        .map(|Segment { name, duration_ns }| json!({ "name": name.as_str(), "duration_ns": duration_ns.to_string() }));
    let portions = portions.iter().map(|NamedPortion { of, name, duration_ns }| {
        json!({ "of": of.as_str(), "name": name, "duration_ns": duration_ns.to_string() })
    });
    let missing = missing.iter().map(|Missing { name, why }| json!({ "name": name.as_str(), "why": why }));
    json!({
        "link_id": link.link_id.to_string(),
        "span_id": link.span_id.to_string(),
        "event_uid": link.event_uid.to_string(),
        "measured": measured.collect::<Vec<_>>(),
        "portions": portions.collect::<Vec<_>>(),
        "missing": missing.collect::<Vec<_>>(),
    })
}

/// What is not in the answer, and why.
fn missing(rows: &TraceRows) -> Vec<Value> {
    let mut missing = vec![
        told("verdict", "this version does not judge why a request was slow or failed"),
        told("critical_path", "this version does not compute it"),
        told("skew", "this version does not estimate the senders' clocks"),
    ];
    let known: BTreeSet<SpanId> = rows.spans.iter().map(|span| span.span_id).collect();
    let parents: BTreeSet<SpanId> = rows.spans.iter().filter_map(|span| span.parent_span_id).collect();
    let unseen = parents.difference(&known).count();
    if unseen > 0 {
        missing.push(told("parents", &format!("{unseen} of the spans' parents did not arrive")));
    }
    if rows.links.is_empty() {
        missing.push(told(
            "access_events",
            "no access event is linked to this trace: none was received, or none fits",
        ));
    }
    let uids: BTreeSet<EventUid> = rows.events.iter().map(|event| event.event_uid).collect();
    let lost = rows.links.iter().filter(|link| !uids.contains(&link.event_uid)).count();
    if lost > 0 {
        missing.push(told(
            "access_events",
            &format!("{lost} of the links name an access event that is not in the store"),
        ));
    }
    if rows.damaged_parts > 0 {
        let parts = rows.damaged_parts;
        missing.push(told(
            "damaged",
            &format!("{parts} parts that may hold rows of this trace are damaged and put aside"),
        ));
    }
    missing
}

fn told(name: &str, why: &str) -> Value {
    json!({ "name": name, "why": why })
}
