//! Items that a receiver will not have, kept for a person to look at.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use fanlight_log::{Disk, Position};

/// The folder of one target's dead letters, bounded: beyond the bounds the oldest go.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    folder: PathBuf,
    disk: Arc<dyn Disk>,
    max_letters: usize,
}

const MAX_LETTERS: usize = 1_000;
const MAX_BYTES: u64 = 64 << 20;

const LETTER: &str = ".otlp";
const REASON: &str = ".reason.txt";

impl DeadLetters {
    pub(crate) fn new(folder: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { folder, disk, max_letters: MAX_LETTERS }
    }

    /// Keeps an item, or a part of one, named by its place in the queue and that of its first span, with the reason beside it.
    pub(crate) fn park(
        &self,
        place: Position,
        first_span: usize,
        bytes: &[u8],
        reason: &str,
    ) -> io::Result<()> {
        self.disk.create_dir_all(&self.folder)?;
        self.make_room(bytes.len() as u64)?;
        let name = format!("{:08}-{:010}-{first_span:06}", place.file, place.offset);
        for (suffix, content) in [(LETTER, bytes), (REASON, format!("{reason}\n").as_bytes())] {
            let mut file = match self.disk.create(&self.folder.join(format!("{name}{suffix}"))) {
                // The same item was parked before a crash.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created?,
            };
            file.append_all(content)?;
            file.sync_data()?;
        }
        self.disk.sync_dir(&self.folder)
    }

    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut letters: Vec<(String, u64)> = self
            .disk
            .list(&self.folder)?
            .into_iter()
            .filter_map(|entry| Some((entry.name.to_str()?.strip_suffix(LETTER)?.to_owned(), entry.bytes)))
            .collect();
        letters.sort_unstable();
        let mut held: u64 = letters.iter().map(|(_, bytes)| bytes).sum();
        let mut count = letters.len();
        for (name, freed) in letters {
            if count < self.max_letters && held.saturating_add(bytes) <= MAX_BYTES {
                break;
            }
            for suffix in [LETTER, REASON] {
                match self.disk.remove(&self.folder.join(format!("{name}{suffix}"))) {
                    Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                    Err(_) | Ok(()) => {}
                }
            }
            (held, count) = (held.saturating_sub(freed), count - 1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanlight_log::FaultyDisk;

    /// More poison than fits: the newest letters are kept, each with its reason.
    #[test]
    fn dead_letters_are_bounded() {
        let disk = FaultyDisk::default();
        let folder = "/d/dead-letter".into();
        let letters = DeadLetters { max_letters: 5, ..DeadLetters::new(folder, Arc::new(disk.clone())) };
        for offset in 0..9 {
            letters.park(Position { file: 1, offset }, 0, b"otlp", "status 400").expect("parked");
        }
        letters.park(Position { file: 1, offset: 8 }, 0, b"otlp", "again after a crash").expect("parked");
        let paths = disk.paths();
        assert!(paths.len() <= 10);
        assert_eq!(
            disk.bytes_of("/d/dead-letter/00000001-0000000008-000000.otlp".as_ref()).as_deref(),
            Some(b"otlp".as_slice())
        );
        assert!(disk.bytes_of("/d/dead-letter/00000001-0000000008-000000.reason.txt".as_ref()).is_some());
        assert!(!paths.iter().any(|path| path.to_string_lossy().contains("-0000000000-")));
    }
}
