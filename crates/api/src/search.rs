//! `GET /api/v1/search`: traces by TraceQL.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_store::{FoundAccess, FoundTrace, QueryError};
use http::StatusCode;
use serde_json::{Value, json};

use crate::parameters::{Given, Parameters};
use crate::state::Shared;
use crate::traceql::{self, Refusal, RefusalKind};
use crate::{Problem, sql};

const USUAL_RANGE: Duration = Duration::from_secs(3_600);
const USUAL_LIMIT: usize = 20;
/// A list that a person scrolls through; each trace of it is looked up whole.
const MAX_LIMIT: usize = 500;

pub(crate) async fn get(State(shared): State<Shared>, given: Given) -> Result<impl IntoResponse, Problem> {
    let parameters = Parameters::of(given, &["q", "start", "end", "limit"])?;
    let filter =
        traceql::filter(parameters.text("q").unwrap_or_default()).map_err(|refusal| refused(&refusal))?;
    let range = parameters.range(shared.api.clock.now(), USUAL_RANGE)?;
    let limit = parameters.count("limit", USUAL_LIMIT, MAX_LIMIT)?;
    let _turn = shared.turn_to_query().await?;
    let answer = shared.api.store.search(filter, range, limit).await.map_err(|error| told(&error))?;
    Ok(Json(json!({
        "traces": answer.traces.iter().map(trace).collect::<Vec<_>>(),
        "partial": answer.partial,
        "notes": answer.notes,
        "start": range.start.to_rfc3339(),
        "end": range.end.to_rfc3339(),
    })))
}

fn refused(refusal: &Refusal) -> Problem {
    let (code, title, hint) = match refusal.kind {
        RefusalKind::Invalid => (
            "traceql_invalid",
            "the query is not TraceQL",
            "write it like `{ resource.service.name = \"shop\" && duration > 200ms && access.user = \"ana@example.com\" }`",
        ),
        RefusalKind::Unsupported => (
            "traceql_unsupported",
            "the query uses more of TraceQL than this version knows",
            "a search takes one pair of braces, with comparisons of a field with a value joined by `&&` and `||`; `fanlight query` asks for more in SQL",
        ),
    };
    let problem = Problem::new(StatusCode::BAD_REQUEST, code, title, refusal.to_string(), hint)
        .with("parameter", "q")
        .with("column", refusal.column)
        .with("token", refusal.token.as_str());
    match refusal.kind {
        RefusalKind::Invalid => problem.with("expected", refusal.words.as_str()),
        RefusalKind::Unsupported => problem,
    }
}

/// The store's refusals under names of their own: what was asked was no SQL.
pub(crate) fn told(error: &QueryError) -> Problem {
    let code = match error {
        QueryError::TooManyRows { .. } | QueryError::AnswerTooLarge { .. } => "search_answer_too_large",
        QueryError::TooMuchMemory { .. } => "search_too_much_memory",
        QueryError::TookTooLong { .. } => "search_took_too_long",
        QueryError::Cancelled => "search_cancelled",
        QueryError::Read { .. } => "store_read_failed",
        _ => "search_failed",
    };
    if error.is_over_budget() {
        let hint = "narrow it: a shorter range, or one more condition";
        let title = "the search is refused";
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title, error.to_string(), hint);
    }
    match error.is_askers_fault() {
        // The plan is ours: what the engine finds wrong with it is a fault of ours, too.
        true => Problem::internal(code, "the search could not be answered", error),
        false => sql::told(error, code),
    }
}

fn trace(found: &FoundTrace) -> Value {
    json!({
        "trace_id": found.trace_id.to_string(),
        "root_service": found.root_service,
        "root_name": found.root_name,
        "start_time": found.start_time.to_rfc3339(),
        "duration_ns": found.duration_ns.to_string(),
        "span_count": found.span_count.to_string(),
        "error_count": found.error_count.to_string(),
        "services": found.services,
        "matched": {
            "span_id": found.matched.span_id.to_string(),
            "name": found.matched.name,
            "service_name": found.matched.service_name,
            "duration_ns": found.matched.duration_ns.to_string(),
            "status_code": found.matched.status_code,
        },
        "access": found.access.as_ref().map(access),
    })
}

/// The administrator sees names; roles come with the identity provider.
fn access(found: &FoundAccess) -> Value {
    json!({
        "event_uid": found.event_uid.to_string(),
        "user_name": found.user_name,
        "principal_id": found.principal_id,
        "device": found.device,
        "disposition": found.disposition,
        "effects": found.effects,
        "rule": found.rule,
        "app": found.app,
        "rung": found.rung.as_str(),
        "confidence": found.confidence,
    })
}
