//! `POST /api/v1/sql`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_store::{QueryBudget, QueryError};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::state::Shared;
use crate::{Problem, body};

/// The longest query, in JSON's escapes.
const MAX_BODY_BYTES: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    sql: String,
}

/// One query, one answer. The caller hangs up: the query ends.
pub(crate) async fn post(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let form = "{\"sql\": \"select …\"}";
    let question: Question = body::json(&headers, body, MAX_BODY_BYTES, form).await?;
    let _turn = shared.turn_to_query().await?;
    let answer = shared.api.store.sql(&question.sql, QueryBudget::default()).await;
    let answer = answer.map_err(|error| told(&error, error.code()))?;
    Ok(Json(json!({ "columns": answer.columns, "rows": answer.rows })))
}

/// Why the store has no answer, under `code`.
pub(crate) fn told(error: &QueryError, code: &'static str) -> Problem {
    if !error.is_askers_fault() {
        return Problem::internal(code, "the query could not be answered", error);
    }
    let status =
        if error.is_over_budget() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
    Problem::new(status, code, "the query is refused", error.to_string(), error.hint())
}
