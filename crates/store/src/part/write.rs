//! Sorted rows become a part and its sidecar.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Array, AsArray, FixedSizeBinaryArray};
use datafusion::arrow::compute::{interleave_record_batch, max, min};
use datafusion::arrow::datatypes::TimestampNanosecondType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use fanlight_log::Disk;
use fanlight_log::Position;

use super::footer::{LABEL_KEY, Label};
use super::sums::{self, SummedFile};
use super::{BLOOM_EXTENSION, Bloom, PartEntry, UNFINISHED, columns, part_id, part_path};
use crate::fold::hash64;
use crate::{StoreError, Table};

/// Rows that are sorted and encoded at a time.
const CHUNK_ROWS: usize = 8_192;

/// What the parts of one seal have in common.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    pub(crate) sequence: u64,
    pub(crate) position: Position,
    pub(crate) hour: String,
    pub(crate) tables: Vec<Table>,
}

/// Writes one part with its sidecar, both durable when this returns. Nothing names them yet: a commit does.
pub(crate) fn write_part(
    disk: &dyn Disk,
    directory: &Path,
    sealing: &Sealing,
    table: Table,
    batches: &[RecordBatch],
) -> Result<(PartEntry, Bloom), StoreError> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let (position, sequence) = (sealing.position.to_string(), sealing.sequence);
    let id =
        part_id(sequence, &[table.as_str().as_bytes(), position.as_bytes(), &(rows as u64).to_be_bytes()]);
    let path = part_path(directory, table.as_str(), &sealing.hour, &id);
    let folder = path.parent().unwrap_or(directory).to_owned();
    disk.create_dir_all(&folder).map_err(StoreError::disk("make folder", &folder))?;

    let unfinished = unfinished(&path);
    let (bytes, tail_bytes, tail_sum) =
        encode(disk, &unfinished, Label::new(sealing, table, &id), table, batches)?;
    let bloom = bloom_of(table, batches, rows);
    let bloom_path = path.with_extension(BLOOM_EXTENSION);
    write_whole(disk, &self::unfinished(&bloom_path), &bloom.encode())?;
    disk.rename(&self::unfinished(&bloom_path), &bloom_path)
        .map_err(StoreError::disk("name", &bloom_path))?;
    disk.rename(&unfinished, &path).map_err(StoreError::disk("name", &path))?;
    disk.sync_dir(&folder).map_err(StoreError::disk("sync folder", &folder))?;

    let (min_time_ns, max_time_ns) = times(table, batches);
    let (table, hour) = (table.as_str().to_owned(), sealing.hour.clone());
    let rows = rows as u64;
    let entry = PartEntry { table, hour, id, bytes, rows, min_time_ns, max_time_ns, tail_bytes, tail_sum };
    Ok((entry, bloom))
}

/// Writes a new file and makes its bytes durable, though not yet its name.
pub(crate) fn write_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = create_anew(disk, path)?;
    file.append_all(bytes).map_err(StoreError::disk("write", path))?;
    file.sync_data().map_err(StoreError::disk("sync", path))
}

pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    PathBuf::from(name)
}

fn create_anew(disk: &dyn Disk, path: &Path) -> Result<Box<dyn fanlight_log::DiskFile>, StoreError> {
    match disk.remove(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            return Err(StoreError::disk("remove", path)(cause));
        }
        Err(_) | Ok(()) => {}
    }
    disk.create(path).map_err(StoreError::disk("make", path))
}

/// Returns the length of the file, and length and checksum of its tail.
fn encode(
    disk: &dyn Disk,
    path: &Path,
    label: Label,
    table: Table,
    batches: &[RecordBatch],
) -> Result<(u64, u64, u64), StoreError> {
    let sink = SummedFile::new(create_anew(disk, path)?);
    let failed = |cause| StoreError::Encode { path: path.to_owned(), cause };
    let properties = columns::properties(table).map_err(failed)?;
    let mut writer = ArrowWriter::try_new(sink, table.schema(), Some(properties)).map_err(failed)?;
    let order = sorted(table, batches).map_err(StoreError::columns(table))?;
    let sources: Vec<&RecordBatch> = batches.iter().collect();
    for chunk in order.chunks(CHUNK_ROWS) {
        let rows = interleave_record_batch(&sources, chunk).map_err(StoreError::columns(table))?;
        writer.write(&rows).map_err(failed)?;
    }
    let sink = finish(writer, label).map_err(failed)?;
    let mut sink = sink;
    sink.sync().map_err(StoreError::disk("sync", path))?;
    Ok((sink.written(), sink.tail().len() as u64, hash64(sink.tail())))
}

