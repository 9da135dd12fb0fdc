//! The kinds of column: the type, and how the value is got from a row.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, FixedSizeBinaryArray, Int32Array, Int64Array, ListBuilder, MapBuilder, StringArray,
    StringBuilder, TimestampNanosecondArray,
};
use datafusion::arrow::buffer::Buffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use fanlight_model::Timestamp;

use crate::schema::{TIME_ZONE, map_names, map_type, text_list_type, time_type};

/// Pairs that are written into a map, in order.
pub(crate) type Write<'a> = &'a mut dyn FnMut(&str, &str);

/// How a column is filled. Names in `Maybe` are of columns that can be null; of lists and maps those are null where they are empty,
/// because an empty one says nothing there.
pub(crate) enum Cell<T: 'static> {
    Uid(fn(&T) -> [u8; 16]),
    MaybeUid(fn(&T) -> Option<[u8; 16]>),
    Hash(fn(&T) -> u64),
    Text(fn(&T) -> &str),
    MaybeText(fn(&T) -> Option<&str>),
    Time(fn(&T) -> Timestamp),
    MaybeTime(fn(&T) -> Option<Timestamp>),
    Int(fn(&T) -> i32),
    Count(fn(&T) -> u64),
    MaybeCount(fn(&T) -> Option<u64>),
    MaybeWhole(fn(&T) -> Option<i64>),
    Texts(fn(&T) -> &[Arc<str>]),
    MaybeTexts(fn(&T) -> &[Arc<str>]),
    Map(fn(&T, Write<'_>)),
    MaybeMap(fn(&T, Write<'_>)),
}

impl<T> Cell<T> {
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Uid(_) | Self::MaybeUid(_) => DataType::FixedSizeBinary(16),
            Self::Hash(_) => DataType::FixedSizeBinary(8),
            Self::Text(_) | Self::MaybeText(_) => DataType::Utf8,
            Self::Time(_) | Self::MaybeTime(_) => time_type(),
            Self::Int(_) => DataType::Int32,
            Self::Count(_) | Self::MaybeCount(_) | Self::MaybeWhole(_) => DataType::Int64,
            Self::Texts(_) | Self::MaybeTexts(_) => text_list_type(),
            Self::Map(_) | Self::MaybeMap(_) => map_type(),
        }
    }

    pub(super) const fn is_nullable(&self) -> bool {
        match self {
            Self::MaybeUid(_)
            | Self::MaybeText(_)
            | Self::MaybeTime(_)
            | Self::MaybeCount(_)
            | Self::MaybeWhole(_)
            | Self::MaybeTexts(_)
            | Self::MaybeMap(_) => true,
            Self::Uid(_)
            | Self::Hash(_)
            | Self::Text(_)
            | Self::Time(_)
            | Self::Int(_)
            | Self::Count(_)
            | Self::Texts(_)
            | Self::Map(_) => false,
        }
    }

    /// The bytes of text in it.
    pub(super) fn text_bytes(&self, row: &T) -> usize {
        match self {
            Self::Text(cell) => cell(row).len(),
            Self::MaybeText(cell) => cell(row).map_or(0, str::len),
            Self::Texts(cell) | Self::MaybeTexts(cell) => cell(row).iter().map(|text| text.len()).sum(),
            Self::Map(cell) | Self::MaybeMap(cell) => {
                let mut bytes = 0;
                cell(row, &mut |key, value| bytes += key.len() + value.len());
                bytes
            }
            Self::Uid(_)
            | Self::MaybeUid(_)
            | Self::Hash(_)
            | Self::Time(_)
            | Self::MaybeTime(_)
            | Self::Int(_)
            | Self::Count(_)
            | Self::MaybeCount(_)
            | Self::MaybeWhole(_) => 0,
        }
    }

    /// The column of these rows.
    pub(super) fn array(&self, rows: &[T]) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Uid(cell) => fixed(rows.iter().map(cell))?,
            Self::MaybeUid(cell) => {
                Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows.iter().map(cell), 16)?)
            }
            Self::Hash(cell) => fixed(rows.iter().map(|row| cell(row).to_be_bytes()))?,
            Self::Text(cell) => Arc::new(StringArray::from_iter_values(rows.iter().map(cell))),
            Self::MaybeText(cell) => Arc::new(rows.iter().map(cell).collect::<StringArray>()),
            Self::Time(cell) => times(rows.iter().map(|row| Some(cell(row)))),
            Self::MaybeTime(cell) => times(rows.iter().map(cell)),
            Self::Int(cell) => Arc::new(Int32Array::from_iter_values(rows.iter().map(cell))),
            Self::Count(cell) => {
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| whole(cell(row)))))
            }
            Self::MaybeCount(cell) => {
                Arc::new(rows.iter().map(|row| cell(row).map(whole)).collect::<Int64Array>())
            }
            Self::MaybeWhole(cell) => Arc::new(rows.iter().map(cell).collect::<Int64Array>()),
            Self::Texts(cell) => lists(rows, *cell, false),
            Self::MaybeTexts(cell) => lists(rows, *cell, true),
            Self::Map(cell) => maps(rows, *cell, false)?,
            Self::MaybeMap(cell) => maps(rows, *cell, true)?,
        })
    }
}

/// Counts beyond what SQL's integers hold saturate.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn fixed<const N: usize>(ids: impl Iterator<Item = [u8; N]>) -> Result<ArrayRef, ArrowError> {
    let bytes: Vec<u8> = ids.flatten().collect();
    let width = i32::try_from(N).unwrap_or(i32::MAX);
    Ok(Arc::new(FixedSizeBinaryArray::try_new(width, Buffer::from_vec(bytes), None)?))
}

fn times(times: impl Iterator<Item = Option<Timestamp>>) -> ArrayRef {
    let nanos = times.map(|time| time.map(Timestamp::as_nanos));
    Arc::new(nanos.collect::<TimestampNanosecondArray>().with_timezone(TIME_ZONE))
}

fn lists<T>(rows: &[T], cell: fn(&T) -> &[Arc<str>], empty_is_null: bool) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        let texts = cell(row);
        texts.iter().for_each(|text| lists.values().append_value(text));
        lists.append(!(empty_is_null && texts.is_empty()));
    }
    Arc::new(lists.finish())
}

fn maps<T>(rows: &[T], cell: fn(&T, Write<'_>), empty_is_null: bool) -> Result<ArrayRef, ArrowError> {
    let mut maps = MapBuilder::new(Some(map_names()), StringBuilder::new(), StringBuilder::new());
    for row in rows {
        let mut is_empty = true;
        let (keys, values) = maps.entries();
        cell(row, &mut |key, value| {
            is_empty = false;
            keys.append_value(key);
            values.append_value(value);
        });
        maps.append(!(empty_is_null && is_empty))?;
    }
    Ok(Arc::new(maps.finish()))
}
