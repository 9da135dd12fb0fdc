//! ArcSight's format as the vendor's templates write it: seven header cells between bars, then `key=value` between blanks. Nothing is
//! escaped, and values hold blanks.

use std::borrow::Cow;

use fanlight_model::Product;
use memchr::memchr_iter;

use super::{
    Field, MAX_KEY_BYTES, Scanned, begins_with_key, field, header, is_key, object, split_at_mark, value,
};
use crate::decode::detect::is_key_of;
use crate::decode::dialect::Syntax;
use crate::decode::flat_json::{Value, is_token};
use crate::decode::line::RawReason;

/// Keys whose values are written by strangers: inside one only a key that is known ends it.
const FREE_TEXT: &[&str] = &[
    "requestClientApplication",
    "request",
    "requestContext",
    "name",
    "reason",
    "ua",
    "eua",
    "fname",
    "filename",
    "filePath",
    "cs4",
    "cs5",
];

pub(super) fn scan(text: &str) -> Scanned<'_> {
    let (before, rest) = split_at_mark(text, &["CEF:0|", "CEF:1|"])?;
    Some(record(before, rest))
}

fn record<'a>(before: &'a str, text: &'a str) -> Result<crate::decode::flat_json::Object<'a>, RawReason> {
    let mut cells = text.splitn(5, '|');
    let (_, _, product, _) = (cells.next(), cells.next(), cells.next(), cells.next());
    let (Some(product), Some(tail)) = (product, cells.next()) else { return Err(RawReason::CutOff) };
    let mut fields = vec![field("product", product)];
    if let Some(time) = header::time(before) {
        fields.push(field("syslog_time", time));
    }
    fields.extend(extension(extension_of(tail).ok_or(RawReason::CutOff)?));
    object(Syntax::Cef, fields)
}

/// What stands behind the severity: rule names before it may hold bars.
fn extension_of(tail: &str) -> Option<&str> {
    let mut rest = tail;
    let mut third = None;
    for cell in 0.. {
        let Some((text, after)) = rest.split_once('|') else { break };
        if cell == 2 {
            third = Some(after);
        }
        if cell >= 1 && is_severity(text.trim()) && (begins_with_key(after) || after.trim().is_empty()) {
            return Some(after);
        }
        rest = after;
    }
    third
}

fn is_severity(text: &str) -> bool {
    matches!(text.len(), 1 | 2) && text.bytes().all(|digit| digit.is_ascii_digit())
        || matches!(text, "Low" | "Medium" | "High" | "Very-High" | "Unknown")
}

/// The keys and values. A key stands at the beginning or behind a blank, and before an equals sign.
fn extension(text: &str) -> Vec<Field<'_>> {
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    for equals in memchr_iter(b'=', text.as_bytes()) {
        let Some(key) = key_before(text, equals) else { continue };
        let free = found.last().is_some_and(|(key, _, _)| FREE_TEXT.contains(key));
        // A browser chooses such text: it must not say anew what was said before.
        if free && (!is_key_of(Product::Zia, key) || found.iter().any(|(known, _, _)| *known == key)) {
            continue;
        }
        let begins = equals - key.len();
        if let Some((_, _, end)) = found.last_mut() {
            *end = begins;
        }
        found.push((key, equals + 1, text.len()));
    }
    found
        .into_iter()
        .map(|(key, from, to)| (Cow::Borrowed(key), of(text.get(from..to).unwrap_or_default())))
        .collect()
}

fn key_before(text: &str, equals: usize) -> Option<&str> {
    let before = text.as_bytes().get(..equals)?;
    let length =
        before.iter().rev().take(MAX_KEY_BYTES + 1).take_while(|byte| !b" \t|".contains(byte)).count();
    let key = text.get(equals - length..equals)?;
    is_key(key).then_some(key)
}

/// A relay may have escaped the equals sign; nothing else is taken for an escape, since paths have backslashes.
fn of(text: &str) -> Value<'_> {
    let text = text.trim();
    if text.contains("\\=") && !is_token(text) {
        return Value::Text(Cow::Owned(text.replace("\\=", "=")));
    }
    value(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let object = scan(text).unwrap().unwrap();
        let text = |value: &Value<'_>| match value {
            Value::Text(text) => text.to_string(),
            other => format!("{other:?}"),
        };
        object.fields.iter().skip(1).map(|(key, value)| (key.to_string(), text(value))).collect()
    }

    #[test]
    fn values_hold_blanks_bars_and_equals_signs() {
        let line = "Jun  1 02:52:44 zscaler-nss CEF:0|Zscaler|NSSWeblog|5.7|Allowed|A | B|3|act=Allowed rt=Jun 01 2026 02:52:44 \
            requestClientApplication=curl x=1 (a=b) external_devid= flow_type=ZIA request=a.example.com/?q=1&r=2 new_key=z\\=1";
        let expected = [
            ("product", "NSSWeblog"),
            ("syslog_time", "Jun  1 02:52:44"),
            ("act", "Allowed"),
            ("rt", "Jun 01 2026 02:52:44"),
            ("requestClientApplication", "curl x=1 (a=b)"),
            ("external_devid", ""),
            ("flow_type", "ZIA"),
            ("request", "a.example.com/?q=1&r=2 new_key=z=1"),
        ];
        let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        assert_eq!(read(line), expected);
        assert_eq!(read("CEF:0|Zscaler|X|1|a|b|3|one=1 new_key=2").len(), 3);
    }

    #[test]
    fn a_header_that_is_cut_is_told() {
        for line in ["CEF:0|", "CEF:0|a|b|c", "CEF:0|a|b|c|d", "CEF:0|a|b|c|d|e"] {
            assert_eq!(scan(line), Some(Err(RawReason::CutOff)), "{line}");
        }
        assert_eq!(scan("{\"a\":\"CEF:0|\"}"), None);
    }
}
