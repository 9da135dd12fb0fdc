//! Steps that make many rows of few, made to let go now and then.
//!
//! The engine lets go of its thread where a source is read. A join of small tables reads little and makes much: it would
//! neither hear that its asker left nor that its time is up.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// Puts a step that lets go above each join and each unnesting.
#[derive(Debug)]
pub(super) struct LetGo;

impl PhysicalOptimizerRule for LetGo {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|step| {
            let name = step.name();
            if name.contains("Join") || name.contains("Unnest") {
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(step)) as Arc<dyn ExecutionPlan>));
            }
            Ok(Transformed::no(step))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "let_go"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
