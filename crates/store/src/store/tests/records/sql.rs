//! SQL over records, with copies on the disk and in memory.

use std::path::Path;
use std::sync::Arc;

use fanlight_log::StdDisk;
use fanlight_runtime::{Clock, Ledger};
use serde_json::{Value, json};

use super::fixture::{RECORD_TABLES, arriving, empty, hashed, record};
use super::{START, full_frame, only};
use crate::{QueryBudget, Settings, Store, Table};

fn open(folder: &Path) -> Store {
    let (clock, disk) = (Clock::manual(START), Arc::new(StdDisk));
    Store::open(Settings::new(folder), clock, Ledger::default(), disk).expect("opens").0
}

async fn ask(store: &Store, sql: &str) -> Vec<Value> {
    let answer =
        store.sql(sql, QueryBudget::default()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    answer.rows.into_iter().map(Value::Array).collect()
}

async fn count(store: &Store, table: Table, condition: &str) -> String {
    let sql = format!("select count(*) from {} where {condition}", table.as_str());
    let rows = ask(store, &sql).await;
    rows[0][0].as_str().expect("a count").to_owned()
}

/// Appended, sealed and opened again, every table of records gives the same answers, and what is not told is null, never 0.
#[tokio::test]
async fn records_are_asked_for_by_sql() {
    let folder = tempfile::tempdir().expect("temp dir");
    let store = open(folder.path());
    store.append(full_frame(1, 1)).expect("appended");
    store.append(only(2, RECORD_TABLES.map(empty).to_vec())).expect("appended");
    check(&store).await;
    store.seal().expect("sealed");
    check(&store).await;
    drop(store);
    check(&open(folder.path())).await;
}

async fn check(store: &Store) {
    for table in RECORD_TABLES {
        assert_eq!(count(store, table, "true").await, "2", "{}", table.as_str());
    }
    let facts = "select time, user_name, device, postures_hit, saml_attributes, received_bytes, ocsf_class, ocsf_activity
        from device_facts order by time";
    let rows = [
        json!(["2026-11-22T07:00:01.000000000Z", "ana@example.com", "laptop-7", ["disk encrypted", "firewall on"],
            { "groups": "[\"staff\",\"on call\"]", "team": "[\"shop\"]" }, "0", 3002, 1]),
        json!(["2026-11-22T07:08:20.250000000Z", null, null, null, null, null, 4001, 99]),
    ];
    assert_eq!(ask(store, facts).await, rows);
    let health = "select kind, cpu_percent, available_disk_bytes, measures['TotalBytesRx'] from connector_health order by time";
    let rows = [
        json!(["app_connector", "0", "1099511627776", "7"]),
        json!(["private_service_edge", null, null, null]),
    ];
    assert_eq!(ask(store, health).await, rows);
    let changes = "select operation, object_id, new_value, ocsf_class, log_time is null from config_changes order by time";
    let rows = [
        json!(["Update", "72057594037927937", "{\"enabled\":false}", 3004, false]),
        json!([null, null, null, 3004, true]),
    ];
    assert_eq!(ask(store, changes).await, rows);
    let kept = "select feed, fields, raw, record_hash from feed_records order by time limit 1";
    let fields = json!({ "tunneltype": "GRE", "txbytes": "0" });
    let hash = "9e3779b97f4a7c15";
    assert_eq!(ask(store, kept).await, [json!(["zia_tunnel", fields, "{\"number\":1}", hash])]);
    assert_eq!(count(store, Table::FeedRecords, &format!("record_hash = '{hash}'")).await, "1");
    let of_feeds = "select feed, source, lines, lateness_p50_ms, missing, unknown_keys, reasons from feed_health order by time";
    let rows = [
        json!(["zpa_user_activity", "192.0.2.1:9000", "100", "-3", ["ConnectorIP", "ConnectorPort"], ["NewField"],
            { "raw quote": "7", "no json": "3" }]),
        json!(["envoy", null, "0", null, [], [], {}]),
    ];
    assert_eq!(ask(store, of_feeds).await, rows);
}

/// A copy came after a restart and after the seal: it is stored a second time, and shown once, as it came first. Conditions on what the
/// copies share and on what they do not, limits and joins all see one row.
#[tokio::test]
async fn a_copy_that_was_stored_is_shown_once() {
    let folder = tempfile::tempdir().expect("temp dir");
    for table in RECORD_TABLES {
        let store = open(folder.path());
        let place = store.committed().offset / 100;
        for (number, row) in (place + 1..).zip([record(table, 1), empty(table)]) {
            store.append(only(number, vec![row])).expect("appended");
        }
        store.seal().expect("sealed");
        let store = open(folder.path());
        let late = START.shifted(3_600_000_000_000);
        for (number, row) in (place + 3..).zip([record(table, 1), empty(table), hashed(record(table, 1), 5)])
        {
            store.append(only(number, vec![arriving(row, late)])).expect("appended");
        }
        let rows = if table == Table::FeedHealth { 2 } else { 3 };
        check_once(&store, table, rows).await;
        store.seal().expect("sealed");
        check_once(&store, table, rows).await;
    }
}

async fn check_once(store: &Store, table: Table, rows: u64) {
    let name = table.as_str();
    // The interval of a feed that is told again after a restart was not known to be a copy.
    assert_eq!(store.snapshot().row_count(table), if table == Table::FeedHealth { 4 } else { 5 }, "{name}");
    assert_eq!(count(store, table, "true").await, rows.to_string(), "{name}");
    assert_eq!(ask(store, &format!("select feed from {name} limit 10")).await.len() as u64, rows, "{name}");
    assert_eq!(ask(store, &format!("select 1 from {name} limit 2")).await.len(), 2, "{name}");
    if table == Table::FeedHealth {
        return;
    }
    // The copies came an hour late. That of the record without a stamp of its own has another `time`, too.
    let (early, late) = ("arrival_time < '2026-11-22T07:30:00Z'", "arrival_time > '2026-11-22T07:30:00Z'");
    assert_eq!(count(store, table, early).await, "2", "{name}");
    assert_eq!(count(store, table, late).await, "1", "{name}");
    assert_eq!(count(store, table, "time > '2026-11-22T07:30:00Z'").await, "0", "{name}");
    assert_eq!(
        count(store, table, "time < '2026-11-22T07:00:02Z' and raw like '%copy%'").await,
        "1",
        "{name}"
    );
}
