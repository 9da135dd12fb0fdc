//! The engine's settings for one query.

use std::sync::{Arc, LazyLock};

use datafusion::catalog::CatalogProviderList;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionConfig;

use super::yielding::LetGo;
use super::{QueryBudget, allow, amplify, catalogue};

/// Footers of parts that are kept between queries; the oldest go first.
const FOOTER_CACHE_BYTES: usize = 64 << 20;

/// What all queries share: the cache of footers (parts never change), and no disk to spill to.
static SHARED: LazyLock<Result<Arc<RuntimeEnv>>> = LazyLock::new(|| {
    RuntimeEnvBuilder::new()
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .with_metadata_cache_limit(FOOTER_CACHE_BYTES)
        .build_arc()
});

/// A session over `tables` alone, with this query's share of memory.
pub(super) fn open(tables: Arc<dyn CatalogProviderList>, budget: &QueryBudget) -> Result<SessionState> {
    let shared = match &*SHARED {
        Ok(shared) => shared,
        Err(error) => return Err(datafusion::error::DataFusionError::Execution(error.to_string())),
    };
    let runtime = RuntimeEnvBuilder::from_runtime_env(shared)
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(budget.max_memory_bytes)))
        .build_arc()?;
    let mut builder = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config())
        .with_runtime_env(runtime)
        .with_catalog_list(tables)
        .with_physical_optimizer_rule(Arc::new(LetGo));
    // Nothing that makes tables of files or of thin air, and no function that is not on the list.
    *builder.table_factories() = None;
    *builder.table_functions() = None;
    *builder.file_formats() = None;
    *builder.higher_order_functions() = None;
    if let Some(functions) = builder.scalar_functions() {
        functions.retain(|function| allow::function(function.name()));
    }
    let mut session = builder.build();
    amplify::register(&mut session)?;
    Ok(session)
}

fn config() -> SessionConfig {
    let (catalogue, schema) = catalogue::names();
    // One partition: the whole plan runs on the query's own thread, and none of it among the tasks of the runtime.
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(catalogue, schema)
        .with_information_schema(false)
        .with_target_partitions(1);
    config.options_mut().execution.enable_recursive_ctes = false;
    config
}
