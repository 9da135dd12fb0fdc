use std::collections::{BTreeMap, BTreeSet};

use fanlight_model::{Feed, FeedRecord};
use fanlight_simulate::TruthFile;
use serde_json::Value;

use super::feeds::decoded;
use super::run::{DEFAULT, RECOMMENDED, Run, SAMPLE};
use super::spans::batches;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// Segments sum to the whole, and those inside the entry span to its duration; what an incident added is no more than there is.
#[test]
fn segments_sum_to_the_whole() {
    let requests = SAMPLE.truth(TruthFile::Requests);
    assert!(requests.len() > 200, "{}", requests.len());
    for request in requests {
        let segments = request["segments"].as_object().expect("segments");
        let sum: i64 = segments.values().map(|pair| pair[0].as_i64().expect("ns")).sum();
        assert_eq!(Some(sum), request["total_ns"].as_i64(), "{request}");
        if let Some(inside) = request["entry"]["inside"].as_object() {
            let sum: i64 = inside.values().map(|ns| ns.as_i64().expect("ns")).sum();
            assert_eq!(Some(sum), request["entry"]["ns"].as_i64(), "{request}");
        }
    }
}

/// Causes name incidents that there are, while they go on.
#[test]
fn causes_name_incidents() {
    let incidents: BTreeMap<i64, &Value> = SAMPLE
        .truth(TruthFile::Incidents)
        .iter()
        .map(|incident| (incident["incident"].as_i64().expect("a number"), incident))
        .collect();
    assert!(!incidents.is_empty());
    let mut injected = 0;
    for request in SAMPLE.truth(TruthFile::Requests) {
        for cause in request["causes"].as_array().expect("a list") {
            let incident = incidents[&cause["incident"].as_i64().expect("a number")];
            assert!(cause["ns"].as_i64().expect("ns") >= 0);
            injected += 1;
            if incident["kind"] != "retry_storm" {
                assert_eq!(cause["cause"], incident["label"], "{request}");
            }
        }
        let observed = text(request, "observed");
        let main = text(request, "main");
        for (profile, set) in request["identifiable"].as_object().expect("profiles") {
            let set: Vec<&str> = set.as_array().expect("a set").iter().filter_map(Value::as_str).collect();
            assert!(set.contains(&main), "{profile} {observed} {request}");
        }
    }
    assert!(injected > 10, "{injected}");
}

/// The ids of all access events that came in.
fn events(run: &Run) -> BTreeSet<String> {
    let streams = [
        ("zpa_user_activity.group-1", Feed::ZpaUserActivity),
        ("zpa_browser_access.group-1", Feed::ZpaBrowserAccess),
        ("zpa_appprotection.group-1", Feed::ZpaAppprotection),
        ("zia_web.nss", Feed::ZiaWeb),
        ("zia_firewall.nss", Feed::ZiaFirewall),
        ("envoy.proxies", Feed::Envoy),
    ];
    let lines = streams.into_iter().flat_map(|(stream, feed)| decoded(run, stream, feed));
    lines
        .filter_map(|line| match line.event {
            Some(FeedRecord::AccessEvent(event)) => Some(event.event_uid.to_string()),
            _ => None,
        })
        .collect()
}

/// Every link's span and access event came in, but for what the truth says was lost, and connections that outlive the run.
fn check(run: &Run) {
    let spans: BTreeSet<String> = batches(run)
        .iter()
        .flat_map(|batch| batch.spans().map(|span| span.span_id().to_string()).collect::<Vec<_>>())
        .collect();
    let events = events(run);
    let lost: BTreeSet<&str> =
        run.truth(TruthFile::Losses).iter().filter_map(|loss| loss["span"].as_str()).collect();
    let (mut links, mut without) = (0, 0);
    for link in run.truth(TruthFile::Links) {
        let span = text(link, "span");
        assert!(spans.contains(span) || lost.contains(span), "{link}");
        if let Some(event) = link["event_uid"].as_str() {
            links += 1;
            without += usize::from(!events.contains(event));
        }
    }
    assert!(links > 100, "{links}");
    assert!(without * 50 < links, "{without} of {links} links have no event");
}

#[test]
fn every_link_has_its_span_and_its_event() {
    check(&SAMPLE);
}

#[test]
fn links_name_the_events_of_the_other_dialects_too() {
    check(&DEFAULT);
    check(&RECOMMENDED);
}

/// The rungs that are reachable are many, and each is there.
#[test]
fn rungs_of_every_kind_are_eligible() {
    let mut rungs: BTreeMap<String, u32> = BTreeMap::new();
    for link in SAMPLE.truth(TruthFile::Links) {
        for rung in link["rungs"].as_array().expect("a list") {
            *rungs.entry(rung.as_str().expect("a rung").to_owned()).or_default() += 1;
        }
    }
    for rung in ["R1", "R2", "R3", "R3b", "R5", "R6", "R7"] {
        assert!(rungs.contains_key(rung), "{rung} in {rungs:?}");
    }
}

/// Every clock is told, and most are nearly right.
#[test]
fn clocks_are_told() {
    let clocks = SAMPLE.truth(TruthFile::Clocks);
    let pods: Vec<i64> = clocks
        .iter()
        .filter(|clock| clock["kind"] == "pod")
        .map(|clock| clock["offset_ns"].as_i64().expect("ns"))
        .collect();
    assert_eq!(pods.len(), 36);
    assert!(pods.iter().filter(|offset| offset.abs() < 25_000_000).count() * 2 > pods.len());
}
