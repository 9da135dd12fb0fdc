//! A filter as the engine's expression. Texts of the asker's become literals: none of them is ever parsed.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, cast, not, try_cast};
use datafusion::prelude::lit;
use fanlight_model::attribute as key;

use super::attribute::attribute;
use super::filter::{AccessField, Comparison, Form, SpanField, SpanFilter, SpanTest, Test};
use super::pattern::Pattern;
use crate::query::hex::bare;

/// The columns that a trace's own conditions are on, as the plan names them.
pub(super) const TRACE_DURATION: &str = "trace_duration_ns";
pub(super) const TRACE_ROOT_NAME: &str = "trace_root_name";
pub(super) const TRACE_ROOT_SERVICE: &str = "trace_root_service";

/// What stands between the texts of a list that was made one text; no effect has one in it.
pub(super) const LIST_COMMA: &str = ",";

/// The column of an access event's field, as the plan names it.
pub(super) fn access_column(field: AccessField) -> String {
    format!("access_{}", field.column())
}

/// A span's value, in one of the kinds that can be compared.
enum Value {
    Text(Expr),
    /// Several texts, [`LIST_COMMA`] between them.
    Texts(Expr),
    Whole(Expr),
    Number(Expr),
}

pub(super) fn condition(filter: &SpanFilter) -> Expr {
    match filter {
        SpanFilter::Always => lit(true),
        SpanFilter::All(parts) => conjunction(parts.iter().map(condition)).unwrap_or_else(|| lit(true)),
        SpanFilter::Any(parts) => disjunction(parts.iter().map(condition)).unwrap_or_else(|| lit(false)),
        SpanFilter::Test(SpanTest { field, test }) => value(field).fulfils(test),
    }
}

fn value(field: &SpanField) -> Value {
    match field {
        SpanField::Name => Value::Text(bare("name")),
        SpanField::Kind => Value::Text(bare("kind")),
        SpanField::Status => Value::Text(bare("status_code")),
        SpanField::StatusMessage => Value::Text(bare("status_message")),
        SpanField::Duration => Value::Whole(bare("duration_ns")),
        SpanField::TraceDuration => Value::Whole(bare(TRACE_DURATION)),
        SpanField::RootName => Value::Text(bare(TRACE_ROOT_NAME)),
        SpanField::RootService => Value::Text(bare(TRACE_ROOT_SERVICE)),
        SpanField::Attribute(key) => Value::Text(of_span(key)),
        // It has a column of its own, with statistics.
        SpanField::Resource(key) if key == key::SERVICE_NAME => Value::Text(bare("service_name")),
        SpanField::Resource(key) => Value::Text(attribute(key, vec![bare("resource")])),
        SpanField::Either(key) => Value::Text(attribute(key, vec![bare("attributes"), bare("resource")])),
        SpanField::Access(field) => access(*field),
        SpanField::Enriched(key, field) => match access(*field) {
            Value::Text(told) => Value::Text(coalesce(vec![of_span(key), told])),
            numeric => numeric,
        },
    }
}

fn of_span(key: &str) -> Expr {
    attribute(key, vec![bare("attributes")])
}

fn access(field: AccessField) -> Value {
    let column = bare(&access_column(field));
    match field.form() {
        Form::Text | Form::Id => Value::Text(column),
        Form::Texts => Value::Texts(column),
        Form::Number | Form::Phase => Value::Number(column),
    }
}

impl Value {
    fn fulfils(self, test: &Test) -> Expr {
        match test {
            Test::Absent => self.expr().is_null(),
            Test::Present => self.expr().is_not_null(),
            Test::Text(Comparison::Equal, text) if self.is_list() => self.has(text),
            Test::Text(Comparison::NotEqual, text) if self.is_list() => not(self.has(text)),
            Test::Text(comparison, text) => compare(self.into_text(), *comparison, lit(text.as_str())),
            Test::Whole(comparison, number) => self.compared_with_whole(*comparison, *number),
            Test::Number(comparison, number) => self.compared_with_number(*comparison, *number),
            Test::Matches(pattern) => pattern.matches(self.into_text()),
            Test::MatchesNot(pattern) => not(pattern.matches(self.into_text())),
        }
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::Texts(_))
    }

    /// One of the texts is this one.
    fn has(self, text: &str) -> Expr {
        match Pattern::of_item(text, LIST_COMMA) {
            Ok(pattern) => pattern.matches(self.expr()),
            Err(_) => lit(false),
        }
    }

    fn expr(self) -> Expr {
        match self {
            Self::Text(expr) | Self::Texts(expr) | Self::Whole(expr) | Self::Number(expr) => expr,
        }
    }

    fn into_text(self) -> Expr {
        match self {
            Self::Text(expr) | Self::Texts(expr) => expr,
            Self::Whole(expr) | Self::Number(expr) => cast(expr, DataType::Utf8),
        }
    }

    /// Attributes are kept as text: one that reads as a whole number is compared as one, exactly, and any other number as a
    /// double.
    fn compared_with_whole(self, comparison: Comparison, number: i64) -> Expr {
        match self {
            Self::Whole(expr) => compare(expr, comparison, lit(number)),
            Self::Text(expr) | Self::Texts(expr) => coalesce(vec![
                compare(try_cast(expr.clone(), DataType::Int64), comparison, lit(number)),
                compare(try_cast(expr, DataType::Float64), comparison, lit(nearest(number))),
            ]),
            Self::Number(expr) => compare(expr, comparison, lit(nearest(number))),
        }
    }

    fn compared_with_number(self, comparison: Comparison, number: f64) -> Expr {
        let expr = match self {
            Self::Text(expr) | Self::Texts(expr) => try_cast(expr, DataType::Float64),
            Self::Whole(expr) => cast(expr, DataType::Float64),
            Self::Number(expr) => expr,
        };
        compare(expr, comparison, lit(number))
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is compared with a double, which has no more digits")]
fn nearest(number: i64) -> f64 {
    number as f64
}

fn compare(left: Expr, comparison: Comparison, right: Expr) -> Expr {
    let op = match comparison {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
    };
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}
