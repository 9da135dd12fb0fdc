//! What there is to choose from: the services that sent spans, and the values of a field of the access events.

use std::collections::BTreeMap;
use std::time::Duration;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{Int64Type, TimestampNanosecondType};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::error::Result as EngineResult;
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{count, max};
use datafusion::logical_expr::{LogicalPlan, not};
use datafusion::prelude::lit;
use fanlight_model::{Timestamp, attribute as key};

use super::hex::bare;
use super::search::{Engine, FIRST_ROWS, Notes, TimeRange, attribute, newest_first, table, time, within};
use super::{QueryError, apart};
use crate::{Snapshot, Store, Table};

/// How long rows are looked through before what was found is shown as it is.
const LOOKING: Duration = Duration::from_secs(5);
/// And how long everything may take.
const MAX_TIME: Duration = Duration::from_secs(10);
/// A person does not choose from more; a sender could make up any number.
const MAX_SERVICES: usize = 1_000;

/// The services that sent spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// The busiest first.
    pub services: Vec<ServiceRow>,
    /// True where not everything was looked at.
    pub partial: bool,
    /// What was not.
    pub notes: Vec<String>,
}

/// A service: its name, namespace and environment together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    /// `service.name`.
    pub name: String,
    /// `service.namespace`.
    pub namespace: Option<String>,
    /// `deployment.environment.name`, or its older key.
    pub environment: Option<String>,
    /// Its spans.
    pub span_count: u64,
    /// The start of the newest.
    pub last_time: Timestamp,
}

/// A field of the access events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueField {
    /// The principal's name.
    User,
    /// The vendor rule.
    Rule,
    /// `allowed`, `blocked`, `failed`.
    Disposition,
    /// The app.
    App,
}

/// The values of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessValues {
    /// The most frequent first.
    pub values: Vec<AccessValue>,
    /// True where there are more than were asked for.
    pub partial: bool,
    /// What is left out.
    pub notes: Vec<String>,
}

/// A value, and how many access events have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessValue {
    /// The value.
    pub value: String,
    /// How many.
    pub count: u64,
}

impl Store {
    /// The services with spans that start in the range, the busiest first.
    ///
    /// # Errors
    /// [`QueryError`], as for a search.
    pub async fn services(&self, range: TimeRange) -> Result<Services, QueryError> {
        let snapshot = self.snapshot();
        apart::run(MAX_TIME, move || async move { services(&snapshot, range).await }).await
    }

    /// The values of a field among the access events that overlap the range, the most frequent first.
    ///
    /// # Errors
    /// [`QueryError`], as for a search.
    pub async fn access_values(
        &self,
        field: ValueField,
        range: TimeRange,
        limit: usize,
    ) -> Result<AccessValues, QueryError> {
        let snapshot = self.snapshot();
        apart::run(MAX_TIME, move || async move { access_values(&snapshot, field, range, limit).await }).await
    }
}

type Name = (String, Option<String>, Option<String>);

async fn services(snapshot: &Snapshot, range: TimeRange) -> Result<Services, QueryError> {
    let mut notes = Notes::default();
    let mut known: BTreeMap<Name, (u64, i64)> = BTreeMap::new();
    let looked = async {
        let engine = Engine::open()?;
        for chunk in newest_first(snapshot, range, FIRST_ROWS) {
            let mut take = |batch: &RecordBatch| take_services(batch, &mut known);
            engine.run(services_plan(&chunk.snapshot, range), &mut take).await?;
        }
        Ok(())
    };
    match tokio::time::timeout(LOOKING, looked).await {
        Ok(looked) => looked?,
        Err(_) => {
            let seconds = LOOKING.as_secs();
            notes.partly(&format!(
                "not all spans of the range were looked at within {seconds} s: counts are of the newest"
            ));
        }
    }
    let row = |((name, namespace, environment), (span_count, last)): (Name, (u64, i64))| ServiceRow {
        name,
        namespace,
        environment,
        span_count,
        last_time: Timestamp::from_nanos(last),
    };
    let mut services: Vec<ServiceRow> = known.into_iter().map(row).collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.span_count));
    if services.len() > MAX_SERVICES {
        notes
            .partly(&format!("{} services sent spans; these are the {MAX_SERVICES} busiest", services.len()));
        services.truncate(MAX_SERVICES);
    }
    Ok(Services { services, partial: notes.partial, notes: notes.texts })
}

