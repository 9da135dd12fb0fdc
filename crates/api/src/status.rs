//! `GET /api/v1/status`, `/livez`, `/readyz`.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_store::Table;
use http::StatusCode;
use serde_json::{Value, json};

use crate::Problem;
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

/// Whether it can do its work yet.
pub(crate) async fn readyz(State(shared): State<Shared>) -> Result<impl IntoResponse, Problem> {
    match shared.api.ready.waits_for() {
        None => Ok(Json(json!({ "ready": true, "remarks": shared.api.config.remarks() }))),
        Some(what) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "not ready yet",
            format!("the server waits for {what}"),
            "ask again in a few seconds",
        )),
    }
}
