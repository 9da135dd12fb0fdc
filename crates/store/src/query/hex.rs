//! Ids: bytes in the store, lower-case hex in SQL.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, AsArray, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Column, ScalarValue, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use crate::ID_COLUMNS;
use crate::schema::id_width;

/// The bytes as lower-case hex.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        push(&mut text, *byte);
    }
    text
}

fn push(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}

/// The expression that shows an id column in SQL.
pub(super) fn shown(column: &str) -> Expr {
    ENCODE.call(vec![bare(column)])
}

/// A column of the store's schema: no table's name before it, and its case kept.
pub(super) fn bare(column: &str) -> Expr {
    Expr::Column(Column::new_unqualified(column))
}

static ENCODE: LazyLock<ScalarUDF> =
    LazyLock::new(|| ScalarUDF::from(Encode { signature: Signature::any(1, Volatility::Immutable) }));

/// Fixed-size bytes to lower-case hex. Not callable from SQL: it is registered nowhere.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Encode {
    signature: Signature,
}

impl ScalarUDFImpl for Encode {
    fn name(&self) -> &'static str {
        "id_to_hex"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    /// An id that is always there is shown always, too: the planner checks that both sides agree.
    fn return_field_from_args(&self, call: ReturnFieldArgs) -> Result<FieldRef> {
        let is_nullable = call.arg_fields.first().is_none_or(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Utf8, is_nullable)))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(argument) = call.args.first() else { return exec_err!("an id is missing") };
        let ids = argument.to_array(call.number_rows)?;
        let Some(ids) = ids.as_fixed_size_binary_opt() else { return exec_err!("an id is not bytes") };
        let width = usize::try_from(ids.value_length()).unwrap_or_default() * 2;
        let mut texts = StringBuilder::with_capacity(ids.len(), ids.len() * width);
        for id in ids {
            match id {
                Some(bytes) => {
                    for byte in bytes {
                        write!(texts, "{byte:02x}")?;
                    }
                    texts.append_value("");
                }
                None => texts.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(texts.finish())))
    }
}

/// A condition on the table as SQL shows it, as a condition on the table as it is stored: `trace_id = '0a…'` becomes a
/// comparison of bytes, which statistics and blooms can answer. `None` where there is no such form; the condition is then
/// decided on the shown rows alone, as it is once more in any case.
pub(super) fn stored(condition: &Expr) -> Option<Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if matches!(op, Operator::And | Operator::Or) => {
            Some(binary(stored(left)?, *op, stored(right)?))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Eq | Operator::NotEq), right }) => {
            match (id_column(left), id_column(right)) {
                (Some((name, width)), None) => Some(binary(bare(name), *op, id_literal(right, width)?)),
                (None, Some((name, width))) => Some(binary(bare(name), *op, id_literal(left, width)?)),
                _ => unchanged(condition),
            }
        }
        Expr::InList(InList { expr, list, negated }) => match id_column(expr) {
            Some((name, width)) => {
                let list = list.iter().map(|item| id_literal(item, width)).collect::<Option<Vec<_>>>()?;
                Some(bare(name).in_list(list, *negated))
            }
            None => unchanged(condition),
        },
        Expr::IsNull(inner) => Some(Expr::IsNull(Box::new(bare(any_column(inner)?)))),
        Expr::IsNotNull(inner) => Some(Expr::IsNotNull(Box::new(bare(any_column(inner)?)))),
        _ => unchanged(condition),
    }
}

/// A condition that names no id column has the same form on both sides, but for the table's name before its columns.
fn unchanged(condition: &Expr) -> Option<Expr> {
    let names_an_id = condition.column_refs().into_iter().any(|column| is_id(&column.name));
    if names_an_id { None } else { unqualified(condition) }
}

/// The condition without the table's name before its columns.
pub(super) fn unqualified(condition: &Expr) -> Option<Expr> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let unqualified = condition.clone().transform(|expr| {
        Ok(match expr {
            Expr::Column(column) => Transformed::yes(bare(&column.name)),
            other => Transformed::no(other),
        })
    });
    unqualified.ok().map(|transformed| transformed.data)
}

fn binary(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

fn is_id(name: &str) -> bool {
    ID_COLUMNS.contains(&name)
}

fn any_column(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

/// An id column and how many bytes its ids have.
fn id_column(expr: &Expr) -> Option<(&str, i32)> {
    let name = any_column(expr).filter(|name| is_id(name))?;
    Some((name, id_width(name)))
}

/// A text in exactly the form in which ids are shown; any other text equals no id.
fn id_literal(expr: &Expr, width: i32) -> Option<Expr> {
    let Expr::Literal(value, _) = expr else { return None };
    let text = value.try_as_str()??;
    let digits = text.as_bytes();
    if i32::try_from(digits.len()).ok()? != width * 2 {
        return None;
    }
    let bytes: Option<Vec<u8>> = digits.chunks_exact(2).map(byte).collect();
    Some(Expr::Literal(ScalarValue::FixedSizeBinary(width, Some(bytes?)), None))
}

fn byte(pair: &[u8]) -> Option<u8> {
    let digit = |at: usize| match pair.get(at)? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(digit(0)? << 4 | digit(1)?)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};

    use super::*;

    #[test]
    fn a_condition_on_shown_ids_becomes_one_on_bytes() {
        let condition = stored(&col("spans.span_id").eq(lit("00000000000000ff"))).expect("has a stored form");
        let bytes =
            Expr::Literal(ScalarValue::FixedSizeBinary(8, Some(vec![0, 0, 0, 0, 0, 0, 0, 255])), None);
        assert_eq!(condition, bare("span_id").eq(bytes));
    }

    /// Upper-case hex equals no shown id, so it must not be turned into bytes that equal a stored one.
    #[test]
    fn a_text_that_is_never_shown_has_no_stored_form() {
        assert_eq!(stored(&col("span_id").eq(lit("00000000000000FF"))), None);
        assert_eq!(stored(&col("span_id").eq(lit("ff"))), None);
        assert_eq!(stored(&col("trace_id").like(lit("ab%"))), None);
        assert_eq!(stored(&col("spans.kind").eq(lit("server"))), Some(bare("kind").eq(lit("server"))));
    }

    #[test]
    fn bytes_are_shown_in_lower_case() {
        assert_eq!(text(&[0, 15, 171]), "000fab");
    }
}
