use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::fault::{Fault, FaultyDisk, Operation, Plan};
use crate::frame::Frame;
use crate::position::Position;
use crate::segments::Segments;

const FOLDER: &str = "/d/log";
const MAX_FILE_BYTES: u64 = 1 << 20;

fn frame(number: u64) -> Frame {
    Frame { kind: 7, source_id: number, bytes: format!("payload {number}").into(), ..Frame::default() }
}

fn open(disk: &FaultyDisk) -> (Segments, OpenReport) {
    Segments::open(FOLDER.as_ref(), MAX_FILE_BYTES, Arc::new(disk.clone())).expect("always opens")
}

fn replayed(segments: &Segments) -> Vec<u64> {
    let mut numbers = Vec::new();
    let report = segments
        .replay(Position::START, &mut |_, frame| {
            assert_eq!(frame, self::frame(frame.source_id));
            numbers.push(frame.source_id);
            ControlFlow::Continue(())
        })
        .expect("replays");
    assert_eq!(report.damaged, []);
    numbers
}

/// The bytes of a file with these frames, and where each ends.
fn file_of(numbers: std::ops::Range<u64>) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let ends = numbers
        .map(|number| {
            frame(number).encode(&mut bytes).expect("fits");
            bytes.len()
        })
        .collect();
    (bytes, ends)
}

fn path_of(number: u64) -> PathBuf {
    Path::new(FOLDER).join(file_name(number))
}

/// After an opening the log must go on: append, close, and find everything again.
fn goes_on(disk: &FaultyDisk, mut segments: Segments, before: &[u64]) {
    let end = segments.end();
    let appended = segments.append(&[frame(99)]).expect("appends");
    assert!(appended[0] > end);
    segments.sync().expect("syncs");
    let (segments, report) = open(disk);
    assert_eq!(report.quarantined, [], "the same damage is not found twice");
    assert_eq!(report.torn_bytes, 0);
    assert_eq!(replayed(&segments), [before, &[99]].concat());
}

#[test]
fn only_names_that_we_write_are_files_of_the_log() {
    assert_eq!(file_number("00000017.log".as_ref()), Some(17));
    assert_eq!(file_number("123456789.log".as_ref()), Some(123_456_789));
    for other in ["17.log", "00000017.log.tmp", "+0000017.log", "notes.log", ".log"] {
        assert_eq!(file_number(other.as_ref()), None, "{other}");
    }
}

/// A crash cuts the last two records at any byte. What is whole stays, the torn rest is counted and gone.
#[test]
fn a_tail_torn_at_any_byte_is_cut_at_a_frame() {
    let (bytes, ends) = file_of(0..3);
    for cut in ends[0]..=bytes.len() {
        let disk = FaultyDisk::default();
        disk.put(&path_of(4), &bytes[..cut]);
        let (segments, report) = open(&disk);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let expected: Vec<u64> = (0..whole as u64).collect();
        assert_eq!(replayed(&segments), expected, "cut at {cut}");
        assert_eq!(report.torn_bytes, (cut - ends[whole - 1]) as u64);
        assert_eq!(report.quarantined, []);
        goes_on(&disk, segments, &expected);
    }
}

/// Any byte of the newest file is flipped. What stands before it stays; where whole records stand behind it, they are kept
/// in the quarantine.
#[test]
fn a_flipped_byte_costs_no_record_before_it() {
    let (bytes, ends) = file_of(0..3);
    for at in 0..bytes.len() {
        for mask in [0x01, 0x80, 0xff] {
            let disk = FaultyDisk::default();
            let mut rotten = bytes.clone();
            rotten[at] ^= mask;
            disk.put(&path_of(1), &rotten);
            let (segments, report) = open(&disk);
            let whole = ends.iter().filter(|end| **end <= at).count();
            let good = ends[..whole].last().copied().unwrap_or(0);
            let expected: Vec<u64> = (0..whole as u64).collect();
            assert_eq!(replayed(&segments), expected, "flipped at {at} with {mask:x}");
            if let [found] = report.quarantined.as_slice() {
                assert_eq!(disk.bytes_of(&found.path).as_deref(), Some(&rotten[good..]));
                assert!(found.reason.contains(&format!("at byte {good}")), "{found}");
                let beside = found.path.with_file_name(format!("log-00000001.log-{good}.reason.txt"));
                assert!(disk.bytes_of(&beside).is_some());
            } else {
                assert_eq!(whole, 2, "only the last record can look torn");
                assert_eq!(report.torn_bytes, (bytes.len() - good) as u64);
            }
            goes_on(&disk, segments, &expected);
        }
    }
}

