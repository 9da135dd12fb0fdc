//! A file that is followed as it grows, like `tail -F`: through its rotation by renaming and its truncation, and on from where it was
//! read to before a restart.
//!
//! Whole lines go into the log; how far they go is written down after they are durable, so that a crash reads some of them again
//! and none is left out. What it cannot see: a file that was truncated and has grown past the old place between two looks, and all
//! but the last of several files that were rotated away while nobody looked.

mod place;

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanlight_runtime::spawn_blocking;
use tokio::time::sleep;

use self::place::{Place, PlaceFile};
use super::sink::Sink;
use crate::frame_kind;
use crate::settings::TailFile;
use crate::source_id::SourceIds;

pub(crate) const NAME: &str = "tail";

/// One frame at most, and what is read at one look.
const MAX_READ_BYTES: usize = 1 << 20;

/// Looks at a file that was rotated away and gives nothing more, before it is left for the one that took its place: who writes it is
/// told of the rotation a few seconds after, and writes on until then.
const LAST_LOOKS: u32 = 20;

/// Names in the folder among which a file that was rotated away is looked for.
const MAX_SIBLINGS: usize = 1_000;

/// What one look at a file found.
enum Look {
    /// Whole lines, or so much of a long one.
    Lines(Bytes),
    /// The file has ended with these bytes: another has its name, or it begins anew.
    End(Bytes),
    /// Nothing new.
    Nothing,
}

/// Follows a file until the shutdown.
pub(crate) async fn follow(file: TailFile, folder: Option<PathBuf>, poll: Duration, sink: Sink) {
    let feed = file.feed;
    let places = folder.map(|folder| PlaceFile::of(&file.path, &folder));
    let mut tail = Tail {
        path: file.path,
        places,
        open: None,
        has_ended: false,
        sources: Arc::clone(&sink.sources),
        trouble: None,
    };
    loop {
        // A file on a slow disk blocks, so all that touches it is done elsewhere.
        let looking = spawn_blocking("intake.tail", move || {
            let look = tail.look();
            (tail, look)
        });
        let Ok((returned, look)) = looking.await else { return };
        tail = returned;
        let (bytes, ends) = match look {
            Look::Lines(bytes) => (bytes, false),
            Look::End(bytes) => (bytes, true),
            Look::Nothing => {
                tokio::select! {
                    () = sink.shutdown.begun() => break,
                    () = sleep(poll) => continue,
                }
            }
        };
        let (source_id, length) = (tail.source_id(), bytes.len() as u64);
        if length > 0 {
            let frame = sink.frame(frame_kind::stream_read(feed), source_id, bytes);
            if !sink.log(feed, frame).await {
                return;
            }
        }
        if ends {
            sink.log(feed, sink.frame(frame_kind::LSS_CLOSED, source_id, Bytes::new())).await;
        }
        let noting = spawn_blocking("intake.tail", move || {
            tail.advance(length);
            if ends {
                (tail.open, tail.has_ended) = (None, true);
            }
            tail
        });
        let Ok(returned) = noting.await else { return };
        tail = returned;
        if sink.shutdown.is_begun() {
            break;
        }
    }
    if tail.open.is_some() {
        sink.log(feed, sink.frame(frame_kind::LSS_CLOSED, tail.source_id(), Bytes::new())).await;
    }
}

/// A followed file between two looks.
struct Tail {
    path: PathBuf,
    places: Option<PlaceFile>,
    open: Option<Open>,
    /// The file that was read last has ended: what is noted of it is of no more use.
    has_ended: bool,
    sources: Arc<SourceIds>,
    /// What is wrong, as it was told.
    trouble: Option<String>,
}

struct Open {
    file: File,
    place: Place,
    source_id: u64,
    /// Looks since it was found to be rotated away that gave nothing.
    last_looks: u32,
}

impl Tail {
    fn look(&mut self) -> Look {
        let looked = match self.open.take().map_or_else(|| self.open(), |open| Ok(Some(open))) {
            Ok(Some(open)) => self.open.insert(open).look(&self.path),
            Ok(None) => Ok(Look::Nothing),
            Err(error) => Err(error),
        };
        match looked {
            Ok(look) => {
                if self.open.is_some() && self.trouble.take().is_some() {
                    tracing::info!(name: "intake.tail.opened", file = %self.path.display(), "the file can be read now");
                }
                look
            }
            Err(error) => {
                self.tell(&error);
                Look::Nothing
            }
        }
    }

    /// Says what is wrong once, not four times a second.
    fn tell(&mut self, error: &io::Error) {
        let trouble = error.to_string();
        if self.trouble.as_ref() != Some(&trouble) {
            tracing::warn!(name: "intake.tail.waiting", file = %self.path.display(), %error, "a file that is to be followed cannot be read; it is as soon as it can");
            self.trouble = Some(trouble);
        }
    }

