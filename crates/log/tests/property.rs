//! What holds for any frames and any damage.

#![expect(clippy::expect_used, reason = "the helpers of a test")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use fanlight_log::{FaultyDisk, Frame, Position, Segments};
use fanlight_model::Timestamp;
use proptest::prelude::*;

const FOLDER: &str = "/d/log";

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let frame =
        (any::<u8>(), any::<i64>(), any::<u64>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(kind, arrival, source_id, encoding, bytes)| Frame {
                kind,
                arrival: Timestamp::from_nanos(arrival),
                source_id,
                encoding,
                bytes: bytes.into(),
            });
    prop::collection::vec(frame, 1..20)
}

fn open(disk: &FaultyDisk, max_file_bytes: u64) -> Segments {
    Segments::open(FOLDER.as_ref(), max_file_bytes, Arc::new(disk.clone())).expect("opens").0
}

fn replayed(segments: &Segments) -> Vec<(Position, Frame)> {
    let mut found = Vec::new();
    let report = segments
        .replay(Position::START, &mut |position, frame| {
            found.push((position, frame));
            ControlFlow::Continue(())
        })
        .expect("replays");
    assert_eq!(report.damaged, []);
    found
}

fn written(disk: &FaultyDisk, frames: &[Frame], max_file_bytes: u64) -> Vec<(Position, Frame)> {
    let mut segments = open(disk, max_file_bytes);
    let written = frames
        .chunks(3)
        .flat_map(|group| segments.append(group).expect("appends").into_iter().zip(group.iter().cloned()))
        .collect();
    segments.sync().expect("syncs");
    written
}

proptest! {
    /// Frames come back as they went in, at the positions that were told, over any file size.
    #[test]
    fn frames_come_back_as_they_went_in(frames in frames(), max_file_bytes in 1_u64..2_000) {
        let disk = FaultyDisk::default();
        let written = written(&disk, &frames, max_file_bytes);
        disk.crash(0);
        let segments = open(&disk, max_file_bytes);
        prop_assert_eq!(replayed(&segments), written.clone());
        prop_assert_eq!(segments.end(), written[written.len() - 1].0);
    }

    /// However many bytes of however many files are replaced or cut away: the log opens, hands out only frames that were
    /// written, each at its place, and loses none that stands before its file's first damage.
    #[test]
    fn damage_costs_only_what_stands_behind_it(
        frames in frames(),
        max_file_bytes in 1_u64..2_000,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<Option<u8>>()), 1..5),
    ) {
        let disk = FaultyDisk::default();
        let written = written(&disk, &frames, max_file_bytes);
        let paths = disk.paths();
        let mut first_damage = vec![u64::MAX; paths.len()];
        for (file, at, change) in damage {
            let file = file.index(paths.len());
            let mut bytes = disk.bytes_of(&paths[file]).expect("there");
            if bytes.is_empty() {
                continue;
            }
            let at = at.index(bytes.len());
            match change {
                Some(byte) => bytes[at] = byte,
                None => bytes.truncate(at),
            }
            first_damage[file] = first_damage[file].min(at as u64);
            disk.put(&paths[file], &bytes);
        }
        let found = replayed(&open(&disk, max_file_bytes));
        prop_assert!(found.iter().all(|each| written.contains(each)));
        for (position, frame) in &written {
            let name = format!("{:08}.log", position.file);
            let file = paths.iter().position(|path| path == &Path::new(FOLDER).join(&name)).expect("there");
            let is_before = position.offset <= first_damage[file];
            prop_assert!(!is_before || found.contains(&(*position, frame.clone())), "{} is lost", position);
        }
    }
}
