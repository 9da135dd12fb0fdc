//! What a query may be made of. Everything here is a list of what is allowed: what a later engine adds is refused until it
//! stands here.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::QueryError;

/// Longer queries are no person's, and no panel's.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Words and operators that can nest. The planner walks the query by recursion: this bounds its stack.
const MAX_NESTING_TOKENS: usize = 1_000;

/// Checks the text before it is parsed.
pub(super) fn check_text(sql: &str) -> Result<(), QueryError> {
    if sql.len() > MAX_TEXT_BYTES {
        return Err(QueryError::TooComplex { what: "bytes", limit: MAX_TEXT_BYTES });
    }
    let tokens = match Tokenizer::new(&GenericDialect {}, sql).tokenize() {
        Ok(tokens) => tokens,
        Err(error) => return Err(QueryError::Syntax { message: error.to_string() }),
    };
    if tokens.iter().filter(|token| can_nest(token)).count() > MAX_NESTING_TOKENS {
        return Err(QueryError::TooComplex { what: "words and operators", limit: MAX_NESTING_TOKENS });
    }
    Ok(())
}

/// Literals and commas make a query long (`in (…)`), not deep.
fn can_nest(token: &Token) -> bool {
    !matches!(
        token,
        Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) | Token::EOF
    )
}

/// Checks every step of the plan and every function in it. The outer error is the engine's.
pub(super) fn check(plan: &LogicalPlan) -> Result<Result<(), QueryError>> {
    let mut refused = None;
    plan.apply_with_subqueries(|step| {
        refused = step_refused(step);
        if refused.is_none() {
            step.apply_expressions(|expr| {
                expr.apply(|part| {
                    refused = refused.take().or_else(|| function_refused(part));
                    Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
                })
            })?;
        }
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(refused.map_or(Ok(()), Err))
}

fn step_refused(step: &LogicalPlan) -> Option<QueryError> {
    match step {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::DescribeTable(_) => None,
        LogicalPlan::RecursiveQuery(_) => {
            Some(QueryError::NotAllowed { what: "a recursive query".to_owned() })
        }
        LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Copy(_) | LogicalPlan::Statement(_) => {
            Some(QueryError::NotReadOnly { what: kind(step) })
        }
        other => Some(QueryError::NotAllowed { what: kind(other) }),
    }
}

/// The step's own word for itself: `CreateMemoryTable`, `Explain`.
fn kind(step: &LogicalPlan) -> String {
    let shown = step.display().to_string();
    shown.split([':', ' ']).next().unwrap_or_default().to_owned()
}

fn function_refused(expr: &Expr) -> Option<QueryError> {
    match expr {
        Expr::ScalarFunction(call) if !function(call.name()) => {
            Some(QueryError::NotAllowed { what: format!("the function `{}`", call.name()) })
        }
        _ => None,
    }
}

/// True for a function that reaches nothing outside of its arguments and makes of them nothing much larger.
///
/// Left out on purpose: those that name files (`input_file_name`), and those that make a large value of a small one (`repeat`,
/// `lpad`, `rpad`, `range`, `generate_series`, `array_repeat`, `array_resize`, `array_concat`).
pub(super) fn function(name: &str) -> bool {
    FUNCTIONS.iter().any(|group| group.contains(&name))
}

const FUNCTIONS: [&[&str]; 6] = [
    // Choice, structure and types.
    &[
        "coalesce",
        "nullif",
        "nvl",
        "nvl2",
        "greatest",
        "least",
        "get_field",
        "struct",
        "named_struct",
        "arrow_typeof",
        "arrow_cast",
        "version",
    ],
    // Numbers.
    &[
        "abs", "ceil", "floor", "round", "trunc", "signum", "sqrt", "cbrt", "exp", "ln", "log", "log2",
        "log10", "power", "isnan", "iszero", "nanvl", "pi",
    ],
    // Text.
    &[
        "ascii",
        "bit_length",
        "btrim",
        "chr",
        "concat",
        "concat_ws",
        "contains",
        "ends_with",
        "levenshtein",
        "lower",
        "ltrim",
        "octet_length",
        "replace",
        "rtrim",
        "split_part",
        "starts_with",
        "to_hex",
        "upper",
        "character_length",
        "find_in_set",
        "initcap",
        "left",
        "reverse",
        "right",
        "strpos",
        "substr",
        "substr_index",
        "translate",
    ],
    // Regular expressions, which this engine matches in linear time.
    &["regexp_like", "regexp_match", "regexp_replace", "regexp_count", "regexp_instr"],
    // Time.
    &[
        "now",
        "current_date",
        "current_time",
        "date_bin",
        "date_part",
        "date_trunc",
        "from_unixtime",
        "make_date",
        "to_char",
        "to_date",
        "to_time",
        "to_local_time",
        "to_timestamp",
        "to_timestamp_seconds",
        "to_timestamp_millis",
        "to_timestamp_micros",
        "to_timestamp_nanos",
        "to_unixtime",
    ],
    // Lists and maps.
    &[
        "array_element",
        "array_length",
        "array_has",
        "array_has_all",
        "array_has_any",
        "array_position",
        "array_positions",
        "array_distinct",
        "array_sort",
        "array_to_string",
        "array_min",
        "array_max",
        "array_slice",
        "array_except",
        "array_intersect",
        "array_union",
        "array_remove",
        "array_any_value",
        "array_reverse",
        "cardinality",
        "empty",
        "flatten",
        "make_array",
        "map",
        "map_entries",
        "map_extract",
        "map_keys",
        "map_values",
        "string_to_array",
    ],
];
