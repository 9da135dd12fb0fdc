//! The API over real sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

mod choices;
mod metrics;
mod pane;
mod schema;
mod search;
mod server;
mod sign_in;

use std::time::Duration;

use serde_json::{Value, json};
use server::{Reply, Server};

const TRACE: &str = "/api/v1/traces/0af7651916cd43dd8448eb211c80319c";

/// The problem of a reply, after checking that it is one.
pub(crate) fn problem(reply: &Reply, status: u16, code: &str) -> Value {
    assert_eq!(reply.status, status, "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    let problem: Value = serde_json::from_str(&reply.body).expect("a problem is JSON");
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert!(problem["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{problem}");
    assert_eq!(problem["trace_id"].as_str().map(str::len), Some(32), "{problem}");
    schema::check("Problem", &problem);
    problem
}

/// What is written down of a trace: its spans, access event and link, the segments of its request, and what is missing.
#[tokio::test]
async fn a_trace_is_told_whole() {
    let server = Server::start().await;
    let reply = server.get(TRACE).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let told = reply.json("Trace");
    let golden: Value = serde_json::from_str(include_str!("../golden/trace.json")).expect("JSON");
    let written = serde_json::to_string_pretty(&told).expect("JSON");
    assert_eq!(told, golden, "found:\n{written}");
}

#[tokio::test]
async fn an_unknown_or_impossible_trace_is_told_so() {
    let server = Server::start().await;
    problem(&server.get("/api/v1/traces/00000000000000000000000000000001").await, 404, "trace_unknown");
    problem(&server.get("/api/v1/traces/xyz").await, 400, "trace_id_invalid");
    problem(&server.get("/api/v1/traces/00000000000000000000000000000000").await, 400, "trace_id_invalid");
    problem(&server.get("/api/v1/traces/%ff").await, 400, "trace_id_invalid");
}

#[tokio::test]
async fn sql_is_answered_in_the_contract_s_json() {
    let server = Server::start().await;
    let reply = server.sql("select rung, count(*) as n from links group by rung").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json("SqlAnswer");
    assert_eq!(answer, json!({ "columns": ["rung", "n"], "rows": [["R3", "1"]] }));
}

#[tokio::test]
async fn sql_that_writes_or_errs_is_refused_with_a_way_out() {
    let server = Server::start().await;
    problem(&server.sql("drop table spans").await, 400, "sql_not_read_only");
    problem(&server.sql("select * from verdicts").await, 400, "sql_not_produced");
    let unknown = problem(&server.sql("select nam from spans").await, 400, "sql_unknown_column");
    assert!(
        unknown["hint"].as_str().is_some_and(|hint| hint.starts_with("did you mean `name`?")),
        "{unknown}"
    );
    let held = server.sql("select count(*) from spans").await;
    assert!(held.body.contains("[[\"2\"]]"), "{}", held.body);
}

#[tokio::test]
async fn a_body_that_is_no_question_is_refused() {
    let server = Server::start().await;
    let post = async |kind: &str, body: &str| {
        let length = body.len();
        let headers = format!("content-type: {kind}\r\ncontent-length: {length}\r\n");
        server.ask("POST", "/api/v1/sql", &headers, body).await
    };
    problem(&post("text/plain", "{\"sql\":\"select 1\"}").await, 415, "content_type_unsupported");
    problem(&post("application/json", "{\"sql\":1}").await, 400, "body_invalid");
    problem(&post("application/json", "{\"sql\":\"select 1\",\"as\":2}").await, 400, "body_invalid");
    let long = format!("{{\"sql\":\"{}\"}}", "x".repeat(300 << 10));
    problem(&post("application/json", &long).await, 413, "body_too_large");
}

#[tokio::test]
async fn nobody_is_let_in_without_the_token() {
    let server = Server::start().await;
    let host = format!("host: {}\r\n", server.address);
    for path in [TRACE, "/api/v1/status"] {
        let reply = server.raw("GET", path, &host, "").await;
        problem(&reply, 401, "token_missing");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"fanlight\""));
        let wrong = format!("{host}authorization: Bearer 0000\r\n");
        problem(&server.raw("GET", path, &wrong, "").await, 401, "token_wrong");
        let basic = format!("{host}authorization: Basic {}\r\n", server.token);
        problem(&server.raw("GET", path, &basic, "").await, 401, "token_wrong");
    }
    problem(&server.raw("POST", "/api/v1/sql", &host, "").await, 401, "token_missing");
}

