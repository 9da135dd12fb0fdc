//! The own reader of parts: min and max pick row groups and pages, and every block that is read is checked.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::page_index::column_index::ColumnIndexMetaData;
use datafusion::parquet::file::reader::{ChunkReader, Length};
use fanlight_log::Disk;

use super::footer::{OpenPart, PartFault, guarded, read_exactly};
use crate::fold::hash64;

/// The rows that are looked for: those whose `column` is one of `ids`.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) column: &'static str,
    /// Sorted.
    pub(crate) ids: Arc<[[u8; 16]]>,
    /// The columns that are read of them; `None` is all.
    columns: Option<&'static [&'static str]>,
}

impl Wanted {
    pub(crate) fn new(column: &'static str, mut ids: Vec<[u8; 16]>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { column, ids: ids.into(), columns: None }
    }

    /// The same rows with these columns alone; the one that is looked for is among them.
    pub(crate) fn with_columns(self, columns: &'static [&'static str]) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// The wanted columns of a batch.
    pub(crate) fn narrowed(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let Some(columns) = self.columns else { return Ok(batch.clone()) };
        let schema = batch.schema();
        let places: Vec<usize> = columns.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        batch.project(&places)
    }

    /// Which rows of a batch are wanted.
    pub(crate) fn mask(&self, batch: &RecordBatch) -> BooleanArray {
        let ids = batch.column_by_name(self.column).and_then(|column| column.as_fixed_size_binary_opt());
        let Some(ids) = ids else { return BooleanArray::from(vec![false; batch.num_rows()]) };
        let wanted = |id: Option<&[u8]>| id.is_some_and(|id| self.contains(id));
        ids.iter().map(|id| Some(wanted(id))).collect()
    }

    fn contains(&self, id: &[u8]) -> bool {
        match &*self.ids {
            [one] => one == id,
            many => many.binary_search_by(|known| known.as_slice().cmp(id)).is_ok(),
        }
    }

    /// True when a wanted id may lie between the two, inclusive.
    fn overlaps(&self, low: &[u8], high: &[u8]) -> bool {
        let from = self.ids.partition_point(|id| id.as_slice() < low);
        self.ids.get(from).is_some_and(|id| id.as_slice() <= high)
    }
}

/// The wanted rows of a part, in its order. Reading ends with the batch that goes beyond `max_bytes`.
pub(crate) fn read_rows(
    part: &OpenPart,
    wanted: &Wanted,
    max_bytes: usize,
) -> Result<Vec<RecordBatch>, PartFault> {
    part.blocks.told(|| {
        guarded(|| {
            let parquet = part.metadata.metadata();
            let Some(leaf) = leaf(parquet, wanted.column) else { return Ok(Vec::new()) };
            let groups: Vec<usize> = groups(parquet, leaf, wanted);
            if groups.is_empty() {
                return Ok(Vec::new());
            }
            let selection = pages(parquet, leaf, &groups, wanted);
            let mask = ProjectionMask::leaves(parquet.file_metadata().schema_descr(), [leaf]);
            let looked_for = wanted.clone();
            let filter = ArrowPredicateFn::new(mask, move |batch| Ok(looked_for.mask(&batch)));
            let schema = parquet.file_metadata().schema_descr();
            let columns = match wanted.columns {
                Some(names) => ProjectionMask::columns(schema, names.iter().copied()),
                None => ProjectionMask::all(),
            };
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                part.blocks.clone(),
                part.metadata.clone(),
            )
            .with_row_groups(groups)
            .with_projection(columns)
            .with_row_selection(selection)
            .with_row_filter(RowFilter::new(vec![Box::new(filter)]))
            .build()?;
            let (mut found, mut bytes) = (Vec::new(), 0_usize);
            for batch in reader {
                let batch = batch.map_err(|cause| PartFault::Damaged(cause.to_string()))?;
                bytes = bytes.saturating_add(batch.get_array_memory_size());
                found.push(batch);
                if bytes > max_bytes {
                    break;
                }
            }
            Ok(found)
        })
    })
}

/// Visits one id column of the whole part.
pub(crate) fn column_ids(
    part: &OpenPart,
    column: &str,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<(), PartFault> {
    part.blocks.told(|| {
        guarded(|| {
            let parquet = part.metadata.metadata();
            let leaf = leaf(parquet, column)
                .ok_or_else(|| PartFault::Damaged(format!("it has no column `{column}`")))?;
            let mask = ProjectionMask::leaves(parquet.file_metadata().schema_descr(), [leaf]);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                part.blocks.clone(),
                part.metadata.clone(),
            )
            .with_projection(mask)
            .with_batch_size(8_192)
            .build()?;
            for batch in reader {
                let batch = batch.map_err(|cause| PartFault::Damaged(cause.to_string()))?;
                let ids = batch.column_by_name(column).and_then(|column| column.as_fixed_size_binary_opt());
                ids.into_iter().flatten().flatten().for_each(&mut *visit);
            }
            Ok(())
        })
    })
}

/// Visits all rows of a part, batch by batch, in its order.
pub(crate) fn visit_batches<E>(
    part: &OpenPart,
    visit: &mut dyn FnMut(&RecordBatch) -> Result<(), E>,
) -> Result<Result<(), E>, PartFault> {
    part.blocks.told(|| {
        guarded(|| {
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
                part.blocks.clone(),
                part.metadata.clone(),
            );
            for batch in reader.build()? {
                let batch = batch.map_err(|cause| PartFault::Damaged(cause.to_string()))?;
                if let Err(stopped) = visit(&batch) {
                    return Ok(Err(stopped));
                }
            }
            Ok(Ok(()))
        })
    })
}

