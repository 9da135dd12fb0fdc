//! The step that reads a snapshot, one scan after the other; of what is revised, the latest revision only, and of what has copies,
//! the first.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{exec_err, internal_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::once::Seen;

/// How to tell the latest revision of each thing.
#[derive(Debug, Clone)]
pub(super) struct Latest {
    /// Scans of two columns: the key, then the revision.
    pub(super) revisions: Vec<Arc<dyn ExecutionPlan>>,
    /// Which of the rows' columns is the key.
    pub(super) key: usize,
    /// Which is the revision.
    pub(super) revision: usize,
    /// Which says that a thing is shown no longer, where one does.
    pub(super) retired: Option<usize>,
}

/// Which of the rows are shown.
#[derive(Debug, Clone)]
enum Shown {
    All,
    Latest(Latest),
    /// By the key in these of the rows' columns.
    First(Vec<usize>),
}

/// Reads scans of one schema one after the other, in one partition.
#[derive(Debug)]
pub(super) struct SnapshotScan {
    rows: Vec<Arc<dyn ExecutionPlan>>,
    shown: Shown,
    properties: Arc<PlanProperties>,
}

impl SnapshotScan {
    /// All rows.
    pub(super) fn all(rows: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        Self::new(rows, Shown::All)
    }

    /// The rows with the highest revision of their key, each once.
    pub(super) fn latest(rows: Vec<Arc<dyn ExecutionPlan>>, latest: Latest) -> Result<Self> {
        Self::new(rows, Shown::Latest(latest))
    }

    /// Of rows with one key, in the columns at `key`, the first.
    pub(super) fn first(rows: Vec<Arc<dyn ExecutionPlan>>, key: Vec<usize>) -> Result<Self> {
        Self::new(rows, Shown::First(key))
    }

    fn new(rows: Vec<Arc<dyn ExecutionPlan>>, shown: Shown) -> Result<Self> {
        let Some(first) = rows.first() else { return internal_err!("a snapshot without a scan") };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(first.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { rows, shown, properties: Arc::new(properties) })
    }

    fn revisions(&self) -> &[Arc<dyn ExecutionPlan>] {
        match &self.shown {
            Shown::Latest(latest) => &latest.revisions,
            Shown::All | Shown::First(_) => &[],
        }
    }
}

impl DisplayAs for SnapshotScan {
    fn fmt_as(&self, _form: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_latest = matches!(self.shown, Shown::Latest(_));
        write!(f, "SnapshotScan: scans={}, latest={is_latest}", self.rows.len())
    }
}

impl ExecutionPlan for SnapshotScan {
    fn name(&self) -> &'static str {
        "SnapshotScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.rows.iter().chain(self.revisions()).collect()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.children().len()]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.len() != self.children().len() {
            return internal_err!("a snapshot's scans cannot be added to");
        }
        let revisions = children.split_off(self.rows.len());
        let shown = match self.shown.clone() {
            Shown::Latest(latest) => Shown::Latest(Latest { revisions, ..latest }),
            shown => shown,
        };
        Ok(Arc::new(Self::new(children, shown)?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        use datafusion::physical_plan::ChildrenPropertiesMode;
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a snapshot has one partition");
        }
        let rows = one_after_the_other(&self.rows, &context);
        let latest = match &self.shown {
            Shown::All => return Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows))),
            Shown::First(key) => {
                let reservation = MemoryConsumer::new("keys").register(context.memory_pool());
                let (key, mut seen) = (key.clone(), Seen::new(reservation));
                let kept = rows.map(move |batch| seen.keep(&batch?, &key));
                return Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), kept)));
            }
            Shown::Latest(latest) => latest,
        };
        let revisions = one_after_the_other(&latest.revisions, &context);
        let reservation = MemoryConsumer::new("latest revisions").register(context.memory_pool());
        let (key, revision, retired) = (latest.key, latest.revision, latest.retired);
        let kept = stream::once(async move {
            let mut known = Revisions::collect(revisions, reservation).await?;
            Ok::<_, DataFusionError>(rows.map(move |batch| known.keep(&batch?, key, revision, retired)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), kept.try_flatten())))
    }
}

/// The scans' batches in turn; the next scan starts when the one before it is done.
fn one_after_the_other(
    scans: &[Arc<dyn ExecutionPlan>],
    context: &Arc<TaskContext>,
) -> impl Stream<Item = Result<RecordBatch>> + Send + use<> {
    let context = Arc::clone(context);
    stream::iter(scans.to_vec()).map(move |scan| scan.execute(0, Arc::clone(&context))).try_flatten()
}

/// The highest revision of each key, as long as no row has been taken for it.
struct Revisions {
    highest: HashMap<[u8; 16], i64>,
    reservation: MemoryReservation,
}

/// A key, its revision, and their share of the table.
const ENTRY_BYTES: usize = 48;

impl Revisions {
    async fn collect(
        batches: impl Stream<Item = Result<RecordBatch>> + Send,
        reservation: MemoryReservation,
    ) -> Result<Self> {
        let mut known = Self { highest: HashMap::new(), reservation };
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            known.learn(&batch?)?;
        }
        Ok(known)
    }

    fn learn(&mut self, batch: &RecordBatch) -> Result<()> {
        for (key, revision) in keyed(batch, 0, 1)? {
            let highest = self.highest.entry(key).or_insert(revision);
            *highest = revision.max(*highest);
        }
        self.reservation.try_resize(self.highest.len() * ENTRY_BYTES)
    }

    /// The rows that hold the highest revision of their key; a second copy of one is left out, and so is what was retired by it.
    fn keep(
        &mut self,
        batch: &RecordBatch,
        key: usize,
        revision: usize,
        retired: Option<usize>,
    ) -> Result<RecordBatch> {
        let retired = retired.and_then(|place| batch.columns().get(place)?.as_boolean_opt());
        let is_retired = |row: usize| retired.is_some_and(|rows| rows.is_valid(row) && rows.value(row));
        let keep: BooleanArray = keyed(batch, key, revision)?
            .into_iter()
            .enumerate()
            .map(|(row, (key, revision))| {
                let is_highest = self.highest.get(&key) == Some(&revision);
                if is_highest {
                    self.highest.remove(&key);
                }
                Some(is_highest && !is_retired(row))
            })
            .collect();
        Ok(filter_record_batch(batch, &keep)?)
    }
}

fn keyed(batch: &RecordBatch, key: usize, revision: usize) -> Result<Vec<([u8; 16], i64)>> {
    let columns = batch.columns();
    let keys = columns.get(key).and_then(|column| column.as_fixed_size_binary_opt());
    let revisions =
        columns.get(revision).and_then(|column: &ArrayRef| column.as_primitive_opt::<Int64Type>());
    let (Some(keys), Some(revisions)) = (keys, revisions) else {
        return internal_err!("a revised table without key and revision");
    };
    let mut pairs = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let Ok(key) = <[u8; 16]>::try_from(keys.value(row)) else {
            return exec_err!("a key is not 16 bytes");
        };
        pairs.push((key, revisions.value(row)));
    }
    Ok(pairs)
}
