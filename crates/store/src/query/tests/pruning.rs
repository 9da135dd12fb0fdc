//! A condition on what SQL shows skips what lies on the disk.

use std::sync::Arc;

use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::{ExecutionPlan, collect};

use super::fixture;
use crate::query::{QueryBudget, catalogue, session};

/// Row groups that were not read, by their statistics.
fn skipped(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.downcast_ref::<DataSourceExec>().and_then(|scan| scan.metrics()).map_or(0, |metrics| {
        let text = metrics.aggregate_by_name().to_string();
        text.split("row_groups_pruned_statistics=").nth(1).map_or(0, |rest| {
            // `3 total → 1 matched`
            let numbers: Vec<usize> = rest
                .split(|letter: char| !letter.is_ascii_digit())
                .filter(|word| !word.is_empty())
                .take(2)
                .map(|word| word.parse().expect("a number"))
                .collect();
            numbers.first().copied().unwrap_or(0) - numbers.get(1).copied().unwrap_or(0)
        })
    });
    own + plan.children().into_iter().map(skipped).sum::<usize>()
}

async fn check(sql: &str, expected: usize) {
    let directory = tempfile::tempdir().expect("a directory of its own");
    let tables = catalogue::of(&fixture::snapshot(directory.path())).expect("a catalogue");
    let session = session::open(tables, &QueryBudget::default()).expect("a session");
    let plan = session.create_logical_plan(sql).await.expect("a query");
    let plan = session.create_physical_plan(&plan).await.expect("a plan");
    collect(Arc::clone(&plan), session.task_ctx()).await.expect("an answer");
    assert_eq!(skipped(&plan), expected, "{sql}");
}

/// Each row of the fixture's parts is a row group of its own. `spans` has three, of which two are of trace `a1`.
#[tokio::test]
async fn a_condition_on_an_id_or_a_time_skips_row_groups() {
    check("select * from spans", 0).await;
    check("select * from spans where trace_id = '000000000000000000000000000000a2'", 2).await;
    check("select * from spans where span_id in ('0000000000000012')", 2).await;
    check("select * from spans where start_time > '2026-11-22T07:00:01Z'", 2).await;
}

/// Of what is revised only the pass that keeps rows may skip by a condition that revisions do not share: three rows of
/// `access_events` lie in parts, two of them are not `close` at event `e1`.
#[tokio::test]
async fn a_condition_on_a_revised_table_skips_row_groups() {
    check("select * from access_events where event_uid = '000000000000000000000000000000e2'", 4).await;
    check("select * from access_events where connection_status = 'close'", 1).await;
}

/// Of what may lie there twice, a condition skips by what copies share. `device_facts` has four rows in parts, two at 07:00:00, and of
/// none of them the stamp is missing; a copy arrived later, so that nothing is skipped by arrival.
#[tokio::test]
async fn a_condition_on_records_skips_row_groups_with_all_copies() {
    check("select * from device_facts where time > '2026-11-22T07:00:01Z'", 2).await;
    check("select * from device_facts where event_uid = '000000000000000000000000000000d2'", 3).await;
    check("select * from device_facts where user_name = 'ben@example.com'", 3).await;
    check("select * from device_facts where arrival_time > '2026-11-22T07:01:00Z'", 0).await;
}
