//! The renderings of one token: plain, with bytes as `%HH`, in base64, or as an opaque number.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::feed_table::{FeedTable, Kind};
use super::table::TABLES;

/// The places of the fields that render one token otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Renderings {
    pub(crate) hex: Option<usize>,
    pub(crate) base64: Option<usize>,
    pub(crate) obfuscated: Option<usize>,
}

/// Those of the field at a place of a table.
pub(crate) fn renderings(table: &FeedTable, index: usize) -> Renderings {
    type All = HashMap<(u8, usize), Renderings>;
    static ALL: LazyLock<All> = LazyLock::new(|| {
        let mut all = All::new();
        for table in TABLES {
            for (at, field) in table.fields.iter().enumerate() {
                let Some(base) = field.kind.base() else { continue };
                let Some(place) = table.fields.iter().position(|field| field.name == base) else { continue };
                let renderings = all.entry((table.feed.code(), place)).or_default();
                match field.kind {
                    Kind::Hex(_) => renderings.hex = Some(at),
                    Kind::Base64(_) => renderings.base64 = Some(at),
                    _ => renderings.obfuscated = Some(at),
                }
            }
        }
        all
    });
    ALL.get(&(table.feed.code(), index)).copied().unwrap_or_default()
}

/// With each `%HH` as its byte, once. What is no `%HH` stays; bytes that are no UTF-8 are replaced.
pub(crate) fn from_hex(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, tail @ ..]) => digit(*high).zip(digit(*low)).map(|byte| (byte, tail)),
            _ => None,
        };
        let (byte, tail) = escaped.map_or((*first, after), |((high, low), tail)| (high << 4 | low, tail));
        bytes.push(byte);
        rest = tail;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text of base64, either alphabet, with or without padding. `None` where it is none, or no UTF-8.
pub(crate) fn from_base64(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    if digits.len() % 4 == 1 {
        return None;
    }
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(digits.len() * 3 / 4), 0_u32, 0);
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_decoded_once() {
        for (text, decoded) in [
            ("Road%20Warrior", "Road Warrior"),
            ("a%2520b", "a%20b"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("J%C3%B6rg%2c", "Jörg,"),
            ("%ff", "\u{fffd}"),
        ] {
            assert_eq!(from_hex(text), decoded, "{text}");
        }
    }

    #[test]
    fn base64_is_text_or_nothing() {
        for (text, decoded) in [
            ("YW5hQGV4YW1wbGUuY29t", Some("ana@example.com")),
            ("YQ==", Some("a")),
            ("YQ", Some("a")),
            ("w7w_", Some("ü?")),
            ("_w", None),
            ("YQ!=", None),
            ("A", None),
            ("", Some("")),
        ] {
            assert_eq!(from_base64(text).as_deref(), decoded, "{text}");
        }
    }
}
