//! Openings after crashes and damage.

use std::path::Path;

use fanlight_log::{Disk, Position};
use fanlight_runtime::Outcome;

use super::fixture::{Bench, DIRECTORY, check_all, check_one, frame, position, trace};
use crate::commit::{self, Commit};
use crate::{StoreError, Table};

/// Three seals of one frame each, two spans a frame.
fn three_seals() -> Bench {
    let bench = Bench::default();
    let (store, _) = bench.open();
    for number in 1..=3 {
        store.append(frame(number, 2)).expect("appended");
        store.seal().expect("sealed");
    }
    bench
}

/// Power is lost right after a seal: the position was promised, so everything before it is there.
#[test]
fn what_was_sealed_survives_a_crash() {
    let bench = three_seals();
    bench.disk.crash(0);
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.leftovers, report.quarantined), (position(3), 0, Vec::new()));
    check_all(&store, 1..4, 2);
}

/// The parts were written and the commit was not: they are removed, and the replay writes the same ones again.
#[test]
fn parts_without_a_commit_are_removed() {
    let bench = three_seals();
    let parts = bench.files(".parquet");
    bench.disk.remove(&bench.commit(3)).expect("removed");
    bench.disk.put(&Path::new(DIRECTORY).join("spans/2026-11-22T07/p-x.parquet.tmp"), b"half");
    bench.disk.put(&Path::new(DIRECTORY).join("commits/00000003.json.tmp"), b"half");
    let (store, report) = bench.open();
    // Three parts, three sidecars, two unfinished files.
    assert_eq!((report.committed, report.leftovers, report.parts), (position(2), 8, 6));
    check_all(&store, 1..3, 2);
    store.append(frame(3, 2)).expect("replayed");
    store.seal().expect("sealed");
    check_all(&store, 1..4, 2);
    assert_eq!(bench.files(".parquet"), parts, "the same rows make the same parts");
}

/// Whichever commit is damaged, at whatever place: it is put aside and made anew from the labels of its parts. Nothing is lost.
#[test]
fn a_damaged_commit_is_made_anew_from_its_parts() {
    for damaged in 1..=3 {
        for (bit, cut) in [(0, None), (900, None), (4_003, None), (0, Some(0)), (0, Some(300))] {
            let bench = three_seals();
            let path = bench.commit(damaged);
            match cut {
                Some(length) => {
                    let bytes = bench.disk.bytes_of(&path).expect("a file");
                    bench.disk.put(&path, &bytes[..length]);
                }
                None => bench.flip(&path, bit),
            }
            let (store, report) = bench.open();
            assert_eq!((report.committed, report.rebuilt_commits), (position(3), 1), "commit {damaged}");
            assert_eq!(report.quarantined.len(), 1);
            assert!(bench.disk.bytes_of(&report.quarantined[0].path).is_some());
            assert_eq!(bench.ledger.get("store", "file", Outcome::Quarantined, ""), 1);
            check_all(&store, 1..4, 2);
            drop(store);
            let (store, report) = bench.open();
            assert_eq!(
                (report.quarantined, report.rebuilt_commits),
                (Vec::new(), 0),
                "mended once and for all"
            );
            store.append(frame(4, 2)).expect("appended");
            store.seal().expect("sealed");
            check_all(&bench.open().0, 1..5, 2);
        }
    }
}

#[test]
fn all_commits_may_be_damaged_at_once() {
    let bench = three_seals();
    (1..=3).for_each(|sequence| bench.flip(&bench.commit(sequence), 2_000));
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.rebuilt_commits), (position(3), 3));
    check_all(&store, 1..4, 2);
}

/// The newest commit and one of its parts are damaged: the commit before counts, so that the log brings the rows back.
#[test]
fn the_commit_before_counts_where_the_newest_is_lost() {
    let bench = three_seals();
    bench.flip(&bench.commit(3), 2_000);
    let spans =
        bench.files(".parquet").into_iter().rfind(|path| path.starts_with("/data/spans")).expect("a part");
    bench.disk.remove(&spans).expect("removed");
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.rebuilt_commits), (position(2), 0));
    // The commit and the two parts of it that are left are aside, not deleted.
    assert_eq!(report.quarantined.len(), 3);
    check_all(&store, 1..3, 2);
    store.append(frame(3, 2)).expect("replayed");
    store.seal().expect("sealed");
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.quarantined), (position(3), Vec::new()));
    check_all(&store, 1..4, 2);
}

