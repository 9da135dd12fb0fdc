//! `GET /api/v1/services` and `GET /api/v1/access-values`: what there is to choose from.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_store::ValueField;
use serde_json::{Value, json};

use crate::Problem;
use crate::parameters::{Given, Parameters};
use crate::search::told;
use crate::state::Shared;

const USUAL_RANGE: Duration = Duration::from_secs(86_400);
const USUAL_VALUES: usize = 100;
/// A list that a person can choose from.
const MAX_VALUES: usize = 1_000;

const FIELDS: [(&str, ValueField); 4] = [
    ("user", ValueField::User),
    ("rule", ValueField::Rule),
    ("disposition", ValueField::Disposition),
    ("app", ValueField::App),
];

pub(crate) async fn services(
    State(shared): State<Shared>,
    given: Given,
) -> Result<impl IntoResponse, Problem> {
    let range = Parameters::of(given, &["start", "end"])?.range(shared.api.clock.now(), USUAL_RANGE)?;
    let _turn = shared.turn_to_query().await?;
    let answer = shared.api.store.services(range).await.map_err(|error| told(&error))?;
    let services: Vec<Value> = answer
        .services
        .iter()
        .map(|service| {
            json!({
                "name": service.name,
                "namespace": service.namespace,
                "environment": service.environment,
                "span_count": service.span_count.to_string(),
                "last_time": service.last_time.to_rfc3339(),
            })
        })
        .collect();
    Ok(Json(json!({
        "services": services,
        "partial": answer.partial,
        "notes": answer.notes,
        "start": range.start.to_rfc3339(),
        "end": range.end.to_rfc3339(),
    })))
}

pub(crate) async fn access_values(
    State(shared): State<Shared>,
    given: Given,
) -> Result<impl IntoResponse, Problem> {
    let parameters = Parameters::of(given, &["field", "start", "end", "limit"])?;
    let field = parameters.word("field", &FIELDS)?;
    let range = parameters.range(shared.api.clock.now(), USUAL_RANGE)?;
    let limit = parameters.count("limit", USUAL_VALUES, MAX_VALUES)?;
    let _turn = shared.turn_to_query().await?;
    let answer = shared.api.store.access_values(field, range, limit).await.map_err(|error| told(&error))?;
    let values =
        answer.values.iter().map(|found| json!({ "value": found.value, "count": found.count.to_string() }));
    Ok(Json(json!({
        "values": values.collect::<Vec<_>>(),
        "partial": answer.partial,
        "notes": answer.notes,
        "start": range.start.to_rfc3339(),
        "end": range.end.to_rfc3339(),
    })))
}
