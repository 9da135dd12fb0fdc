//! One table of a snapshot, as SQL sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;

use super::hex;
use super::latest::{Latest, SnapshotScan};
use super::lines::{ADDRESS, LINE, WithLines};
use super::once::Copies;
use crate::raw_lines::RawLines;
use crate::{ID_COLUMNS, Part, Snapshot, Table};

/// One table of a snapshot: hot batches and parts together, of what is revised only the latest revision, and nothing twice.
#[derive(Debug)]
pub(super) struct StoredTable {
    table: Table,
    shown: SchemaRef,
    /// Ids are shown as hex, as SQL has them; else as they are stored.
    as_hex: bool,
    hot: Vec<RecordBatch>,
    parts: Vec<Arc<Part>>,
    lines: Option<RawLines>,
}

type Plans = Vec<Arc<dyn ExecutionPlan>>;

impl StoredTable {
    /// As SQL shows it.
    pub(super) fn new(table: Table, snapshot: &Snapshot) -> Self {
        let stored = Self::as_stored(table, snapshot);
        Self { shown: shown_schema(&stored.shown), as_hex: true, ..stored }
    }

    /// With ids as bytes, for plans of our own: half as much to hash and to hold.
    pub(super) fn as_stored(table: Table, snapshot: &Snapshot) -> Self {
        Self {
            table,
            shown: table.schema(),
            as_hex: false,
            hot: snapshot.hot(table).to_vec(),
            parts: snapshot.parts(table).to_vec(),
            lines: snapshot.lines().cloned(),
        }
    }

    /// The column whose equal values are revisions of one thing. `None` where nothing is revised.
    const fn revised_by(&self) -> Option<&'static str> {
        match self.table {
            Table::AccessEvents => Some("event_uid"),
            Table::Links => Some("link_id"),
            Table::Spans
            | Table::DeviceFacts
            | Table::ConnectorHealth
            | Table::ConfigChanges
            | Table::FeedRecords
            | Table::FeedHealth
            | Table::RawLines => None,
        }
    }

    fn plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let stored = self.table.schema();
        let wanted: Vec<usize> = match projection {
            Some(indices) => indices.clone(),
            None => (0..stored.fields().len()).collect(),
        };
        let stands_apart = |condition: &Expr| {
            stored.index_of(ADDRESS).is_ok()
                && condition.column_refs().iter().any(|column| column.name == LINE)
        };
        let conditions = filters.iter().filter_map(|condition| match self.as_hex {
            true => hex::stored(condition),
            false => hex::unqualified(condition),
        });
        // What is stored of a line's column says nothing of the line.
        let conditions = conditions.filter(|condition| !stands_apart(condition)).collect();
        let line = stored.index_of(LINE).ok().filter(|line| wanted.contains(line));
        let columns = match line.and(stored.index_of(ADDRESS).ok()) {
            Some(address) => with(&wanted, &[address]).0,
            None => wanted.clone(),
        };
        let rows: Arc<dyn ExecutionPlan> = match (self.revised_by(), Copies::of(self.table)) {
            (Some(key), _) => self.latest_rows(session, &columns, conditions, key)?,
            (None, Some(copies)) => self.first_rows(session, &columns, conditions, copies)?,
            (None, None) => Arc::new(SnapshotScan::all(self.scans(session, &columns, conditions, limit)?)?),
        };
        let rows: Arc<dyn ExecutionPlan> = match (line, &self.lines) {
            (Some(_), Some(lines)) => Arc::new(WithLines::new(rows, lines.clone())),
            _ => rows,
        };
        self.show(session, rows, &wanted)
    }

    /// The latest revision of each thing. A first pass over the key and the revision alone finds out which that is; the second
    /// keeps just those rows, so that it can stream, and may skip by any condition. The first may skip only by conditions on
    /// the key, which all revisions share: by any other it would take an older revision for the latest.
    fn latest_rows(
        &self,
        session: &dyn Session,
        wanted: &[usize],
        conditions: Vec<Expr>,
        key: &str,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let stored = self.table.schema();
        let keys = vec![stored.index_of(key)?, stored.index_of("revision")?];
        let mut told = keys.clone();
        told.extend(stored.index_of("retired"));
        let (columns, at) = with(wanted, &told);
        let on_key: Vec<Expr> =
            conditions.iter().filter(|condition| names_only(condition, key)).cloned().collect();
        let latest = Latest {
            revisions: self.scans(session, &keys, on_key, None)?,
            key: at.first().copied().unwrap_or_default(),
            revision: at.get(1).copied().unwrap_or_default(),
            retired: at.get(2).copied(),
        };
        Ok(Arc::new(SnapshotScan::latest(self.scans(session, &columns, conditions, None)?, latest)?))
    }

    /// Each row once. Parts come first: what was stored first stays the one that is shown when a seal moves its copy. A limit is left
    /// to the steps above, which count what is kept.
    fn first_rows(
        &self,
        session: &dyn Session,
        wanted: &[usize],
        conditions: Vec<Expr>,
        copies: Copies,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let stored = self.table.schema();
        let key = copies.key.iter().map(|name| stored.index_of(name)).collect::<Result<Vec<_>, _>>()?;
        let (columns, at) = with(wanted, &key);
        let skippable = conditions.into_iter().filter_map(|condition| copies.skippable(condition)).collect();
        let mut scans = self.scans(session, &columns, skippable, None)?;
        scans.reverse();
        Ok(Arc::new(SnapshotScan::first(scans, at)?))
    }

    /// The hot batches, then the parts, each with the columns at `columns` and in one partition.
    fn scans(
        &self,
        session: &dyn Session,
        columns: &[usize],
        conditions: Vec<Expr>,
        limit: Option<usize>,
    ) -> Result<Plans> {
        let stored = self.table.schema();
        let hot = MemorySourceConfig::try_new(
            std::slice::from_ref(&self.hot),
            Arc::clone(&stored),
            Some(columns.to_vec()),
        )?;
        let mut scans: Plans = vec![DataSourceExec::from_data_source(hot.with_limit(limit))];
        if self.parts.is_empty() {
            return Ok(scans);
        }
        let url = ObjectStoreUrl::local_filesystem();
        let runtime = session.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        // The condition skips row groups and pages by their statistics and blooms; rows are judged above the scan. Decoding
        // column by column along the condition pays for selective searches only, and costs everything else.
        let mut source = ParquetSource::new(Arc::clone(&stored))
            .with_parquet_file_reader_factory(Arc::new(reader))
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true);
        if let Some(condition) = conjunction(conditions) {
            let schema = DFSchema::try_from(stored.as_ref().clone())?;
            source = source.with_predicate(session.create_physical_expr(condition, &schema)?);
        }
        let files = self.parts.iter().map(|part| file(part)).collect::<Result<Vec<_>>>()?;
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_group(files.into())
            .with_projection_indices(Some(columns.to_vec()))?
            .with_limit(limit)
            .build();
        scans.push(DataSourceExec::from_data_source(scan));
        Ok(scans)
    }

    /// The wanted columns alone, ids in the form of this table.
    fn show(
        &self,
        session: &dyn Session,
        rows: Arc<dyn ExecutionPlan>,
        wanted: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = DFSchema::try_from(rows.schema().as_ref().clone())?;
        let mut columns = Vec::with_capacity(wanted.len());
        for index in wanted {
            let Some(field) = self.shown.fields().get(*index) else {
                return Err(DataFusionError::Internal(format!(
                    "column {index} of `{}`",
                    self.table.as_str()
                )));
            };
            let name = field.name();
            let expr = if self.as_hex && is_id(name) { hex::shown(name) } else { hex::bare(name) };
            columns.push((session.create_physical_expr(expr, &schema)?, name.clone()));
        }
        Ok(Arc::new(ProjectionExec::try_new(columns, rows)?))
    }
}

