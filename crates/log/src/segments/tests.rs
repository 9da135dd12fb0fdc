use super::*;
use crate::fault::{Fault, FaultyDisk, Operation, Plan};
use crate::frame::FRAME_OVERHEAD_BYTES;

const FOLDER: &str = "/d/log";
/// Each frame of the tests takes this much.
const FRAME_BYTES: u64 = FRAME_OVERHEAD_BYTES as u64 + 13;

fn frame(number: u64) -> Frame {
    Frame { source_id: number, bytes: format!("payload {number:05}").into(), ..Frame::default() }
}

fn open(disk: &FaultyDisk, max_file_bytes: u64) -> Segments {
    Segments::open(FOLDER.as_ref(), max_file_bytes, Arc::new(disk.clone())).expect("opens").0
}

fn append(segments: &mut Segments, number: u64) -> Result<Position, LogError> {
    let position = segments.append(&[frame(number)])?[0];
    segments.sync()?;
    Ok(position)
}

fn replayed_from(segments: &Segments, from: Position) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut last = from;
    segments
        .replay(from, &mut |position, frame| {
            assert!(position > last, "positions rise");
            last = position;
            numbers.push(frame.source_id);
            ControlFlow::Continue(())
        })
        .expect("replays");
    numbers
}

fn replayed(segments: &Segments) -> Vec<u64> {
    replayed_from(segments, Position::START)
}

/// The folder was made, filled and left: after a crash all that was synced is there, with its folder entry.
#[test]
fn what_was_synced_survives_a_crash() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    append(&mut segments, 1).expect("appended");
    segments.append(&[frame(2)]).expect("appended, not synced");
    disk.crash(0);
    assert_eq!(replayed(&open(&disk, 1 << 20)), [1]);
}

#[test]
fn files_rotate_by_size_and_are_cut_from_the_front() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 2 * FRAME_BYTES);
    let positions: Vec<Position> = (0..7).map(|n| append(&mut segments, n).expect("appended")).collect();
    assert_eq!(positions[6], Position { file: 4, offset: FRAME_BYTES });
    assert_eq!(segments.bytes(), 7 * FRAME_BYTES);
    assert_eq!(replayed_from(&segments, positions[2]), [3, 4, 5, 6]);
    assert_eq!(replayed_from(&segments, Position { file: 2, offset: 3 }), [2, 3, 4, 5, 6], "no boundary");

    assert_eq!(segments.truncate_before(positions[2]).expect("cut"), 1);
    assert_eq!(segments.oldest(), Position { file: 2, offset: 0 });
    assert_eq!(segments.truncate_before(segments.end()).expect("cut"), 2, "the newest stays");
    assert_eq!(replayed(&segments), [6]);

    let segments = open(&disk, 2 * FRAME_BYTES);
    assert_eq!(segments.end(), positions[6], "the position comes from the files alone");
}

/// The newest file is cut at a frame, which nobody can see, and even emptied. No position is given twice all the same.
#[test]
fn no_position_is_given_twice() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    append(&mut segments, 0).expect("appended");
    let last = append(&mut segments, 1).expect("appended");
    for cut in [FRAME_BYTES, 0] {
        disk.truncate(&Path::new(FOLDER).join(file_name(1)), cut).expect("cut");
        let mut segments = open(&disk, 1 << 20);
        assert!(append(&mut segments, 2).expect("appended") > last);
    }
    // The folder is lost, but a commit elsewhere remembers how far the log once was.
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    segments.continue_after(Position { file: 30, offset: 5 });
    assert!(append(&mut segments, 0).expect("appended") > Position { file: 30, offset: 5 });
}

/// The disk fills in the middle of a write. The whole write is refused and taken back, and the log goes on when there is room.
#[test]
fn a_full_disk_refuses_and_recovers() {
    for room in 0..2 * FRAME_BYTES {
        let disk = FaultyDisk::default();
        let mut segments = open(&disk, 1 << 20);
        append(&mut segments, 0).expect("appended");
        disk.set_room(Some(room));
        let error = segments.append(&[frame(1), frame(2)]).expect_err("full");
        assert!(error.is_full(), "{error}");
        assert_eq!(segments.end(), Position { file: 1, offset: FRAME_BYTES });
        assert_eq!(
            disk.bytes_of(&Path::new(FOLDER).join(file_name(1))).map(|bytes| bytes.len() as u64),
            Some(FRAME_BYTES)
        );
        disk.set_room(None);
        let end = append(&mut segments, 3).expect("there is room again");
        assert_eq!(end, Position { file: 1, offset: 2 * FRAME_BYTES });
        disk.crash(0);
        assert_eq!(replayed(&open(&disk, 1 << 20)), [0, 3]);
    }
}

