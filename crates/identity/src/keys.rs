//! Secrets that the server makes for itself, each in a file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a secret could not be had.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("cannot {action} the secret file `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// Others could read it.
    #[error("the secret file `{}` can be read by others (mode {mode:04o}); run `chmod 600` on it", path.display())]
    TooOpen {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold what it should.
    #[error("the secret file `{}` does not hold {expected} hex digits; put it back from a copy: a new one would change every pseudonym or token", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How many hex digits it should hold.
        expected: usize,
    },
    /// The kernel gave no random bytes.
    #[error("cannot get random bytes from the kernel")]
    Random(#[source] getrandom::Error),
}

/// A file with 32 secret bytes as hex, mode 0600, made once from the kernel's randomness.
#[derive(Clone, Copy, Debug)]
pub struct SecretFile;

impl SecretFile {
    /// Reads the secret, or makes it when there is none. The new file is synced, with its folder, before this returns.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read or written, is open to others, or is damaged.
    pub fn load_or_create(path: &Path) -> Result<[u8; 32], KeyError> {
        match File::open(path) {
            Ok(file) => read(path, file),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => create(path),
            Err(cause) => Err(KeyError::Io { action: "open", path: path.to_owned(), cause }),
        }
    }
}

fn read(path: &Path, mut file: File) -> Result<[u8; 32], KeyError> {
    let io = |action| move |cause| KeyError::Io { action, path: path.to_owned(), cause };
    let mode = file.metadata().map_err(io("look at"))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::TooOpen { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(io("read"))?;
    from_hex(text.trim()).ok_or_else(|| KeyError::Damaged { path: path.to_owned(), expected: 64 })
}

/// Written under another name first, so that a crash never leaves half a secret behind.
fn create(path: &Path) -> Result<[u8; 32], KeyError> {
    let io = |action| move |cause| KeyError::Io { action, path: path.to_owned(), cause };
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(KeyError::Random)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let private = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    private.map_err(io("make the folder of"))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.draft", std::process::id()));
    let draft = PathBuf::from(draft);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(io("create"))?;
    file.write_all(to_hex(&secret).as_bytes()).map_err(io("write"))?;
    file.sync_all().map_err(io("sync"))?;
    // A hard link fails where the name exists: of two that start at once, one wins and both read its secret.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(io("tidy up beside"))?;
    match linked {
        Ok(()) => {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("sync the folder of"))?;
            Ok(secret)
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            read(path, File::open(path).map_err(io("open"))?)
        }
        Err(cause) => Err(io("create")(cause)),
    }
}

fn to_hex(secret: &[u8]) -> String {
    let mut text = String::with_capacity(secret.len() * 2 + 1);
    for byte in secret {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    text.push('\n');
    text
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/principal");
        let made = SecretFile::load_or_create(&path).unwrap();
        assert_eq!(SecretFile::load_or_create(&path).unwrap(), made);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        SecretFile::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(SecretFile::load_or_create(&path), Err(KeyError::TooOpen { mode: 0o644, .. })));
    }

    #[test]
    fn a_damaged_secret_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        SecretFile::load_or_create(&path).unwrap();
        fs::write(&path, "half").unwrap();
        assert!(matches!(SecretFile::load_or_create(&path), Err(KeyError::Damaged { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half");
    }
}
