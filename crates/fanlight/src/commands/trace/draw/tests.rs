use serde_json::json;

use super::*;

fn trace() -> Trace {
    serde_json::from_value(json!({
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "spans": [
            { "span_id": "b7ad6b7169203331", "parent_span_id": null, "name": "GET /checkout", "service_name": "shop",
              "start_time": "2026-11-22T07:00:00.200000000Z", "duration_ns": "100000000", "status_code": "error", "synthetic": false },
            { "span_id": "00f067aa0ba902b7", "parent_span_id": "b7ad6b7169203331", "name": "GET /stock\u{1b}[2J", "service_name": "stock",
              "start_time": "2026-11-22T07:00:00.220000000Z", "duration_ns": "40000000", "status_code": "unset", "synthetic": false },
            { "span_id": "1111111111111111", "parent_span_id": "b7ad6b7169203331", "name": "zpa access", "service_name": "zpa",
              "start_time": "2026-11-22T07:00:00.000000000Z", "duration_ns": "300000000", "status_code": "unset", "synthetic": true }
        ],
        "access_events": [{ "event_uid": "e1", "product": "zpa", "start_time": "2026-11-22T07:00:00.000000000Z", "end_time": "2026-11-22T07:00:00.300000000Z",
            "stamp_setup_complete": "2026-11-22T07:00:00.193000000Z",
            "principal_id": "fl:default:h:abc", "user_name": "ana@example.com", "client_address": "192.0.2.9", "service_edge": "EU-1",
            "app_connector": "dc1-a", "app": "shop", "disposition": "allowed", "rule": "Staff to shop" }],
        "links": [{ "link_id": "l1", "span_id": "b7ad6b7169203331", "event_uid": "e1", "rung": "R3", "relation": "same_connection",
            "confidence": 0.998, "runner_up": 0.0, "residual_ms": 0.0, "late_by_ms": 1200.0, "state": "asserted", "first_on_connection": true }],
        "segments": [{ "link_id": "l1", "measured": [{ "name": "edge_policy", "duration_ns": "1380000" }, { "name": "connector_setup", "duration_ns": "190552000" }],
            "portions": [{ "of": "edge_policy", "name": "policy", "duration_ns": "28000" }],
            "missing": [{ "name": "last_mile", "why": "User Activity cannot separate it" }] }]
    }))
    .expect("the shape of the API")
}

#[test]
fn a_joined_trace_shows_code_and_access_on_one_axis() {
    let drawn = draw(&trace(), 80);
    let expected = "\
trace 0af7651916cd43dd8448eb211c80319c  2 spans of shop, stock, 1 access event
from 2026-11-22T07:00:00.000000000Z, 300 ms in all

  GET /checkout
    who          ana@example.com (fl:default:h:abc), from 192.0.2.9
    device       not said by the feed
    app          shop
    edge         zpa, service edge EU-1, app connector dc1-a
    rule         Staff to shop
    disposition  allowed
    link         R3 same connection, confidence 0.9980, no rival, inside the connection's life, late by 1.2 s

                           0               150 ms               300 ms
zpa ana@example.com        ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░░░ allowed
shop GET /checkout                                     ███████████████ 100 ms ✗
  zpa access               ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 300 ms
  stock GET /stock\u{fffd}[2J                                    ██████       40.0 ms
█ a span  ▓ connection set-up  ░ connection at the edge  ▒ made by Fanlight from a late access event

time at the edge before GET /checkout
  edge_policy          1.4 ms  
    of it policy      28.0 µs
  connector_setup      191 ms  ██████████████████████████████
  not measured
    last_mile      User Activity cannot separate it";
    let trimmed: Vec<&str> = expected.lines().map(str::trim_end).collect();
    assert_eq!(drawn, trimmed.join("\n"), "\n{drawn}");
}

/// Spans that are each other's parents, and one whose parent never came, are all drawn, once.
#[test]
fn rings_and_orphans_are_drawn_too() {
    let trace: Trace = serde_json::from_value(json!({ "trace_id": "t", "spans": [
        { "span_id": "a", "parent_span_id": "b", "name": "ring-a", "start_time": "2026-11-22T07:00:00Z", "duration_ns": "5" },
        { "span_id": "b", "parent_span_id": "a", "name": "ring-b", "start_time": "2026-11-22T07:00:00Z", "duration_ns": "5" },
        { "span_id": "c", "parent_span_id": "zz", "name": "orphan", "start_time": "2026-11-22T07:00:00Z", "duration_ns": "5" },
        { "span_id": "d", "parent_span_id": "d", "name": "own-parent", "start_time": "2026-11-22T07:00:00Z", "duration_ns": "0" }
    ]}))
    .expect("parses");
    let drawn = draw(&trace, 80);
    for name in ["ring-a", "ring-b", "orphan", "own-parent"] {
        assert_eq!(drawn.matches(name).count(), 1, "{drawn}");
    }
    assert!(drawn.contains("no access event received"));
}