/// A page whose own name was made to point at this server, and a page of another site: neither gets anything, on any route,
/// not even with the token.
#[tokio::test]
async fn rebound_names_and_foreign_pages_are_refused_everywhere() {
    let server = Server::start().await;
    let paths: Vec<String> = schema::paths().into_iter().map(|(_, path)| path).collect();
    assert!(paths.len() > 15, "{paths:?}");
    let beside =
        ["/index.html", "/assets/index.js", "/intake/zscaler/zia_web", "/intake/envoy", "/nothing", "/.."];
    for path in paths.iter().map(String::as_str).chain(beside) {
        let rebound = format!("host: rebound.example.com\r\nauthorization: Bearer {}\r\n", server.token);
        for method in ["GET", "POST"] {
            problem(&server.raw(method, path, &rebound, "").await, 421, "host_not_allowed");
            let foreign = "origin: http://page.example.com\r\n";
            problem(&server.ask(method, path, foreign, "").await, 403, "origin_not_allowed");
        }
    }
    let own = format!("origin: http://{}\r\n", server.address);
    assert_eq!(server.ask("GET", "/livez", &own, "").await.status, 200);
}

#[tokio::test]
async fn the_open_routes_need_no_token_on_loopback() {
    let server = Server::start().await;
    let host = format!("host: {}\r\n", server.address);
    assert_eq!(server.raw("GET", "/livez", &host, "").await.status, 200);
    problem(&server.raw("GET", "/readyz", &host, "").await, 503, "not_ready");
    server.ready.reached();
    assert_eq!(server.raw("GET", "/readyz", &host, "").await.status, 200);
    assert_eq!(server.raw("GET", "/metrics", &host, "").await.status, 200);
    let described = server.raw("GET", "/api/openapi.json", &host, "").await;
    assert_eq!(described.header("content-type"), Some("application/json"));
    assert!(described.body.contains("\"openapi\": \"3.1.0\""));
}

/// Each part says what it waits for, and all of them are named where one is not ready, or where it is asked for.
#[tokio::test]
async fn readiness_is_told_part_by_part() {
    let server = Server::start().await;
    let told = problem(&server.get("/readyz").await, 503, "not_ready");
    assert_eq!(
        told["components"],
        json!([{ "name": "log", "ready": false, "reason": "the log to be replayed" }])
    );
    server.ready.reached();
    assert_eq!(server.get("/readyz").await.json("Readiness"), json!({ "ready": true, "remarks": [] }));
    let verbose = server.get("/readyz?verbose").await.json("Readiness");
    assert_eq!(verbose["components"], json!([{ "name": "log", "ready": true, "reason": null }]));
    assert_eq!(server.get("/livez").await.json("Liveness"), json!({ "live": true }));
}

#[tokio::test]
async fn the_status_counts_what_is_stored() {
    let server = Server::start().await;
    let status = server.get("/api/v1/status").await.json("Status");
    assert_eq!(status["tables"][0], json!({ "name": "spans", "rows": "2", "parts": 0 }));
    assert_eq!(status["ready"], false);
    assert_eq!(status["time"], "2026-11-22T07:00:00.000000000Z");
    assert_eq!(status["committed"], "0:0");
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_too() {
    let server = Server::start().await;
    problem(&server.get("/api/v1/nothing").await, 404, "route_unknown");
    let wrong = server.ask("DELETE", TRACE, "", "").await;
    problem(&wrong, 405, "method_not_allowed");
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("GET")), "{wrong:?}");
    problem(&server.get("/api/v1/sql").await, 405, "method_not_allowed");
}

/// The request's own trace id stands in its problem, so that both sides' logs can be laid together.
#[tokio::test]
async fn a_problem_carries_the_caller_s_trace_id() {
    let server = Server::start().await;
    let traced = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let reply = server.ask("GET", "/nothing", traced, "").await;
    let found = problem(&reply, 404, "route_unknown");
    assert_eq!(found["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

/// Four callers ask for what takes long, and no fifth gets a turn. They hang up: their turns are free again at once.
#[tokio::test]
async fn a_caller_that_hangs_up_gives_its_turn_back() {
    let server = Server::start().await;
    let ten = "(values (1),(2),(3),(4),(5),(6),(7),(8),(9),(10))";
    let tables: Vec<String> = (0..12).map(|number| format!("{ten} t{number}(a)")).collect();
    let long = format!("select count(*) from {} where t0.a + t11.a <> 7", tables.join(", "));
    let mut callers = Vec::new();
    for _ in 0..4 {
        callers.push(server.ask_and_wait(&long).await);
    }
    let fifth =
        |patience| tokio::time::timeout(Duration::from_millis(patience), server.sql("select 1 as one"));
    let all_taken = async { while fifth(300).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), all_taken).await.expect("four queries run");
    drop(callers);
    assert_eq!(fifth(8_000).await.expect("a turn was free").status, 200);
}
