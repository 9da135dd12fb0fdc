//! The data folder: what lies where in it, and how a client on the same machine finds a server by it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// `DIR`, and the names of what is in it.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    pub(crate) fn new(directory: &Path) -> Self {
        Self(directory.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    pub(crate) fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
    }

    pub(crate) fn export(&self) -> PathBuf {
        self.0.join("export")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// How far each followed file was read.
    pub(crate) fn tail(&self) -> PathBuf {
        self.0.join("tail")
    }

    pub(crate) fn admin_token(&self) -> PathBuf {
        self.0.join("admin.token")
    }

    /// Where the running server wrote its addresses.
    pub(crate) fn listeners(&self) -> PathBuf {
        self.0.join("listeners.json")
    }

    /// Held by the server that uses the folder.
    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The addresses that the server of this folder last listened on.
    pub(crate) fn read_listeners(&self) -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&fs::read(self.listeners()).ok()?).ok()
    }
}

/// Writes `{listener: address}` so that a reader sees all of it or nothing.
pub(crate) fn write_listeners(path: &Path, listeners: &BTreeMap<String, String>) -> io::Result<()> {
    let text = serde_json::to_string(listeners)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    fs::write(&draft, text + "\n")?;
    fs::rename(&draft, path)
}
