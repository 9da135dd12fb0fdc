//! The one way to files: an interface that the system implements, and a test double that fails as told.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Files and folders. All calls block.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a folder and its parents, durably; fine where it exists.
    ///
    /// # Errors
    /// What the system says; so for all calls here.
    fn create_dir_all(&self, folder: &Path) -> io::Result<()>;
    /// Makes a new file for appending; `AlreadyExists` where there is one. Durable only after [`Disk::sync_dir`].
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// What lies in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<DiskEntry>>;
    /// A whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Up to `length` bytes from `offset`; fewer only where the file ends.
    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>>;
    /// Cuts a file to its first `bytes` bytes, durably.
    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()>;
    /// Renames a file, replacing what has the new name. Durable only after [`Disk::sync_dir`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file; `AlreadyExists` where something has the new name: of many who try, one wins.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the entries of a folder durable: files made, renamed and removed.
    fn sync_dir(&self, folder: &Path) -> io::Result<()>;
}

/// A file that is being written, at its end only.
pub trait DiskFile: Send + fmt::Debug {
    /// Appends bytes and returns how many, which may be fewer than given.
    ///
    /// # Errors
    /// What the system says; so for all calls here.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes what was appended durable. After an error the file is not to be trusted: see [`crate::Segments::sync`].
    fn sync_data(&mut self) -> io::Result<()>;
    /// Cuts the file to its first `bytes` bytes; the next append goes there.
    fn set_len(&mut self, bytes: u64) -> io::Result<()>;

    /// Appends all bytes.
    fn append_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.append(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }
}

/// One thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEntry {
    /// Its name, without the folder.
    pub name: OsString,
    /// Its length; 0 for a folder.
    pub bytes: u64,
    /// True for a folder.
    pub is_folder: bool,
}

/// The machine's file system. What it makes only its own user may read: the bytes hold names and addresses of people.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdDisk;

impl Disk for StdDisk {
    fn create_dir_all(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent {
            self.create_dir_all(parent)?;
        }
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
            Err(_) | Ok(()) => {}
        }
        self.sync_dir(parent.unwrap_or_else(|| Path::new(".")))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(StdFile(file)))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<DiskEntry>> {
        fs::read_dir(folder)?
            .map(|entry| {
                let entry = entry?;
                let about = entry.metadata()?;
                let bytes = if about.is_dir() { 0 } else { about.len() };
                Ok(DiskEntry { name: entry.file_name(), bytes, is_folder: about.is_dir() })
            })
            .collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(length);
        file.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        // A hard link fails where the name is taken, on every file system that has them.
        fs::hard_link(from, to)?;
        fs::remove_file(from)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

#[derive(Debug)]
struct StdFile(File);

impl DiskFile for StdFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&mut self, bytes: u64) -> io::Result<()> {
        self.0.set_len(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two writers race for one name: the second is told, and the first one's bytes stay.
    #[test]
    fn only_one_writer_wins_a_name() {
        let folder = tempfile::tempdir().expect("temp dir");
        let at = |name: &str| folder.path().join(name);
        for (name, bytes) in [("a", b"first"), ("b", b"other")] {
            StdDisk.create(&at(name)).and_then(|mut file| file.append_all(bytes)).expect("written");
        }
        StdDisk.rename_new(&at("a"), &at("commit")).expect("won");
        let lost = StdDisk.rename_new(&at("b"), &at("commit")).expect_err("taken");
        assert_eq!(lost.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(StdDisk.read(&at("commit")).expect("read"), b"first");
        assert!(StdDisk.create(&at("commit")).is_err());
    }

    #[test]
    fn a_cut_file_is_appended_at_its_new_end() {
        let folder = tempfile::tempdir().expect("temp dir");
        let nested = folder.path().join("x/y/z");
        StdDisk.create_dir_all(&nested).expect("made");
        let path = nested.join("file");
        let mut file = StdDisk.create(&path).expect("made");
        file.append_all(b"0123456789").expect("written");
        file.set_len(4).expect("cut");
        file.append_all(b"ab").expect("written");
        file.sync_data().expect("synced");
        assert_eq!(StdDisk.read(&path).expect("read"), b"0123ab");
        assert_eq!(StdDisk.read_at(&path, 4, 100).expect("read"), b"ab");
        let entry = DiskEntry { name: "file".into(), bytes: 6, is_folder: false };
        assert_eq!(StdDisk.list(&nested).expect("listed"), [entry]);
    }
}
