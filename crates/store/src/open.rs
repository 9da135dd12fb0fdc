//! Opening a store: the commits say what is visible, and what cannot be read is put aside.

mod chain;
mod leftovers;
mod parts;

pub(crate) use parts::set_part_aside;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fanlight_log::{Disk, Position};

use crate::commit::{self, Commit, FORMAT_VERSION};
use crate::part::{PartEntry, Stored};
use crate::quarantine::SetAside;
use crate::{SCHEMA_VERSION, StoreError, Table};

/// What an opening found.
#[derive(Clone, Debug, Default)]
pub struct OpenReport {
    /// Up to here the log is in parts.
    pub committed: Position,
    /// What was damaged: where it lies now, and why it was put aside.
    pub quarantined: Vec<SetAside>,
    /// Commits that could not be read and were made anew from their parts.
    pub rebuilt_commits: u64,
    /// Sidecars that were made anew from their parts.
    pub rebuilt_blooms: u64,
    /// Files that an interrupted seal had left over and that were removed.
    pub leftovers: u64,
    /// Visible parts.
    pub parts: u64,
    /// Rows in them.
    pub rows: u64,
}

/// What an opened store begins with.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) parts: BTreeMap<Table, Vec<Arc<Stored>>>,
    pub(crate) committed: Position,
    pub(crate) next_sequence: u64,
    pub(crate) before: String,
    pub(crate) report: OpenReport,
    /// Keys of parts that no commit has removed yet though they are gone.
    pub(crate) gone: Vec<String>,
}

pub(crate) fn open(disk: &Arc<dyn Disk>, directory: &Path, made: String) -> Result<Opened, StoreError> {
    let folders = Table::ALL.map(|table| directory.join(table.as_str()));
    for folder in folders.iter().chain([&commit::folder(directory), &directory.join("quarantine")]) {
        disk.create_dir_all(folder).map_err(StoreError::disk("make folder", folder))?;
    }
    let mut report = OpenReport::default();
    let files = leftovers::part_files(disk.as_ref(), directory, &mut report);
    let mut chain = chain::read(disk, directory, &files, &made, &mut report)?;
    leftovers::remove(disk.as_ref(), directory, &files, &chain, &mut report);
    let (parts, mut gone) = parts::check(disk, directory, &chain.live, &mut report);

    let visible: Vec<&Arc<Stored>> = parts.values().flatten().collect();
    report.committed = chain.position;
    report.parts = visible.len() as u64;
    report.rows = visible.iter().map(|stored| stored.part.rows).sum();
    if !gone.is_empty() {
        let commit = Commit {
            format: FORMAT_VERSION,
            schema: SCHEMA_VERSION,
            sequence: chain.next_sequence,
            before: chain.before.clone(),
            file: chain.position.file,
            offset: chain.position.offset,
            made,
            added: Vec::new(),
            removed: gone.clone(),
            rows: rows_of(&parts),
            rebuilt: false,
            live: None,
        };
        // Where the disk takes no writes, the store starts all the same, and the next seal tells what is gone.
        if let Ok(hash) = commit::write(disk.as_ref(), directory, &commit) {
            chain.next_sequence += 1;
            chain.before = hash;
            gone.clear();
        }
    }
    let (committed, next_sequence, before) = (chain.position, chain.next_sequence, chain.before);
    Ok(Opened { parts, committed, next_sequence, before, report, gone })
}

/// Rows of each table, as a commit tells them.
pub(crate) fn rows_of(parts: &BTreeMap<Table, Vec<Arc<Stored>>>) -> Vec<(String, u64)> {
    let rows = parts
        .iter()
        .map(|(table, parts)| (table.as_str().to_owned(), parts.iter().map(|stored| stored.part.rows).sum()));
    rows.collect()
}

/// Parts in the order of their commits, by key.
pub(crate) type Live = BTreeMap<(u64, String), PartEntry>;
