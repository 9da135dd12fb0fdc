//! A company of twenty-five requests, written by hand: what is lost, and names that mean harm.

use std::fmt::Write;
use std::path::Path;

use fanlight_model::{EventUid, SpanId, TraceId};
use fanlight_simulate::score::{Found, FoundLink, Measure, Score, ScoreError, Share, score};
use serde_json::json;
use tempfile::TempDir;

use super::answers::{answer, lines, rung};

/// Requests, each with one R2 link to a connection of its own.
const REQUESTS: u8 = 25;

fn connection(number: u8) -> String {
    format!("session,connection-{number}")
}

fn company(service: &str, losses: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    std::fs::create_dir(folder.path().join("truth")).expect("a folder");
    let manifest =
        json!({"seed": service, "start": "2026-03-04T13:00:00Z", "activity_records": "open_active_close"});
    put("manifest.json", &manifest.to_string());
    let (mut requests, mut links) = (String::new(), String::new());
    for number in 1..=REQUESTS {
        let (trace, span) = (TraceId([number; 16]).to_string(), SpanId([number; 8]).to_string());
        let path = [format!("service:{service}"), format!("app_connector:{service}")];
        let request = json!({"trace": trace, "kept": true, "path": path, "main": "none", "injected": false,
            "observed": if number == 3 { "refused" } else { "B" }, "identifiable": {}});
        writeln!(requests, "{request}").expect("a text");
        let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", &connection(number)).to_string();
        let link = json!({"trace": trace, "span": span, "feed": "zpa_user_activity", "event_uid": uid,
            "relation": "same_connection", "rungs": ["R2", "R3"]});
        writeln!(links, "{link}").expect("a text");
    }
    put("truth/requests.ndjson", &requests);
    put("truth/links.ndjson", &links);
    put("truth/losses.ndjson", losses);
    put("truth/incidents.ndjson", "");
    put("truth/clocks.ndjson", "");
    folder
}

fn loss(number: u8, status: &str) -> String {
    json!({"what": "record", "feed": "zpa_user_activity", "vendor_uid": connection(number), "status": status})
        .to_string()
        + "\n"
}

fn scored(company: &Path, keep: impl Fn(&FoundLink) -> bool) -> Score {
    let links = lines(company, "links.ndjson");
    score(company, Found::links(links.iter().map(answer).filter(keep))).expect("a truth that can be read")
}

/// A lost span, a connection of which nothing came and a lost refusal ask for no link; a connection that only lost its end does.
#[test]
fn what_never_arrived_is_not_missed() {
    let span = json!({"what": "span", "span": SpanId([4; 8]).to_string()}).to_string() + "\n";
    let losses = [loss(1, "open"), loss(1, "close"), loss(2, "close"), loss(3, "close"), span].concat();
    let company = company("billing", &losses);
    let score = scored(company.path(), |_| false);
    assert_eq!((score.links.true_pairs, score.links.undelivered), (25, 3));
    let two = rung(&score, "R2");
    assert_eq!((two.recall.clone(), two.precision.clone()), (Share::of(0, 22), Measure::NoCases));
    assert_eq!(two.f1, Measure::Of(0.0));
}

/// A service whose name is markup, or moves a terminal's cursor, is text in each report.
#[test]
fn names_that_mean_harm_are_inert() {
    let name = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u{1b}[2J\u{7}";
    let company = company(name, "");
    let score = scored(company.path(), |_| true);
    assert_eq!(rung(&score, "R2").services.value().expect("a service").worst.name, name);
    let page = score.to_html();
    for harm in ["<script", "<img", "\"'>", "\u{1b}", "\u{7}"] {
        assert!(!page.contains(harm), "{harm:?}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img"));
    assert_eq!(
        page.matches("</title>").count(),
        1 + page.matches("</title></rect>").count() + page.matches("</title></circle>").count()
    );
    let table = score.to_table();
    assert!(table.chars().all(|c| c == '\n' || !c.is_control()), "{table:?}");
    let read: serde_json::Value = serde_json::from_str(&score.to_json().expect("JSON")).expect("JSON");
    assert_eq!(read["rungs"][3]["services"]["worst"]["name"], name);
}

/// An error names the file and the line.
#[test]
fn a_line_that_is_no_truth_is_named() {
    let company = company("billing", "{\"what\":\"span\"}\nnothing\n");
    let error = score(company.path(), Found::links(std::iter::empty())).expect_err("no truth");
    assert!(matches!(&error, ScoreError::Line { line: 2, .. }), "{error}");
    assert!(error.to_string().ends_with("losses.ndjson`, line 2"), "{error}");
}
