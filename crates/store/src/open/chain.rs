//! The chain of commits, read from the newest checkpoint on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fanlight_log::{Disk, Position};

use super::leftovers::PartFile;
use super::{Live, OpenReport};
use crate::commit::{self, Commit, CommitFault, FORMAT_VERSION};
use crate::part::{PartEntry, PartFault, entry_from_file, sequence_of};
use crate::quarantine::{SetAside, put_aside};
use crate::{SCHEMA_VERSION, StoreError};

/// What the commits say.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) live: Live,
    pub(super) position: Position,
    pub(super) next_sequence: u64,
    pub(super) before: String,
    /// Commits of which nothing is known but that they were made.
    pub(super) lost: BTreeSet<u64>,
    /// True where the last commit read was made anew: its successor names the hash of the one that was damaged.
    is_rebuilt: bool,
}

type Found = BTreeMap<u64, Result<commit::Read, String>>;

pub(super) fn read(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    files: &[PartFile],
    made: &str,
    report: &mut OpenReport,
) -> Result<Chain, StoreError> {
    let mut found = find(disk.as_ref(), directory)?;
    let newest = found.keys().next_back().copied().unwrap_or(0);
    let checkpoint = found
        .iter()
        .rfind(|(_, read)| read.as_ref().is_ok_and(|read| read.commit.live.is_some()))
        .map(|(sequence, _)| *sequence);
    let mut chain = Chain::default();
    for sequence in checkpoint.unwrap_or(1)..=newest {
        match found.remove(&sequence) {
            Some(Ok(read)) => chain.follow(read, directory, report),
            damaged => {
                let reason = damaged.and_then(Result::err);
                let is_newest = sequence == newest;
                chain.mend(disk, directory, files, sequence, reason, is_newest, made, report);
            }
        }
    }
    let taken = commit::path(directory, newest);
    let is_newest_lost = chain.lost.contains(&newest);
    // A lost newest commit frees its number only where its file could be moved away.
    let is_free = is_newest_lost && disk.read_at(&taken, 0, 1).is_err();
    chain.next_sequence = if is_free { newest } else { newest + 1 };
    Ok(chain)
}

/// Reads commits from the newest down to a checkpoint.
fn find(disk: &dyn Disk, directory: &Path) -> Result<Found, StoreError> {
    let folder = commit::folder(directory);
    let entries = disk.list(&folder).map_err(StoreError::disk("list", &folder))?;
    let mut sequences: Vec<u64> =
        entries.iter().filter_map(|entry| commit::sequence_of(entry.name.to_str()?)).collect();
    sequences.sort_unstable();
    let mut found = Found::new();
    for sequence in sequences.into_iter().rev() {
        match commit::read(disk, directory, sequence) {
            Ok(read) => {
                let is_checkpoint = read.commit.live.is_some();
                found.insert(sequence, Ok(read));
                if is_checkpoint {
                    break;
                }
            }
            Err(CommitFault::Newer { found, known }) => {
                let path = commit::path(directory, sequence);
                return Err(StoreError::Newer { path, found, known });
            }
            Err(CommitFault::Damaged(reason)) => {
                found.insert(sequence, Err(reason));
            }
        }
    }
    Ok(found)
}

impl Chain {
    fn follow(&mut self, read: commit::Read, directory: &Path, report: &mut OpenReport) {
        let commit = read.commit;
        let expected = std::mem::replace(&mut self.before, read.hash);
        let was_rebuilt = std::mem::replace(&mut self.is_rebuilt, commit.rebuilt);
        if !expected.is_empty() && !was_rebuilt && commit.before != expected {
            let reason =
                format!("commit {} names another one before it than the one there is", commit.sequence);
            tracing::error!(name: "store.commit.unchained", reason, "a commit was exchanged");
            let path = commit::path(directory, commit.sequence);
            report.quarantined.push(SetAside { path, reason });
        }
        self.position = commit.position();
        if let Some(live) = commit.live {
            self.live = live.into_iter().map(keyed).collect();
            return;
        }
        self.live.retain(|(_, key), _| !commit.removed.contains(key));
        self.live.extend(commit.added.into_iter().map(keyed));
    }

    /// Makes a commit anew from the parts that were written for it. A commit file exists only once all its parts were durable,
    /// so the parts under its number are the ones that it named.
    #[expect(clippy::too_many_arguments, reason = "one step of the walk, with all that the walk knows")]
    fn mend(
        &mut self,
        disk: &Arc<dyn Disk>,
        directory: &Path,
        files: &[PartFile],
        sequence: u64,
        reason: Option<String>,
        is_newest: bool,
        made: &str,
        report: &mut OpenReport,
    ) {
        let reason = reason.unwrap_or_else(|| "the file is missing".to_owned());
        tracing::error!(name: "store.commit.damaged", sequence, reason, "a commit cannot be read");
        let path = commit::path(directory, sequence);
        report.quarantined.push(put_aside(disk.as_ref(), directory, &path, &reason));
        let rebuilt = rebuild(disk, directory, files, sequence, is_newest);
        let Some((added, position)) = rebuilt else {
            self.lost.insert(sequence);
            self.is_rebuilt = true;
            return;
        };
        self.live.extend(added.iter().cloned().map(keyed));
        self.position = position.unwrap_or(self.position);
        self.is_rebuilt = true;
        report.rebuilt_commits += 1;
        let commit = Commit {
            format: FORMAT_VERSION,
            schema: SCHEMA_VERSION,
            sequence,
            before: self.before.clone(),
            file: self.position.file,
            offset: self.position.offset,
            made: made.to_owned(),
            added,
            removed: Vec::new(),
            rows: Vec::new(),
            rebuilt: true,
            live: None,
        };
        match commit::write(disk.as_ref(), directory, &commit) {
            Ok(hash) => self.before = hash,
            Err(cause) => {
                tracing::error!(name: "store.commit.unwritten", error = %cause, "the mended commit could not be written");
            }
        }
    }
}

/// The parts written for a commit, and its position. The newest commit is believed only with all its parts: without one of them
/// the log may still have the rows, from the commit before on.
fn rebuild(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    files: &[PartFile],
    sequence: u64,
    is_newest: bool,
) -> Option<(Vec<PartEntry>, Option<Position>)> {
    let mut entries = Vec::new();
    let mut position = None;
    let mut expected = BTreeSet::new();
    for file in files.iter().filter(|file| sequence_of(&file.id) == Some(sequence)) {
        match entry_from_file(disk, &file.path(directory)) {
            Ok((entry, label)) if label.sequence == sequence && label.id == file.id => {
                position = Some(Position { file: label.file, offset: label.offset });
                expected.extend(label.tables);
                entries.push(entry);
            }
            Ok(_) => {}
            Err(PartFault::Damaged(reason)) => {
                tracing::error!(name: "store.part.damaged", id = file.id, reason, "a part cannot be read");
            }
            Err(PartFault::Disk(cause)) => {
                tracing::error!(name: "store.part.unreadable", id = file.id, error = %cause, "a part cannot be read");
            }
        }
    }
    let tables: BTreeSet<String> = entries.iter().map(|entry| entry.table.clone()).collect();
    let is_whole = !entries.is_empty() && tables == expected && tables.len() == entries.len();
    (is_whole || !is_newest).then_some((entries, position))
}

fn keyed(entry: PartEntry) -> ((u64, String), PartEntry) {
    ((sequence_of(&entry.id).unwrap_or(u64::MAX), entry.key()), entry)
}
