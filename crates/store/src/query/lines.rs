//! The step that gives records their lines back, which stand apart from them.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::internal_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
};
use futures_util::StreamExt;

use crate::raw_lines::RawLines;

/// The column of the lines, and that of their addresses.
pub(super) const LINE: &str = "raw";
pub(super) const ADDRESS: &str = "raw_address";

/// Rows with their lines: as they are stored in parts of the older form, else as `raw_lines` has them at their addresses. A line that
/// is kept no longer is null.
#[derive(Debug)]
pub(super) struct WithLines {
    rows: Arc<dyn ExecutionPlan>,
    lines: RawLines,
    properties: Arc<PlanProperties>,
}

impl WithLines {
    pub(super) fn new(rows: Arc<dyn ExecutionPlan>, lines: RawLines) -> Self {
        let properties = Arc::clone(rows.properties());
        Self { rows, lines, properties }
    }
}

impl DisplayAs for WithLines {
    fn fmt_as(&self, _form: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithLines")
    }
}

impl ExecutionPlan for WithLines {
    fn name(&self) -> &'static str {
        "WithLines"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.rows]
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
        match (children.pop(), children.is_empty()) {
            (Some(rows), true) => Ok(Arc::new(Self::new(rows, self.lines.clone()))),
            _ => internal_err!("lines are added to one plan"),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        use datafusion::physical_plan::ChildrenPropertiesMode;
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let reservation = MemoryConsumer::new("lines").register(context.memory_pool());
        let mut step = Step { lines: self.lines.clone(), reservation };
        let rows = self.rows.execute(partition, context)?;
        // It blocks on the disk, as every scan does here: a query has a thread to itself.
        let filled = rows.map(move |batch| step.fill(&batch?));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), filled)))
    }
}

struct Step {
    lines: RawLines,
    reservation: MemoryReservation,
}

impl Step {
    fn fill(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let schema = batch.schema();
        let (at, address) = (schema.index_of(LINE)?, schema.index_of(ADDRESS)?);
        let column = |place: usize| batch.columns().get(place);
        let stored = column(at).and_then(|column| column.as_string_opt::<i32>());
        let addresses = column(address).and_then(|column| column.as_fixed_size_binary_opt());
        let (Some(stored), Some(addresses)) = (stored, addresses) else {
            return internal_err!("a table of lines without their addresses");
        };
        let address_of = |row: usize| -> Option<[u8; 16]> {
            (stored.is_null(row) && addresses.is_valid(row)).then(|| addresses.value(row).try_into().ok())?
        };
        let wanted = (0..batch.num_rows()).filter_map(address_of).collect();
        let found: HashMap<[u8; 16], Arc<str>> =
            self.lines.find(wanted, &mut 0).map_err(|cause| DataFusionError::External(Box::new(cause)))?;
        self.reservation.try_resize(found.values().map(|line| line.len()).sum())?;
        let filled = (0..batch.num_rows()).map(|row| match address_of(row) {
            Some(address) => found.get(&address).map(|line| &**line),
            None => stored.is_valid(row).then(|| stored.value(row)),
        });
        let filled: ArrayRef = Arc::new(filled.collect::<StringArray>());
        let mut columns = batch.columns().to_vec();
        if let Some(column) = columns.get_mut(at) {
            *column = filled;
        }
        Ok(RecordBatch::try_new(schema, columns)?)
    }
}
