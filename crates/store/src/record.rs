//! Tables of what comes once and is never revised: each is a list of columns, of which its schema and its batches are made.
//!
//! A new table is a type, its [`Columns`], a variant of [`Table`] and a place in the hot tail.
//!
//! Such a record may come twice: a sender retransmits, two connector groups write the same, an NSS duplicates by its setting.
//! Two records are one when `event_uid` and `record_hash` agree, whatever their `arrival_time` and `raw`. What repeats lately is
//! dropped at the append; a repetition that comes later than memory reaches is stored again, and a query shows the copy that was
//! stored first. It needs one pass for that (see `query/once.rs`), where a revised table needs two. Removing copies at a seal
//! instead would need all older parts; removing them in no place would count a slow 200 twice.

mod cell;
mod config_changes;
mod connector_health;
mod device_facts;
mod feed_health;
mod feed_records;
mod raw_lines;

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::{OcsfClass, RecordHeader};

use crate::Table;
use cell::Cell;

/// One column of a table of `T`.
pub(crate) struct Column<T: 'static> {
    name: &'static str,
    cell: Cell<T>,
}

/// What can be a row.
pub(crate) trait Columns: Sized + 'static {
    /// Where it is stored.
    const TABLE: Table;

    /// In the order of the schema. The id and the time that parts are sorted by stand before everything nested.
    fn columns() -> Vec<Column<Self>>;

    /// Two rows that agree in this are one.
    fn identity(&self) -> ([u8; 16], u64);

    /// About how many bytes of text it holds.
    fn text_bytes(&self) -> usize {
        Self::columns().iter().map(|column| column.cell.text_bytes(self)).sum()
    }
}

/// A record of a feed: it has a header, and a class and activity in OCSF.
trait Headed {
    fn header(&self) -> &RecordHeader;
    fn ocsf(&self) -> (OcsfClass, u8);
}

fn identity_of(header: &RecordHeader) -> ([u8; 16], u64) {
    (header.event_uid.0, header.record_hash)
}

const fn column<T>(name: &'static str, cell: Cell<T>) -> Column<T> {
    Column { name, cell }
}

/// What every record of a feed has, and between it and where its line is kept the columns of its own.
fn headed<T: Headed>(own: Vec<Column<T>>) -> Vec<Column<T>> {
    let mut columns = vec![
        column("event_uid", Cell::Uid(|row: &T| row.header().event_uid.0)),
        column("time", Cell::Time(|row: &T| row.header().log_time.unwrap_or(row.header().arrival_time))),
        column("record_hash", Cell::Hash(|row: &T| row.header().record_hash)),
        column("feed", Cell::Text(|row: &T| row.header().feed.as_str())),
        column("log_time", Cell::MaybeTime(|row: &T| row.header().log_time)),
        column("arrival_time", Cell::Time(|row: &T| row.header().arrival_time)),
        column("ocsf_class", Cell::Int(|row: &T| i32::try_from(row.ocsf().0.uid()).unwrap_or_default())),
        column("ocsf_activity", Cell::Int(|row: &T| i32::from(row.ocsf().1))),
        column("parse_level", Cell::Text(|row: &T| row.header().parse_level.as_str())),
    ];
    columns.extend(own);
    columns.push(column(
        "raw_address",
        Cell::MaybeUid(|row: &T| Some(row.header().raw.address(row.header().feed).0)),
    ));
    columns.push(column("raw", Cell::MaybeText(|row: &T| row.header().raw.line().map(|line| &**line))));
    columns
}

/// The schema of a table of `T`.
pub(crate) fn schema<T: Columns>() -> SchemaRef {
    let field =
        |column: &Column<T>| Field::new(column.name, column.cell.data_type(), column.cell.is_nullable());
    Arc::new(Schema::new(T::columns().iter().map(field).collect::<Vec<_>>()))
}

/// The rows as one batch, in their order.
pub(crate) fn batch<T: Columns>(rows: &[T]) -> Result<RecordBatch, ArrowError> {
    let columns = T::columns().iter().map(|column| column.cell.array(rows)).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(T::TABLE.schema(), columns)
}
