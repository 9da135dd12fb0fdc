//! Links become columns.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, TimestampNanosecondArray,
};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use fanlight_model::Link;

use super::events::uids;
use crate::schema::{TIME_ZONE, Table};

/// One batch of `links`, in the schema's order of columns.
pub(crate) fn link_batch(links: &[Link]) -> Result<RecordBatch, ArrowError> {
    let revisions = links.iter().map(|link| i64::try_from(link.revision).unwrap_or(i64::MAX));
    let decided = links.iter().map(|link| link.decided_time.as_nanos());
    let first = links.iter().map(|link| link.first_on_connection).collect::<Vec<_>>();
    let columns: Vec<ArrayRef> = vec![
        uids(links.iter().map(|link| link.link_id.0))?,
        uids(links.iter().map(|link| link.trace_id.0))?,
        uids(links.iter().map(|link| link.span_id.0))?,
        uids(links.iter().map(|link| link.event_uid.0))?,
        texts(links, |link| link.rung.as_str()),
        texts(links, |link| link.relation.as_str()),
        doubles(links, |link| link.confidence),
        doubles(links, |link| link.runner_up),
        doubles(links, |link| link.residual_ms),
        doubles(links, |link| link.late_by_ms),
        texts(links, |link| link.state.as_str()),
        Arc::new(Int64Array::from_iter_values(revisions)),
        Arc::new(TimestampNanosecondArray::from_iter_values(decided).with_timezone(TIME_ZONE)),
        Arc::new(BooleanArray::from(first)),
    ];
    RecordBatch::try_new(Table::Links.schema(), columns)
}

fn texts(links: &[Link], column: impl Fn(&Link) -> &'static str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(links.iter().map(column)))
}

fn doubles(links: &[Link], column: impl Fn(&Link) -> f64) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(links.iter().map(column)))
}
