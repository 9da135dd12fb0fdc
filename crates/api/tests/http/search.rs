//! `GET /api/v1/search`.

use serde_json::{Value, json};

use crate::problem;
use crate::server::{Reply, Server};

/// A text as a query string has it.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

async fn search(server: &Server, q: &str) -> Reply {
    server.get(&format!("/api/v1/search?q={}", encoded(q))).await
}

async fn found(server: &Server, q: &str) -> Value {
    search(server, q).await.json("SearchAnswer")
}

/// The fixture's one trace, by its span and by the access event that is linked to it, told whole.
#[tokio::test]
async fn a_trace_is_found_by_code_and_by_access() {
    let server = Server::start().await;
    server.clock.advance(std::time::Duration::from_secs(60));
    let answer =
        found(&server, r#"{ resource.service.name = "shop" && access.user = "ana@example.com" }"#).await;
    assert_eq!(answer["partial"], false);
    assert_eq!(
        answer["traces"],
        json!([{
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "root_service": null,
            "root_name": null,
            "start_time": "2026-11-22T07:00:00.200000000Z",
            "duration_ns": "120000000",
            "span_count": "2",
            "error_count": "0",
            "services": ["shop"],
            "matched": {
                "span_id": "0101010101010101",
                "name": "GET /orders",
                "service_name": "shop",
                "duration_ns": "120000000",
                "status_code": "unset",
            },
            "access": {
                "event_uid": "40bec4b03947cce53e4178bfad6ed76b",
                "user_name": "ana@example.com",
                "principal_id": "fl:default:h:ana",
                "device": null,
                "disposition": "allowed",
                "effects": [],
                "rule": "staff",
                "app": null,
                "rung": "R3",
                "confidence": 0.9995,
            },
        }])
    );
    let none = found(&server, "{ access.disposition = blocked }").await;
    assert_eq!(none["traces"], json!([]));
}

/// Without a range it is the last hour by the server's clock.
#[tokio::test]
async fn the_range_is_the_last_hour_unless_told() {
    let server = Server::start().await;
    server.clock.advance(std::time::Duration::from_secs(2 * 3_600));
    let all = found(&server, "{}").await;
    assert_eq!(
        (&all["start"], &all["end"]),
        (&json!("2026-11-22T08:00:00.000000000Z"), &json!("2026-11-22T09:00:00.000000000Z"))
    );
    assert_eq!(all["traces"], json!([]));
    let earlier =
        server.get("/api/v1/search?start=2026-11-22T06:30:00Z&end=2026-11-22T07:30:00%2B00:00").await;
    assert_eq!(earlier.json("SearchAnswer")["traces"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_query_is_refused_where_it_goes_wrong() {
    let server = Server::start().await;
    let later = problem(&search(&server, "{ .a = 1 } >> { .b = 2 }").await, 400, "traceql_unsupported");
    assert_eq!(
        (&later["column"], &later["token"], &later["parameter"]),
        (&json!(12), &json!(">>"), &json!("q"))
    );
    assert!(later["detail"].as_str().is_some_and(|text| text.contains("one pair of braces")), "{later}");
    let junk = problem(&search(&server, "{ status = eror }").await, 400, "traceql_invalid");
    assert_eq!((&junk["column"], &junk["token"]), (&json!(12), &json!("eror")));
    assert_eq!(junk["expected"], "one of `error`, `ok`, `unset`");
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = Server::start().await;
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1e9", "limit"),
        ("limit=501", "limit"),
        ("start=yesterday", "start"),
        ("end=1795330800", "end"),
        ("start=2026-11-22T07:00:00Z&end=2026-11-22T06:00:00Z", "start"),
        ("limt=5", "limt"),
        ("limit=5&limit=6", "limit"),
    ] {
        let told = problem(&server.get(&format!("/api/v1/search?{query}")).await, 400, "parameter_invalid");
        assert_eq!(told["parameter"], parameter, "{query}");
    }
    let decade = server.get("/api/v1/search?start=2016-11-22T07:00:00Z&limit=500").await;
    assert_eq!(decade.status, 200, "a long range has a budget, not a ban: {}", decade.body);
}
