//! A disk in memory that fails as told and forgets in a crash what was not synced: the test double of [`Disk`].
//!
//! It is stricter than most systems, as a crash may be: bytes count only once their file was synced, names only once their
//! folder was. After a failed sync the bytes that it was for are never written, though the next sync says that all is well.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, DiskEntry, DiskFile};

/// What a disk can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `create_dir_all`
    CreateDir,
    /// `create`
    Create,
    /// `append`
    Append,
    /// `sync_data`
    SyncData,
    /// `sync_dir`
    SyncDir,
    /// `set_len` and `truncate`
    Cut,
    /// `rename` and `rename_new`
    Rename,
    /// `remove`
    Remove,
    /// `list`
    List,
    /// `read` and `read_at`
    Read,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No space left on the device.
    NoSpace,
    /// An input/output error.
    Io,
    /// An append writes this many bytes only, and says so; other operations work.
    Short(usize),
    /// An append writes this many bytes, then says that there is no space; other operations just fail.
    ShortNoSpace(usize),
}

/// Which operations fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The kind counted; all kinds together without one.
    pub operation: Option<Operation>,
    /// The first that fails, counted from 1 and from the making of the disk.
    pub from: u64,
    /// How many fail from there.
    pub times: u64,
    /// How.
    pub fault: Fault,
}

/// A disk in memory with faults by plan; clones share it.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    folders: BTreeSet<PathBuf>,
    /// Names as the running system sees them, and as they would be after a crash.
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    contents: Vec<Content>,
    plans: Vec<Plan>,
    counts: BTreeMap<Operation, u64>,
    total: u64,
    room: Option<u64>,
    crashes: u64,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    /// From here on the bytes wait for a sync.
    dirty_from: usize,
}

impl FaultyDisk {
    /// A disk that follows these plans.
    pub fn with_plans(plans: &[Plan]) -> Self {
        let disk = Self::default();
        disk.set_plans(plans);
        disk
    }

    /// Replaces the plans; none heals the disk.
    pub fn set_plans(&self, plans: &[Plan]) {
        self.state().plans = plans.to_vec();
    }

    /// How many bytes fit from now on; `None` is without bound. What does not fit is written as far as it does.
    pub fn set_room(&self, room: Option<u64>) {
        self.state().room = room;
    }

    /// How many operations there were, of all kinds.
    pub fn operations(&self) -> u64 {
        self.state().total
    }

    /// How many operations there were of one kind.
    pub fn operations_of(&self, operation: Operation) -> u64 {
        self.state().counts.get(&operation).copied().unwrap_or(0)
    }

    /// The machine loses power: what was not synced is gone, but for the first `torn_bytes` of each file's unsynced end.
    /// Open files fail from now on.
    pub fn crash(&self, torn_bytes: usize) {
        let mut state = self.state();
        let state = &mut *state;
        state.crashes += 1;
        state.names = state.synced_names.clone();
        for content in &mut state.contents {
            let torn = content.bytes.get(content.synced.len()..).unwrap_or_default();
            let torn = torn.get(..torn_bytes).unwrap_or(torn).to_vec();
            content.synced.extend(torn);
            content.bytes = content.synced.clone();
            content.dirty_from = content.bytes.len();
        }
    }

    /// Replaces a file's bytes behind everyone's back, durably: bit rot, or a hand at work.
    pub fn put(&self, path: &Path, bytes: &[u8]) {
        let mut state = self.state();
        let content = Content { bytes: bytes.to_vec(), synced: bytes.to_vec(), dirty_from: bytes.len() };
        let at = state.contents.len();
        state.contents.push(content);
        state.names.insert(path.to_owned(), at);
        state.synced_names.insert(path.to_owned(), at);
        let folder = path.parent().unwrap_or(path).to_owned();
        state.add_folder(&folder);
    }

    /// A file's bytes as the running system sees them, past all faults; `None` where there is none.
    pub fn bytes_of(&self, path: &Path) -> Option<Vec<u8>> {
        self.state().content(path).ok().map(|content| content.bytes.clone())
    }

