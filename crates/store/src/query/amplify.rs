//! Functions that make large values of small ones, held to a size.
//!
//! `a || a` doubles a text; written over itself in thirty nested selects it makes a gigabyte of one letter, and no memory pool
//! sees it, because a value in flight belongs to nobody. Each such call is therefore measured before it is made. What cannot be
//! measured beforehand (`repeat`) is not on the list of functions at all.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::kernels::concat_elements::concat_elements_dyn;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

/// What one call may make of one batch of rows.
const MAX_RESULT_BYTES: usize = 64 << 20;

const GUARDED: [&str; 9] = [
    "concat",
    "concat_ws",
    "replace",
    "regexp_replace",
    "array_to_string",
    "make_array",
    "struct",
    "named_struct",
    "map",
];

/// Has every call of such a function, and every `||`, measured, also where the planner made it of other syntax.
pub(super) fn register(session: &mut SessionState) -> Result<()> {
    session.register_function_rewrite(Arc::new(Measure))
}

#[derive(Debug)]
struct Measure;

impl FunctionRewrite for Measure {
    fn name(&self) -> &'static str {
        "measure"
    }

    fn rewrite(&self, expr: Expr, _schema: &DFSchema, _config: &ConfigOptions) -> Result<Transformed<Expr>> {
        Ok(match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
                let concatenate = ScalarUDF::from(Concatenate {
                    signature: Signature::user_defined(Volatility::Immutable),
                });
                Transformed::yes(concatenate.call(vec![*left, *right]))
            }
            Expr::ScalarFunction(ScalarFunction { func, args }) if GUARDED.contains(&func.name()) => {
                let is_measured = func.inner().downcast_ref::<Measured>().is_some();
                let func =
                    if is_measured { func } else { Arc::new(ScalarUDF::from(Measured { inner: func })) };
                let expr = Expr::ScalarFunction(ScalarFunction { func, args });
                if is_measured { Transformed::no(expr) } else { Transformed::yes(expr) }
            }
            other => Transformed::no(other),
        })
    }
}

/// A function whose result is estimated, from above, before each call.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Measured {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(estimate(self.name(), &call))?;
        self.inner.invoke_with_args(call)
    }
}

/// `||` on texts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenate {
    signature: Signature,
}

impl ScalarUDFImpl for Concatenate {
    fn name(&self) -> &'static str {
        "concatenate"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let text =
            if arguments.contains(&DataType::LargeUtf8) { DataType::LargeUtf8 } else { DataType::Utf8 };
        Ok(vec![text; arguments.len()])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Utf8))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check(estimate(self.name(), &call))?;
        let [left, right] = call.args.as_slice() else { return exec_err!("`||` stands between two texts") };
        let (left, right) = (left.to_array(call.number_rows)?, right.to_array(call.number_rows)?);
        Ok(ColumnarValue::Array(concat_elements_dyn(left.as_ref(), right.as_ref())?))
    }
}

fn check(estimate: usize) -> Result<()> {
    if estimate <= MAX_RESULT_BYTES {
        return Ok(());
    }
    Err(DataFusionError::ResourcesExhausted(format!("a value of {estimate} bytes")))
}

/// At most how many bytes the call makes. Replacing can put the new text before each letter, and a pattern's replacement can
/// name what was found as often as it has room for; joining a list puts the separator before each item.
fn estimate(name: &str, call: &ScalarFunctionArgs) -> usize {
    let rows = call.number_rows;
    let bytes = |at: usize| call.args.get(at).map_or(0, |value| total(value, rows));
    let longest = |at: usize| call.args.get(at).map_or(0, longest);
    match name {
        "replace" => (bytes(0) + rows).saturating_mul(longest(2) + 1),
        "regexp_replace" => (bytes(0) + rows).saturating_mul(2 * longest(2) + 1),
        "array_to_string" => (bytes(0) + rows).saturating_mul(longest(1) + 1),
        _ => (0..call.args.len()).map(bytes).sum(),
    }
}

/// The bytes of all rows together.
fn total(value: &ColumnarValue, rows: usize) -> usize {
    match value {
        ColumnarValue::Scalar(scalar) => {
            let bytes = scalar.to_array().map_or(usize::MAX, |array| array_bytes(array.as_ref()));
            bytes.saturating_mul(rows.max(1))
        }
        ColumnarValue::Array(array) => array_bytes(array.as_ref()),
    }
}

fn array_bytes(array: &dyn Array) -> usize {
    match array.data_type() {
        DataType::Utf8 => {
            let offsets = array.as_string::<i32>().value_offsets();
            let ends = (offsets.first(), offsets.last());
            match ends {
                (Some(first), Some(last)) => usize::try_from(last - first).unwrap_or(0),
                _ => 0,
            }
        }
        DataType::Utf8View => array.as_string_view().iter().flatten().map(str::len).sum(),
        _ => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
    }
}

/// The longest text of any row.
fn longest(value: &ColumnarValue) -> usize {
    match value {
        ColumnarValue::Scalar(scalar) => scalar.try_as_str().flatten().map_or(0, str::len),
        ColumnarValue::Array(array) => match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().iter().flatten().map(str::len).max().unwrap_or(0),
            DataType::Utf8View => array.as_string_view().iter().flatten().map(str::len).max().unwrap_or(0),
            _ => array_bytes(array.as_ref()),
        },
    }
}
