//! One query, from its text to its answer.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use futures_util::StreamExt;
use serde_json::Value;

use super::{QueryBudget, QueryError, SqlAnswer, allow, catalogue, render, session};
use crate::Snapshot;

/// Plans, checks and runs.
pub(super) async fn run(
    snapshot: &Snapshot,
    sql: &str,
    budget: &QueryBudget,
) -> Result<SqlAnswer, QueryError> {
    let engine = |error| QueryError::from_engine(error, budget.max_memory_bytes);
    let statement = one_statement(sql)?;
    let session = session::open(catalogue::of(snapshot).map_err(engine)?, budget).map_err(engine)?;
    for reference in session.resolve_table_references(&statement).map_err(engine)? {
        catalogue::check(&reference)?;
    }
    let plan = session.statement_to_plan(statement).await.map_err(engine)?;
    allow::check(&plan).map_err(engine)??;
    execute(&session, plan, budget).await
}

/// The one statement, which reads: others are refused by their first word, before anything is planned.
fn one_statement(sql: &str) -> Result<Statement, QueryError> {
    allow::check_text(sql)?;
    let dialect = GenericDialect {};
    let parsed = DFParserBuilder::new(sql)
        .with_dialect(&dialect)
        .build()
        .and_then(|mut parser| parser.parse_statements());
    let mut statements = match parsed {
        Ok(statements) => statements,
        Err(error) => return Err(QueryError::from_engine(error, 0)),
    };
    let count = statements.len();
    match (count, statements.pop_front()) {
        (_, None) => Err(QueryError::Empty),
        (1, Some(statement)) if reads(&statement) => Ok(statement),
        (1, Some(_)) => Err(QueryError::NotReadOnly { what: first_word(sql) }),
        _ => Err(QueryError::SeveralStatements { count }),
    }
}

fn reads(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => {
            matches!(**statement, SqlStatement::Query(_) | SqlStatement::ExplainTable { .. })
        }
        _ => false,
    }
}

fn first_word(sql: &str) -> String {
    let word = sql.trim_start().split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    word.to_lowercase()
}

async fn execute(
    session: &SessionState,
    plan: LogicalPlan,
    budget: &QueryBudget,
) -> Result<SqlAnswer, QueryError> {
    let engine = |error| QueryError::from_engine(error, budget.max_memory_bytes);
    let columns = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    let plan = session.create_physical_plan(&plan).await.map_err(engine)?;
    let mut batches = execute_stream(plan, session.task_ctx()).map_err(engine)?;
    let mut answer = SqlAnswer { columns, rows: Vec::new() };
    let mut bytes = 0;
    while let Some(batch) = batches.next().await {
        append(&mut answer.rows, &batch.map_err(engine)?, &mut bytes, budget)?;
    }
    Ok(answer)
}

/// Takes the batch's rows into the answer, as far as the budget goes.
fn append(
    rows: &mut Vec<Vec<Value>>,
    batch: &RecordBatch,
    bytes: &mut usize,
    budget: &QueryBudget,
) -> Result<(), QueryError> {
    if rows.len() + batch.num_rows() > budget.max_rows {
        return Err(QueryError::TooManyRows { limit: budget.max_rows });
    }
    for row in 0..batch.num_rows() {
        let cells: Vec<Value> =
            batch.columns().iter().map(|column| render::cell(column.as_ref(), row)).collect();
        *bytes += cells.iter().map(size).sum::<usize>();
        if *bytes > budget.max_answer_bytes {
            return Err(QueryError::AnswerTooLarge { limit: budget.max_answer_bytes });
        }
        rows.push(cells);
    }
    Ok(())
}

/// About how many bytes a value takes as text.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
