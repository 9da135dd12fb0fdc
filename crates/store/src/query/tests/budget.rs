//! What a query may use, and that it ends.

use std::fmt::Write as _;
use std::time::Duration;

use super::fixture;
use crate::query::{QueryBudget, QueryError, SqlAnswer, answer};

async fn ask(sql: &str, budget: QueryBudget) -> Result<SqlAnswer, QueryError> {
    let directory = tempfile::tempdir().expect("a directory of its own");
    answer(fixture::snapshot(directory.path()), sql, budget).await
}

async fn check(sql: &str, budget: QueryBudget, code: &str) {
    let error = ask(sql, budget).await.expect_err("the query is refused");
    assert_eq!(error.code(), code, "{sql}: {error}");
    assert!(!error.hint().is_empty());
}

/// Rows beyond the budget are refused, never cut off in silence.
#[tokio::test]
async fn an_answer_of_too_many_rows_is_refused() {
    let budget = QueryBudget { max_rows: 4, ..QueryBudget::default() };
    check("select span_id from spans", budget, "sql_too_many_rows").await;
    let answer = ask("select span_id from spans limit 4", budget).await.expect("fits");
    assert_eq!(answer.rows.len(), 4);
}

#[tokio::test]
async fn an_answer_of_too_many_bytes_is_refused() {
    let budget = QueryBudget { max_answer_bytes: 100, ..QueryBudget::default() };
    check("select trace_id, span_id from spans", budget, "sql_answer_too_large").await;
}

/// Grouping a product of tables by something that is never the same needs memory without end.
#[tokio::test]
async fn a_query_that_wants_too_much_memory_is_refused() {
    let budget = QueryBudget { max_memory_bytes: 2 << 20, ..QueryBudget::default() };
    let sql = "select a.span_id, b.span_id, c.span_id, d.span_id, e.span_id, f.span_id, g.span_id, h.span_id, count(*)
        from spans a, spans b, spans c, spans d, spans e, spans f, spans g, spans h group by 1, 2, 3, 4, 5, 6, 7, 8";
    check(sql, budget, "sql_too_much_memory").await;
}

/// A product of twelve tables is 5^12 rows. It ends when its time is up, and not much later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_runs_too_long_is_ended() {
    let budget = QueryBudget { max_time: Duration::from_millis(300), ..QueryBudget::default() };
    let sql = "select count(*) from spans a, spans b, spans c, spans d, spans e, spans f, spans g, spans h, spans i,
        spans j, spans k, spans l where a.duration_ns + l.duration_ns <> 7";
    let ended = tokio::time::timeout(Duration::from_secs(10), check(sql, budget, "sql_took_too_long")).await;
    assert!(ended.is_ok(), "it ran on");
}

/// Each level doubles a text, by every way to do so. None of them gets far.
#[tokio::test]
async fn a_text_that_doubles_at_each_level_is_refused() {
    for double in ["t || t", "concat(t, t)", "replace(t, 'e', 'eeeeeeee')", "concat_ws('', t, t)"] {
        let mut sql = "with t0 as (select name as t from spans)".to_owned();
        for level in 1..=40 {
            write!(sql, ", t{level} as (select {double} as t from t{})", level - 1).expect("a text");
        }
        sql.push_str(" select length(t) from t40");
        check(&sql, QueryBudget::default(), "sql_too_much_memory").await;
    }
}

/// The planner recurses: at the bound it must still have stack left, beyond it the query is refused before it is planned.
#[tokio::test]
async fn the_deepest_query_that_is_allowed_can_be_planned() {
    let chain =
        |terms: usize| format!("select {} from spans limit 1", vec!["duration_ns"; terms].join(" + "));
    assert!(ask(&chain(490), QueryBudget::default()).await.is_ok());
    check(&chain(600), QueryBudget::default(), "sql_too_complex").await;
    let long_list = vec!["'x'"; 5_000].join(", ");
    let sql = format!("select count(*) from spans where name in ({long_list})");
    assert!(ask(&sql, QueryBudget::default()).await.is_ok());
    let calls = format!("select {}name{} from spans limit 1", "upper(".repeat(40), ")".repeat(40));
    assert!(ask(&calls, QueryBudget::default()).await.is_ok());
    let union = vec!["select 1"; 300].join(" union all ");
    assert!(ask(&union, QueryBudget::default()).await.is_ok());
    let parentheses = format!("select {}1{}", "(".repeat(450), ")".repeat(450));
    check(&parentheses, QueryBudget::default(), "sql_syntax").await;
}

/// The asker leaves: the engine's thread stops too. The snapshot that it held is let go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_ends_when_its_asker_leaves() {
    let directory = tempfile::tempdir().expect("a directory of its own");
    let snapshot = fixture::snapshot(directory.path());
    let part = std::sync::Arc::downgrade(&snapshot.parts(crate::Table::Spans)[0]);
    let sql = "select count(*) from spans a, spans b, spans c, spans d, spans e, spans f, spans g, spans h, spans i,
        spans j, spans k, spans l, spans m, spans n where a.duration_ns + n.duration_ns <> 7";
    let asked =
        answer(snapshot, sql, QueryBudget { max_time: Duration::from_secs(600), ..QueryBudget::default() });
    let left = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(left.is_err(), "it was meant to run long");
    let ended = tokio::time::timeout(Duration::from_secs(10), async {
        while part.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    });
    assert!(ended.await.is_ok(), "the engine ran on");
}
