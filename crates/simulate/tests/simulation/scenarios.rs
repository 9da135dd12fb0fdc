use fanlight_simulate::{Profile, Scenario, Settings, TruthFile};
use serde_json::Value;

use super::run::{Run, run, small};

/// The scenario's incident, and a request that it made slower or refused, seen in the truth.
fn check(scenario: Scenario, label: &str) -> Run {
    // Few are customers of one provider.
    let visits_per_hour = if scenario == Scenario::LastMile { 3.0 } else { small().visits_per_hour };
    let run = run(Settings { scenario, visits_per_hour, ..small() });
    let incidents = run.truth(TruthFile::Incidents);
    assert!(incidents.iter().any(|incident| incident["label"] == label), "{scenario}: {incidents:?}");
    let touched = run.truth(TruthFile::Requests).iter().filter(|request| {
        request["causes"].as_array().expect("a list").iter().any(|cause| cause["cause"] == label)
    });
    let touched = touched.count();
    assert!(touched > 0, "{scenario} touched nothing");
    run
}

#[test]
fn what_is_ours_goes_wrong() {
    check(Scenario::SlowDb, "dependency");
    check(Scenario::BadDeploy, "our_code");
    check(Scenario::RetryStorm, "mesh");
}

#[test]
fn what_is_the_edges_goes_wrong() {
    check(Scenario::Throttle, "edge_capacity");
    check(Scenario::RuleChange, "edge_policy");
    check(Scenario::Reroute, "reroute");
    check(Scenario::PolicySlow, "edge_policy");
    let overload = check(Scenario::ConnectorOverload, "connector");
    let text = String::from_utf8(overload.text("zpa_user_activity.group-1")).expect("UTF-8");
    assert!(text.contains("AST_MT_SETUP_ERR_NO_EPHEMERAL_PORT"));
}

#[test]
fn what_is_outside_goes_wrong() {
    check(Scenario::LastMile, "last_mile");
    let posture = check(Scenario::Posture, "identity_posture");
    let text = String::from_utf8(posture.text("zpa_user_status.group-1")).expect("UTF-8");
    assert!(text.contains("\"PosturesMiss\": [\"disk-encrypted\",\"firewall-on\",\"os-current\"]"));
    let misuse = check(Scenario::AgentMisuse, "edge_policy");
    let text = String::from_utf8(misuse.text("zpa_user_activity.group-1")).expect("UTF-8");
    assert!(text.contains("Agents: declared apps only"));
}

/// A SaaS host is slow for everyone, and only who sends a span of it has a request in the truth: the incident is told all the same.
#[test]
fn a_slow_saas_host_is_in_the_web_log() {
    let run = run(Settings { scenario: Scenario::SaasSlow, visits_per_hour: 3.0, ..small() });
    assert!(run.truth(TruthFile::Incidents).iter().any(|incident| incident["label"] == "internet_saas"));
}

#[test]
fn nothing_goes_wrong_on_a_quiet_day_and_nothing_is_a_cause_of_faulty_feeds() {
    let quiet = run(Settings { scenario: Scenario::Quiet, ..small() });
    assert!(quiet.truth(TruthFile::Incidents).is_empty());
    let faulty = run(Settings { scenario: Scenario::FeedFaults, minutes: 2, ..small() });
    let labels: Vec<&Value> =
        faulty.truth(TruthFile::Incidents).iter().map(|incident| &incident["label"]).collect();
    assert!(labels.len() == 4 && labels.iter().all(|label| **label == "none"));
    assert!(
        faulty.truth(TruthFile::Requests).iter().all(|request| request["causes"] == Value::Array(Vec::new()))
    );
    let pieces = &faulty.pieces["zpa_user_activity.group-1"];
    let held = pieces.windows(2).map(|pair| pair[1].arrival.nanos_since(pair[0].arrival)).max();
    assert!(held > Some(20_000_000_000), "an outage is a gap: {held:?}");
}

/// Something happens in the first minute of the scenario that people meet first.
#[test]
fn the_usual_mix_begins_within_a_minute() {
    let run = run(Settings { minutes: 1, visits_per_hour: 0.5, ..Settings::default() });
    let first = &run.truth(TruthFile::Incidents)[0];
    assert!(first["start"].as_str().expect("a time") < "2026-03-04T13:00:30");
    assert_eq!(run.settings.profile, Profile::S);
    assert!(run.counts["pages"] > 0);
}

#[test]
fn names_are_read_as_they_are_written() {
    for scenario in Scenario::ALL {
        assert_eq!(scenario.to_string().parse(), Ok(*scenario));
    }
    assert_eq!("bad-deploy".parse(), Ok(Scenario::BadDeploy));
    let error = "calm".parse::<Scenario>().expect_err("no such scenario");
    assert!(error.to_string().starts_with("`calm` is none of mix, drawn, quiet, throttle"));
    assert_eq!("m".parse(), Ok(Profile::M));
}
