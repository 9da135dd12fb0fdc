//! Lines stand apart from the records that were read from them, and are found again.

use std::path::Path;
use std::sync::Arc;

use fanlight_log::{Disk, StdDisk};
use fanlight_model::{AccessEvent, Feed, KeptRecord, OtherRecord, ParseLevel, Raw, RecordHeader};
use fanlight_runtime::{Clock, Ledger, Outcome};
use serde_json::{Value, json};

use super::fixture::{START, event, frame, trace, uid};
use super::records::fixture::line;
use crate::{Append, QueryBudget, Settings, Store, StoreError, Table, visit_raw_lines};

/// On a disk that queries can read.
fn open(folder: &Path) -> Store {
    open_with(folder, Ledger::default())
}

fn open_with(folder: &Path, ledger: Ledger) -> Store {
    Store::open(Settings::new(folder), Clock::manual(START), ledger, Arc::new(StdDisk)).expect("opens").0
}

/// The event of [`frame`], whose line stands apart.
fn apart(number: u64) -> AccessEvent {
    AccessEvent { raw: Raw::At(line(number).address), ..event(number, 1) }
}

fn with_line(number: u64) -> AccessEvent {
    AccessEvent { raw: Raw::Line(line(number).line), ..event(number, 1) }
}

fn append(number: u64) -> Append {
    let kept = OtherRecord::Kept(KeptRecord {
        header: RecordHeader {
            event_uid: uid(number),
            feed: Feed::ZpaUserActivity,
            log_time: None,
            arrival_time: line(number).arrival_time,
            parse_level: ParseLevel::Strict,
            record_hash: number,
            raw: Raw::At(line(number).address),
        },
        fields: Vec::new(),
        ocsf_activity: 0,
    });
    let records = vec![OtherRecord::RawLine(line(number)), kept];
    Append { events: vec![Arc::new(apart(number))], records, ..frame(number, 1) }
}

async fn ask(store: &Store, sql: &str) -> Vec<Value> {
    let answer = store.sql(sql, QueryBudget::default()).await.expect("an answer");
    answer.rows.into_iter().map(Value::Array).collect()
}

async fn check(store: &Store) {
    for number in 1..4 {
        assert_eq!(store.trace(trace(number)).expect("reads").events, [with_line(number)], "{number}");
    }
    for table in ["access_events", "feed_records"] {
        let all = format!("select raw from {table} order by raw");
        let lines = [json!([r#"{"line":1}"#]), json!([r#"{"line":2}"#]), json!([r#"{"line":3}"#])];
        assert_eq!(ask(store, &all).await, lines, "{table}");
        let one = format!("select count(*) from {table} where raw like '%2%' and raw is not null");
        assert_eq!(ask(store, &one).await, [json!(["1"])], "{table}");
        let joined = format!(
            "select count(*) from {table} t join raw_lines l on t.raw_address = l.raw_address and t.raw = l.line"
        );
        assert_eq!(ask(store, &joined).await, [json!(["3"])], "{table}");
    }
    let address = line(2).address;
    let found =
        ask(store, &format!("select feed, line from raw_lines where raw_address = '{address}'")).await;
    assert_eq!(found, [json!(["zpa_user_activity", r#"{"line":2}"#])]);
}

/// One is in a part, one came after it, and then all are in parts, and read anew.
#[tokio::test]
async fn a_record_shows_its_line_wherever_that_is() {
    let folder = tempfile::tempdir().expect("temp dir");
    let store = open(folder.path());
    store.append(append(1)).expect("appended");
    store.seal().expect("sealed");
    store.append(append(2)).expect("appended");
    store.append(append(3)).expect("appended");
    check(&store).await;
    store.seal().expect("sealed");
    drop(store);
    check(&open(folder.path())).await;
}

/// What a sender repeats is kept once, whichever records came of it.
#[tokio::test]
async fn a_line_is_kept_once() {
    let folder = tempfile::tempdir().expect("temp dir");
    let ledger = Ledger::default();
    let store = open_with(folder.path(), ledger.clone());
    for number in [1, 2] {
        store
            .append(Append { records: vec![OtherRecord::RawLine(line(7))], ..frame(number, 1) })
            .expect("appended");
    }
    assert_eq!(store.snapshot().row_count(Table::RawLines), 1);
    assert_eq!(ledger.get("store", "raw_line", Outcome::Duplicate, ""), 1);
    // Beyond what memory reaches, a query still shows it once.
    store.seal().expect("sealed");
    drop(store);
    let store = open(folder.path());
    store.append(Append { records: vec![OtherRecord::RawLine(line(7))], ..frame(3, 1) }).expect("appended");
    assert_eq!(ask(&store, "select count(*) from raw_lines").await, [json!(["1"])]);
}

/// The record stays where its line is gone, and says where that was.
#[tokio::test]
async fn a_line_that_is_gone_is_null() {
    let folder = tempfile::tempdir().expect("temp dir");
    let store = open(folder.path());
    store.append(Append { events: vec![Arc::new(apart(1))], ..frame(1, 1) }).expect("appended");
    assert_eq!(store.trace(trace(1)).expect("reads").events, [apart(1)]);
    let address = line(1).address.to_string();
    assert_eq!(ask(&store, "select raw, raw_address from access_events").await, [json!([null, address])]);
}

/// What was taken for unreadable and has been read since is shown no longer, wherever its rows lie.
#[tokio::test]
async fn a_retired_event_is_shown_no_longer() {
    let folder = tempfile::tempdir().expect("temp dir");
    let store = open(folder.path());
    store.append(Append { events: vec![Arc::new(apart(1))], ..frame(1, 1) }).expect("appended");
    store.seal().expect("sealed");
    let count = "select count(*) from access_events";
    assert_eq!(ask(&store, count).await, [json!(["1"])]);
    let retired = AccessEvent { revision: 2, retired: true, ..apart(1) };
    store.append(Append { events: vec![Arc::new(retired)], ..frame(2, 1) }).expect("appended");
    for _ in 0..2 {
        assert_eq!(ask(&store, count).await, [json!(["0"])]);
        assert_eq!(store.trace(trace(1)).expect("reads").events, []);
        store.seal().expect("sealed");
    }
}

/// Without a server, and beside one: all lines of all parts, and a damaged part costs its own alone.
#[test]
fn kept_lines_are_read_from_the_folder() {
    let folder = tempfile::tempdir().expect("temp dir");
    let store = open(folder.path());
    for number in [1, 2, 3] {
        store.append(append(number)).expect("appended");
        store.seal().expect("sealed");
    }
    let read = |damaged: usize| {
        let mut lines = Vec::new();
        let disk: Arc<dyn Disk> = Arc::new(StdDisk);
        let set_aside = visit_raw_lines(&disk, folder.path(), &mut |line| {
            lines.push(line);
            Ok::<_, StoreError>(())
        });
        assert_eq!(set_aside.expect("readable").len(), damaged);
        lines
    };
    assert_eq!(read(0), [line(1), line(2), line(3)]);
    let part = Arc::clone(&store.snapshot().parts(Table::RawLines)[1]);
    let mut bytes = std::fs::read(&part.path).expect("a file");
    bytes[10] ^= 1;
    std::fs::write(&part.path, bytes).expect("written");
    assert_eq!(read(1), [line(1), line(3)]);
}
