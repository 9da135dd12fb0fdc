//! Every part that the commits name is checked before it is visible.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::parquet::file::metadata::PageIndexPolicy;
use fanlight_log::Disk;

use super::{Live, OpenReport};
use crate::Table;
use crate::part::{
    Bloom, OpenPart, PartEntry, PartFault, Stored, open_part, rebuild_bloom, unfinished, write_whole,
};
use crate::quarantine::{SetAside, put_aside};

/// The parts that can be read, and the keys of those that are gone for good.
pub(super) fn check(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    live: &Live,
    report: &mut OpenReport,
) -> (BTreeMap<Table, Vec<Arc<Stored>>>, Vec<String>) {
    let mut parts: BTreeMap<Table, Vec<Arc<Stored>>> = BTreeMap::new();
    let mut gone = Vec::new();
    for entry in live.values() {
        let Some(table) = Table::from_name(&entry.table) else { continue };
        match readable(disk, directory, entry, table, report) {
            Ok(bloom) => {
                parts.entry(table).or_default().push(Arc::new(entry.clone().stored(table, directory, bloom)));
            }
            Err(PartFault::Damaged(reason)) => {
                report.quarantined.push(set_part_aside(disk.as_ref(), directory, entry, &reason));
                gone.push(entry.key());
            }
            // It may be whole: it stays where it is and is looked at again at the next opening.
            Err(PartFault::Disk(cause)) => {
                let path = entry.path(directory);
                tracing::error!(name: "store.part.unreadable", error = %cause, file.path = %path.display(), "a part is left out");
                let reason = format!("left out, because it could not be read: {cause}");
                report.quarantined.push(SetAside { path, reason });
            }
        }
    }
    (parts, gone)
}

/// Moves a part to quarantine and removes its sidecar, which says nothing without it.
pub(crate) fn set_part_aside(disk: &dyn Disk, directory: &Path, entry: &PartEntry, reason: &str) -> SetAside {
    let path = entry.path(directory);
    tracing::error!(name: "store.part.damaged", reason, file.path = %path.display(), "a part is put aside");
    let bloom = entry.bloom_path(directory);
    if let Err(cause) = disk.remove(&bloom) {
        tracing::debug!(name: "store.bloom.kept", error = %cause, file.path = %bloom.display(), "a sidecar stays");
    }
    put_aside(disk, directory, &path, reason)
}

fn readable(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    entry: &PartEntry,
    table: Table,
    report: &mut OpenReport,
) -> Result<Bloom, PartFault> {
    let part = open_part(disk, &entry.path(directory), entry, PageIndexPolicy::Skip)?;
    let path = entry.bloom_path(directory);
    let read = disk.read(&path).map_err(|cause| cause.to_string());
    match read.and_then(|file| Bloom::decode(&file).map_err(|cause| cause.to_string())) {
        Ok(bloom) => Ok(bloom),
        Err(reason) => {
            tracing::warn!(name: "store.bloom.rebuilt", reason, file.path = %path.display(), "a sidecar is made anew");
            report.rebuilt_blooms += 1;
            made_anew(disk.as_ref(), &path, &part, table)
        }
    }
}

fn made_anew(disk: &dyn Disk, path: &Path, part: &OpenPart, table: Table) -> Result<Bloom, PartFault> {
    let bloom = rebuild_bloom(part, table)?;
    let written = write_whole(disk, &unfinished(path), &bloom.encode()).and_then(|()| {
        let named = disk.rename(&unfinished(path), path);
        named.map_err(crate::StoreError::disk("name", path))
    });
    if let Err(cause) = written {
        tracing::warn!(name: "store.bloom.unwritten", error = %cause, "it is in memory only");
    }
    Ok(bloom)
}
