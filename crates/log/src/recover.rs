//! Opening after whatever happened: find each file's readable prefix, put the rest aside.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::Disk;
use crate::frame::{self, FrameFault};
use crate::read::{FrameReader, Stop, Why};

/// What an opening has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Files of the log.
    pub files: u64,
    /// Whole frames in them.
    pub frames: u64,
    /// Bytes of a write that a crash had cut short; nobody was told that they were safe.
    pub torn_bytes: u64,
    /// Damage, by file.
    pub quarantined: Vec<Quarantined>,
}

/// The rest of a damaged file, from the first frame that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it is now: in the quarantine folder, or still in its file where it could not be copied.
    pub path: PathBuf,
    /// How many bytes.
    pub bytes: u64,
    /// Why, with the file and the place in it.
    pub reason: String,
}

impl fmt::Display for Quarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; its {} bytes are in `{}`", self.reason, self.bytes, self.path.display())
    }
}

/// How much of a rest is searched for a whole frame. Above it the rest counts as damaged, which only means that it is kept.
const SEARCH_BYTES: usize = 8 << 20;
/// The quarantine never fills the disk with one log's damage: beyond this a rest stays where it is.
const MAX_COPY_BYTES: u64 = 1 << 30;
const COPY_CHUNK_BYTES: usize = 1 << 20;
/// Names tried for one rest before it is left where it is.
const MAX_NAMES: u32 = 100;

/// The name of a file of the log.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:08}.log")
}

/// The number in a file's name; `None` for what is not a file of the log.
pub(crate) fn file_number(name: &OsStr) -> Option<u64> {
    let digits = name.to_str()?.strip_suffix(".log")?;
    let number = digits.parse().ok()?;
    (file_name(number) == name.to_str()?).then_some(number)
}

/// Opens one file: returns the end of its readable prefix and adds to the report.
pub(crate) fn open_file(
    disk: &dyn Disk,
    path: &Path,
    length: u64,
    is_newest: bool,
    quarantine: &Path,
    report: &mut OpenReport,
) -> u64 {
    let mut reader = FrameReader::new(disk, path, length);
    let mut end = 0;
    let stop = loop {
        match reader.next() {
            Ok(Some((at, _))) => {
                end = at;
                report.frames += 1;
            }
            Ok(None) => return end,
            Err(stop) => break stop,
        }
    };
    let rest = length.saturating_sub(stop.at);
    if is_newest && is_torn(disk, path, &stop, length) {
        report.torn_bytes += rest;
        if let Err(cause) = disk.truncate(path, end) {
            tracing::warn!(name: "log.recover.uncut", file = %path.display(), %cause, "a torn tail stays in its file");
        }
        return end;
    }
    let found = put_aside(disk, path, &stop, rest, quarantine);
    tracing::error!(
        name: "log.recover.quarantined", file = %path.display(), offset = stop.at, bytes = rest, reason = found.reason,
        "a damaged file of the log was cut; its rest is set aside"
    );
    report.quarantined.push(found);
    end
}

/// A write that a crash cut short leaves less than the frame that it began, or zeros where the bytes never reached the disk.
/// Where a whole frame follows, the gap is damage.
fn is_torn(disk: &dyn Disk, path: &Path, stop: &Stop, length: u64) -> bool {
    let Why::Fault(fault) = stop.why else { return false };
    let rest = usize::try_from(length.saturating_sub(stop.at)).unwrap_or(usize::MAX);
    if rest > SEARCH_BYTES {
        return fault == FrameFault::CutShort;
    }
    let Ok(rest) = disk.read_at(path, stop.at, rest) else { return false };
    let looks_torn = fault == FrameFault::CutShort || rest.iter().all(|byte| *byte == 0);
    looks_torn && !holds_a_frame(&rest)
}

/// Looks for a whole frame anywhere in the bytes, within a bound of bytes checked.
fn holds_a_frame(bytes: &[u8]) -> bool {
    let mut work = SEARCH_BYTES;
    (1..bytes.len()).any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        let whole = match frame::measure(rest) {
            Ok(Some(length)) => rest.get(..length),
            Ok(None) | Err(_) => None,
        };
        whole.is_some_and(|whole| {
            work = work.saturating_sub(whole.len());
            work > 0 && frame::check(whole).is_ok()
        })
    })
}

fn put_aside(disk: &dyn Disk, path: &Path, stop: &Stop, rest: u64, quarantine: &Path) -> Quarantined {
    let reason = format!("`{}` at byte {}: {}", path.display(), stop.at, stop.why);
    let in_place = |reason: String| Quarantined { path: path.to_owned(), bytes: rest, reason };
    if matches!(stop.why, Why::Unreadable(_)) {
        return in_place(reason);
    }
    if rest > MAX_COPY_BYTES {
        return in_place(format!("{reason}; too large to copy"));
    }
    match copy_rest(disk, path, stop.at, rest, quarantine, &reason) {
        Ok(copy) => {
            // Only what is safe elsewhere is cut away. Where the cut fails the next opening finds the same copy again.
            if let Err(cause) = disk.truncate(path, stop.at) {
                tracing::warn!(name: "log.recover.uncut", file = %path.display(), %cause, "a damaged rest stays in its file");
            }
            Quarantined { path: copy, bytes: rest, reason }
        }
        Err(cause) => in_place(format!("{reason}; it could not be copied: {cause}")),
    }
}

/// Copies the rest of a file into the quarantine, durably, with the reason beside it.
fn copy_rest(
    disk: &dyn Disk,
    path: &Path,
    from: u64,
    rest: u64,
    quarantine: &Path,
    reason: &str,
) -> io::Result<PathBuf> {
    disk.create_dir_all(quarantine)?;
    let present = disk.list(quarantine)?;
    let name_of = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let stem =
        format!("{}-{}-{from}", name_of(path.parent().and_then(Path::file_name)), name_of(path.file_name()));
    for attempt in 1..=MAX_NAMES {
        let name = if attempt == 1 { stem.clone() } else { format!("{stem}-{attempt}") };
        let copy = quarantine.join(&name);
        match present.iter().find(|entry| entry.name == *name) {
            Some(entry) if entry.bytes == rest && is_copy(disk, path, from, &copy)? => return Ok(copy),
            Some(_) => continue,
            None => {}
        }
        let mut file = disk.create(&copy)?;
        let mut done = 0;
        while done < rest {
            let bytes = disk.read_at(path, from + done, COPY_CHUNK_BYTES)?;
            if bytes.is_empty() {
                break;
            }
            file.append_all(&bytes)?;
            done += bytes.len() as u64;
        }
        file.sync_data()?;
        let mut beside = disk.create(&quarantine.join(format!("{name}.reason.txt")))?;
        beside.append_all(format!("{reason}\n").as_bytes())?;
        beside.sync_data()?;
        disk.sync_dir(quarantine)?;
        return Ok(copy);
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn is_copy(disk: &dyn Disk, path: &Path, from: u64, copy: &Path) -> io::Result<bool> {
    let mut at = 0;
    loop {
        let ours = disk.read_at(path, from + at, COPY_CHUNK_BYTES)?;
        if ours != disk.read_at(copy, at, COPY_CHUNK_BYTES)? {
            return Ok(false);
        }
        if ours.is_empty() {
            return Ok(true);
        }
        at += ours.len() as u64;
    }
}

#[cfg(test)]
mod tests;
