//! Parts of an older schema: what they do not have is null.

use std::path::Path;
use std::sync::Arc;

use datafusion::parquet::arrow::ArrowWriter;
use fanlight_model::{AccessEvent, Bridge, Endpoint, RequestTimes, Timestamp, TraceId};
use serde_json::{Value, json};

use super::super::fixture::{event, trace};
use super::{Bench, START, frame, position};
use crate::hot::event_batch;
use fanlight_log::Disk;

use crate::{Append, Part, QueryBudget, SCHEMA_VERSION, Snapshot, Store, Table};

/// The columns of `access_events` in schema 1.
const OF_SCHEMA_1: &[&str] = &[
    "event_uid",
    "revision",
    "vendor_uid",
    "product",
    "feed",
    "start_time",
    "end_time",
    "last_time",
    "log_time",
    "arrival_time",
    "principal_id",
    "user_name",
    "device",
    "client_address",
    "service_edge",
    "app_connector",
    "connector_address",
    "connector_port",
    "server_address",
    "server_port",
    "ip_protocol",
    "host",
    "service_port",
    "app",
    "app_segment",
    "method",
    "path",
    "status",
    "disposition",
    "effects",
    "rule",
    "reason",
    "connection_status",
    "total_bytes",
    "policy_us",
    "phase_ca_us",
    "phase_app_learn_us",
    "phase_connector_setup_us",
    "setup_us",
    "phase_server_setup_us",
    "stamp_connection_start",
    "stamp_connection_end",
    "stamp_ca_tx",
    "stamp_ca_rx",
    "stamp_app_learn_start",
    "stamp_setup_complete",
    "stamp_first_rx_client",
    "stamp_first_tx_client",
    "stamp_last_rx_client",
    "stamp_last_tx_client",
    "stamp_first_rx_connector",
    "stamp_first_tx_connector",
    "stamp_last_rx_connector",
    "stamp_last_tx_connector",
    "parse_level",
    "raw",
];

/// What schema 2 added is told, too.
fn newer(number: u64) -> AccessEvent {
    let at = |millis: i64| Some(START.shifted(millis * 1_000_000));
    AccessEvent {
        connection_uid: Some("connection-1".into()),
        session_id: Some("session-7".into()),
        client_port: Some(50_123),
        record_hash: u64::MAX - number,
        request: Some(Box::new(RequestTimes {
            request_receive_start: at(1),
            request_receive_header_finish: at(2),
            request_receive_finish: at(3),
            request_transmit_start: at(4),
            request_transmit_finish: at(5),
            response_receive_start: None,
            response_receive_finish: at(7),
            response_transmit_start: at(8),
            response_transmit_finish: at(9),
            request_receive_us: Some(11),
            request_transmit_us: Some(12),
            response_receive_us: Some(0),
            response_transmit_us: Some(14),
            connection_setup_us: None,
            server_response_us: Some(16),
            inspection_us: Some(17),
        })),
        bridge: Some(Box::new(Bridge {
            upstream_local: Endpoint::new("2001:db8::7".parse().expect("an address"), 41_000),
            request_id: Some("request-1".into()),
            trace_id: Some(TraceId([7; 16])),
            duration_us: Some(5_000),
            attempts: Some(2),
            ..Bridge::default()
        })),
        ..event(number, 1)
    }
}

fn append(number: u64, event: AccessEvent) -> Append {
    Append { events: vec![Arc::new(event)], ..frame(number, 1) }
}

/// Everything that the model knows of an event comes back, from memory and from a part.
#[test]
fn an_event_is_stored_with_all_that_is_known_of_it() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(append(1, newer(1))).expect("appended");
    assert_eq!(store.trace(trace(1)).expect("reads").events, [newer(1)]);
    store.seal().expect("sealed");
    assert_eq!(bench.open().0.trace(trace(1)).expect("reads").events, [newer(1)]);
}

