//! Regular expressions: bounded in size, matched in linear time, compiled once a search.

use std::hash::{Hash, Hasher};

use datafusion::arrow::array::{Array, AsArray, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use regex::{Regex, RegexBuilder};
use std::sync::Arc;

/// What a compiled pattern may take. `[^x]{1000}` needs more, and no name of a service does.
const MAX_COMPILED_BYTES: usize = 256 << 10;

/// Why a text is no pattern.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PatternError {
    /// It is not a regular expression.
    #[error("not a regular expression: {message}")]
    Invalid {
        /// What the library says, on one line.
        message: String,
    },
    /// It is one that takes too much memory.
    #[error("the regular expression takes more than {limit} bytes when compiled")]
    TooLarge {
        /// How many are allowed.
        limit: usize,
    },
}

/// A regular expression that matches a text as a whole, as TraceQL's do.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    compiled: Regex,
}

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// [`PatternError`] with the reason.
    pub fn new(text: &str) -> std::result::Result<Self, PatternError> {
        // By itself first: `a)|(b` would be a pattern within the brackets that make it match as a whole, and another one.
        compile(text)?;
        Ok(Self { text: text.to_owned(), compiled: compile(&format!("^(?:{text})$"))? })
    }

    /// Matches a list as text that has `item` in it, `comma` being between its items.
    pub(super) fn of_item(item: &str, comma: &str) -> std::result::Result<Self, PatternError> {
        let (item, comma) = (regex::escape(item), regex::escape(comma));
        Self::new(&format!("(?s)(.*{comma})?{item}({comma}.*)?"))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The condition that a text matches; null where there is no text.
    pub(super) fn matches(&self, text: Expr) -> Expr {
        let matches = Matches { pattern: self.clone(), signature: Signature::any(1, Volatility::Immutable) };
        ScalarUDF::from(matches).call(vec![text])
    }
}

fn compile(text: &str) -> std::result::Result<Regex, PatternError> {
    let mut builder = RegexBuilder::new(text);
    let compiled = builder.size_limit(MAX_COMPILED_BYTES).dfa_size_limit(MAX_COMPILED_BYTES).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge { limit: MAX_COMPILED_BYTES },
        other => PatternError::Invalid { message: reason(&other) },
    })
}

/// The library draws the pattern with a caret, over several lines; the last of them says why.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// Not callable from SQL: it is registered nowhere.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Matches {
    pattern: Pattern,
    signature: Signature,
}

impl ScalarUDFImpl for Matches {
    fn name(&self) -> &'static str {
        "matches"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(argument) = call.args.first() else { return exec_err!("there is nothing to match") };
        let texts = argument.to_array(call.number_rows)?;
        let Some(texts) = texts.as_string_opt::<i32>() else {
            return exec_err!("a pattern is matched with a text, not with {}", texts.data_type());
        };
        let matched: BooleanArray =
            texts.iter().map(|text| text.map(|text| self.pattern.compiled.is_match(text))).collect();
        Ok(ColumnarValue::Array(Arc::new(matched)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let pattern = Pattern::new("GET|POST").expect("a pattern");
        assert!(pattern.compiled.is_match("GET"));
        assert!(!pattern.compiled.is_match("GET /orders"));
        assert!(!pattern.compiled.is_match("xPOST"));
    }

    #[test]
    fn an_item_is_found_whole_in_a_list() {
        let pattern = Pattern::of_item("a.b", ",").expect("a pattern");
        let found = ["a.b", "x,a.b", "a.b,x", "x,a.b,y", "axb", "a.bc", "xa.b"]
            .map(|list| pattern.compiled.is_match(list));
        assert_eq!(found, [true, true, true, true, false, false, false]);
    }

    #[test]
    fn what_is_no_pattern_or_too_large_a_one_is_refused() {
        assert!(
            matches!(Pattern::new("(a"), Err(PatternError::Invalid { message }) if message.contains("unclosed"))
        );
        assert!(matches!(Pattern::new(r"(\pL{100}){100}"), Err(PatternError::TooLarge { .. })));
        assert!(matches!(Pattern::new("a)(b"), Err(PatternError::Invalid { .. })));
    }
}
