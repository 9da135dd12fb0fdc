//! `GET /metrics`.

use crate::server::Server;

const OPEN_METRICS: &str =
    "accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n";

#[tokio::test]
async fn metrics_come_in_the_form_that_the_scraper_reads() {
    let server = Server::start().await;
    let plain = server.get("/metrics").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let stored = "fanlight_records_total{stage=\"store\",record=\"span\",outcome=\"stored\",reason=\"\"} 2\n";
    assert!(plain.body.contains(stored), "{}", plain.body);
    assert!(plain.body.contains("fanlight_build_info{version="), "{}", plain.body);
    assert!(!plain.body.contains("# EOF"));
    let open = server.ask("GET", "/metrics", OPEN_METRICS, "").await;
    assert!(open.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    assert!(open.body.contains(stored) && open.body.ends_with("# EOF\n"), "{}", open.body);
}

/// A request leaves its route and its trace: whoever sees a slow bucket can look for that request in the log.
#[tokio::test]
async fn a_request_leaves_its_trace_in_the_metrics() {
    let server = Server::start().await;
    let traced = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    assert_eq!(server.ask("GET", "/api/v1/traces/xyz", traced, "").await.status, 400);
    assert_eq!(server.get("/no/such/path/at/all").await.status, 404);
    let open = server.ask("GET", "/metrics", OPEN_METRICS, "").await.body;
    let labels = "route=\"/api/v1/traces/{trace_id}\",method=\"GET\",code=\"400\"";
    let bucket = open.lines().find(|line| line.contains("duration_seconds_bucket") && line.contains(labels));
    let bucket = bucket.unwrap_or_else(|| panic!("{open}"));
    assert!(bucket.contains("# {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"}"), "{bucket}");
    assert!(open.contains("route=\"none\",method=\"GET\",code=\"404\""), "{open}");
    assert!(!open.contains("/no/such/path"), "a caller cannot add a series");
}
