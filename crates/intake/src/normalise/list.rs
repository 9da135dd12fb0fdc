//! Lists and attributes inside a value, in all the shapes that they come in.

use std::sync::Arc;

use crate::decode::flat_json::{Value, array, lenient};
use crate::decode::note::Notes;

/// More postures, networks or groups than any principal has.
const MAX_ITEMS: usize = 1_024;

type Share<'s> = &'s mut dyn FnMut(&str) -> Arc<str>;

/// `["a","b"]`, `[a,b]`, `a,b`, `a`.
pub(crate) fn list(text: &str, share: Share<'_>) -> Vec<Arc<str>> {
    let mut items = Vec::new();
    let mut add = |item: &str| {
        let item = item.trim_ascii();
        if !item.is_empty() && items.len() < MAX_ITEMS {
            items.push(share(item));
        }
    };
    match array(text) {
        Some(values) => values.iter().for_each(|value| {
            if let Value::Text(item) = value {
                add(item);
            } else if let Value::Bare(item) | Value::Nested(item) = value {
                add(item);
            }
        }),
        None => without_brackets(text).split(',').for_each(|item| add(unquoted(item.trim_ascii()))),
    }
    items
}

/// A template that writes the brackets itself puts no quotes between them: `[a,b]`.
fn without_brackets(text: &str) -> &str {
    let inside = text.trim_ascii().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(text)
}

fn unquoted(item: &str) -> &str {
    item.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(item)
}

/// `name:ana,mail:ana@example.com`, or a JSON object whose values are texts or lists.
pub(crate) fn attributes(text: &str, share: Share<'_>) -> Vec<(Arc<str>, Vec<Arc<str>>)> {
    if text.starts_with('{')
        && let Ok(object) = lenient(text, &mut Notes::default())
    {
        let values = |value: &Value<'_>, share: Share<'_>| match value {
            Value::Text(text) => vec![share(text)],
            Value::Bare(text) => vec![share(text)],
            Value::Nested(text) => list(text, share),
            Value::Nothing | Value::Token => Vec::new(),
        };
        return object
            .fields
            .iter()
            .take(MAX_ITEMS)
            .map(|(key, value)| (share(key), values(value, share)))
            .collect();
    }
    let mut attributes: Vec<(Arc<str>, Vec<Arc<str>>)> = Vec::new();
    for part in text.split(',').take(MAX_ITEMS) {
        match (part.split_once(':'), attributes.last_mut()) {
            (Some((name, value)), _) if !name.trim_ascii().is_empty() => {
                attributes.push((share(name.trim_ascii()), vec![share(value.trim_ascii())]));
            }
            // A comma inside a value: a further value of the attribute before it.
            (_, Some((_, values))) if !part.trim_ascii().is_empty() => values.push(share(part.trim_ascii())),
            _ => {}
        }
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let read = list(text, &mut |text| Arc::from(text));
        assert_eq!(read.iter().map(|item| &**item).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_list_is_read_in_each_of_its_shapes() {
        check("", &[]);
        check("[]", &[]);
        check(r#"["a","b, c","d\"e"]"#, &["a", "b, c", "d\"e"]);
        check("a,b", &["a", "b"]);
        check("a", &["a"]);
        check("[1, 2]", &["1", "2"]);
        check("[a,b", &["[a", "b"]);
        check("[a,b]", &["a", "b"]);
        check("[compliant os, \"disk, encrypted]", &["compliant os", "\"disk", "encrypted"]);
        check(r#"[a,"b"]"#, &["a", "b"]);
    }

    fn shown(text: &str) -> String {
        let read = attributes(text, &mut |text| Arc::from(text));
        read.iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn attributes_are_read_in_both_shapes() {
        assert_eq!(shown("myname:ana,myemail:ana@example.com"), "myname=ana myemail=ana@example.com");
        assert_eq!(shown("groups:a,b,url:https://example.com/"), "groups=a|b url=https://example.com/");
        assert_eq!(
            shown(r#"{"groups":["a","b, c"],"mail":"ana@example.com","none":null}"#),
            "groups=a|b, c mail=ana@example.com none="
        );
        assert_eq!(shown(""), "");
    }
}
