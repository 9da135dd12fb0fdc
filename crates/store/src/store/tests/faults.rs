//! The disk fails, or its bytes rot.

use std::path::PathBuf;

use fanlight_log::Disk;
use fanlight_log::fault::{Fault, Operation, Plan};

use super::fixture::{Bench, check_all, check_one, frame, position, trace};
use super::records::{check_record, frame_with_record};
use crate::{Store, StoreError, Table};

/// What a process does: replay what is not committed, go on, seal after every frame. Ends with the first error.
fn work(store: &Store, frames: u64) -> Result<(), StoreError> {
    for number in 1..=frames {
        store.append(frame_with_record(number, 2))?;
        store.seal()?;
    }
    Ok(())
}

/// The k-th operation of a whole run fails, once or from there on, and then the power goes. After the restart and a replay of
/// the log every row is there once, and no promised position was taken back.
#[test]
fn whichever_operation_fails_nothing_is_lost_or_doubled() {
    let clean = Bench::default();
    work(&clean.open().0, 2).expect("without faults");
    let operations = clean.disk.operations();
    let kinds = [(1, Fault::Io), (u64::MAX, Fault::Io), (1, Fault::ShortNoSpace(50))];
    for (from, (times, fault)) in (1..=operations).zip(kinds.into_iter().cycle()) {
        check_fault(Plan { operation: None, from, times, fault });
    }
}

fn check_fault(plan: Plan) {
    let bench = Bench::default();
    bench.disk.set_plans(&[plan]);
    let mut promised = fanlight_log::Position::START;
    if let Ok((store, _)) = bench.try_open() {
        if work(&store, 2).is_err() {
            // What is in memory is still shown, whatever the disk says.
            let shown = store.snapshot().row_count(Table::Links);
            assert!((1..=2).contains(&shown), "{plan:?}");
        }
        promised = store.committed();
    }
    bench.disk.set_plans(&[]);
    bench.disk.crash(0);
    let (store, report) = bench.open();
    assert!(report.committed >= promised, "{plan:?}: {} after {promised}", report.committed);
    work(&store, 2).unwrap_or_else(|cause| panic!("{plan:?}: {cause}"));
    check_all(&store, 1..3, 2);
    (1..3).for_each(|number| check_record(&store, number));
}

/// A disk without room refuses the seal; the rows stay visible, and once there is room the same process goes on.
#[test]
fn a_full_disk_is_only_a_delay() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    bench.disk.set_room(Some(2_000));
    store.append(frame(1, 2)).expect("appended");
    assert!(store.seal().is_err());
    store.append(frame(2, 2)).expect("appended");
    check_all(&store, 1..3, 2);
    assert!(store.seal_if_due().is_err(), "what could not be sealed is due");
    bench.disk.set_room(None);
    assert_eq!(store.seal().expect("sealed"), Some(position(1)));
    assert_eq!(store.seal().expect("sealed"), Some(position(2)));
    check_all(&store, 1..3, 2);
    check_all(&bench.open().0, 1..3, 2);
}

/// Reading fails for a moment: that is an error, not damage, and nothing is put aside.
#[test]
fn a_disk_that_cannot_read_is_no_damage() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    work(&store, 2).expect("sealed");
    let fault = Plan { operation: Some(Operation::Read), from: 1, times: u64::MAX, fault: Fault::Io };
    bench.disk.set_plans(&[fault]);
    assert!(matches!(store.trace(trace(1)), Err(StoreError::Disk { .. })));
    bench.disk.set_plans(&[]);
    check_all(&store, 1..3, 2);
}

/// One bit of a part flips, anywhere in it, before the opening or after it: a trace is shown whole, or the part is put aside and
/// its rows are missing. Never is a wrong row shown, and the rows of the other parts always are.
#[test]
fn no_flipped_bit_becomes_an_answer() {
    let bench = Bench::default();
    work(&bench.open().0, 2).expect("sealed");
    let paths = bench.disk.paths();
    let whole: Vec<_> = paths.into_iter().map(|path| (path.clone(), bench.disk.bytes_of(&path))).collect();
    let is_of_traces = |path: &&PathBuf| {
        ["/data/access_events", "/data/links", "/data/spans"].iter().any(|folder| path.starts_with(folder))
    };
    for path in bench.files(".parquet").iter().filter(is_of_traces).step_by(2) {
        let bytes = bench.disk.bytes_of(path).expect("a file").len();
        for byte in (0..bytes).step_by(bytes / 40) {
            let opened_before = bench.open().0;
            bench.flip(path, byte * 8 + byte % 8);
            let store = if byte % 2 == 0 { opened_before } else { bench.open().0 };
            let found = store.trace(trace(1)).expect("reads");
            let is_missing = found.spans.is_empty() || found.links.is_empty() || found.events.is_empty();
            if !is_missing {
                check_one(&store, 1, 2);
            }
            let parts: usize = Table::ALL.into_iter().map(|table| store.snapshot().parts(table).len()).sum();
            assert_eq!(parts, 8 - usize::from(is_missing), "byte {byte} of {}", path.display());
            check_one(&store, 2, 2);
            heal(&bench, &whole);
        }
    }
}

/// Puts every file back as it was, and takes away what came since.
pub(super) fn heal(bench: &Bench, whole: &[(PathBuf, Option<Vec<u8>>)]) {
    for path in bench.disk.paths() {
        if !whole.iter().any(|(known, _)| *known == path) {
            bench.disk.remove(&path).expect("removed");
        }
    }
    for (path, bytes) in whole {
        bench.disk.put(path, bytes.as_deref().expect("a file"));
    }
}
