//! What the design's page says of sums and orders of times holds on every record.

use fanlight_model::Timestamp;
use serde_json::Value;

use super::run::{DEFAULT, Run, SAMPLE};

fn records(run: &Run, stream: &str) -> Vec<Value> {
    run.pieces[stream].iter().map(|piece| serde_json::from_slice(&piece.bytes).expect("JSON")).collect()
}

fn stamp(record: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(record[key].as_str().expect("a text")).ok()
}

fn number(record: &Value, key: &str) -> i64 {
    record[key].as_i64().unwrap_or_else(|| panic!("{key} in {record}"))
}

/// Set-up is the sum of its parts and 22 to 25 µs, and what its stamps say to the millisecond; the server's part lies inside.
#[test]
fn set_up_times_add_up() {
    let mut seen = 0;
    for record in records(&SAMPLE, "zpa_user_activity.group-1") {
        let total = number(&record, "ConnectionSetupTime");
        let parts = ["PolicyProcessingTime", "CAProcessingTime", "ConnectorZENSetupTime"]
            .map(|key| number(&record, key));
        assert_eq!(number(&record, "AppLearnTime"), 0);
        let Some(complete) = stamp(&record, "TimestampConnectorZENSetupComplete") else {
            assert_eq!(total, 0, "{record}");
            continue;
        };
        let rest = total - parts.iter().sum::<i64>();
        assert!((22..=25).contains(&rest), "{rest} in {record}");
        let start = stamp(&record, "TimestampConnectionStart").expect("a start");
        assert!((complete.nanos_since(start) / 1_000 - total).abs() <= 1_000, "{record}");
        assert!(number(&record, "ServerSetupTime") < number(&record, "ConnectorZENSetupTime"));
        let ca = |key| stamp(&record, key).expect("a stamp");
        let asked = ca("TimestampCARx").nanos_since(ca("TimestampCATx")) / 1_000;
        assert!((asked - number(&record, "CAProcessingTime")).abs() <= 1_000);
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

/// With policy time inside the authority's time the stamps still bound both.
#[test]
fn policy_time_may_lie_inside() {
    for record in records(&DEFAULT, "zpa_user_activity.group-1") {
        let Some(complete) = stamp(&record, "TimestampConnectorZENSetupComplete") else { continue };
        let start = stamp(&record, "TimestampConnectionStart").expect("a start");
        assert!(complete.nanos_since(start) / 1_000 + 1_000 > number(&record, "PolicyProcessingTime"));
    }
}

/// A connection's stamps are in order, its bytes never shrink, and its increments add up to its totals.
#[test]
fn records_of_one_connection_agree() {
    let mut sums: std::collections::BTreeMap<String, (i64, i64)> = std::collections::BTreeMap::new();
    let mut all = records(&SAMPLE, "zpa_user_activity.group-1");
    all.sort_by_key(|record| {
        let order = ["open", "active", "close"].iter().position(|word| record["ConnectionStatus"] == *word);
        (
            record["ConnectionID"].as_str().expect("an id").to_owned(),
            order,
            number(record, "ZENTotalBytesTxClient"),
        )
    });
    for record in all {
        let id = record["ConnectionID"].as_str().expect("an id").to_owned();
        let (session, _) = id.split_once(',').expect("two parts");
        assert_eq!(record["SessionID"].as_str(), Some(session));
        let (total, added) = sums.entry(id).or_default();
        *added += number(&record, "ZENBytesTxClient");
        assert!(number(&record, "ZENTotalBytesTxClient") >= *total);
        *total = number(&record, "ZENTotalBytesTxClient");
        assert_eq!(total, added, "{record}");
        let order = [
            "TimestampConnectionStart",
            "TimestampZENFirstRxClient",
            "TimestampZENFirstTxConnector",
            "TimestampZENFirstRxConnector",
            "TimestampZENFirstTxClient",
            "TimestampConnectionEnd",
        ];
        let stamps: Vec<Timestamp> = order.iter().filter_map(|key| stamp(&record, key)).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] <= pair[1]), "{record}");
    }
}

/// Browser Access: what passes between receiving and sending on is the set-up, and the rest is small.
#[test]
fn browser_access_times_add_up() {
    let mut set_ups = 0;
    for record in records(&SAMPLE, "zpa_browser_access.group-1") {
        let at = |key: &str| stamp(&record, key).expect("a stamp");
        let order = [
            "TimestampRequestReceiveStart",
            "TimestampRequestReceiveHeaderFinish",
            "TimestampRequestReceiveFinish",
            "TimestampRequestTransmitStart",
            "TimestampRequestTransmitFinish",
            "TimestampResponseReceiveStart",
            "TimestampResponseReceiveFinish",
            "TimestampResponseTransmitStart",
            "TimestampResponseTransmitFinish",
        ]
        .map(at);
        assert!(order.windows(2).all(|pair| pair[0] <= pair[1]), "{record}");
        let between =
            at("TimestampRequestTransmitStart").nanos_since(at("TimestampRequestReceiveFinish")) / 1_000;
        let set_up = number(&record, "TotalTimeConnectionSetup");
        assert!((0..3_000).contains(&(between - set_up + 1_000)), "{between} {set_up}");
        set_ups += i64::from(set_up > 0);
        let answer =
            at("TimestampResponseReceiveStart").nanos_since(at("TimestampRequestTransmitFinish")) / 1_000;
        assert!((answer - number(&record, "TotalTimeServerResponse")).abs() <= 1_000);
    }
    assert!(set_ups > 0);
}

/// AppProtection counts the exchanges of a connection from 0 and leaves out what it did not measure.
#[test]
fn appprotection_counts_exchanges() {
    let mut last: std::collections::BTreeMap<String, Vec<i64>> = std::collections::BTreeMap::new();
    for record in records(&SAMPLE, "zpa_appprotection.group-1") {
        let id = record["ConnectionID"].as_str().expect("an id").to_owned();
        last.entry(id).or_default().push(number(&record, "ExchangeSequenceIndex"));
        assert_eq!(number(&record, "ClientPort"), 0);
        assert!(
            number(&record, "TimestampResponseReceiveFinish")
                > number(&record, "TimestampRequestTransmitStart")
        );
    }
    for (id, mut indices) in last {
        indices.sort_unstable();
        indices.dedup();
        assert!(indices.len() as i64 >= indices.last().map_or(0, |last| last - 2), "{id}: {indices:?}");
    }
}
