//! Commits: the only truth of what is visible.
//!
//! An append-only chain of small files, `DIR/commits/00000042.json`, each made by create-if-absent. A commit says which parts
//! came and which went, up to where the log is in parts, and the hash of the commit before it. The file carries its own
//! checksum, so that damage to the newest is known without a successor.

use std::io;
use std::path::{Path, PathBuf};

use fanlight_log::{Disk, Position};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::part::PartEntry;

/// The format of commits and parts; a store that says a higher one is refused.
pub(crate) const FORMAT_VERSION: u32 = 1;
/// Every so many commits one lists all parts, so that an opening reads a bounded number of them.
pub(crate) const CHECKPOINT_EVERY: u64 = 128;

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) format: u32,
    pub(crate) schema: u32,
    pub(crate) sequence: u64,
    /// SHA-256 of the file of the commit before it; empty for the first.
    pub(crate) before: String,
    /// Up to here the log is in parts.
    pub(crate) file: u64,
    pub(crate) offset: u64,
    /// When it was made, for people.
    pub(crate) made: String,
    pub(crate) added: Vec<PartEntry>,
    /// Keys of parts that are no longer part of the store.
    pub(crate) removed: Vec<String>,
    /// Rows of each table after it.
    pub(crate) rows: Vec<(String, u64)>,
    /// True where it was made anew from the labels of its parts; the commit after it then names another hash.
    #[serde(default)]
    pub(crate) rebuilt: bool,
    /// All parts after it, in every [`CHECKPOINT_EVERY`]th.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) live: Option<Vec<PartEntry>>,
}

impl Commit {
    pub(crate) fn position(&self) -> Position {
        Position { file: self.file, offset: self.offset }
    }
}

/// A commit that was read, with the hash of its file.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) commit: Commit,
    pub(crate) hash: String,
}

/// Why a commit cannot be read.
#[derive(Debug)]
pub(crate) enum CommitFault {
    Damaged(String),
    Newer { found: u32, known: u32 },
}

pub(crate) fn folder(directory: &Path) -> PathBuf {
    directory.join("commits")
}

pub(crate) fn path(directory: &Path, sequence: u64) -> PathBuf {
    folder(directory).join(format!("{sequence:08}.json"))
}

/// The number of the commit with this file name.
pub(crate) fn sequence_of(name: &str) -> Option<u64> {
    name.strip_suffix(".json")?.parse().ok()
}

/// Reads a commit and checks it against its own checksum.
pub(crate) fn read(disk: &dyn Disk, directory: &Path, sequence: u64) -> Result<Read, CommitFault> {
    let file =
        disk.read(&path(directory, sequence)).map_err(|cause| CommitFault::Damaged(cause.to_string()))?;
    decode(&file, sequence)
}

/// Makes a commit: whole and durable under its number, or not at all. Returns the hash of its file.
pub(crate) fn write(disk: &dyn Disk, directory: &Path, commit: &Commit) -> Result<String, StoreError> {
    let path = path(directory, commit.sequence);
    let folder = folder(directory);
    let unfinished = crate::part::unfinished(&path);
    let file = encode(commit).map_err(|cause| StoreError::disk("encode", &path)(io::Error::other(cause)))?;
    crate::part::write_whole(disk, &unfinished, &file)?;
    match disk.rename_new(&unfinished, &path) {
        Ok(()) => {}
        // An earlier try of ours may have made it and failed only in the step after.
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            let made = read(disk, directory, commit.sequence).ok();
            let ours =
                made.filter(|made| Commit { made: commit.made.clone(), ..made.commit.clone() } == *commit);
            let ours = ours.ok_or(StoreError::CommitTaken { sequence: commit.sequence, path })?;
            disk.sync_dir(&folder).map_err(StoreError::disk("sync folder", &folder))?;
            return Ok(ours.hash);
        }
        Err(cause) => return Err(StoreError::disk("name", &path)(cause)),
    }
    disk.sync_dir(&folder).map_err(StoreError::disk("sync folder", &folder))?;
    Ok(hash(&file))
}