/// A half write cannot even be taken back: the file takes no more, and the next frame is safe in a new one.
#[test]
fn a_file_that_cannot_be_cut_takes_no_more() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    append(&mut segments, 0).expect("appended");
    disk.set_plans(&[
        Plan { operation: Some(Operation::Append), from: 2, times: 1, fault: Fault::ShortNoSpace(20) },
        Plan { operation: Some(Operation::Cut), from: 1, times: 1, fault: Fault::Io },
    ]);
    assert!(append(&mut segments, 1).is_err());
    assert_eq!(append(&mut segments, 2).expect("appended").file, 2);
    assert_eq!(replayed(&segments), [0, 2]);
    disk.crash(usize::MAX);
    assert_eq!(replayed(&open(&disk, 1 << 20)), [0, 2]);
}

/// A sync fails. The next sync of that file would say yes and lie, so the frames go to a new file.
#[test]
fn a_file_is_never_synced_again_after_a_failure() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    append(&mut segments, 0).expect("appended");
    disk.set_plans(&[Plan { operation: Some(Operation::SyncData), from: 2, times: 1, fault: Fault::Io }]);
    assert!(append(&mut segments, 1).is_err());
    assert_eq!(segments.end(), Position { file: 1, offset: FRAME_BYTES });
    assert_eq!(append(&mut segments, 1).expect("appended").file, 2);
    assert_eq!(replayed(&segments), [0, 1]);
    disk.crash(0);
    assert_eq!(replayed(&open(&disk, 1 << 20)), [0, 1]);
}

/// A rotation has to sync frames that nobody has synced yet, and fails. The next sync must not call them durable.
#[test]
fn frames_lost_in_a_rotation_are_told_at_the_next_sync() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, FRAME_BYTES);
    segments.append(&[frame(0)]).expect("appended");
    disk.set_plans(&[Plan { operation: Some(Operation::SyncData), from: 1, times: 1, fault: Fault::Io }]);
    assert!(segments.append(&[frame(1)]).is_err());
    assert!(matches!(segments.sync(), Err(LogError::Lost { .. })));
    append(&mut segments, 2).expect("goes on");
    disk.crash(0);
    assert_eq!(replayed(&open(&disk, FRAME_BYTES)), [2]);
}

#[test]
fn a_frame_over_the_cap_is_refused_whole() {
    let disk = FaultyDisk::default();
    let mut segments = open(&disk, 1 << 20);
    let huge = Frame { bytes: vec![0; crate::frame::MAX_FRAME_BYTES + 1].into(), ..Frame::default() };
    assert!(matches!(segments.append(&[frame(0), huge]), Err(LogError::TooLarge { .. })));
    append(&mut segments, 1).expect("goes on");
    assert_eq!(replayed(&segments), [1]);
}

/// Appends, rotations and a cut; then the power goes and the disk heals. Returns what was acknowledged and must be found: not
/// what the cut was for.
fn scenario(disk: &FaultyDisk) -> Vec<u64> {
    let mut acknowledged: Vec<(Position, u64)> = Vec::new();
    let Ok((mut segments, _)) = Segments::open(FOLDER.as_ref(), 3 * FRAME_BYTES, Arc::new(disk.clone()))
    else {
        return Vec::new();
    };
    for number in 0..8 {
        let Ok(positions) = segments.append(&[frame(number), frame(100 + number)]) else { continue };
        if segments.sync().is_ok() {
            acknowledged.extend([(positions[0], number), (positions[1], 100 + number)]);
        }
        if number == 4 {
            let cut = segments.truncate_before(positions[0]);
            assert!(cut.is_err() || segments.oldest().file == positions[0].file);
            acknowledged.retain(|(position, _)| *position > positions[0]);
        }
    }
    acknowledged.into_iter().map(|(_, number)| number).collect()
}

/// The k-th operation fails, once or from there on, for every k until none is hit. Nothing panics, and whatever was
/// acknowledged is found after a crash that drops all that was not synced.
#[test]
fn no_failing_operation_makes_a_false_acknowledgement() {
    let faults = [Fault::Io, Fault::NoSpace, Fault::Short(5), Fault::ShortNoSpace(50)];
    for (fault, times) in faults.into_iter().flat_map(|fault| [(fault, 1), (fault, 3), (fault, u64::MAX)]) {
        for from in 1.. {
            let disk = FaultyDisk::with_plans(&[Plan { operation: None, from, times, fault }]);
            let acknowledged = scenario(&disk);
            let was_hit = disk.operations() >= from;
            disk.set_plans(&[]);
            disk.crash(usize::try_from(from).unwrap_or(0) * 7 % 60);
            let found = replayed(&open(&disk, 3 * FRAME_BYTES));
            for number in &acknowledged {
                assert!(found.contains(number), "{fault:?} x {times} from {from}: {number} is lost");
            }
            assert!(found.iter().map(|number| number % 100).is_sorted(), "{found:?}");
            if !was_hit {
                assert_eq!(acknowledged, [104, 5, 105, 6, 106, 7, 107], "a clean run acknowledges all");
                break;
            }
        }
    }
}
