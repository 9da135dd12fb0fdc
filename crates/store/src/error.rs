//! What can go wrong in the store.

use std::io;
use std::path::PathBuf;

use datafusion::arrow::error::ArrowError;
use datafusion::parquet::errors::ParquetError;

/// Why the store could not do what was asked. Damage is not among the reasons for which [`crate::Store::open`] fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {doing} `{path}`", path = path.display())]
    Disk {
        /// What was tried, as a verb.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The folder was written by a newer version, which may mean something else by the same bytes.
    #[error(
        "`{path}` has format {found}, and this version reads up to {known}: start it with the version that wrote it, or with another data folder",
        path = path.display()
    )]
    Newer {
        /// The file that says so.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this version reads.
        known: u32,
    },
    /// Another process writes into the same folder.
    #[error("commit {sequence} was already made: does another process use `{path}`?", path = path.display())]
    CommitTaken {
        /// The number of the commit.
        sequence: u64,
        /// The file.
        path: PathBuf,
    },
    /// A part cannot be read, and what it holds is not what was written.
    #[error("part `{path}` is damaged: {reason}", path = path.display())]
    Damaged {
        /// The part.
        path: PathBuf,
        /// In which way.
        reason: String,
    },
    /// Rows could not be laid out as columns.
    #[error("cannot lay rows of `{table}` out as columns")]
    Columns {
        /// Of which table.
        table: &'static str,
        /// Why.
        #[source]
        cause: ArrowError,
    },
    /// Columns could not be encoded.
    #[error("cannot encode part `{path}`", path = path.display())]
    Encode {
        /// The part.
        path: PathBuf,
        /// Why.
        #[source]
        cause: ParquetError,
    },
}

impl StoreError {
    /// For `map_err` on calls of the disk.
    pub(crate) fn disk(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.into();
        move |cause| Self::Disk { doing, path, cause }
    }

    /// For `map_err` on calls of Arrow.
    pub(crate) fn columns(table: crate::Table) -> impl Fn(ArrowError) -> StoreError {
        move |cause| Self::Columns { table: table.as_str(), cause }
    }
}