/// `{"sha256":"…","commit":…}`: valid JSON, and the checksum is over the very bytes of the second value.
fn encode(commit: &Commit) -> Result<Vec<u8>, serde_json::Error> {
    let body = serde_json::to_string(commit)?;
    Ok(format!("{OPENING}{}{MIDDLE}{body}{CLOSING}", hash(body.as_bytes())).into_bytes())
}

const OPENING: &str = "{\"sha256\":\"";
const MIDDLE: &str = "\",\"commit\":";
const CLOSING: &str = "}\n";

fn decode(file: &[u8], sequence: u64) -> Result<Read, CommitFault> {
    let damaged = |what: &str| CommitFault::Damaged(what.to_owned());
    let parts = file.strip_prefix(OPENING.as_bytes()).and_then(|rest| rest.split_at_checked(64));
    let (sum, rest) = parts.ok_or_else(|| damaged("it does not begin as a commit does"))?;
    let body = rest.strip_prefix(MIDDLE.as_bytes()).and_then(|rest| rest.strip_suffix(CLOSING.as_bytes()));
    let body = body.ok_or_else(|| damaged("it does not end as a commit does"))?;
    if hash(body).as_bytes() != sum {
        return Err(damaged("its checksum is wrong"));
    }
    let versions: Versions =
        serde_json::from_slice(body).map_err(|cause| CommitFault::Damaged(cause.to_string()))?;
    if versions.format > FORMAT_VERSION {
        return Err(CommitFault::Newer { found: versions.format, known: FORMAT_VERSION });
    }
    if versions.schema > crate::SCHEMA_VERSION {
        return Err(CommitFault::Newer { found: versions.schema, known: crate::SCHEMA_VERSION });
    }
    let commit: Commit =
        serde_json::from_slice(body).map_err(|cause| CommitFault::Damaged(cause.to_string()))?;
    if commit.sequence != sequence {
        return Err(damaged("it has the number of another commit"));
    }
    Ok(Read { commit, hash: hash(file) })
}

/// Read before the rest: a newer format may have other fields.
#[derive(Deserialize)]
struct Versions {
    format: u32,
    schema: u32,
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit() -> Commit {
        Commit {
            format: FORMAT_VERSION,
            schema: crate::SCHEMA_VERSION,
            sequence: 42,
            before: "aa".to_owned(),
            file: 3,
            offset: 4_096,
            made: "2026-11-22T07:00:00.000000000Z".to_owned(),
            added: Vec::new(),
            removed: vec!["spans/2026-11-22T06/00000041-00".to_owned()],
            rows: vec![("spans".to_owned(), 7)],
            rebuilt: false,
            live: None,
        }
    }

    #[test]
    fn a_commit_is_read_as_it_was_written_and_is_json() {
        let file = encode(&commit()).expect("encodes");
        assert_eq!(decode(&file, 42).expect("reads").commit, commit());
        assert!(serde_json::from_slice::<serde_json::Value>(&file).is_ok());
        assert!(matches!(decode(&file, 41), Err(CommitFault::Damaged(_))));
    }

    /// Every cut and every flipped bit of a commit is noticed, and none of them is taken for a newer format.
    #[test]
    fn a_damaged_commit_is_never_believed() {
        let file = encode(&commit()).expect("encodes");
        for length in 0..file.len() {
            assert!(matches!(decode(&file[..length], 42), Err(CommitFault::Damaged(_))), "cut to {length}");
        }
        for bit in 0..file.len() * 8 {
            let mut file = file.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(decode(&file, 42), Err(CommitFault::Damaged(_))), "bit {bit}");
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let file = encode(&Commit { format: FORMAT_VERSION + 1, ..commit() }).expect("encodes");
        let read = decode(&file, 42);
        assert!(matches!(read, Err(CommitFault::Newer { found, .. }) if found == FORMAT_VERSION + 1));
    }
}