/// Ends the rows, labels the part with the sums over them, and writes page index and footer.
fn finish(mut writer: ArrowWriter<SummedFile>, label: Label) -> Result<SummedFile, ParquetError> {
    writer.flush()?;
    writer.sync()?;
    let label =
        Label { data_bytes: writer.inner().written(), sums: sums::encode(&writer.inner().sums()), ..label };
    let text = serde_json::to_string(&label).map_err(|cause| ParquetError::External(Box::new(cause)))?;
    writer.append_key_value_metadata(KeyValue::new(LABEL_KEY.to_owned(), text));
    writer.inner_mut().begin_tail();
    writer.into_inner()
}

/// The rows in the table's order, each as (batch, row). Equal rows stay in the order of their arrival.
fn sorted(table: Table, batches: &[RecordBatch]) -> Result<Vec<(usize, usize)>, ArrowError> {
    let mut rows: Vec<(Key<'_>, u32, u32)> = Vec::new();
    for (batch, place) in batches.iter().zip(0_u32..) {
        match table {
            Table::Spans => {
                let traces = fixed(batch, "trace_id")?;
                let starts = nanos(batch, "start_time")?;
                rows.extend((0..batch.num_rows()).zip(0_u32..).map(|(row, number)| {
                    (Key::Bytes(wide(traces.value(row)), biased(starts.value(row))), place, number)
                }));
            }
            Table::Links => {
                let (traces, spans) = (fixed(batch, "trace_id")?, fixed(batch, "span_id")?);
                rows.extend((0..batch.num_rows()).zip(0_u32..).map(|(row, number)| {
                    (Key::Bytes(wide(traces.value(row)), narrow(spans.value(row))), place, number)
                }));
            }
            Table::AccessEvents => {
                let starts = nanos(batch, "start_time")?;
                let principals = text(batch, "principal_id")?;
                rows.extend((0..batch.num_rows()).zip(0_u32..).map(|(row, number)| {
                    let principal = principals.is_valid(row).then(|| principals.value(row));
                    (Key::Time(starts.value(row), principal), place, number)
                }));
            }
            Table::DeviceFacts
            | Table::ConnectorHealth
            | Table::ConfigChanges
            | Table::FeedRecords
            | Table::FeedHealth => {
                let (times, uids) = (nanos(batch, "time")?, fixed(batch, "event_uid")?);
                rows.extend((0..batch.num_rows()).zip(0_u32..).map(|(row, number)| {
                    (Key::Stamped(times.value(row), wide(uids.value(row))), place, number)
                }));
            }
            Table::RawLines => {
                let (times, addresses) = (nanos(batch, "arrival_time")?, fixed(batch, "raw_address")?);
                rows.extend((0..batch.num_rows()).zip(0_u32..).map(|(row, number)| {
                    (Key::Stamped(times.value(row), wide(addresses.value(row))), place, number)
                }));
            }
        }
    }
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(_, batch, row)| (batch as usize, row as usize)).collect())
}

/// What rows are sorted by. One table has one kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Bytes(u128, u64),
    Time(i64, Option<&'a str>),
    Stamped(i64, u128),
}

fn bloom_of(table: Table, batches: &[RecordBatch], rows: usize) -> Bloom {
    let columns: Vec<_> =
        batches.iter().filter_map(|batch| fixed(batch, table.bloom_column()).ok()).collect();
    let mut ids: HashSet<&[u8]> = HashSet::with_capacity(rows / 4);
    for column in &columns {
        ids.extend(column.iter().flatten());
    }
    let mut bloom = Bloom::with_room_for(ids.len() as u64);
    ids.into_iter().for_each(|id| bloom.insert(id));
    bloom
}

/// Smallest and largest value of the time column.
fn times(table: Table, batches: &[RecordBatch]) -> (i64, i64) {
    let mut range: Option<(i64, i64)> = None;
    for column in batches.iter().filter_map(|batch| nanos(batch, table.time_column()).ok()) {
        if let (Some(low), Some(high)) = (min(column), max(column)) {
            range = Some(range.map_or((low, high), |(from, to)| (from.min(low), to.max(high))));
        }
    }
    range.unwrap_or_default()
}

pub(super) fn fixed<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a FixedSizeBinaryArray, ArrowError> {
    column(batch, name)?.as_fixed_size_binary_opt().ok_or_else(|| wrong_type(name))
}

fn nanos<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a datafusion::arrow::array::TimestampNanosecondArray, ArrowError> {
    column(batch, name)?.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(|| wrong_type(name))
}

fn text<'a>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a datafusion::arrow::array::StringArray, ArrowError> {
    column(batch, name)?.as_string_opt::<i32>().ok_or_else(|| wrong_type(name))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, ArrowError> {
    let column = batch.column_by_name(name).map(AsRef::as_ref);
    column.ok_or_else(|| ArrowError::SchemaError(format!("no column `{name}`")))
}

fn wrong_type(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("column `{name}` has an unexpected type"))
}

fn wide(id: &[u8]) -> u128 {
    id.first_chunk().copied().map_or(0, u128::from_be_bytes)
}

fn narrow(id: &[u8]) -> u64 {
    id.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// A signed number as an unsigned one of the same order.
fn biased(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}
