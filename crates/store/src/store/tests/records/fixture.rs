//! Records of which everything is known, and of which nothing is.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::TimestampNanosecondType;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use fanlight_model::{
    ConfigChange, ConnectorHealth, ConnectorKind, DeviceFact, EventUid, Feed, FeedHealth, KeptRecord,
    OtherRecord, ParseLevel, PrincipalId, RawAddress, RawLine, RecordHeader, Timestamp,
};

use super::super::fixture::{START, frame};
use crate::part::Wanted;
use crate::record::{self, Columns};
use crate::{Append, Store, Table};

pub(super) const RECORD_TABLES: [Table; 5] =
    [Table::DeviceFacts, Table::ConnectorHealth, Table::ConfigChanges, Table::FeedRecords, Table::FeedHealth];

pub(super) fn time(number: u64) -> Timestamp {
    START.shifted(i64::try_from(number).expect("small") * 1_000_000_000)
}

fn header(feed: Feed, number: u64) -> RecordHeader {
    RecordHeader {
        event_uid: EventUid::of_vendor_uid("zpa", feed.as_str(), &number.to_string()),
        feed,
        log_time: Some(time(number)),
        arrival_time: time(number).shifted(250_000_000),
        parse_level: ParseLevel::Strict,
        record_hash: number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        raw: format!("{{\"number\":{number}}}").into(),
    }
}

fn text(text: &str) -> Option<Arc<str>> {
    Some(text.into())
}

fn list(texts: &[&str]) -> Vec<Arc<str>> {
    texts.iter().map(|text| (*text).into()).collect()
}

fn fact(number: u64) -> DeviceFact {
    DeviceFact {
        principal_id: Some(PrincipalId("fl:default:h:ana".into())),
        user_name: text("ana@example.com"),
        session_id: text("session-7"),
        session_status: text("ZPN_STATUS_AUTHENTICATED"),
        device: text("laptop-7"),
        platform: text("windows"),
        client_type: text("zpn_client_type_zapp"),
        client_version: text("4.5.0"),
        certificate: text("laptop-7.example.com"),
        identity_provider: text("staff"),
        service_edge: text("edge-1"),
        public_address: text("198.51.100.7"),
        private_address: text("192.0.2.7"),
        authenticated_time: Some(time(number).shifted(-5)),
        unauthenticated_time: Some(time(number).shifted(5)),
        trusted_networks: list(&["1", "2"]),
        trusted_network_names: list(&["office"]),
        postures_hit: list(&["disk encrypted", "firewall on"]),
        postures_miss: list(&["patched"]),
        saml_attributes: vec![
            ("groups".into(), list(&["staff", "on call"])),
            ("team".into(), list(&["shop"])),
        ],
        received_bytes: Some(0),
        sent_bytes: Some(u64::MAX),
        ..DeviceFact::empty(header(Feed::ZpaUserStatus, number))
    }
}

fn health(number: u64) -> ConnectorHealth {
    ConnectorHealth {
        name: text("connector-1"),
        group: text("frankfurt"),
        session_id: text("session-9"),
        session_status: text("ZPN_STATUS_AUTHENTICATED"),
        version: text("24.1"),
        platform: text("el8"),
        service_edge: text("edge-1"),
        public_address: text("198.51.100.9"),
        private_address: text("192.0.2.10"),
        authenticated_time: Some(time(1)),
        unauthenticated_time: Some(time(2)),
        host_start_time: Some(time(3)),
        process_start_time: Some(time(4)),
        cpu_percent: Some(0),
        memory_percent: Some(41),
        process_memory_percent: Some(12),
        used_ports: Some(3),
        available_ports: Some(64_512),
        system_used_fds: Some(1_024),
        system_max_fds: Some(65_536),
        process_used_fds: Some(100),
        process_max_fds: Some(512_000),
        available_disk_bytes: Some(1 << 40),
        measures: vec![("TotalBytesRx", 7), ("ActiveConnectionsToPublicSE", 0)],
        ..ConnectorHealth::empty(header(Feed::ZpaAppConnectorMetrics, number), ConnectorKind::AppConnector)
    }
}

