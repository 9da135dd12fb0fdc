//! Files that no commit names: what an interrupted seal left over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fanlight_log::Disk;

use super::OpenReport;
use super::chain::Chain;
use crate::part::{BLOOM_EXTENSION, PART_EXTENSION, UNFINISHED, part_path, sequence_of};
use crate::quarantine::put_aside;
use crate::{Table, commit};

/// A part, or the sidecar of one, that lies on the disk.
#[derive(Debug)]
pub(super) struct PartFile {
    pub(super) table: Table,
    pub(super) hour: String,
    pub(super) id: String,
    pub(super) is_bloom: bool,
}

impl PartFile {
    pub(super) fn path(&self, directory: &Path) -> PathBuf {
        let path = part_path(directory, self.table.as_str(), &self.hour, &self.id);
        if self.is_bloom { path.with_extension(BLOOM_EXTENSION) } else { path }
    }

    fn key(&self) -> String {
        format!("{}/{}/{}", self.table.as_str(), self.hour, self.id)
    }
}

/// All parts and sidecars; unfinished files are removed on the way. What lies in a folder that cannot be listed stays there.
pub(super) fn part_files(disk: &dyn Disk, directory: &Path, report: &mut OpenReport) -> Vec<PartFile> {
    let mut files = Vec::new();
    for name in names(disk, &commit::folder(directory), false) {
        remove_unfinished(disk, &commit::folder(directory).join(&name), report);
    }
    for table in Table::ALL {
        let folder = directory.join(table.as_str());
        for hour in names(disk, &folder, true) {
            for name in names(disk, &folder.join(&hour), false) {
                if remove_unfinished(disk, &folder.join(&hour).join(&name), report) {
                    continue;
                }
                let named = name.strip_prefix("p-").and_then(|name| name.split_once('.'));
                let Some((id, extension)) = named else { continue };
                if extension == PART_EXTENSION || extension == BLOOM_EXTENSION {
                    let (hour, id) = (hour.clone(), id.to_owned());
                    files.push(PartFile { table, hour, id, is_bloom: extension == BLOOM_EXTENSION });
                }
            }
        }
    }
    files
}

/// Removes what no commit names. What belongs to a commit that was lost is put aside instead.
pub(super) fn remove(
    disk: &dyn Disk,
    directory: &Path,
    files: &[PartFile],
    chain: &Chain,
    report: &mut OpenReport,
) {
    let live: BTreeSet<&str> = chain.live.keys().map(|(_, key)| key.as_str()).collect();
    for file in files.iter().filter(|file| !live.contains(file.key().as_str())) {
        let path = file.path(directory);
        let is_lost = sequence_of(&file.id).is_some_and(|sequence| chain.lost.contains(&sequence));
        if is_lost && !file.is_bloom {
            report.quarantined.push(put_aside(disk, directory, &path, "its commit cannot be read"));
        } else {
            discard(disk, &path, report);
        }
    }
}

fn remove_unfinished(disk: &dyn Disk, path: &Path, report: &mut OpenReport) -> bool {
    let is_unfinished = path.extension().is_some_and(|extension| extension == UNFINISHED);
    if is_unfinished {
        discard(disk, path, report);
    }
    is_unfinished
}

fn discard(disk: &dyn Disk, path: &Path, report: &mut OpenReport) {
    match disk.remove(path) {
        Ok(()) => report.leftovers += 1,
        Err(cause) => {
            let path = path.display();
            tracing::warn!(name: "store.leftover.kept", error = %cause, file.path = %path, "a leftover stays");
        }
    }
}

fn names(disk: &dyn Disk, folder: &Path, folders: bool) -> Vec<String> {
    let entries = disk.list(folder).unwrap_or_else(|cause| {
        let path = folder.display();
        tracing::error!(name: "store.folder.unreadable", error = %cause, file.path = %path, "a folder cannot be listed");
        Vec::new()
    });
    let names = entries.into_iter().filter(|entry| entry.is_folder == folders);
    let mut names: Vec<String> = names.filter_map(|entry| entry.name.into_string().ok()).collect();
    names.sort_unstable();
    names
}