    /// All files, in order, past all faults.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, operation: Operation) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match state.fault(operation) {
            None | Some(Fault::Short(_)) => Ok(state),
            Some(Fault::NoSpace | Fault::ShortNoSpace(_)) => Err(no_space()),
            Some(Fault::Io) => Err(failed()),
        }
    }
}

impl State {
    /// Counts an operation and tells how it fails.
    fn fault(&mut self, operation: Operation) -> Option<Fault> {
        self.total += 1;
        let count = self.counts.entry(operation).or_insert(0);
        *count += 1;
        let (count, total) = (*count, self.total);
        let plan = self.plans.iter().find(|plan| {
            let at = match plan.operation {
                None => total,
                Some(kind) if kind == operation => count,
                Some(_) => return false,
            };
            at >= plan.from && at - plan.from < plan.times
        })?;
        Some(plan.fault)
    }

    fn content(&mut self, path: &Path) -> io::Result<&mut Content> {
        let at = self.names.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        self.contents.get_mut(at).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn add_folder(&mut self, folder: &Path) {
        self.folders.extend(folder.ancestors().map(Path::to_owned));
    }

    fn append(&mut self, at: usize, bytes: &[u8], most: usize) -> io::Result<usize> {
        let room = self.room.map_or(usize::MAX, |room| usize::try_from(room).unwrap_or(usize::MAX));
        let taken = bytes.get(..most.min(room)).unwrap_or(bytes);
        if taken.is_empty() && !bytes.is_empty() {
            return Err(no_space());
        }
        self.room = self.room.map(|room| room.saturating_sub(taken.len() as u64));
        let content = self.contents.get_mut(at).ok_or_else(failed)?;
        content.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn cut(&mut self, at: usize, length: u64) -> io::Result<()> {
        let content = self.contents.get_mut(at).ok_or_else(failed)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let freed = content.bytes.len().saturating_sub(length) as u64;
        content.bytes.truncate(length);
        content.dirty_from = content.dirty_from.min(length);
        self.room = self.room.map(|room| room.saturating_add(freed));
        Ok(())
    }
}

impl Content {
    fn sync(&mut self) {
        self.synced.resize(self.bytes.len(), 0);
        if let (Some(to), Some(from)) =
            (self.synced.get_mut(self.dirty_from..), self.bytes.get(self.dirty_from..))
        {
            to.copy_from_slice(from);
        }
        self.dirty_from = self.bytes.len();
    }
}

impl Disk for FaultyDisk {
    fn create_dir_all(&self, folder: &Path) -> io::Result<()> {
        self.enter(Operation::CreateDir)?.add_folder(folder);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.enter(Operation::Create)?;
        if state.names.contains_key(path) || state.folders.contains(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if path.parent().is_none_or(|folder| !state.folders.contains(folder)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let at = state.contents.len();
        state.contents.push(Content::default());
        state.names.insert(path.to_owned(), at);
        Ok(Box::new(FaultyFile { disk: self.clone(), at, crashes: state.crashes }))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<DiskEntry>> {
        let state = self.enter(Operation::List)?;
        if !state.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let within = |path: &Path| {
            (path.parent() == Some(folder)).then(|| path.file_name().unwrap_or_default().to_owned())
        };
        let files = state.names.iter().filter_map(|(path, at)| {
            let bytes = state.contents.get(*at).map_or(0, |content| content.bytes.len() as u64);
            Some(DiskEntry { name: within(path)?, bytes, is_folder: false })
        });
        let folders = state
            .folders
            .iter()
            .filter_map(|path| Some(DiskEntry { name: within(path)?, bytes: 0, is_folder: true }));
        Ok(files.chain(folders).collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(self.enter(Operation::Read)?.content(path)?.bytes.clone())
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut state = self.enter(Operation::Read)?;
        let bytes = &state.content(path)?.bytes;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(length).min(bytes.len());
        Ok(bytes.get(from..to).unwrap_or_default().to_vec())
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut state = self.enter(Operation::Cut)?;
        let at = state.names.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        state.cut(at, bytes)?;
        state.content(path)?.sync();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.enter(Operation::Rename)?;
        let at = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), at);
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.enter(Operation::Rename)?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let at = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), at);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.enter(Operation::Remove)?;
        let at = state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        let freed = state.contents.get(at).map_or(0, |content| content.bytes.len() as u64);
        state.room = state.room.map(|room| room.saturating_add(freed));
        Ok(())
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.enter(Operation::SyncDir)?;
        let state = &mut *state;
        state.synced_names.retain(|path, _| path.parent() != Some(folder));
        let now = state.names.iter().filter(|(path, _)| path.parent() == Some(folder));
        state.synced_names.extend(now.map(|(path, at)| (path.clone(), *at)));
        Ok(())
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    at: usize,
    crashes: u64,
}

impl FaultyFile {
    fn enter(&self, operation: Operation) -> io::Result<(MutexGuard<'_, State>, Option<Fault>)> {
        let mut state = self.disk.state();
        let fault = state.fault(operation);
        if state.crashes != self.crashes {
            return Err(failed());
        }
        Ok((state, fault))
    }
}

impl DiskFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (mut state, fault) = self.enter(Operation::Append)?;
        match fault {
            None => state.append(self.at, bytes, usize::MAX),
            Some(Fault::Short(most)) => state.append(self.at, bytes, most.max(1)),
            Some(Fault::ShortNoSpace(most)) => {
                state.append(self.at, bytes, most)?;
                Err(no_space())
            }
            Some(Fault::NoSpace) => Err(no_space()),
            Some(Fault::Io) => Err(failed()),
        }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let (mut state, fault) = self.enter(Operation::SyncData)?;
        let content = state.contents.get_mut(self.at).ok_or_else(failed)?;
        match fault {
            None | Some(Fault::Short(_)) => {
                content.sync();
                Ok(())
            }
            Some(fault) => {
                // The pages count as clean though they never reached the disk: the next sync passes them over.
                content.dirty_from = content.bytes.len();
                Err(if fault == Fault::Io { failed() } else { no_space() })
            }
        }
    }

    fn set_len(&mut self, bytes: u64) -> io::Result<()> {
        let (mut state, fault) = self.enter(Operation::Cut)?;
        match fault {
            None | Some(Fault::Short(_)) => state.cut(self.at, bytes),
            Some(Fault::NoSpace | Fault::ShortNoSpace(_)) => Err(no_space()),
            Some(Fault::Io) => Err(failed()),
        }
    }
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;

fn no_space() -> io::Error {
    io::Error::from_raw_os_error(ENOSPC)
}

fn failed() -> io::Error {
    io::Error::from_raw_os_error(EIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The double must be harsher than a disk, or the tests above it prove nothing.
    #[test]
    fn a_crash_forgets_what_was_not_synced() {
        let disk = FaultyDisk::default();
        let path = |name: &str| Path::new("/d").join(name);
        disk.create_dir_all("/d".as_ref()).expect("made");
        let mut kept = disk.create(&path("kept")).expect("made");
        kept.append_all(b"synced").expect("written");
        kept.sync_data().expect("synced");
        disk.sync_dir("/d".as_ref()).expect("synced");
        kept.append_all(b"unsynced").expect("written");
        let mut nameless = disk.create(&path("nameless")).expect("made");
        nameless.append_all(b"bytes").expect("written");
        nameless.sync_data().expect("synced");
        disk.crash(2);
        assert_eq!(disk.bytes_of(&path("kept")).as_deref(), Some(b"syncedun".as_slice()));
        assert_eq!(disk.paths(), [path("kept")]);
        assert!(kept.append(b"x").is_err(), "an open file does not survive");
    }

    /// The second sync after a failed one says yes, and the bytes are gone all the same.
    #[test]
    fn a_second_sync_lies() {
        let plan = Plan { operation: Some(Operation::SyncData), from: 1, times: 1, fault: Fault::Io };
        let disk = FaultyDisk::with_plans(&[plan]);
        let path = Path::new("/d/file");
        disk.create_dir_all("/d".as_ref()).expect("made");
        let mut file = disk.create(path).expect("made");
        disk.sync_dir("/d".as_ref()).expect("synced");
        file.append_all(b"lost").expect("written");
        assert!(file.sync_data().is_err());
        file.sync_data().expect("says yes");
        disk.crash(0);
        assert_eq!(disk.bytes_of(path).as_deref(), Some([0; 4].as_slice()));
    }
}