fn change(number: u64) -> ConfigChange {
    ConfigChange {
        change_time: Some(time(number).shifted(-1)),
        operation: text("Update"),
        object_type: text("Log Receiver"),
        object_name: text("to fanlight"),
        object_id: text("72057594037927937"),
        principal_id: Some(PrincipalId("fl:default:h:ben".into())),
        user_name: text("ben@example.com"),
        user_id: text("72057594037927938"),
        request_id: text("r-1"),
        session_id: text("s-1"),
        old_value: text("{\"enabled\":true}"),
        new_value: text("{\"enabled\":false}"),
        client_address: text("192.0.2.33"),
        result: text("SUCCESS"),
        ..ConfigChange::empty(header(Feed::ZpaAudit, number))
    }
}

fn kept(number: u64) -> KeptRecord {
    KeptRecord {
        header: header(Feed::ZiaTunnel, number),
        fields: vec![("tunneltype", "GRE".into()), ("txbytes", "0".into())],
        ocsf_activity: 6,
    }
}

fn interval(number: u64) -> FeedHealth {
    FeedHealth {
        lines: 100,
        strict: 90,
        repaired: 7,
        raw: 3,
        duplicates: 2,
        dropped: 1,
        lateness_p50_ms: Some(-3),
        lateness_p99_ms: Some(45_000),
        clock_offset_ms: Some(-12),
        silent_seconds: Some(0),
        gaps: 1,
        unknown_keys: list(&["NewField"]),
        missing: list(&["ConnectorIP", "ConnectorPort"]),
        reasons: vec![("raw quote".into(), 7), ("no json".into(), 3)],
        ..FeedHealth::empty(time(number), Feed::ZpaUserActivity, text("192.0.2.1:9000"))
    }
}

/// A record of which everything is known.
pub(super) fn record(table: Table, number: u64) -> OtherRecord {
    match table {
        Table::DeviceFacts => OtherRecord::DeviceFact(fact(number)),
        Table::ConnectorHealth => OtherRecord::ConnectorHealth(health(number)),
        Table::ConfigChanges => OtherRecord::ConfigChange(change(number)),
        Table::FeedRecords => OtherRecord::Kept(kept(number)),
        Table::FeedHealth => OtherRecord::FeedHealth(interval(number)),
        table => panic!("`{}` is no table of records", table.as_str()),
    }
}

/// A record of which nothing is known but where it came from.
pub(super) fn empty(table: Table) -> OtherRecord {
    let header = RecordHeader { log_time: None, ..header(Feed::ZpaMicrosegmentation, 500) };
    match table {
        Table::DeviceFacts => OtherRecord::DeviceFact(DeviceFact::empty(header)),
        Table::ConnectorHealth => {
            OtherRecord::ConnectorHealth(ConnectorHealth::empty(header, ConnectorKind::PrivateServiceEdge))
        }
        Table::ConfigChanges => OtherRecord::ConfigChange(ConfigChange::empty(header)),
        Table::FeedRecords => OtherRecord::Kept(KeptRecord { header, fields: Vec::new(), ocsf_activity: 0 }),
        Table::FeedHealth => OtherRecord::FeedHealth(FeedHealth::empty(time(500), Feed::Envoy, None)),
        table => panic!("`{}` is no table of records", table.as_str()),
    }
}

pub(super) fn records(number: u64) -> Vec<OtherRecord> {
    RECORD_TABLES.map(|table| record(table, number)).to_vec()
}

/// A frame with rows for every table.
pub(super) fn full_frame(number: u64, spans: u64) -> Append {
    let records = records(number).into_iter().chain([OtherRecord::RawLine(line(number))]).collect();
    Append { records, ..frame(number, spans) }
}

/// A frame with a record of one table beside the rest: all tables of records are written by the same steps.
pub(in crate::store::tests) fn frame_with_record(number: u64, spans: u64) -> Append {
    Append { records: vec![record(Table::FeedRecords, number)], ..frame(number, spans) }
}

