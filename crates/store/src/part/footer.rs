//! The footer of a part: checked before it is believed.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use fanlight_log::Disk;
use serde::{Deserialize, Serialize};

use super::read::{BlockReader, column_ids};
use super::sums::{self, BLOCK_BYTES};
use super::write::Sealing;
use super::{Bloom, PartEntry};
use crate::Table;
use crate::commit::FORMAT_VERSION;
use crate::fold::hash64;
use crate::schema::SCHEMA_VERSION;

/// The key of the label in Parquet's own metadata.
pub(crate) const LABEL_KEY: &str = "fanlight.part";
/// Parquet's last bytes: the footer's length and `PAR1`.
const END_BYTES: u64 = 8;
/// More than any footer needs; a damaged length is not believed.
const MAX_FOOTER_BYTES: u64 = 256 << 20;

/// What a part says of itself. A commit that cannot be read is made anew from the labels of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) format: u32,
    pub(crate) schema: u32,
    /// The commit that it was written for.
    pub(crate) sequence: u64,
    pub(crate) table: String,
    pub(crate) hour: String,
    pub(crate) id: String,
    /// The tables that the same commit has parts of.
    pub(crate) tables: Vec<String>,
    /// The log position of that commit.
    pub(crate) file: u64,
    pub(crate) offset: u64,
    /// Where the rows end and the tail begins.
    pub(crate) data_bytes: u64,
    pub(crate) block_bytes: u64,
    /// One checksum a block of rows.
    pub(crate) sums: String,
}

impl Label {
    pub(crate) fn new(sealing: &Sealing, table: Table, id: &str) -> Self {
        Self {
            format: FORMAT_VERSION,
            schema: SCHEMA_VERSION,
            sequence: sealing.sequence,
            table: table.as_str().to_owned(),
            hour: sealing.hour.clone(),
            id: id.to_owned(),
            tables: sealing.tables.iter().map(|table| table.as_str().to_owned()).collect(),
            file: sealing.position.file,
            offset: sealing.position.offset,
            data_bytes: 0,
            block_bytes: BLOCK_BYTES,
            sums: String::new(),
        }
    }
}

/// Why a part cannot be read.
#[derive(Debug)]
pub(crate) enum PartFault {
    /// Its bytes are not what was written, or it is gone.
    Damaged(String),
    /// The system refused; the part may be whole.
    Disk(io::Error),
}

impl From<io::Error> for PartFault {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Damaged("the file is missing".to_owned()),
            io::ErrorKind::InvalidData => Self::Damaged(cause.to_string()),
            _ => Self::Disk(cause),
        }
    }
}

impl From<ParquetError> for PartFault {
    fn from(cause: ParquetError) -> Self {
        Self::Damaged(cause.to_string())
    }
}

/// A part whose footer was checked: ready to be read, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct OpenPart {
    pub(crate) blocks: BlockReader,
    pub(crate) metadata: ArrowReaderMetadata,
}

/// Checks length, tail and footer of a part. One read does it: one byte more than the tail is asked for, and must not be there.
pub(crate) fn open_part(
    disk: &Arc<dyn Disk>,
    path: &Path,
    entry: &PartEntry,
    page_index: PageIndexPolicy,
) -> Result<OpenPart, PartFault> {
    let tail_from = entry.bytes.saturating_sub(entry.tail_bytes);
    let asked = usize::try_from(entry.tail_bytes.saturating_add(1)).unwrap_or(usize::MAX);
    let tail = disk.read_at(path, tail_from, asked)?;
    if tail.len() as u64 != entry.tail_bytes {
        return Err(PartFault::Damaged(format!(
            "it does not have the {} bytes that were written",
            entry.bytes
        )));
    }
    if hash64(&tail) != entry.tail_sum {
        return Err(PartFault::Damaged("the checksum of its footer is wrong".to_owned()));
    }
    let (metadata, label) = guarded(|| parse(tail.into(), tail_from, entry.bytes, page_index))?;
    opened(disk, path, entry.bytes, metadata, &label)
}

fn opened(
    disk: &Arc<dyn Disk>,
    path: &Path,
    bytes: u64,
    metadata: ParquetMetaData,
    label: &Label,
) -> Result<OpenPart, PartFault> {
    let sums = sums::decode(&label.sums).unwrap_or_default();
    if label.block_bytes == 0 || sums.len() as u64 != label.data_bytes.div_ceil(label.block_bytes) {
        return Err(PartFault::Damaged("its label does not sum all of its rows".to_owned()));
    }
    let blocks = BlockReader::new(Arc::clone(disk), path, bytes, label.data_bytes, label.block_bytes, sums);
    let metadata =
        guarded(|| Ok(ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())?))?;
    Ok(OpenPart { blocks, metadata })
}

