//! Records inside a key `event` that break JSON: the object around them is taken apart first, so that what is wrong inside can be mended.

use std::borrow::Cow;

use super::flat_json::{Object, Value, lenient, strict};
use super::note::Notes;

/// Splunk's form of ZIA feeds.
pub(crate) const ENVELOPE_KEY: &str = "event";

/// Reads `{"sourcetype":"…","event":{…}}`, with the members in either order, where it cannot be read as a whole. `None` where it is no
/// such object. Only for a line of its own: what stands behind it would be taken for a part of it.
pub(crate) fn apart<'a>(text: &'a str, notes: &mut Notes) -> Option<Object<'a>> {
    let whole = text.trim_end().strip_suffix('}')?;
    let (key_at, open) = envelope(whole)?;
    let mut repairs = Notes::default();
    let inner = lenient(whole.get(open..)?, &mut repairs).ok()?;
    let before = members(whole.get(..key_at)?.trim_start().strip_prefix('{')?)?;
    let after = members(inner.rest)?;
    notes.extend(&repairs);
    let fields = before.into_iter().chain(inner.fields).chain(after).collect();
    Some(Object { fields, places: Vec::new(), rest: "" })
}

/// Where the key stands, and where its object begins.
fn envelope(text: &str) -> Option<(usize, usize)> {
    let quoted = "\"event\"";
    for (at, _) in text.match_indices(quoted) {
        let after = text.get(at + quoted.len()..)?;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        if let Some(value) = value
            && value.starts_with('{')
        {
            return Some((at, text.len() - value.len()));
        }
    }
    None
}

/// The members beside it, which are short and sound.
fn members(text: &str) -> Option<Vec<(Cow<'static, str>, Value<'static>)>> {
    let text = text.trim().trim_start_matches(',').trim_end_matches(',');
    let object = format!("{{{text}}}");
    let object = strict(&object).ok().filter(|object| object.rest.is_empty())?;
    let owned = |(key, value): (Cow<'_, str>, Value<'_>)| {
        let value = match value {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Bare(text) | Value::Nested(text) => Value::Text(Cow::Owned(text.to_owned())),
            Value::Nothing => Value::Nothing,
            Value::Token => Value::Token,
        };
        (Cow::Owned(key.into_owned()), value)
    };
    Some(object.fields.into_iter().map(owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_inside_is_mended_inside() {
        for line in [
            r#"{"sourcetype":"s", "event" : {"ua":"a "b" c","n":"1"}}"#,
            r#"{"event":{"ua":"a "b" c","n":"1"},"sourcetype":"s"}"#,
        ] {
            let mut notes = Notes::default();
            let object = apart(line, &mut notes).unwrap();
            let keys: Vec<&str> = object.fields.iter().map(|(key, _)| &**key).collect();
            assert_eq!(keys.len(), 3, "{line} {keys:?}");
            let ua = object.fields.iter().find(|(key, _)| key == "ua").unwrap();
            assert_eq!(ua.1, Value::Text(Cow::Borrowed("a \"b\" c")));
        }
        for line in ["", "{}", r#"{"event":1}"#, r#"{"event":{"a":"b"}"#, r#"{"x":"event"}"#] {
            assert_eq!(apart(line, &mut Notes::default()), None, "{line}");
        }
    }
}