/// The line of `super::super::lines`'s event of this number.
pub(in crate::store::tests) fn line(number: u64) -> RawLine {
    let line: Arc<str> = format!("{{\"line\":{number}}}").into();
    let feed = Feed::ZpaUserActivity;
    RawLine {
        address: RawAddress::of(feed, &line),
        feed,
        arrival_time: time(number),
        parse_level: ParseLevel::Raw,
        line,
    }
}

fn with_header(mut record: OtherRecord, edit: impl Fn(&mut RecordHeader)) -> OtherRecord {
    match &mut record {
        OtherRecord::DeviceFact(row) => edit(&mut row.header),
        OtherRecord::ConnectorHealth(row) => edit(&mut row.header),
        OtherRecord::ConfigChange(row) => edit(&mut row.header),
        OtherRecord::Kept(row) => edit(&mut row.header),
        OtherRecord::FeedHealth(_) | OtherRecord::RawLine(_) => {}
    }
    record
}

/// The same record, come at another time in other bytes.
pub(super) fn arriving(record: OtherRecord, at: Timestamp) -> OtherRecord {
    with_header(record, |header| {
        header.arrival_time = at;
        header.raw = "<13>a copy".into();
    })
}

pub(super) fn hashed(record: OtherRecord, hash: u64) -> OtherRecord {
    with_header(record, |header| header.record_hash = hash)
}

pub(super) fn stamped(record: OtherRecord, at: Timestamp) -> OtherRecord {
    with_header(record, |header| header.log_time = Some(at))
}

fn laid_out<T: Columns + Clone>(row: &T) -> RecordBatch {
    record::batch(std::slice::from_ref(row)).expect("columns")
}

/// The one row that the record is.
pub(super) fn expected(record: &OtherRecord) -> RecordBatch {
    match record {
        OtherRecord::DeviceFact(row) => laid_out(row),
        OtherRecord::ConnectorHealth(row) => laid_out(row),
        OtherRecord::ConfigChange(row) => laid_out(row),
        OtherRecord::Kept(row) => laid_out(row),
        OtherRecord::FeedHealth(row) => laid_out(row),
        OtherRecord::RawLine(row) => laid_out(row),
    }
}

/// The rows with the record's id, each as a batch.
pub(super) fn found(store: &Store, table: Table, record: &OtherRecord) -> Vec<RecordBatch> {
    let uid = match record {
        OtherRecord::DeviceFact(row) => row.header.event_uid,
        OtherRecord::ConnectorHealth(row) => row.header.event_uid,
        OtherRecord::ConfigChange(row) => row.header.event_uid,
        OtherRecord::Kept(row) => row.header.event_uid,
        OtherRecord::FeedHealth(row) => row.event_uid(),
        OtherRecord::RawLine(row) => panic!("line {} is no record", row.address),
    };
    let wanted = Wanted::new("event_uid", vec![uid.0]);
    let (rows, is_all) = store.rows_within(&store.view(), table, &wanted, usize::MAX, &mut 0).expect("reads");
    assert!(is_all);
    let rows = concat_batches(&table.schema(), &rows).expect("one schema");
    (0..rows.num_rows()).map(|row| rows.slice(row, 1)).collect()
}

/// Every record of `numbers` is there once, in every table of records.
pub(super) fn check_records(store: &Store, numbers: std::ops::Range<u64>) {
    for table in RECORD_TABLES {
        for number in numbers.clone() {
            check_row(store, table, number);
        }
    }
}

/// The record of [`frame_with_record`] is there once.
pub(in crate::store::tests) fn check_record(store: &Store, number: u64) {
    check_row(store, Table::FeedRecords, number);
}

fn check_row(store: &Store, table: Table, number: u64) {
    let record = record(table, number);
    assert_eq!(found(store, table, &record), [expected(&record)], "{} {number}", table.as_str());
}

/// The time column of a part, in the part's order.
pub(super) fn times_of(path: &Path) -> Vec<i64> {
    let file = std::fs::File::open(path).expect("opens");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("footer").build().expect("reads");
    let mut times = Vec::new();
    for batch in reader {
        let batch = batch.expect("rows");
        let column = batch.column_by_name("time").expect("a column");
        times.extend_from_slice(column.as_primitive::<TimestampNanosecondType>().values());
    }
    times
}