type Scan<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'a>>;

impl TableProvider for StoredTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.shown)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    // The form that an `async fn` of this trait has after its macro.
    fn scan<'a, 'b, 'c, 'd, 'async_trait>(
        &'a self,
        session: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        filters: &'d [Expr],
        limit: Option<usize>,
    ) -> Scan<'async_trait>
    where
        'a: 'async_trait,
        'b: 'async_trait,
        'c: 'async_trait,
        'd: 'async_trait,
        Self: 'async_trait,
    {
        let plan = self.plan(session, projection, filters, limit);
        Box::pin(std::future::ready(plan))
    }
}

/// The wanted columns and behind them what is missing of the others; and where among them the others are.
fn with(wanted: &[usize], others: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut columns = wanted.to_vec();
    let mut position = |column: usize| match columns.iter().position(|known| *known == column) {
        Some(position) => position,
        None => {
            columns.push(column);
            columns.len() - 1
        }
    };
    let at = others.iter().map(|column| position(*column)).collect();
    (columns, at)
}

fn shown_schema(stored: &Schema) -> SchemaRef {
    let shown = stored.fields().iter().map(|field| {
        if is_id(field.name()) {
            Arc::new(Field::new(field.name(), DataType::Utf8, field.is_nullable()))
        } else {
            Arc::clone(field)
        }
    });
    Arc::new(Schema::new(shown.collect::<Vec<_>>()))
}

fn is_id(name: &str) -> bool {
    ID_COLUMNS.contains(&name)
}

fn names_only(condition: &Expr, key: &str) -> bool {
    condition.column_refs().into_iter().all(|column| column.name == key)
}

/// The part as the engine's reader names it: by its absolute path, whatever characters stand in it.
fn file(part: &Part) -> Result<PartitionedFile> {
    let path = std::path::absolute(&part.path)?;
    let mut file = PartitionedFile::new("", part.bytes);
    file.object_meta.location = match Path::from_absolute_path(path) {
        Ok(location) => location,
        Err(cause) => return Err(DataFusionError::External(Box::new(cause))),
    };
    Ok(file)
}