/// A format of the future is refused in words, and nothing is touched.
#[test]
fn a_newer_format_is_refused() {
    let bench = three_seals();
    let newest = commit::read(&bench.disk, Path::new(DIRECTORY), 3).expect("reads").commit;
    let future = Commit { sequence: 4, format: newest.format + 1, ..newest };
    commit::write(&bench.disk, Path::new(DIRECTORY), &future).expect("written");
    let files = bench.disk.paths();
    let refused = bench.try_open().expect_err("refused");
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1, .. }), "{refused}");
    assert!(refused.to_string().contains("with the version that wrote it"), "{refused}");
    assert_eq!(bench.disk.paths(), files);
}

/// Two processes on one folder: the second commit of a number loses, and its rows stay visible to it.
#[test]
fn of_two_writers_one_is_told() {
    let bench = Bench::default();
    let (one, two) = (bench.open().0, bench.open().0);
    one.append(frame(1, 2)).expect("appended");
    two.append(frame(2, 2)).expect("appended");
    one.seal().expect("sealed");
    assert!(matches!(two.seal(), Err(StoreError::CommitTaken { sequence: 1, .. })));
    check_one(&two, 2, 2);
    check_all(&bench.open().0, 1..2, 2);
}

/// Sidecars are lost, cut, flipped or of another make: they are made anew, and every trace is found.
#[test]
fn sidecars_are_made_anew_from_their_parts() {
    for bytes in
        [None, Some(&b""[..]), Some(b"FLBL"), Some(b"something else altogether, and longer than a header")]
    {
        let bench = three_seals();
        for path in bench.files(".bloom") {
            match bytes {
                Some(bytes) => bench.disk.put(&path, bytes),
                None => bench.disk.remove(&path).expect("removed"),
            }
        }
        let (store, report) = bench.open();
        assert_eq!((report.rebuilt_blooms, report.quarantined.len()), (9, 0));
        check_all(&store, 1..4, 2);
        assert_eq!(bench.open().1.rebuilt_blooms, 0, "written down");
    }
}

/// A part is gone or cut: the others are readable, and the next opening does not look for it again.
#[test]
fn a_part_that_cannot_be_opened_is_left_out() {
    for cut in [None, Some(0), Some(7), Some(1_000)] {
        let bench = three_seals();
        let path =
            bench.files(".parquet").into_iter().find(|path| path.starts_with("/data/spans")).expect("a part");
        let bytes = bench.disk.bytes_of(&path).expect("a file");
        match cut {
            Some(less) => bench.disk.put(&path, &bytes[..bytes.len() - less.max(1)]),
            None => bench.disk.remove(&path).expect("removed"),
        }
        let (store, report) = bench.open();
        assert_eq!((report.quarantined.len(), report.parts, report.committed), (1, 8, position(3)));
        let aside = &report.quarantined[0].path;
        assert_eq!(bench.disk.bytes_of(aside).is_some(), cut.is_some());
        if cut.is_some() {
            let why = bench.disk.bytes_of(Path::new(&format!("{}.txt", aside.display()))).expect("a reason");
            assert!(String::from_utf8_lossy(&why).contains(&report.quarantined[0].reason));
        }
        assert_eq!(store.snapshot().row_count(Table::Spans), 4);
        assert!(store.trace(trace(1)).expect("reads").spans.is_empty());
        assert_eq!(store.trace(trace(1)).expect("reads").events.len(), 1);
        check_one(&store, 2, 2);
        check_one(&store, 3, 2);
        assert_eq!(bench.open().1.quarantined, Vec::new());
    }
}

/// Behind a checkpoint no older commit is read: without them, all is there.
#[test]
fn a_checkpoint_stands_for_all_commits_before_it() {
    let bench = Bench::default();
    let (store, _) = bench.open();
    let last = commit::CHECKPOINT_EVERY + 2;
    for number in 1..=last {
        store.append(frame(number, 1)).expect("appended");
        store.seal().expect("sealed");
    }
    (1..commit::CHECKPOINT_EVERY)
        .for_each(|number| bench.disk.remove(&bench.commit(number)).expect("removed"));
    let (store, report) = bench.open();
    assert_eq!((report.committed, report.quarantined, report.leftovers), (position(last), Vec::new(), 0));
    check_all(&store, 1..last + 1, 1);
}

/// A frame that led to nothing still moves the position, so that the log can be cut.
#[test]
fn empty_frames_move_the_position() {
    let bench = Bench::default();
    let (store, report) = bench.open();
    assert_eq!(report.committed, Position::START);
    store.append(crate::Append { position: position(5), ..crate::Append::default() }).expect("appended");
    assert_eq!(store.seal().expect("sealed"), Some(position(5)));
    assert_eq!(bench.open().1.committed, position(5));
}
