//! The folder of numbered files: append, sync, replay, cut.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};
use crate::error::LogError;
use crate::frame::Frame;
use crate::position::Position;
use crate::read::{FrameReader, ReplayReport};
use crate::recover::{OpenReport, Quarantined, file_name, file_number, open_file};

/// A folder of numbered files `00000017.log`. Every call blocks.
///
/// INVARIANT: no position is ever given twice. An opening continues in a new file, for the old one may have lost its end;
/// so does a failed sync.
pub struct Segments {
    folder: PathBuf,
    max_file_bytes: u64,
    disk: Arc<dyn Disk>,
    /// The readable length of each file, by number; the open one included.
    files: BTreeMap<u64, u64>,
    next_number: u64,
    open: Option<OpenFile>,
    /// Unsynced frames were lost when a file was given up on the way to a new one; the next sync must say so.
    lost: bool,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct OpenFile {
    file: Box<dyn DiskFile>,
    number: u64,
    path: PathBuf,
    written: u64,
    synced: u64,
    /// Behind `written` lies what could not be cut away: the file may be synced, but takes no more.
    is_spoilt: bool,
}

/// The encoding buffer is kept between appends up to this size.
const KEPT_BUFFER_BYTES: usize = 4 << 20;

impl Segments {
    /// Opens the folder, or makes it. Damage is cut away, set aside in `<dir>/../quarantine` and reported; it never fails
    /// the opening. A file takes no more once it has `max_file_bytes`.
    ///
    /// # Errors
    /// Where the folder can neither be listed nor made.
    pub fn open(
        dir: &Path,
        max_file_bytes: u64,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, OpenReport), LogError> {
        let quarantine = dir.parent().unwrap_or(dir).join("quarantine");
        Self::open_with_quarantine(dir, &quarantine, max_file_bytes, disk)
    }

    /// As [`Segments::open`], with a folder for what is set aside.
    ///
    /// # Errors
    /// Where the folder can neither be listed nor made.
    pub fn open_with_quarantine(
        dir: &Path,
        quarantine: &Path,
        max_file_bytes: u64,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, OpenReport), LogError> {
        disk.create_dir_all(dir).map_err(|cause| LogError::io("make the folder", dir, cause))?;
        let entries = disk.list(dir).map_err(|cause| LogError::io("list", dir, cause))?;
        let lengths: BTreeMap<u64, u64> = entries
            .iter()
            .filter(|entry| !entry.is_folder)
            .filter_map(|entry| Some((file_number(&entry.name)?, entry.bytes)))
            .collect();
        let newest = lengths.keys().next_back().copied();
        let mut report = OpenReport { files: lengths.len() as u64, ..OpenReport::default() };
        let mut files = BTreeMap::new();
        for (number, length) in lengths {
            let path = dir.join(file_name(number));
            let is_newest = Some(number) == newest;
            files.insert(number, open_file(&*disk, &path, length, is_newest, quarantine, &mut report));
        }
        let segments = Self {
            folder: dir.to_owned(),
            max_file_bytes,
            disk,
            files,
            next_number: newest.unwrap_or(0).saturating_add(1),
            open: None,
            lost: false,
            buffer: Vec::new(),
        };
        Ok((segments, report))
    }

    /// Appends frames with one write and tells where each ends. They are safe only after [`Segments::sync`].
    /// On an error none of them is in the log.
    ///
    /// # Errors
    /// [`LogError::Full`] where the disk is full: it works again once there is room. Else what the disk said.
    pub fn append(&mut self, frames: &[Frame]) -> Result<Vec<Position>, LogError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let appended = self.append_with(&mut buffer, frames);
        if buffer.capacity() <= KEPT_BUFFER_BYTES {
            self.buffer = buffer;
        }
        appended
    }

    /// Makes what was appended durable. After a failure the file is given up at its last synced end, for a second sync of it
    /// would lie; the unsynced positions are void, and the caller appends those frames again, which goes to a new file.
    ///
    /// # Errors
    /// What the disk said; then frames appended since the last sync are not in the log.
    pub fn sync(&mut self) -> Result<(), LogError> {
        if std::mem::take(&mut self.lost) {
            self.sync_open_file()?;
            return Err(LogError::Lost { path: self.folder.clone() });
        }
        self.sync_open_file()
    }

