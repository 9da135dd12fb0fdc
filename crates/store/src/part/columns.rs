//! How each table's columns are written: the layout that the benchmarks chose.

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::SortingColumn;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use datafusion::parquet::schema::types::ColumnPath;

use crate::Table;

const ROW_GROUP_ROWS: usize = 131_072;
const PAGE_ROWS: usize = 4_096;
/// A page ends by its rows; the bound in bytes is for rows of unusual size.
const PAGE_BYTES: usize = 4 << 20;

/// The properties of a part of this table.
pub(crate) fn properties(table: Table) -> Result<WriterProperties, ParquetError> {
    let schema = table.schema();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("fanlight ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_sorting_columns(Some(sorting(table, &schema)));
    for field in schema.fields() {
        builder = column(builder, field.name(), field.data_type());
    }
    Ok(builder.build())
}

fn column(builder: WriterPropertiesBuilder, name: &str, data_type: &DataType) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(name);
    match data_type {
        DataType::Timestamp(..) | DataType::Int64 => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
        // Every value is another: a dictionary would be the column once more.
        DataType::FixedSizeBinary(_) => {
            let builder = builder.set_column_dictionary_enabled(path.clone(), false);
            if name == "trace_id" || name == "event_uid" {
                builder
            } else {
                builder.set_column_statistics_enabled(path, EnabledStatistics::None)
            }
        }
        DataType::Map(..) => ["key", "value"].into_iter().fold(builder, |builder, leaf| {
            let path = ColumnPath::new(vec![name.to_owned(), "entries".to_owned(), leaf.to_owned()]);
            builder
                .set_column_dictionary_enabled(path.clone(), has_dictionary(name, leaf))
                .set_column_statistics_enabled(path, EnabledStatistics::None)
        }),
        _ if name == "raw" || name == "line" => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_statistics_enabled(path, EnabledStatistics::None),
        _ => builder,
    }
}

/// Resources repeat from span to span, and the tokens of a feed from record to record; attributes were measured to do better without.
fn has_dictionary(map: &str, leaf: &str) -> bool {
    map == "resource" || (map != "attributes" && leaf == "key")
}

/// The places of the sorted columns among Parquet's leaves. Both stand before every nested column, so that leaf and column
/// numbers are the same.
fn sorting(table: Table, schema: &Schema) -> Vec<SortingColumn> {
    let places = table.sorted_by().into_iter().filter_map(|name| schema.index_of(name).ok());
    places
        .filter_map(|place| i32::try_from(place).ok())
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect()
}
