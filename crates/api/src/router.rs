//! Which path leads where.

use axum::routing::{get, post};
use axum::{Router, middleware};
use http::StatusCode;

use crate::state::{ApiState, Shared};
use crate::{Problem, caller, metrics, sql, status, trace};

/// The API's routes. Serve it with the peers' addresses (`into_make_service_with_connect_info::<SocketAddr>()`): without them
/// nobody counts as local, and `/metrics` wants the token too.
pub fn router(state: ApiState) -> Router {
    let shared = Shared::new(state);
    let with_token = Router::new()
        .route("/api/v1/traces/{trace_id}", get(trace::get))
        .route("/api/v1/sql", post(sql::post))
        .route("/api/v1/status", get(status::get))
        .route_layer(middleware::from_fn_with_state(shared.clone(), caller::token));
    let local_or_token = Router::new()
        .route("/metrics", get(metrics::get))
        .route_layer(middleware::from_fn_with_state(shared.clone(), caller::local_or_token));
    Router::new()
        .merge(with_token)
        .merge(local_or_token)
        .route("/livez", get(status::livez))
        .route("/readyz", get(status::readyz))
        .fallback(async || nothing_here())
        .method_not_allowed_fallback(async || wrong_method())
        .layer(middleware::from_fn_with_state(shared.clone(), caller::under_our_name))
        .layer(middleware::from_fn(caller::traced))
        .with_state(shared)
}

fn nothing_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "route_unknown",
        "there is nothing here",
        "no route has this path",
        "known here: `/api/v1/traces/{trace_id}`, `/api/v1/sql`, `/api/v1/status`, `/metrics`, `/livez`, `/readyz`",
    )
}

fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "wrong method",
        "this path does not take this method",
        "`/api/v1/sql` takes POST, everything else GET",
    )
}
