//! `POST /api/v1/sql`.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_store::{QueryBudget, QueryError};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use crate::Problem;
use crate::state::Shared;

/// The longest query, in JSON's escapes.
const MAX_BODY_BYTES: usize = 256 << 10;
/// A caller that sends slower than this holds a connection for nothing.
const BODY_TIME: Duration = Duration::from_secs(10);

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
    let question = read(&headers, body).await?;
    let _turn = shared.turn_to_query().await?;
    let answer = shared.api.store.sql(&question.sql, QueryBudget::default()).await.map_err(told)?;
    Ok(Json(json!({ "columns": answer.columns, "rows": answer.rows })))
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Question, Problem> {
    let refused = |status, code, detail: String| {
        let hint = "send `{\"sql\": \"select …\"}` as `application/json`";
        Problem::new(status, code, "the request's body cannot be used", detail, hint)
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "the body is not declared as `application/json`".to_owned();
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail));
    }
    let bytes = match tokio::time::timeout(BODY_TIME, to_bytes(body, MAX_BODY_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let detail = format!("the body is longer than {MAX_BODY_BYTES} bytes, or broke off");
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail));
        }
        Err(_) => {
            let detail = format!("the body did not come within {} s", BODY_TIME.as_secs());
            return Err(refused(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        refused(StatusCode::BAD_REQUEST, "body_invalid", format!("the body cannot be read: {error}"))
    })
}

fn told(error: QueryError) -> Problem {
    let code = error.code();
    if !error.is_askers_fault() {
        return Problem::internal(code, "the query could not be answered", &error);
    }
    let status =
        if error.is_over_budget() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
    Problem::new(status, code, "the query is refused", error.to_string(), error.hint())
}