fn services_plan(snapshot: &Snapshot, range: TimeRange) -> EngineResult<LogicalPlan> {
    let of_resource = |key| attribute(key, vec![bare("resource")]);
    let environment = coalesce(vec![
        of_resource(key::DEPLOYMENT_ENVIRONMENT_NAME),
        of_resource(key::DEPLOYMENT_ENVIRONMENT),
    ]);
    table(Table::Spans, snapshot)?
        .filter(
            within("start_time", range).and(not(bare("synthetic"))).and(bare("service_name").is_not_null()),
        )?
        .project([
            bare("service_name"),
            of_resource(key::SERVICE_NAMESPACE).alias("namespace"),
            environment.alias("environment"),
            bare("start_time"),
        ])?
        .aggregate(
            [bare("service_name"), bare("namespace"), bare("environment")],
            [count(lit(1_i64)).alias("spans"), max(bare("start_time")).alias("last")],
        )?
        .build()
}

fn take_services(batch: &RecordBatch, known: &mut BTreeMap<Name, (u64, i64)>) -> EngineResult<()> {
    let text = |place: usize| batch.columns().get(place).and_then(|column| column.as_string_opt::<i32>());
    let spans = batch.columns().get(3).and_then(|column| column.as_primitive_opt::<Int64Type>());
    let last = batch.columns().get(4).and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>());
    let (Some(name), Some(namespace), Some(environment), Some(spans), Some(last)) =
        (text(0), text(1), text(2), spans, last)
    else {
        return internal_err!("services have other columns than they should");
    };
    let told = |texts: &datafusion::arrow::array::StringArray, row| {
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    for row in 0..batch.num_rows() {
        let of = (name.value(row).to_owned(), told(namespace, row), told(environment, row));
        let (count, newest) = known.entry(of).or_insert((0, i64::MIN));
        *count = count.saturating_add(u64::try_from(spans.value(row)).unwrap_or(0));
        *newest = last.value(row).max(*newest);
    }
    Ok(())
}

impl ValueField {
    const fn column(self) -> &'static str {
        match self {
            Self::User => "user_name",
            Self::Rule => "rule",
            Self::Disposition => "disposition",
            Self::App => "app",
        }
    }
}

async fn access_values(
    snapshot: &Snapshot,
    field: ValueField,
    range: TimeRange,
    limit: usize,
) -> Result<AccessValues, QueryError> {
    let mut notes = Notes::default();
    let mut values = Vec::new();
    // One more than asked for tells whether there are more.
    let plan = values_plan(snapshot, field, range, limit.saturating_add(1));
    let mut take = |batch: &RecordBatch| take_values(batch, &mut values);
    Engine::open()?.run(plan, &mut take).await?;
    if values.len() > limit {
        values.truncate(limit);
        notes.partly(&format!("there are more values; these are the {limit} most frequent"));
    }
    Ok(AccessValues { values, partial: notes.partial, notes: notes.texts })
}

fn values_plan(
    snapshot: &Snapshot,
    field: ValueField,
    range: TimeRange,
    limit: usize,
) -> EngineResult<LogicalPlan> {
    let overlaps = bare("start_time").lt_eq(time(range.end)).and(bare("last_time").gt_eq(time(range.start)));
    table(Table::AccessEvents, snapshot)?
        .filter(overlaps.and(bare(field.column()).is_not_null()))?
        .aggregate([bare(field.column())], [count(lit(1_i64)).alias("events")])?
        .sort_with_limit(
            [bare("events").sort(false, false), bare(field.column()).sort(true, false)],
            Some(limit),
        )?
        .build()
}

fn take_values(batch: &RecordBatch, values: &mut Vec<AccessValue>) -> EngineResult<()> {
    let [texts, counts] = batch.columns() else { return internal_err!("a value has two columns") };
    let columns = (texts.as_string_opt::<i32>(), counts.as_primitive_opt::<Int64Type>());
    let (Some(texts), Some(counts)) = columns else {
        return internal_err!("values have other columns than they should");
    };
    values.extend((0..batch.num_rows()).map(|row| AccessValue {
        value: texts.value(row).to_owned(),
        count: u64::try_from(counts.value(row)).unwrap_or(0),
    }));
    Ok(())
}