    /// The file that was read last, wherever it is now; else the one that has the name.
    fn open(&self) -> io::Result<Option<Open>> {
        let noted = self.places.as_ref().filter(|_| !self.has_ended).and_then(PlaceFile::read);
        let named = regular(&self.path);
        if let (Some(noted), Ok(metadata)) = (noted, &named)
            && noted.is_of(metadata)
        {
            // Shorter than it was: it begins anew.
            let offset = if metadata.len() < noted.offset { 0 } else { noted.offset };
            return self.open_at(&self.path, offset).map(Some);
        }
        if let Some(rotated) = noted.and_then(|noted| sibling(&self.path, noted)) {
            let offset = noted.map_or(0, |noted| noted.offset);
            return self.open_at(&rotated, offset).map(Some);
        }
        named?;
        self.open_at(&self.path, 0).map(Some)
    }

    fn open_at(&self, path: &Path, offset: u64) -> io::Result<Open> {
        let file = File::open(path)?;
        let place = Place::in_file(&file.metadata()?, offset);
        Ok(Open { file, place, source_id: self.sources.next(), last_looks: 0 })
    }

    fn source_id(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.source_id)
    }

    /// Notes that so many bytes more are durable.
    fn advance(&mut self, bytes: u64) {
        let Some(open) = self.open.as_mut().filter(|_| bytes > 0) else { return };
        open.place.offset += bytes;
        let Some(places) = &self.places else { return };
        if let Err(error) = places.write(open.place) {
            self.tell(&error);
        }
    }
}

impl Open {
    fn look(&mut self, path: &Path) -> io::Result<Look> {
        let length = self.file.metadata()?.len();
        if length < self.place.offset {
            return Ok(Look::End(Bytes::new()));
        }
        let waiting = usize::try_from(length - self.place.offset).unwrap_or(usize::MAX);
        let mut bytes = vec![0; waiting.min(MAX_READ_BYTES)];
        let read = if bytes.is_empty() { 0 } else { self.file.read_at(&mut bytes, self.place.offset)? };
        bytes.truncate(read);
        if let Some(newline) = bytes.iter().rposition(|byte| *byte == b'\n') {
            bytes.truncate(newline + 1);
        } else if read < MAX_READ_BYTES {
            return Ok(self.look_for_another(path, bytes));
        }
        self.last_looks = 0;
        Ok(Look::Lines(bytes.into()))
    }

    /// There is no whole line. That is the end where the name is another file's by now.
    fn look_for_another(&mut self, path: &Path, half_line: Vec<u8>) -> Look {
        let is_rotated = fs::metadata(path).is_ok_and(|metadata| !self.place.is_of(&metadata));
        self.last_looks = if is_rotated { self.last_looks + 1 } else { 0 };
        if self.last_looks <= LAST_LOOKS { Look::Nothing } else { Look::End(half_line.into()) }
    }
}

/// A pipe would block whoever opens it, and a folder has no lines.
fn regular(path: &Path) -> io::Result<Metadata> {
    let metadata = fs::metadata(path)?;
    match metadata.is_file() {
        true => Ok(metadata),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// The file of a place under another name in the same folder.
fn sibling(path: &Path, place: Place) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).ok()?.take(MAX_SIBLINGS).flatten();
    let mut candidates = entries.filter(|entry| {
        entry.metadata().is_ok_and(|metadata| {
            metadata.is_file() && place.is_of(&metadata) && metadata.size() >= place.offset
        })
    });
    candidates.next().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use fanlight_model::Timestamp;

    use super::*;

    fn look(tail: &mut Tail) -> Option<(String, bool)> {
        let (bytes, ends) = match tail.look() {
            Look::Lines(bytes) => (bytes, false),
            Look::End(bytes) => (bytes, true),
            Look::Nothing => return None,
        };
        tail.advance(bytes.len() as u64);
        Some((String::from_utf8(bytes.to_vec()).unwrap(), ends))
    }

    /// The new file is there, and who writes still writes into the old one: each line that comes so gives it as many looks again.
    #[test]
    fn a_file_that_is_rotated_away_is_left_after_its_last_looks() {
        let folder = tempfile::tempdir().unwrap();
        let (path, rotated) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        let sources = Arc::new(SourceIds::starting_at(Timestamp::from_seconds(1)));
        let mut tail =
            Tail { path: path.clone(), places: None, open: None, has_ended: false, sources, trouble: None };
        fs::write(&path, "one\n").unwrap();
        assert_eq!(look(&mut tail), Some(("one\n".to_owned(), false)));
        fs::rename(&path, &rotated).unwrap();
        assert_eq!(look(&mut tail), None);
        fs::write(&path, "three\n").unwrap();
        for _ in 0..LAST_LOOKS {
            assert_eq!(look(&mut tail), None);
        }
        fs::write(&rotated, "one\ntwo\nhalf").unwrap();
        assert_eq!(look(&mut tail), Some(("two\n".to_owned(), false)));
        for _ in 0..LAST_LOOKS {
            assert_eq!(look(&mut tail), None);
        }
        assert_eq!(look(&mut tail), Some(("half".to_owned(), true)));
    }
}
