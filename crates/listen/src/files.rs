//! Files that are watched by looking at them.
//!
//! A look each second costs a few microseconds, works on every file system and through every kind of link (orchestrators swap
//! a folder's link under the file), and has no queue that can overflow: notifications have none of these.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files, and how each looked the last time.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    files: Vec<(PathBuf, Option<Stamp>)>,
}

/// Changes when the file is written, replaced, or swapped behind a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Watched {
    /// Takes a first look. Look before reading: what is written in between is then seen at the next look.
    pub fn new(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let files = files.into_iter().map(|file| (stamp(&file), file)).map(|(stamp, file)| (file, stamp));
        Self { files: files.collect() }
    }

    /// Watches these from now on: those that it knows as it last saw them, the others as they are.
    pub fn watch(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        let known = std::mem::take(&mut self.files);
        let last = |file: &PathBuf| known.iter().find(|(known, _)| known == file).map(|(_, stamp)| *stamp);
        self.files = files
            .into_iter()
            .map(|file| {
                let stamp = last(&file).unwrap_or_else(|| stamp(&file));
                (file, stamp)
            })
            .collect();
    }

    /// Looks again; true where anything is other than at the last look.
    pub fn look(&mut self) -> bool {
        let mut is_changed = false;
        for (file, last) in &mut self.files {
            let now = stamp(file);
            is_changed |= now != *last;
            *last = now;
        }
        is_changed
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        length: metadata.len(),
        written: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_written_replaced_swapped_or_gone_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("file"), folder.path().join("other"));
        let mut watched = Watched::new([file.clone()]);
        let mut seen = |what: &str| {
            assert!(watched.look(), "{what}");
            assert!(!watched.look(), "{what}, a second time");
        };
        fs::write(&file, "one").unwrap();
        seen("it is there");
        fs::write(&file, "three").unwrap();
        seen("it is written");
        fs::write(&other, "three").unwrap();
        fs::rename(&other, &file).unwrap();
        seen("another took its place");
        fs::remove_file(&file).unwrap();
        seen("it is gone");
        fs::write(&other, "x").unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        seen("a link is there");
        let third = folder.path().join("third");
        fs::write(&third, "x").unwrap();
        fs::remove_file(&other).unwrap();
        std::os::unix::fs::symlink(&third, &other).unwrap();
        seen("the link behind the link was swapped");
    }
}