/// Any byte of an old file is flipped, or its end is cut anywhere. Its neighbours stay readable, and the damage is named.
#[test]
fn a_damaged_file_leaves_its_neighbours_readable() {
    let (middle, ends) = file_of(10..12);
    let flipped = (0..middle.len()).map(|at| {
        let mut bytes = middle.clone();
        bytes[at] ^= 0x10;
        (at, bytes)
    });
    let cut =
        (0..middle.len()).filter(|at| *at > 0 && !ends.contains(at)).map(|at| (at, middle[..at].to_vec()));
    for (at, bytes) in flipped.chain(cut) {
        let disk = FaultyDisk::default();
        disk.put(&path_of(1), &file_of(0..2).0);
        disk.put(&path_of(2), &bytes);
        disk.put(&path_of(3), &file_of(20..22).0);
        let (segments, report) = open(&disk);
        let whole = ends.iter().filter(|end| **end <= at).count() as u64;
        let expected: Vec<u64> = (0..2).chain(10..10 + whole).chain(20..22).collect();
        assert_eq!(replayed(&segments), expected, "damage at {at}");
        assert_eq!(report.quarantined.len(), 1);
        assert_eq!(report.torn_bytes, 0);
        goes_on(&disk, segments, &expected);
    }
}

/// The file system kept the length of a file and lost its last bytes.
#[test]
fn zeros_at_the_end_are_a_torn_tail() {
    let (mut bytes, _) = file_of(0..2);
    bytes.extend([0; 5_000]);
    let disk = FaultyDisk::default();
    disk.put(&path_of(1), &bytes);
    let (segments, report) = open(&disk);
    assert_eq!((report.torn_bytes, report.quarantined.len()), (5_000, 0));
    goes_on(&disk, segments, &[0, 1]);
}

/// There is no room for the quarantine. The log opens and takes frames all the same; the rest waits in its file, and is set
/// aside at the first opening with room.
#[test]
fn a_full_disk_does_not_stop_an_opening() {
    let (mut bytes, ends) = file_of(0..3);
    bytes[ends[0] + 1] ^= 0xff;
    let disk = FaultyDisk::default();
    disk.put(&path_of(1), &bytes);
    disk.set_room(Some(20));
    let (mut segments, report) = open(&disk);
    assert_eq!(replayed(&segments), [0]);
    assert_eq!(report.quarantined[0].path, path_of(1));
    assert!(report.quarantined[0].reason.contains("could not be copied"));
    assert!(segments.append(&[frame(5)]).expect_err("full").is_full());
    disk.set_room(None);
    segments.append(&[frame(5)]).expect("appends");
    segments.sync().expect("syncs");
    assert_eq!(disk.bytes_of(&path_of(1)), Some(bytes.clone()));
    let (segments, report) = open(&disk);
    assert_eq!(replayed(&segments), [0, 5]);
    assert_eq!(disk.bytes_of(&report.quarantined[0].path).as_deref(), Some(&bytes[ends[0]..]));
    goes_on(&disk, segments, &[0, 5]);
}

/// Whatever the disk refuses during an opening, the log opens with what it can read, or says that the folder is out of reach.
#[test]
fn an_opening_survives_any_failing_operation() {
    let (mut bytes, ends) = file_of(0..3);
    bytes[ends[0] + 1] ^= 0xff;
    for fault in [Fault::Io, Fault::NoSpace] {
        for from in 1.. {
            let disk = FaultyDisk::default();
            disk.put(&path_of(1), &bytes);
            disk.put(&path_of(2), &file_of(5..6).0);
            disk.set_plans(&[Plan { operation: None, from, times: 1, fault }]);
            let opened = Segments::open(FOLDER.as_ref(), MAX_FILE_BYTES, Arc::new(disk.clone()));
            let was_hit = disk.operations() >= from;
            disk.set_plans(&[]);
            let is_folder = from <= 2;
            assert_eq!(opened.is_err(), is_folder, "operation {from}");
            let (segments, _) = open(&disk);
            assert_eq!(replayed(&segments), [0, 5], "operation {from}");
            goes_on(&disk, segments, &[0, 5]);
            if !was_hit {
                break;
            }
        }
    }
}

/// A sector of an old file cannot be read. It is reported and left alone: it may be readable tomorrow.
#[test]
fn an_unreadable_file_is_left_alone() {
    let disk = FaultyDisk::default();
    disk.put(&path_of(1), &file_of(0..2).0);
    disk.put(&path_of(2), &file_of(2..4).0);
    disk.set_plans(&[Plan { operation: Some(Operation::Read), from: 1, times: 1, fault: Fault::Io }]);
    let (segments, report) = open(&disk);
    assert_eq!(replayed(&segments), [2, 3]);
    assert_eq!(report.quarantined[0].path, path_of(1));
    assert_eq!(replayed(&open(&disk).0), [0, 1, 2, 3]);
}