/// A part of schema 1 lies beside one of schema 2: SQL reads both, by columns that both have and by those that one lacks.
#[tokio::test]
async fn a_part_of_schema_1_lies_beside_newer_ones() {
    let folder = tempfile::tempdir().expect("temp dir");
    let old = old_part(folder.path());
    let hot = event_batch(&[Arc::new(newer(2))]).expect("columns");
    let mut snapshot = Snapshot::default();
    snapshot.set(Table::AccessEvents, vec![hot], vec![Arc::new(old)]);
    let ask = async |sql: &str| -> Vec<Value> {
        let answer = crate::query::answer(snapshot.clone(), sql, QueryBudget::default()).await;
        answer.expect("an answer").rows.into_iter().map(Value::Array).collect()
    };
    let sql =
        "select vendor_uid, user_name, session_id, client_port, record_hash, phase_inspection_us, ocsf_class
        from access_events order by vendor_uid";
    let rows = [
        json!(["1", "ana@example.com", null, null, null, null, null]),
        json!(["2", "ana@example.com", "session-7", 50_123, "fffffffffffffffd", "17", 4001]),
    ];
    assert_eq!(ask(sql).await, rows);
    assert_eq!(
        ask("select vendor_uid from access_events where session_id = 'session-7'").await,
        [json!(["2"])]
    );
    assert_eq!(ask("select vendor_uid from access_events where session_id is null").await, [json!(["1"])]);
    assert_eq!(
        ask("select count(*) from access_events where record_hash = 'fffffffffffffffd'").await,
        [json!(["1"])]
    );
    assert_eq!(
        ask("select count(*) from access_events where user_name = 'ana@example.com'").await,
        [json!(["2"])]
    );
}

fn old_part(folder: &Path) -> Part {
    let whole = event_batch(&[Arc::new(newer(1))]).expect("columns");
    let schema = whole.schema();
    let places: Vec<usize> =
        OF_SCHEMA_1.iter().map(|name| schema.index_of(name).expect("still there")).collect();
    let rows = whole.project(&places).expect("columns");
    let path = folder.join("old.parquet");
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a schema");
    writer.write(&rows).expect("rows");
    writer.close().expect("closed");
    let bytes = path.metadata().expect("just written").len();
    let (min_time, max_time) = (Timestamp::MIN, Timestamp::MAX);
    Part { table: Table::AccessEvents, id: "old".to_owned(), path, bytes, rows: 1, min_time, max_time }
}

/// A batch of schema 1 decodes to an event of which the newer fields are not told.
#[test]
fn what_schema_1_does_not_have_is_not_told() {
    let whole = event_batch(&[Arc::new(newer(1))]).expect("columns");
    let schema = whole.schema();
    let places: Vec<usize> =
        OF_SCHEMA_1.iter().map(|name| schema.index_of(name).expect("still there")).collect();
    let old = whole.project(&places).expect("columns");
    assert_eq!(crate::trace::decode_events(&old), [event(1, 1)]);
}

/// A store whose commits and labels say schema 1 is opened and gone on with; its new commits say the new number, so that an older
/// version refuses them.
#[test]
fn a_store_of_schema_1_is_gone_on_with() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(frame(1, 1)).expect("appended");
    store.seal().expect("sealed");
    let directory = Path::new(super::super::fixture::DIRECTORY);
    let read = crate::commit::read(&bench.disk, directory, 1).expect("reads").commit;
    bench.disk.remove(&bench.commit(1)).expect("removed");
    crate::commit::write(&bench.disk, directory, &crate::commit::Commit { schema: 1, ..read })
        .expect("written");
    let (store, report): (Store, _) = bench.open();
    assert_eq!((report.committed, report.parts, report.quarantined.len()), (position(1), 3, 0));
    store.append(super::full_frame(2, 1)).expect("appended");
    store.seal().expect("sealed");
    let newest = crate::commit::read(&bench.disk, directory, 2).expect("reads").commit;
    assert_eq!(newest.schema, SCHEMA_VERSION);
    super::super::fixture::check_one(&bench.open().0, 1, 1);
    super::check_records(&bench.open().0, 2..3);
}
