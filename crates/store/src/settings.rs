//! What a site may set, and the bounds.

use std::path::PathBuf;
use std::time::Duration;

/// Where the store lies and how much it may hold in memory.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder; the store makes a folder a table, `commits` and `quarantine` in it.
    pub directory: PathBuf,
    /// Rows in the hot tail, all tables together, at which it is sealed; twice as many at which [`crate::Pressure::Full`] is told.
    pub hot_max_rows: usize,
    /// Bytes likewise.
    pub hot_max_bytes: usize,
    /// How long the oldest row may stay in the hot tail before it is sealed.
    pub seal_after: Duration,
    /// Bytes of bloom filters kept in memory, the newest first; the others are read from disk at each lookup.
    pub bloom_bytes: usize,
}

impl Settings {
    /// The defaults for a folder.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            hot_max_rows: 1_000_000,
            hot_max_bytes: 192 << 20,
            seal_after: Duration::from_secs(300),
            bloom_bytes: 64 << 20,
        }
    }
}
