//! One immutable Parquet file of the store.

mod bloom;
mod columns;
mod footer;
mod read;
mod sums;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanlight_log::Disk;
use fanlight_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Table;
pub(crate) use bloom::Bloom;
pub(crate) use footer::{OpenPart, PartFault, entry_from_file, open_part, rebuild_bloom};
pub(crate) use read::{Wanted, read_rows, visit_batches};
pub(crate) use write::{Sealing, unfinished, write_part, write_whole};

/// One immutable Parquet file: `DIR/<table>/<hour>/p-<id>.parquet`. It reads standalone, with any engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose rows it holds.
    pub table: Table,
    /// Its id, the same on every machine that seals the same rows.
    pub id: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size; a file of another size is damaged.
    pub bytes: u64,
    /// How many rows it holds.
    pub rows: u64,
    /// The smallest value of the table's time column ([`Table::time_column`]).
    pub min_time: Timestamp,
    /// The largest.
    pub max_time: Timestamp,
}

/// A visible part, with what only the store itself needs of it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) part: Arc<Part>,
    pub(crate) entry: PartEntry,
    /// Its filter, where the budget let it stay in memory.
    pub(crate) bloom: Option<Arc<Bloom>>,
}

/// What a commit says of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartEntry {
    pub(crate) table: String,
    pub(crate) hour: String,
    pub(crate) id: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) min_time_ns: i64,
    pub(crate) max_time_ns: i64,
    /// The length of everything behind the rows: page index and footer.
    pub(crate) tail_bytes: u64,
    /// The checksum of that.
    pub(crate) tail_sum: u64,
}

impl Stored {
    /// False when the id is surely in no row of it. What cannot be read may hold anything.
    pub(crate) fn may_contain(&self, disk: &dyn Disk, id: &[u8]) -> bool {
        match &self.bloom {
            Some(bloom) => bloom.may_contain(id),
            None => Bloom::file_may_contain(disk, &self.part.path.with_extension(BLOOM_EXTENSION), id),
        }
    }
}

impl PartEntry {
    /// The name by which commits remove it.
    pub(crate) fn key(&self) -> String {
        format!("{}/{}/{}", self.table, self.hour, self.id)
    }

    pub(crate) fn path(&self, directory: &Path) -> PathBuf {
        part_path(directory, &self.table, &self.hour, &self.id)
    }

    pub(crate) fn bloom_path(&self, directory: &Path) -> PathBuf {
        self.path(directory).with_extension(BLOOM_EXTENSION)
    }

    pub(crate) fn stored(self, table: Table, directory: &Path, bloom: Bloom) -> Stored {
        let part = Part {
            table,
            id: self.id.clone(),
            path: self.path(directory),
            bytes: self.bytes,
            rows: self.rows,
            min_time: Timestamp::from_nanos(self.min_time_ns),
            max_time: Timestamp::from_nanos(self.max_time_ns),
        };
        Stored { part: Arc::new(part), entry: self, bloom: Some(Arc::new(bloom)) }
    }
}

pub(crate) const PART_EXTENSION: &str = "parquet";
pub(crate) const BLOOM_EXTENSION: &str = "bloom";
/// Files under this ending are not finished; an opening removes them.
pub(crate) const UNFINISHED: &str = "tmp";

pub(crate) fn part_path(directory: &Path, table: &str, hour: &str, id: &str) -> PathBuf {
    directory.join(table).join(hour).join(format!("p-{id}.{PART_EXTENSION}"))
}

/// The hour of a time as a folder's name: `2026-11-22T07`.
pub(crate) fn hour_of(time: Timestamp) -> String {
    time.to_rfc3339().split(':').next().unwrap_or_default().to_owned()
}

/// The id of a part: the number of its commit, so that what a crash left over is known by its name, and a hash of what it
/// holds: the same rows of the same log have the same id.
pub(crate) fn part_id(sequence: u64, parts: &[&[u8]]) -> String {
    let hash = fanlight_model::hash_parts(parts);
    let short: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{sequence:08}-{short}")
}

/// The number of the commit that a part's id was made for.
pub(crate) fn sequence_of(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}