    /// Hands over each frame that ends after `from`, in order. What has become unreadable since the opening ends its file,
    /// not the replay.
    ///
    /// # Errors
    /// None today; damage is in the report.
    pub fn replay(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Position, Frame) -> ControlFlow<()>,
    ) -> Result<ReplayReport, LogError> {
        let mut report = ReplayReport::default();
        for (&number, &end) in self.files.range(from.file..) {
            if (Position { file: number, offset: end }) <= from {
                continue;
            }
            let path = self.folder.join(file_name(number));
            // `from` need not be a boundary any more.
            let at = if number == from.file { from.offset } else { 0 };
            let mut reader = FrameReader::at_or_before(&*self.disk, &path, end, at);
            loop {
                match reader.next() {
                    Ok(Some((offset, frame))) => {
                        let position = Position { file: number, offset };
                        if position <= from {
                            continue;
                        }
                        report.frames += 1;
                        report.bytes += frame.encoded_bytes() as u64;
                        if visit(position, frame).is_break() {
                            return Ok(report);
                        }
                    }
                    Ok(None) => break,
                    Err(stop) => {
                        let reason = format!("`{}` at byte {}: {}", path.display(), stop.at, stop.why);
                        tracing::error!(name: "log.replay.damaged", reason, "a file of the log ends early");
                        report.damaged.push(Quarantined { bytes: end.saturating_sub(stop.at), path, reason });
                        break;
                    }
                }
            }
        }
        Ok(report)
    }

    /// Removes the files that end at or before `position` and tells how many. The newest stays, so that the position can be
    /// derived from the files alone.
    ///
    /// # Errors
    /// What the disk said; files removed before stay removed.
    pub fn truncate_before(&mut self, position: Position) -> Result<u64, LogError> {
        let newest = self.files.keys().next_back().copied();
        let done: Vec<u64> = self
            .files
            .iter()
            .filter(|(number, end)| {
                Some(**number) != newest && Position { file: **number, offset: **end } <= position
            })
            .map(|(number, _)| *number)
            .collect();
        let mut removed = 0;
        for number in done {
            let path = self.folder.join(file_name(number));
            match self.disk.remove(&path) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(LogError::io("remove", &path, cause));
                }
                Err(_) | Ok(()) => {}
            }
            self.files.remove(&number);
            removed += 1;
        }
        if removed > 0 {
            self.disk
                .sync_dir(&self.folder)
                .map_err(|cause| LogError::io("sync the folder", &self.folder, cause))?;
        }
        Ok(removed)
    }

    /// Makes all positions to come greater than `position`, which another file of ours remembers: should the log have lost
    /// its end, new frames must not be taken for old ones.
    pub fn continue_after(&mut self, position: Position) {
        if self.open.is_none() {
            self.next_number = self.next_number.max(position.file.saturating_add(1));
        }
    }

    /// The end of the last frame; where the log is empty, [`Position::START`].
    pub fn end(&self) -> Position {
        self.files.last_key_value().map_or(Position::START, |(&file, &offset)| Position { file, offset })
    }

    /// Before the first frame that is still here.
    pub fn oldest(&self) -> Position {
        self.files.first_key_value().map_or(Position::START, |(&file, _)| Position { file, offset: 0 })
    }

    /// The end of each file, the oldest first: the positions at which [`Segments::truncate_before`] frees a file.
    pub fn file_ends(&self) -> impl Iterator<Item = Position> {
        self.files.iter().map(|(&file, &offset)| Position { file, offset })
    }

    /// Bytes of all frames.
    pub fn bytes(&self) -> u64 {
        self.files.values().sum()
    }

    fn append_with(&mut self, buffer: &mut Vec<u8>, frames: &[Frame]) -> Result<Vec<Position>, LogError> {
        let mut ends = Vec::with_capacity(frames.len());
        for frame in frames {
            frame.encode(buffer)?;
            ends.push(buffer.len() as u64);
        }
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        let open = self.file_for(buffer.len() as u64)?;
        if let Err(cause) = open.file.append_all(buffer) {
            // What was written of it is cut away, so that the file ends at a frame; else it takes no more.
            open.is_spoilt = open.file.set_len(open.written).is_err();
            return Err(LogError::io("append to", &open.path, cause));
        }
        let (file, start) = (open.number, open.written);
        let written = start.saturating_add(buffer.len() as u64);
        open.written = written;
        self.files.insert(file, written);
        Ok(ends.into_iter().map(|end| Position { file, offset: start.saturating_add(end) }).collect())
    }

    /// The open file where it takes `bytes` more, else a new one.
    fn file_for(&mut self, bytes: u64) -> Result<&mut OpenFile, LogError> {
        let takes = |open: &OpenFile| {
            let fits = open.written == 0 || open.written.saturating_add(bytes) <= self.max_file_bytes;
            fits && !open.is_spoilt
        };
        let open = match self.open.take() {
            Some(open) if takes(&open) => open,
            Some(full) => {
                self.open = Some(full);
                if let Err(error) = self.sync_open_file() {
                    self.lost = true;
                    return Err(error);
                }
                self.open = None;
                self.create_file()?
            }
            None => self.create_file()?,
        };
        Ok(self.open.insert(open))
    }

    fn create_file(&mut self) -> Result<OpenFile, LogError> {
        let (number, path, file) = loop {
            let number = self.next_number;
            let path = self.folder.join(file_name(number));
            match self.disk.create(&path) {
                Ok(file) => break (number, path, file),
                // Something that is not a file of ours has the name.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && number < u64::MAX => {
                    self.next_number = number + 1;
                }
                Err(cause) => return Err(LogError::io("create", &path, cause)),
            }
        };
        // The number is spent, whatever happens: its file may be found again after a crash.
        self.next_number = number.saturating_add(1);
        if let Err(cause) = self.disk.sync_dir(&self.folder) {
            drop(file);
            if let Err(left) = self.disk.remove(&path) {
                tracing::warn!(name: "log.segments.left", file = %path.display(), cause = %left, "an empty file stays");
            }
            return Err(LogError::io("sync the folder", &self.folder, cause));
        }
        self.files.insert(number, 0);
        Ok(OpenFile { file, number, path, written: 0, synced: 0, is_spoilt: false })
    }

    fn sync_open_file(&mut self) -> Result<(), LogError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        if open.synced == open.written {
            self.open = Some(open);
            return Ok(());
        }
        match open.file.sync_data() {
            Ok(()) => {
                open.synced = open.written;
                self.open = Some(open);
                Ok(())
            }
            Err(cause) => {
                // The system may have dropped the unsynced pages and marked them clean: this file is never synced again.
                if let Err(left) = open.file.set_len(open.synced) {
                    tracing::warn!(name: "log.segments.left", file = %open.path.display(), cause = %left, "frames that nobody was told of stay");
                }
                self.files.insert(open.number, open.synced);
                Err(LogError::io("sync", &open.path, cause))
            }
        }
    }
}

impl fmt::Debug for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segments")
            .field("folder", &self.folder)
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
