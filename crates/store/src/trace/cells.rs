//! Columns of a batch, found once and then read row by row. A column that an older part lacks reads as "not told".

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, FixedSizeBinaryArray, ListArray, MapArray, PrimitiveArray, StringArray,
};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::Timestamp;

pub(crate) struct Texts<'a>(Option<&'a StringArray>);

pub(crate) struct Numbers<'a, T: ArrowPrimitiveType>(Option<&'a PrimitiveArray<T>>);

pub(crate) type Ints<'a> = Numbers<'a, Int32Type>;
pub(crate) type Longs<'a> = Numbers<'a, Int64Type>;
pub(crate) type Doubles<'a> = Numbers<'a, Float64Type>;

pub(crate) struct Times<'a>(Numbers<'a, TimestampNanosecondType>);

pub(crate) struct Ids<'a>(Option<&'a FixedSizeBinaryArray>);

pub(crate) struct Flags<'a>(Option<&'a BooleanArray>);

pub(crate) struct Maps<'a>(Option<&'a MapArray>);

pub(crate) struct Lists<'a>(Option<&'a ListArray>);

pub(crate) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a dyn Array> {
    batch.column_by_name(name).map(AsRef::as_ref)
}

impl<'a> Texts<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_string_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Option<&'a str> {
        self.0.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
    }

    pub(crate) fn owned(&self, row: usize) -> Option<String> {
        self.at(row).map(str::to_owned)
    }

    pub(crate) fn shared(&self, row: usize) -> Option<Arc<str>> {
        self.at(row).map(Arc::from)
    }
}

impl<'a, T: ArrowPrimitiveType> Numbers<'a, T> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_primitive_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Option<T::Native> {
        self.0.filter(|numbers| numbers.is_valid(row)).map(|numbers| numbers.value(row))
    }
}

impl<'a, T: ArrowPrimitiveType> Numbers<'a, T>
where
    T::Native: Into<i64>,
{
    /// As another whole number; what does not fit reads as "not told".
    pub(crate) fn as_<N: TryFrom<i64>>(&self, row: usize) -> Option<N> {
        N::try_from(self.at(row)?.into()).ok()
    }
}

impl<'a> Times<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(Numbers::of(batch, name))
    }

    pub(crate) fn at(&self, row: usize) -> Option<Timestamp> {
        self.0.at(row).map(Timestamp::from_nanos)
    }
}

impl<'a> Ids<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_fixed_size_binary_opt()))
    }

    pub(crate) fn at<const N: usize>(&self, row: usize) -> Option<[u8; N]> {
        self.0.filter(|ids| ids.is_valid(row))?.value(row).try_into().ok()
    }
}

impl<'a> Flags<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_boolean_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> bool {
        self.0.is_some_and(|flags| flags.is_valid(row) && flags.value(row))
    }
}

impl<'a> Maps<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_map_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Vec<(String, String)> {
        let Some(entries) = self.0.filter(|maps| maps.is_valid(row)).map(|maps| maps.value(row)) else {
            return Vec::new();
        };
        let text =
            |place: usize| entries.columns().get(place).and_then(|column| column.as_string_opt::<i32>());
        let (Some(keys), Some(values)) = (text(0), text(1)) else { return Vec::new() };
        let pairs = keys.iter().zip(values.iter());
        pairs
            .map(|(key, value)| (key.unwrap_or_default().to_owned(), value.unwrap_or_default().to_owned()))
            .collect()
    }
}

impl<'a> Lists<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(column(batch, name).and_then(|column| column.as_list_opt()))
    }

    pub(crate) fn at(&self, row: usize) -> Vec<String> {
        let Some(values) = self.0.filter(|lists| lists.is_valid(row)).map(|lists| lists.value(row)) else {
            return Vec::new();
        };
        let texts = values.as_string_opt::<i32>();
        texts.into_iter().flatten().flatten().map(str::to_owned).collect()
    }
}
