//! Lines that are no JSON: one scanner a syntax, each of which yields keys and values as they stand. Pure and total: whatever the
//! bytes, there is an answer, and what a value holds never becomes a key of another line.

mod alert;
mod cef;
mod cells;
mod header;
mod leef;
mod pairs;

use std::borrow::Cow;

use fanlight_model::Feed;

use super::detect::SYNTAX_KEY;
use super::dialect::Syntax;
use super::feed_setting::Columns;
use super::flat_json::{Object, Value, is_token};
use super::line::RawReason;
use super::note::Notes;

/// A key and its value.
type Field<'a> = (Cow<'a, str>, Value<'a>);

/// What a line holds, or why it cannot be read; `None` where it is of no syntax here.
type Scanned<'a> = Option<Result<Object<'a>, RawReason>>;

/// The longest template known has about 170 keys.
const MAX_FIELDS: usize = 512;

/// A syslog header with its host and tag is shorter.
const MAX_HEADER_BYTES: usize = 512;

/// Reads a line that does not begin with an object. `columns` is the template that the site declared for the port.
pub(crate) fn scan<'a>(
    text: &'a str,
    hint: Feed,
    columns: Option<&'a Columns>,
    notes: &mut Notes,
) -> Scanned<'a> {
    let text = text.trim_start_matches(' ');
    if let Some(columns) = columns {
        return Some(cells::declared(text, columns, notes));
    }
    cef::scan(text)
        .or_else(|| leef::scan(text, notes))
        .or_else(|| pairs::rsa(text))
        .or_else(|| alert::scan(text))
        .or_else(|| pairs::key_value(text))
        .or_else(|| cells::vendors(text, hint, notes))
}

/// An object of these fields, which says its syntax first.
fn object<'a>(syntax: Syntax, fields: Vec<Field<'a>>) -> Result<Object<'a>, RawReason> {
    if fields.len() > MAX_FIELDS {
        return Err(RawReason::TooManyFields);
    }
    let mut all = Vec::with_capacity(fields.len() + 1);
    all.push((Cow::Borrowed(SYNTAX_KEY), Value::Text(Cow::Borrowed(syntax.word()))));
    all.extend(fields);
    Ok(Object { fields: all, places: Vec::new(), rest: "" })
}

fn value<'a>(text: &'a str) -> Value<'a> {
    if is_token(text) { Value::Token } else { Value::Text(Cow::Borrowed(text)) }
}

fn field<'a>(key: &'a str, text: &'a str) -> Field<'a> {
    (Cow::Borrowed(key), value(text))
}

/// Tokens are shorter. No further is looked for a key, lest a line of marks is searched to its end for each of them.
const MAX_KEY_BYTES: usize = 64;

/// A key as templates write it.
fn is_key(key: &str) -> bool {
    key.len() <= MAX_KEY_BYTES
        && key.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// True where a text begins with a key and an equals sign.
fn begins_with_key(text: &str) -> bool {
    let text = text.trim_start();
    let equals = text.bytes().take(MAX_KEY_BYTES + 1).position(|byte| byte == b'=');
    equals.and_then(|at| text.get(..at)).is_some_and(is_key)
}

/// Splits a line at the first of these marks that stands in its header and before any object.
fn split_at_mark<'a>(text: &'a str, marks: &[&str]) -> Option<(&'a str, &'a str)> {
    let end = text.len().min(MAX_HEADER_BYTES);
    let bytes = text.as_bytes().get(..end)?;
    let bytes = bytes.split(|byte| *byte == b'{').next()?;
    let at = marks
        .iter()
        .filter_map(|mark| {
            bytes.windows(mark.len()).position(|part| part.eq_ignore_ascii_case(mark.as_bytes()))
        })
        .min()?;
    text.split_at_checked(at)
}
