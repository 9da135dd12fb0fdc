//! What could not be read is put aside, with the reason beside it. Nothing is deleted for being damaged.

use std::io;
use std::path::{Path, PathBuf};

use fanlight_log::Disk;

/// Something that could not be read and is no longer visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where it lies now: in the quarantine folder, or still in its place where it could not be moved.
    pub path: PathBuf,
    /// In which way it was damaged.
    pub reason: String,
}

/// How many files of one name are kept.
const MAX_OF_A_NAME: u32 = 1_000;

/// Moves a file into `DIR/quarantine/` and writes the reason into `<name>.txt` beside it. On a disk that does not let it, the
/// file stays where it is and the reason says so.
pub(crate) fn put_aside(disk: &dyn Disk, directory: &Path, path: &Path, reason: &str) -> SetAside {
    match moved(disk, directory, path, reason) {
        Ok(to) => SetAside { path: to, reason: reason.to_owned() },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            SetAside { path: path.to_owned(), reason: reason.to_owned() }
        }
        Err(cause) => SetAside {
            path: path.to_owned(),
            reason: format!("{reason}; it could not be moved to quarantine: {cause}"),
        },
    }
}

fn moved(disk: &dyn Disk, directory: &Path, path: &Path, reason: &str) -> io::Result<PathBuf> {
    let folder = directory.join("quarantine");
    disk.create_dir_all(&folder)?;
    let name = flat_name(directory, path);
    for number in 0..MAX_OF_A_NAME {
        let to = folder.join(if number == 0 { name.clone() } else { format!("{name}.{number}") });
        match disk.rename_new(path, &to) {
            Ok(()) => {
                explain(disk, &to, path, reason);
                disk.sync_dir(&folder)?;
                disk.sync_dir(path.parent().unwrap_or(directory))?;
                return Ok(to);
            }
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(cause),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// `spans/2026-11-22T07/p-1.parquet` becomes `spans_2026-11-22T07_p-1.parquet`.
fn flat_name(directory: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(directory).unwrap_or(path);
    let parts = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts.collect::<Vec<_>>().join("_")
}

/// The explanation is a service to people: where it cannot be written, the file is aside all the same.
fn explain(disk: &dyn Disk, to: &Path, from: &Path, reason: &str) {
    let mut name = to.as_os_str().to_owned();
    name.push(".txt");
    let text = format!("{}: {reason}\n", from.display());
    let written = disk.create(Path::new(&name)).and_then(|mut file| {
        file.append_all(text.as_bytes())?;
        file.sync_data()
    });
    if let Err(cause) = written {
        tracing::warn!(name: "store.quarantine.unexplained", error = %cause, "a reason could not be written");
    }
}
