//! Which path leads where, and who may take it.

use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use http::{HeaderMap, StatusCode, header};

use crate::state::{ApiState, Shared};
use crate::{Problem, caller, choices, feeds, metrics, pane, search, session, sql, status, trace};

/// Every route described, for people and their tools.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// Who may take a route, once the request came under a name of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anybody: it tells nothing of what is stored.
    Open,
    /// Whoever is on this machine, or signed in.
    Local,
    /// Whoever has the token, or a session.
    SignedIn,
    /// Whoever has the token.
    Token,
}

/// A route, by its path and method.
struct Route {
    path: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold it against the description"))]
    method: &'static str,
    access: Access,
    handler: MethodRouter<Shared>,
}

fn reading(path: &'static str, access: Access, handler: MethodRouter<Shared>) -> Route {
    Route { path, method: "get", access, handler }
}

fn writing(path: &'static str, access: Access, handler: MethodRouter<Shared>) -> Route {
    Route { path, method: "post", access, handler }
}

fn routes() -> Vec<Route> {
    let mut routes = vec![
        reading("/api/v1/traces/{trace_id}", Access::SignedIn, get(trace::get)),
        reading("/api/v1/search", Access::SignedIn, get(search::get)),
        reading("/api/v1/services", Access::SignedIn, get(choices::services)),
        reading("/api/v1/access-values", Access::SignedIn, get(choices::access_values)),
        writing("/api/v1/sql", Access::SignedIn, post(sql::post)),
        reading("/api/v1/feeds", Access::SignedIn, get(feeds::get)),
        reading("/api/v1/status", Access::SignedIn, get(status::get)),
        writing("/api/v1/codes", Access::Token, post(session::new_code)),
        writing("/api/v1/sign-in", Access::Open, post(session::sign_in)),
        writing("/api/v1/sign-out", Access::Open, post(session::sign_out)),
        reading("/api/openapi.json", Access::Open, get(openapi)),
        reading("/metrics", Access::Local, get(metrics::get)),
        reading("/livez", Access::Open, get(status::livez)),
        reading("/readyz", Access::Open, get(status::readyz)),
    ];
    routes.extend(pane::ROUTES.map(|path| reading(path, Access::Open, get(pane::page))));
    routes.extend(pane::files().map(|file| {
        reading(file.path, Access::Open, get(async move |headers: HeaderMap| pane::serve(file, &headers)))
    }));
    routes
}

/// The API's routes and the pane's files. Serve it with the peers' addresses
/// (`into_make_service_with_connect_info::<SocketAddr>()`): without them nobody counts as local, and `/metrics` wants a sign-in
/// too.
pub fn router(state: ApiState) -> Router {
    router_beside(state, Router::new())
}

/// The same, with routes of others beside ours: they are reached under the same names, traced and measured as ours are, and answer for
/// who may take them themselves.
pub fn router_beside(state: ApiState, others: Router) -> Router {
    let shared = Shared::new(state);
    let mut router = Router::new();
    for Route { path, access, handler, .. } in routes() {
        let handler = match access {
            Access::Open => handler,
            Access::Local => handler
                .route_layer(middleware::from_fn_with_state(shared.clone(), caller::local_or_signed_in)),
            Access::SignedIn => {
                handler.route_layer(middleware::from_fn_with_state(shared.clone(), caller::signed_in))
            }
            Access::Token => {
                handler.route_layer(middleware::from_fn_with_state(shared.clone(), caller::token))
            }
        };
        router = router.route(path, handler);
    }
    router
        .fallback(async || nothing_here())
        .method_not_allowed_fallback(async || wrong_method())
        .with_state(shared.clone())
        .merge(others)
        .layer(middleware::from_fn_with_state(shared.clone(), caller::under_our_name))
        .layer(middleware::from_fn_with_state(shared, caller::traced))
}

async fn openapi() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

fn nothing_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "route_unknown",
        "there is nothing here",
        "no route has this path",
        "`/` is the pane; `/api/openapi.json` describes every route of the API",
    )
}

fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "wrong method",
        "this path does not take this method",
        "`Allow` names those that it takes; `/api/openapi.json` describes every route",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The path as the description has it: the pane's files are one entry, those beside its page none.
    fn described(route: &Route) -> Option<String> {
        match route.path {
            path if path.starts_with("/assets/") => None,
            path if pane::files().any(|file| file.path == path) => None,
            path => Some(format!("{} {path}", route.method)),
        }
    }

    #[test]
    fn router_and_description_have_the_same_routes() {
        let description: Value = serde_json::from_str(OPENAPI).expect("JSON");
        let paths = description["paths"].as_object().expect("paths");
        let mut told: BTreeSet<String> = BTreeSet::new();
        for (path, methods) in paths {
            told.extend(
                methods.as_object().expect("methods").keys().map(|method| format!("{method} {path}")),
            );
        }
        assert!(told.remove("get /assets/{path}"), "the pane's files are described as one");
        let served: BTreeSet<String> = routes().iter().filter_map(described).collect();
        assert_eq!(served, told);
    }

    /// Who may take a route is what the description says of it.
    #[test]
    fn router_and_description_agree_on_who_may() {
        let description: Value = serde_json::from_str(OPENAPI).expect("JSON");
        for route in routes().iter().filter(|route| described(route).is_some()) {
            let told = &description["paths"][route.path][route.method]["security"];
            let expected = match route.access {
                Access::Open => serde_json::json!([]),
                Access::Token => serde_json::json!([{ "token": [] }]),
                Access::Local | Access::SignedIn => Value::Null,
            };
            assert_eq!(*told, expected, "{}", route.path);
        }
    }
}
