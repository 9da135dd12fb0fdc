//! How far a file was read, on disk.

use std::fmt::Write;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fanlight_model::hash_parts;

/// A place in a file, whatever the file is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    device: u64,
    inode: u64,
    /// Bytes before it.
    pub(super) offset: u64,
}

impl Place {
    pub(super) fn in_file(metadata: &Metadata, offset: u64) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino(), offset }
    }

    pub(super) fn is_of(&self, metadata: &Metadata) -> bool {
        (self.device, self.inode) == (metadata.dev(), metadata.ino())
    }
}

/// Where a followed file's place is kept: one line, `device inode offset`.
#[derive(Clone, Debug)]
pub(super) struct PlaceFile(PathBuf);

impl PlaceFile {
    /// A file in `folder` for the file at `path`.
    pub(super) fn of(path: &Path, folder: &Path) -> Self {
        let mut name = String::new();
        for byte in hash_parts(&[path.as_os_str().as_encoded_bytes()]) {
            // Writing into a `String` cannot fail.
            write!(name, "{byte:02x}").unwrap_or_default();
        }
        Self(folder.join(name))
    }

    /// What cannot be read is as good as nothing: then the file is read from its beginning, and what comes twice collapses.
    pub(super) fn read(&self) -> Option<Place> {
        let text = fs::read_to_string(&self.0).ok()?;
        let mut numbers = text.strip_suffix('\n')?.split(' ').map(|number| number.parse().ok());
        let place = Place { device: numbers.next()??, inode: numbers.next()??, offset: numbers.next()?? };
        numbers.next().is_none().then_some(place)
    }

    /// All of it or nothing is written. It is not synced: an older place costs lines that come twice.
    pub(super) fn write(&self, place: Place) -> io::Result<()> {
        let Place { device, inode, offset } = place;
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder)?;
        }
        let draft = self.0.with_extension("draft");
        fs::write(&draft, format!("{device} {inode} {offset}\n"))?;
        fs::rename(&draft, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_damage_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = PlaceFile::of(Path::new("/var/log/access.log"), &folder.path().join("tail"));
        assert_eq!(file.read(), None);
        let place = Place { device: 1, inode: u64::MAX, offset: 70_000 };
        file.write(place).unwrap();
        assert_eq!(file.read(), Some(place));
        let whole = fs::read_to_string(&file.0).unwrap();
        for cut in 0..whole.len() {
            fs::write(&file.0, &whole[..cut]).unwrap();
            assert_eq!(file.read(), None, "cut at {cut}");
        }
    }

    #[test]
    fn each_file_has_a_place_of_its_own() {
        let of = |path: &str| PlaceFile::of(Path::new(path), Path::new("/d")).0;
        assert_ne!(of("/var/log/a.log"), of("/var/log/b.log"));
    }
}