/// What a commit would have said of the part, found in the part itself. Its footer is believed only as far as it can be parsed.
pub(crate) fn entry_from_file(disk: &Arc<dyn Disk>, path: &Path) -> Result<(PartEntry, Label), PartFault> {
    let bytes = length(disk.as_ref(), path)?;
    let end = read_exactly(disk.as_ref(), path, bytes.saturating_sub(END_BYTES), END_BYTES.min(bytes))?;
    let footer_bytes = end.first_chunk::<4>().map_or(0, |length| u64::from(u32::from_le_bytes(*length)));
    let from = bytes.checked_sub(END_BYTES + footer_bytes).filter(|_| footer_bytes <= MAX_FOOTER_BYTES);
    let from = from.ok_or_else(|| PartFault::Damaged("its footer has an impossible length".to_owned()))?;
    let footer = read_exactly(disk.as_ref(), path, from, bytes - from)?;
    let (metadata, label) = guarded(|| parse(footer.into(), from, bytes, PageIndexPolicy::Skip))?;
    let tail_bytes = bytes.checked_sub(label.data_bytes);
    let tail_bytes =
        tail_bytes.ok_or_else(|| PartFault::Damaged("its label has an impossible length".to_owned()))?;
    let tail_sum = hash64(&read_exactly(disk.as_ref(), path, label.data_bytes, tail_bytes)?);
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
    let (min_time_ns, max_time_ns) = time_range(&metadata, &label.table);
    let (table, hour, id) = (label.table.clone(), label.hour.clone(), label.id.clone());
    let entry = PartEntry { table, hour, id, bytes, rows, min_time_ns, max_time_ns, tail_bytes, tail_sum };
    Ok((entry, label))
}

/// The filter of a part, made anew from its rows.
pub(crate) fn rebuild_bloom(part: &OpenPart, table: Table) -> Result<Bloom, PartFault> {
    let mut ids = HashSet::new();
    column_ids(part, table.bloom_column(), &mut |id| {
        ids.insert(<[u8; 16]>::try_from(id).unwrap_or_default());
    })?;
    let mut bloom = Bloom::with_room_for(ids.len() as u64);
    ids.iter().for_each(|id| bloom.insert(id));
    Ok(bloom)
}

/// Runs a parser over bytes that may be damaged. A panic of it is damage, and no reason to stop.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, PartFault>) -> Result<T, PartFault> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(PartFault::Damaged("its bytes make the Parquet reader panic".to_owned())))
}

fn parse(
    tail: Bytes,
    from: u64,
    bytes: u64,
    page_index: PageIndexPolicy,
) -> Result<(ParquetMetaData, Label), PartFault> {
    let tail = Tail { tail, from, bytes };
    let metadata = ParquetMetaDataReader::new().with_page_index_policy(page_index).parse_and_finish(&tail)?;
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    let label = pairs.filter(|pair| pair.key == LABEL_KEY).find_map(|pair| pair.value.as_deref());
    let label = label.ok_or_else(|| PartFault::Damaged("it has no label of ours".to_owned()))?;
    let label: Label = serde_json::from_str(label)
        .map_err(|cause| PartFault::Damaged(format!("its label cannot be read: {cause}")))?;
    Ok((metadata, label))
}

fn time_range(metadata: &ParquetMetaData, table: &str) -> (i64, i64) {
    use datafusion::parquet::file::statistics::Statistics;
    let Some(column) = Table::from_name(table).map(Table::time_column) else { return (i64::MIN, i64::MAX) };
    let schema = metadata.file_metadata().schema_descr();
    let place = schema.columns().iter().position(|leaf| leaf.path().string() == column);
    let ranges = metadata.row_groups().iter().map(|group| {
        let statistics = group.columns().get(place?)?.statistics()?;
        match statistics {
            Statistics::Int64(range) => Some((*range.min_opt()?, *range.max_opt()?)),
            _ => None,
        }
    });
    ranges
        .map(|range| range.unwrap_or((i64::MIN, i64::MAX)))
        .reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)))
        .unwrap_or((i64::MIN, i64::MAX))
}

fn length(disk: &dyn Disk, path: &Path) -> Result<u64, PartFault> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let entry = disk.list(folder)?.into_iter().find(|entry| Some(entry.name.as_os_str()) == path.file_name());
    entry.map(|entry| entry.bytes).ok_or_else(|| PartFault::Damaged("the file is missing".to_owned()))
}

pub(super) fn read_exactly(
    disk: &dyn Disk,
    path: &Path,
    from: u64,
    bytes: u64,
) -> Result<Vec<u8>, PartFault> {
    let wanted = usize::try_from(bytes).unwrap_or(usize::MAX);
    let read = disk.read_at(path, from, wanted)?;
    if read.len() == wanted { Ok(read) } else { Err(PartFault::Damaged("the file is too short".to_owned())) }
}

/// The end of a file, for a reader that thinks it has the whole.
struct Tail {
    tail: Bytes,
    from: u64,
    bytes: u64,
}

impl Length for Tail {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Tail {
    type T = io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let rest = self.bytes.saturating_sub(start);
        self.get_bytes(start, usize::try_from(rest).unwrap_or(usize::MAX)).map(io::Cursor::new)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let outside = || ParquetError::General("the footer points outside of itself".to_owned());
        let from =
            start.checked_sub(self.from).and_then(|from| usize::try_from(from).ok()).ok_or_else(outside)?;
        let to = from.checked_add(length).filter(|to| *to <= self.tail.len()).ok_or_else(outside)?;
        Ok(self.tail.slice(from..to))
    }
}
