//! `GET /api/v1/services` and `GET /api/v1/access-values`.

use serde_json::json;

use crate::problem;
use crate::server::Server;

#[tokio::test]
async fn services_and_values_are_listed_with_their_counts() {
    let server = Server::start().await;
    server.clock.advance(std::time::Duration::from_secs(60));
    let services = server.get("/api/v1/services").await.json("ServicesAnswer");
    assert_eq!(
        services["services"],
        json!([{
            "name": "shop",
            "namespace": null,
            "environment": null,
            "span_count": "2",
            "last_time": "2026-11-22T07:00:00.210000000Z",
        }])
    );
    for (field, value) in [("user", "ana@example.com"), ("rule", "staff"), ("disposition", "allowed")] {
        let answer =
            server.get(&format!("/api/v1/access-values?field={field}")).await.json("AccessValuesAnswer");
        assert_eq!(answer["values"], json!([{ "value": value, "count": "1" }]));
    }
    let none = server.get("/api/v1/access-values?field=app&limit=5").await.json("AccessValuesAnswer");
    assert_eq!((&none["values"], &none["partial"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn a_field_that_is_not_there_is_refused_with_those_that_are() {
    let server = Server::start().await;
    for query in ["", "?field=device", "?field=user&limit=1001"] {
        let told =
            problem(&server.get(&format!("/api/v1/access-values{query}")).await, 400, "parameter_invalid");
        assert!(told["parameter"].is_string(), "{told}");
    }
    let told = problem(&server.get("/api/v1/access-values?field=device").await, 400, "parameter_invalid");
    assert!(told["hint"].as_str().is_some_and(|hint| hint.contains("`disposition`")), "{told}");
}
