//! `GET /api/v1/status`, `/livez`, `/readyz`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::IntoResponse;
use fanlight_store::Table;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Problem;
use crate::readiness::PartState;
use crate::state::Shared;

/// What came in and what became of it, what is stored, and up to where the log is in parts.
pub(crate) async fn get(State(shared): State<Shared>) -> impl IntoResponse {
    let api = &shared.api;
    let records: Vec<Value> = api
        .ledger
        .rows()
        .iter()
        .map(|row| {
            json!({
                "stage": row.stage,
                "record": row.record,
                "outcome": row.outcome.as_str(),
                "reason": &*row.reason,
                "count": row.count.to_string(),
            })
        })
        .collect();
    let snapshot = api.store.snapshot();
    let tables: Vec<Value> = Table::ALL
        .iter()
        .map(|table| {
            json!({
                "name": table.as_str(),
                "rows": snapshot.row_count(*table).to_string(),
                "parts": snapshot.parts(*table).len(),
            })
        })
        .collect();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "time": api.clock.now().to_rfc3339(),
        "ready": api.ready.waits_for().is_none(),
        "waits_for": api.ready.waits_for(),
        "config": api.config.to_json(),
        "committed": api.store.committed().to_string(),
        "records": records,
        "tables": tables,
    }))
}

/// It answers, so it lives.
pub(crate) async fn livez() -> impl IntoResponse {
    Json(json!({ "live": true }))
}

/// Whether it can do its work, and with `?verbose`, or where it cannot, part by part.
pub(crate) async fn readyz(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, Problem> {
    let states = shared.api.ready.states();
    let components: Vec<Value> = states
        .iter()
        .map(|PartState { name, waits_for }| {
            json!({ "name": name, "ready": waits_for.is_none(), "reason": waits_for })
        })
        .collect();
    if let Some(what) = states.iter().find_map(|state| state.waits_for.as_ref()) {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "not ready",
            format!("the server waits for {what}"),
            "ask again in a few seconds",
        )
        .with("components", components));
    }
    let remarks = shared.api.config.remarks();
    let is_verbose = query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose")));
    Ok(Json(match is_verbose {
        true => json!({ "ready": true, "components": components, "remarks": remarks }),
        false => json!({ "ready": true, "remarks": remarks }),
    }))
}
