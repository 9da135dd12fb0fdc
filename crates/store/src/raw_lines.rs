//! Lines as received, found by their address.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::file::metadata::PageIndexPolicy;
use fanlight_log::Disk;
use fanlight_model::{AccessEvent, EventUid, Feed, ParseLevel, Raw, RawAddress, RawLine};

use crate::part::{PART_EXTENSION, PartFault, Wanted, entry_from_file, open_part, visit_batches};
use crate::quarantine::SetAside;
use crate::trace::View;
use crate::trace::cells::{Ids, Longs, Texts, Times};
use crate::{Store, StoreError, Table};

/// What is visible of the lines at one moment.
#[derive(Clone)]
pub(crate) struct RawLines {
    store: Store,
    view: Arc<View>,
}

const COLUMNS: &[&str] = &["raw_address", "line"];
const TOLD_COLUMNS: &[&str] = &["event_uid", "revision", "feed", "raw_address", "raw"];

impl RawLines {
    pub(crate) fn new(store: Store, view: Arc<View>) -> Self {
        Self { store, view }
    }

    /// The lines at these addresses; one that is kept no longer is not among them. Blocks on the disk. Parts found damaged are counted.
    pub(crate) fn find(
        &self,
        addresses: Vec<[u8; 16]>,
        damaged_parts: &mut u64,
    ) -> Result<HashMap<[u8; 16], Arc<str>>, StoreError> {
        if addresses.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = Wanted::new("raw_address", addresses).with_columns(COLUMNS);
        let rows = self.store.rows(&self.view, Table::RawLines, &wanted, damaged_parts)?;
        let mut found = HashMap::new();
        for batch in &rows {
            let (addresses, lines) = (Ids::of(batch, "raw_address"), Texts::of(batch, "line"));
            for row in 0..batch.num_rows() {
                if let (Some(address), Some(line)) = (addresses.at(row), lines.shared(row)) {
                    found.insert(address, line);
                }
            }
        }
        Ok(found)
    }

    /// Gives events that hold an address their lines back.
    pub(crate) fn restore(
        &self,
        events: &mut [AccessEvent],
        damaged_parts: &mut u64,
    ) -> Result<(), StoreError> {
        let addresses = events.iter().filter_map(|event| match event.raw {
            Raw::At(RawAddress(address)) => Some(address),
            Raw::Line(_) => None,
        });
        let lines = self.find(addresses.collect(), damaged_parts)?;
        for event in events {
            if let Raw::At(RawAddress(address)) = event.raw
                && let Some(line) = lines.get(&address)
            {
                event.raw = Raw::Line(Arc::clone(line));
            }
        }
        Ok(())
    }
}

impl Store {
    /// Of these access events, where they are stored, the line that the newest revision of each is told by. Blocks on the disk.
    ///
    /// # Errors
    /// Where the disk refuses to read. Damage is no error: a damaged part is put aside.
    pub fn told_by(&self, events: Vec<EventUid>) -> Result<HashMap<EventUid, RawAddress>, StoreError> {
        let wanted = events.into_iter().map(|EventUid(uid)| uid).collect();
        let wanted = Wanted::new("event_uid", wanted).with_columns(TOLD_COLUMNS);
        let view = self.view();
        let mut newest: HashMap<EventUid, (u64, RawAddress)> = HashMap::new();
        for batch in &self.rows(&view, Table::AccessEvents, &wanted, &mut 0)? {
            let (uids, revisions) = (Ids::of(batch, "event_uid"), Longs::of(batch, "revision"));
            let (addresses, lines) = (Ids::of(batch, "raw_address"), Texts::of(batch, "raw"));
            let feeds = Texts::of(batch, "feed");
            for row in 0..batch.num_rows() {
                // Parts before schema 3 have the line itself.
                let of_line = || Some(RawAddress::of(Feed::from_name(feeds.at(row)?)?, lines.at(row)?));
                let address = addresses.at(row).map(RawAddress).or_else(of_line);
                let (Some(uid), Some(revision), Some(address)) =
                    (uids.at(row).map(EventUid), revisions.as_(row), address)
                else {
                    continue;
                };
                let known = newest.entry(uid).or_insert((revision, address));
                if revision >= known.0 {
                    *known = (revision, address);
                }
            }
        }
        Ok(newest.into_iter().map(|(uid, (_, address))| (uid, address)).collect())
    }
}

/// Visits every line that is kept in the parts of a folder, in the order in which they came, beside a server that works there or
/// without one; what is not sealed yet is in no part. Returns the parts that could not be read, which stay where they are.
///
/// # Errors
/// Where the folder is no store, the disk refuses, or `visit` does.
pub fn visit_raw_lines<E: From<StoreError>>(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    visit: &mut dyn FnMut(RawLine) -> Result<(), E>,
) -> Result<Vec<SetAside>, E> {
    let mut damaged = Vec::new();
    for path in part_paths(disk.as_ref(), directory, Table::RawLines)? {
        let read = entry_from_file(disk, &path)
            .and_then(|(entry, _)| open_part(disk, &path, &entry, PageIndexPolicy::Skip))
            .and_then(|part| {
                visit_batches(&part, &mut |batch| lines_of(batch).into_iter().try_for_each(&mut *visit))
            });
        match read {
            Ok(visited) => visited?,
            Err(PartFault::Damaged(reason)) => damaged.push(SetAside { path, reason }),
            Err(PartFault::Disk(cause)) => return Err(StoreError::disk("read", &path)(cause).into()),
        }
    }
    Ok(damaged)
}

/// The finished parts of a table, oldest hour first.
fn part_paths(disk: &dyn Disk, directory: &Path, table: Table) -> Result<Vec<PathBuf>, StoreError> {
    let folder = directory.join(table.as_str());
    let mut paths = Vec::new();
    for hour in disk.list(&folder).map_err(StoreError::disk("list", &folder))? {
        let folder = folder.join(&hour.name);
        for file in disk.list(&folder).map_err(StoreError::disk("list", &folder))? {
            paths.push(folder.join(&file.name));
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == PART_EXTENSION));
    paths.sort();
    Ok(paths)
}

fn lines_of(batch: &RecordBatch) -> Vec<RawLine> {
    let (addresses, times) = (Ids::of(batch, "raw_address"), Times::of(batch, "arrival_time"));
    let (feeds, levels) = (Texts::of(batch, "feed"), Texts::of(batch, "parse_level"));
    let lines = Texts::of(batch, "line");
    let line = |row: usize| {
        Some(RawLine {
            address: RawAddress(addresses.at(row)?),
            feed: Feed::from_name(feeds.at(row)?)?,
            arrival_time: times.at(row)?,
            parse_level: level(levels.at(row)?)?,
            line: lines.shared(row)?,
        })
    };
    (0..batch.num_rows()).filter_map(line).collect()
}

fn level(name: &str) -> Option<ParseLevel> {
    [ParseLevel::Strict, ParseLevel::Repaired, ParseLevel::Raw]
        .into_iter()
        .find(|level| level.as_str() == name)
}

impl fmt::Debug for RawLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLines").finish_non_exhaustive()
    }
}
