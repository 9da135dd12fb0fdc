//! The plans of a search: the spans of a range, beside them what their traces and access events say, and the condition on all.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{JoinType, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::functions::expr_fn::nullif;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::functions_nested::expr_fn::array_to_string;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, not, when};
use datafusion::prelude::lit;
use fanlight_model::{LinkState, Timestamp};

use super::condition::{
    LIST_COMMA, TRACE_DURATION, TRACE_ROOT_NAME, TRACE_ROOT_SERVICE, access_column, condition,
};
use super::filter::{AccessField, Form, Needs, SpanFilter, TimeRange};
use crate::query::hex::{self, bare};
use crate::query::provider::StoredTable;
use crate::{Snapshot, TIME_ZONE, Table};

/// A trace is looked at as a whole as far as its spans start within this much of the range: without a bound each condition on
/// a trace would read everything there is.
pub(super) const AROUND: Duration = Duration::from_secs(3_600);

/// The columns that [`matching`] gives.
pub(super) const MATCH: [&str; 4] = ["trace_id", "span_id", "start_time", "synthetic"];

/// The spans that fulfil the filter.
pub(super) fn matching(
    snapshot: &Snapshot,
    filter: &SpanFilter,
    needs: &Needs,
    range: TimeRange,
) -> Result<LogicalPlan> {
    let mut plan = table(Table::Spans, snapshot)?.filter(within("start_time", range))?.build()?;
    // What stands on the left of a join is held in memory: there is less of it than there are spans, and all spans stay.
    if needs.trace {
        let on = (vec!["whole_trace_id"], vec!["trace_id"]);
        plan = LogicalPlanBuilder::from(traces(snapshot, range)?)
            .join(plan, JoinType::Right, on, None)?
            .build()?;
    }
    if !needs.access.is_empty() {
        let on = (vec!["linked_trace_id", "linked_span_id"], vec!["trace_id", "span_id"]);
        plan = LogicalPlanBuilder::from(linked(snapshot, &needs.access)?)
            .join(plan, JoinType::Right, on, None)?
            .build()?;
    }
    LogicalPlanBuilder::from(plan).filter(condition(filter))?.project(MATCH.map(bare))?.build()
}

/// True where a time lies in the range.
pub(in crate::query) fn within(column: &str, range: TimeRange) -> Expr {
    bare(column).gt_eq(time(range.start)).and(bare(column).lt_eq(time(range.end)))
}

/// A table of the snapshot, ids as bytes.
pub(in crate::query) fn table(table: Table, snapshot: &Snapshot) -> Result<LogicalPlanBuilder> {
    let provider = Arc::new(StoredTable::as_stored(table, snapshot));
    LogicalPlanBuilder::scan(table.as_str(), provider_as_source(provider), None)
}

pub(in crate::query) fn time(time: Timestamp) -> Expr {
    let zone = Some(Arc::from(TIME_ZONE));
    Expr::Literal(ScalarValue::TimestampNanosecond(Some(time.as_nanos()), zone), None)
}

/// Of each trace with spans around the range: how long it took, and its root's name and service.
fn traces(snapshot: &Snapshot, range: TimeRange) -> Result<LogicalPlan> {
    let around = TimeRange { start: range.start.before(AROUND), end: range.end.after(AROUND) };
    let start = || cast(bare("start_time"), DataType::Int64);
    let of_root = |column: &str| when(bare("parent_span_id").is_null(), bare(column)).end();
    table(Table::Spans, snapshot)?
        .filter(within("start_time", around).and(not(bare("synthetic"))))?
        .aggregate(
            [bare("trace_id")],
            [
                min(start()).alias("first_start"),
                max(start() + bare("duration_ns")).alias("last_end"),
                min(of_root("name")?).alias(TRACE_ROOT_NAME),
                min(of_root("service_name")?).alias(TRACE_ROOT_SERVICE),
            ],
        )?
        .project([
            bare("trace_id").alias("whole_trace_id"),
            (bare("last_end") - bare("first_start")).alias(TRACE_DURATION),
            bare(TRACE_ROOT_NAME),
            bare(TRACE_ROOT_SERVICE),
        ])?
        .build()
}

/// Columns that links and access events both have, and what they are called in the plan of the two.
const OF_LINKS: [(&str, &str); 4] = [
    ("trace_id", "linked_trace_id"),
    ("span_id", "linked_span_id"),
    ("event_uid", "linked_event_uid"),
    ("revision", "link_revision"),
];

/// What the asserted links say, and their access events. The optimiser leaves out what is not asked for.
fn linked(snapshot: &Snapshot, fields: &[AccessField]) -> Result<LogicalPlan> {
    let asserted = bare("state").eq(lit(LinkState::Asserted.as_str()));
    let renamed = |field: &FieldRef| {
        let other = OF_LINKS.iter().find(|(name, _)| name == field.name());
        other.map_or_else(|| bare(field.name()), |(name, other)| bare(name).alias(*other))
    };
    let schema = Table::Links.schema();
    let links =
        table(Table::Links, snapshot)?.filter(asserted)?.project(schema.fields().iter().map(renamed))?;
    let events = table(Table::AccessEvents, snapshot)?.build()?;
    let on = (vec!["linked_event_uid"], vec!["event_uid"]);
    let named = |field: &AccessField| Ok(shown(*field)?.alias(access_column(*field)));
    let fields = fields.iter().map(named).collect::<Result<Vec<_>>>()?;
    let ids = [bare("linked_trace_id"), bare("linked_span_id")];
    links.join(events, JoinType::Inner, on, None)?.project(ids.into_iter().chain(fields))?.build()
}

/// A field as it is compared: ids as hex, lists as one text, phases as seconds where they were paid.
fn shown(field: AccessField) -> Result<Expr> {
    let column = bare(field.column());
    Ok(match field.form() {
        Form::Text | Form::Number => column,
        Form::Id => hex::shown(field.column()),
        Form::Texts => nullif(array_to_string(column, lit(LIST_COMMA)), lit("")),
        Form::Phase => {
            let seconds = cast(column, DataType::Float64) / lit(1_000_000.0);
            when(bare("first_on_connection"), seconds).end()?
        }
    })
}