fn leaf(parquet: &ParquetMetaData, column: &str) -> Option<usize> {
    let leaves = parquet.file_metadata().schema_descr().columns();
    leaves.iter().position(|leaf| leaf.path().string() == column)
}

/// The row groups whose range of ids may hold a wanted one; without statistics all.
fn groups(parquet: &ParquetMetaData, leaf: usize, wanted: &Wanted) -> Vec<usize> {
    let groups = parquet.row_groups().iter().enumerate();
    groups
        .filter(|(_, group)| {
            let range = group.columns().get(leaf).and_then(|column| column.statistics());
            let range = range.and_then(|range| Some((range.min_bytes_opt()?, range.max_bytes_opt()?)));
            range.is_none_or(|(low, high)| wanted.overlaps(low, high))
        })
        .map(|(number, _)| number)
        .collect()
}

/// The rows of these groups whose pages may hold a wanted id, counted through all of them.
fn pages(parquet: &ParquetMetaData, leaf: usize, groups: &[usize], wanted: &Wanted) -> RowSelection {
    let mut ranges = Vec::new();
    let mut before = 0;
    for group in groups {
        let rows = parquet.row_groups().get(*group).map_or(0, |group| group.num_rows());
        let rows = usize::try_from(rows).unwrap_or(0);
        let index = parquet.column_index().and_then(|index| index.get(*group)?.get(leaf));
        let places = parquet.offset_index().and_then(|index| index.get(*group)?.get(leaf));
        match (index, places) {
            (Some(ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index)), Some(places)) => {
                let starts = places.page_locations().iter().map(|place| place.first_row_index);
                let starts: Vec<usize> = starts.filter_map(|row| usize::try_from(row).ok()).collect();
                let ends = starts.iter().skip(1).copied().chain([rows]);
                for (page, (start, end)) in starts.iter().copied().zip(ends).enumerate() {
                    let range = index.min_value(page).zip(index.max_value(page));
                    if range.is_none_or(|(low, high)| wanted.overlaps(low, high)) && start < end {
                        ranges.push(before + start..before + end);
                    }
                }
            }
            _ => ranges.push(before..before + rows),
        }
        before += rows;
    }
    RowSelection::from_consecutive_ranges(ranges.into_iter(), before)
}

/// Reads ranges of a part by whole blocks and checks each against its sum.
#[derive(Clone)]
pub(crate) struct BlockReader {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    bytes: u64,
    data_bytes: u64,
    block_bytes: u64,
    sums: Arc<[u64]>,
    /// What the file system said, which the Parquet reader would turn into text.
    fault: Arc<Mutex<Option<PartFault>>>,
}

impl fmt::Debug for BlockReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl BlockReader {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        path: &Path,
        bytes: u64,
        data_bytes: u64,
        block_bytes: u64,
        sums: Vec<u64>,
    ) -> Self {
        let fault = Arc::default();
        Self { disk, path: path.to_owned(), bytes, data_bytes, block_bytes, sums: sums.into(), fault }
    }

    /// Runs a read; where it fails because of the file system, that is the fault, not what the Parquet reader made of it.
    fn told<T>(&self, read: impl FnOnce() -> Result<T, PartFault>) -> Result<T, PartFault> {
        let answer = read();
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (answer, fault) {
            (Err(_), Some(fault)) => Err(fault),
            (answer, _) => answer,
        }
    }

    fn checked(&self, start: u64, length: u64) -> Result<Bytes, PartFault> {
        let end = start.saturating_add(length);
        if end > self.data_bytes {
            return Err(PartFault::Damaged("a page lies outside of the rows".to_owned()));
        }
        let first = start / self.block_bytes;
        let from = first * self.block_bytes;
        let to = end.div_ceil(self.block_bytes).saturating_mul(self.block_bytes).min(self.data_bytes);
        let read = read_exactly(self.disk.as_ref(), &self.path, from, to - from)?;
        let block_bytes = usize::try_from(self.block_bytes).unwrap_or(usize::MAX);
        let sums = usize::try_from(first).ok().and_then(|first| self.sums.get(first..)).unwrap_or_default();
        let blocks = read.chunks(block_bytes);
        if blocks.len() > sums.len() || blocks.zip(sums).any(|(block, sum)| hash64(block) != *sum) {
            let place = format!("the checksum of a block of rows at byte {from} is wrong");
            return Err(PartFault::Damaged(place));
        }
        let within = |place: u64| usize::try_from(place - from).unwrap_or(usize::MAX);
        Ok(Bytes::from(read).slice(within(start)..within(end)))
    }
}

impl Length for BlockReader {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for BlockReader {
    type T = FromHere;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(FromHere { blocks: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.checked(start, length as u64).map_err(|fault| {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            ParquetError::General("a block of the part cannot be read".to_owned())
        })
    }
}

/// Reads on from a place in a part, a block at a time.
#[derive(Debug)]
pub(crate) struct FromHere {
    blocks: BlockReader,
    at: u64,
}

impl Read for FromHere {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let block_end = (self.at / self.blocks.block_bytes + 1).saturating_mul(self.blocks.block_bytes);
        let left = block_end.min(self.blocks.data_bytes).saturating_sub(self.at);
        let length = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.blocks.get_bytes(self.at, length).map_err(io::Error::other)?;
        for (to, from) in into.iter_mut().zip(&bytes) {
            *to = *from;
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}
