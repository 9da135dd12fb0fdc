//! The feeds' other records: a table each, over memory, parts and restarts.

pub(super) mod fixture;
mod old_parts;
mod sql;

use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use fanlight_log::{Disk, StdDisk};
use fanlight_model::{OtherRecord, Timestamp};
use fanlight_runtime::{Clock, Ledger, Outcome};

use super::fixture::{Bench, START, frame, position};
use crate::part::Wanted;
use crate::{Append, Pressure, Settings, Store, Table};
use fixture::{RECORD_TABLES, check_records, empty, expected, found, full_frame, record, records};
pub(super) use fixture::{check_record, frame_with_record};

fn only(number: u64, records: Vec<OtherRecord>) -> Append {
    Append { position: position(number), records, arrival: START, ..Append::default() }
}

/// What was appended is read back the same from memory, from a part, and after a restart, to the last column.
#[test]
fn every_record_survives_memory_part_and_restart() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(full_frame(1, 2)).expect("appended");
    store.append(only(2, RECORD_TABLES.map(empty).to_vec())).expect("appended");
    let check = |store: &Store| {
        check_records(store, 1..2);
        for table in RECORD_TABLES {
            assert_eq!(found(store, table, &empty(table)), [expected(&empty(table))], "{}", table.as_str());
        }
    };
    check(&store);
    assert_eq!(store.seal().expect("sealed"), Some(position(2)));
    check(&store);
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.parts, report.rows), (position(2), 9, 2 + 1 + 1 + 1 + 5 * 2));
    check(&store);
}

/// The log is replayed from its beginning: what is in parts is not stored again, nor is what was replayed before.
#[test]
fn a_replay_stores_no_record_twice() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(full_frame(1, 1)).expect("appended");
    store.seal().expect("sealed");
    store.append(full_frame(2, 1)).expect("appended");
    drop(store);
    let (store, report) = bench.open();
    assert_eq!(report.committed, position(1));
    for _ in 0..2 {
        for number in 1..=2 {
            store.append(full_frame(number, 1)).expect("replayed");
        }
        check_records(&store, 1..3);
    }
    store.seal().expect("sealed");
    check_records(&bench.open().0, 1..3);
}

/// A retransmission has another arrival and the same hash: it is dropped and counted. A heartbeat has the same id and another hash: it
/// stays.
#[test]
fn copies_are_dropped_and_repetitions_of_a_state_are_kept() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(only(1, records(1))).expect("appended");
    let late = START.shifted(7_000_000_000);
    store
        .append(only(2, records(1).into_iter().map(|row| fixture::arriving(row, late)).collect()))
        .expect("appended");
    store
        .append(only(3, RECORD_TABLES.map(|table| fixture::hashed(record(table, 1), 99)).to_vec()))
        .expect("appended");
    for table in RECORD_TABLES {
        // The interval of a feed has no hash: told again, it is the same interval.
        let kept = if table == Table::FeedHealth { 1 } else { 2 };
        let name = table.as_str();
        assert_eq!(store.snapshot().row_count(table), kept, "{name}");
        assert_eq!(bench.ledger.get("store", table.record(), Outcome::Stored, ""), kept, "{name}");
        assert_eq!(bench.ledger.get("store", table.record(), Outcome::Duplicate, ""), 3 - kept, "{name}");
    }
}

/// A tail without records writes no part, no folder of an hour and no byte for them; the same holds the other way round.
#[test]
fn a_table_without_rows_costs_a_seal_nothing() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    let before = bench.disk.operations();
    store.append(frame(1, 2)).expect("appended");
    store.seal().expect("sealed");
    let of_three = bench.disk.operations() - before;
    assert_eq!(bench.files(".parquet").len(), 3);
    let before = bench.disk.operations();
    store.append(only(2, vec![record(Table::ConfigChanges, 2)])).expect("appended");
    store.seal().expect("sealed");
    let of_one = bench.disk.operations() - before;
    let parts = bench.files(".parquet");
    assert_eq!(parts.len(), 4);
    assert!(parts.iter().any(|path| path.starts_with("/data/config_changes/2026-11-22T07")), "{parts:?}");
    assert!(of_one < of_three, "{of_one} operations for one part, {of_three} for three");
}

/// Records count towards a full tail as spans do, by rows and by bytes.
#[test]
fn records_fill_the_tail() {
    let by_rows = Settings { hot_max_rows: 5, ..Settings::new("/data") };
    let by_bytes = Settings { hot_max_bytes: 1_000, ..Settings::new("/data") };
    for settings in [by_rows, by_bytes] {
        let (store, _) = Bench { settings, ..Bench::default() }.open();
        assert_eq!(store.pressure(), Pressure::Calm);
        store.append(only(1, records(1))).expect("appended");
        assert!(store.pressure() > Pressure::Calm);
        assert_eq!(store.seal_if_due().expect("sealed"), Some(position(1)));
        assert_eq!(store.pressure(), Pressure::Calm);
    }
}

/// Many batches of one table, and one part of them in the order of time, with its range.
#[test]
fn a_part_of_records_is_in_the_order_of_time() {
    let folder = tempfile::tempdir().expect("temp dir");
    let clock = Clock::manual(START);
    let (store, _) = Store::open(Settings::new(folder.path()), clock, Ledger::default(), Arc::new(StdDisk))
        .expect("opens");
    let at = |number: u64| START.shifted(-i64::try_from(number * 37 % 10_007).expect("small") * 1_000_000);
    for number in 1..=10_000_u64 {
        let row = fixture::stamped(record(Table::DeviceFacts, number), at(number));
        store.append(only(number, vec![row])).expect("appended");
        if number % 1_000 == 0 {
            assert_eq!(store.snapshot().row_count(Table::DeviceFacts), number);
        }
    }
    store.seal().expect("sealed");
    let snapshot = store.snapshot();
    let part = &snapshot.parts(Table::DeviceFacts)[0];
    let (min, max) = ((1..=10_000).map(at).min(), (1..=10_000).map(at).max());
    assert_eq!((part.rows, Some(part.min_time), Some(part.max_time)), (10_000, min, max));
    let times = fixture::times_of(&part.path);
    assert!(times.is_sorted() && times.len() == 10_000);
}

/// One bit of a part of records flips, before the opening or after it: the record is found whole, or the part is put aside and says so.
#[test]
fn no_flipped_bit_of_a_record_becomes_an_answer() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    for number in 1..=2 {
        store.append(full_frame(number, 1)).expect("appended");
        store.seal().expect("sealed");
    }
    drop(store);
    for table in RECORD_TABLES {
        let is_first = |path: &&std::path::PathBuf| path.starts_with(format!("/data/{}", table.as_str()));
        let path = bench.files(".parquet").iter().find(is_first).expect("a part").clone();
        let whole: Vec<_> =
            bench.disk.paths().into_iter().map(|path| (path.clone(), bench.disk.bytes_of(&path))).collect();
        let bytes = bench.disk.bytes_of(&path).expect("a file").len();
        for byte in (0..bytes).step_by(bytes / 25) {
            let opened_before = bench.open().0;
            bench.flip(&path, byte * 8 + byte % 8);
            let store = if byte % 2 == 0 { opened_before } else { bench.open().0 };
            let rows = found(&store, table, &record(table, 1));
            let parts = store.snapshot().parts(table).len();
            assert_eq!(parts, 1 + rows.len(), "byte {byte} of {}", path.display());
            assert!(
                rows.is_empty() || rows == [expected(&record(table, 1))],
                "byte {byte} of {}",
                path.display()
            );
            assert_eq!(found(&store, table, &record(table, 2)), [expected(&record(table, 2))]);
            super::faults::heal(&bench, &whole);
        }
    }
}

/// Where a sidecar is lost the filter is made anew of the ids of the part, in every table.
#[test]
fn every_table_finds_its_rows_without_sidecars() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(full_frame(1, 1)).expect("appended");
    store.seal().expect("sealed");
    bench.files(".bloom").iter().for_each(|path| bench.disk.remove(path).expect("removed"));
    let (store, report) = bench.open();
    assert_eq!((report.rebuilt_blooms, report.quarantined.len()), (Table::ALL.len() as u64, 0));
    check_records(&store, 1..2);
    let none = Wanted::new("event_uid", vec![[7; 16]]);
    for table in RECORD_TABLES {
        let rows: Vec<RecordBatch> =
            store.rows_within(&store.view(), table, &none, usize::MAX, &mut 0).expect("reads").0;
        assert!(rows.is_empty());
    }
}

/// The commit is lost: its parts of all tables are known by their labels, with their range of times.
#[test]
fn a_lost_commit_is_made_anew_with_all_tables() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    store.append(full_frame(1, 1)).expect("appended");
    store.seal().expect("sealed");
    bench.flip(&bench.commit(1), 2_000);
    let (store, report) = bench.open();
    assert_eq!((report.rebuilt_commits, report.parts), (1, 9));
    check_records(&store, 1..2);
    let part = Arc::clone(&store.snapshot().parts(Table::ConnectorHealth)[0]);
    assert_eq!((part.min_time, part.max_time), (fixture::time(1), fixture::time(1)));
    assert_ne!(part.min_time, Timestamp::MIN);
}
