//! QRadar's format: five header cells between bars, then `key=value` between tabs, or what version 2.0 declares.

use fanlight_model::Product;
use memchr::memchr_iter;

use super::{
    Field, MAX_FIELDS, Scanned, begins_with_key, field, header, is_key, object, pairs, split_at_mark, value,
};
use crate::decode::detect::{is_key_of, names_a_principal};
use crate::decode::dialect::Syntax;
use crate::decode::flat_json::Object;
use crate::decode::line::RawReason;
use crate::decode::note::{Note, Notes};

/// Values that a browser or a website chooses.
const FREE_TEXT: &[&str] = &["url", "useragent", "referer", "ua", "eua", "eurl", "ereferer"];

pub(super) fn scan<'a>(text: &'a str, notes: &mut Notes) -> Scanned<'a> {
    let (before, rest) = split_at_mark(text, &["LEEF:1.0|", "LEEF:2.0|"])?;
    Some(record(before, rest, notes))
}

fn record<'a>(before: &'a str, text: &'a str, notes: &mut Notes) -> Result<Object<'a>, RawReason> {
    let mut cells = text.splitn(5, '|');
    let (version, _, product, _) = (cells.next(), cells.next(), cells.next(), cells.next());
    let (Some(version), Some(product), Some(tail)) = (version, product, cells.next()) else {
        return Err(RawReason::CutOff);
    };
    let (event, rest) = event_of(tail).ok_or(RawReason::CutOff)?;
    let declared = if version.ends_with("2.0") { rest.split_once('|') } else { None };
    let (delimiter, attributes) = match declared.and_then(|(cell, after)| Some((delimiter(cell)?, after))) {
        Some((delimiter, after)) => (Some(delimiter), after),
        None => (None, rest),
    };
    let mut fields = vec![field("product", product)];
    match product {
        "ZPA" => {
            let (status, reason) = status_and_reason(event);
            fields.extend([field("ConnectionStatus", status), field("InternalReason", reason)]);
        }
        _ => fields.push(field("leef_event", event)),
    }
    let mut buffer = [0; 4];
    let pairs = match delimiter {
        Some(delimiter) => pairs::pairs(attributes, delimiter.encode_utf8(&mut buffer)),
        None if !attributes.contains(pairs::tab_in(attributes)) && has_several_pairs(attributes) => {
            let pairs = between_blanks(attributes).ok_or(RawReason::Malformed)?;
            notes.add(Note::BlankDelimiter);
            pairs
        }
        None => pairs::pairs(attributes, pairs::tab_in(attributes)),
    };
    if let Some(time) = header::time(before) {
        match product {
            "ZPA" if pairs.iter().any(|(key, _)| matches!(&**key, "devTime" | "LogTimestamp")) => {}
            // User Activity has no token for a header's time.
            "ZPA" => fields.push(field("devTime", time)),
            _ => fields.push(field("syslog_time", time)),
        }
    }
    fields.extend(pairs);
    object(Syntax::Leef, fields)
}

/// Where a key could stand behind a blank.
fn keys_behind_blanks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    memchr_iter(b'=', text.as_bytes()).filter_map(|equals| {
        let before = text.get(..equals)?;
        let length = before.len() - before.rfind(' ').map_or(0, |at| at + 1);
        let begins = equals - length;
        let key = text.get(begins..equals)?;
        is_key(key).then_some((begins, key))
    })
}

fn has_several_pairs(text: &str) -> bool {
    keys_behind_blanks(text).nth(1).is_some()
}

fn is_vendors(key: &str) -> bool {
    is_key_of(Product::Zpa, key) || is_key_of(Product::Zia, key)
}

/// A relay wrote blanks for tabs, and values hold blanks too. The pairs are certain only where each word before an equals sign is a key
/// of the vendor's and stands once, and nothing that a stranger wrote stands before who it was or what was done.
fn between_blanks(text: &str) -> Option<Vec<Field<'_>>> {
    let found: Vec<(usize, &str)> = keys_behind_blanks(text).take(MAX_FIELDS).collect();
    let mut is_strangers = false;
    for (at, (_, key)) in found.iter().enumerate() {
        let is_again = found.iter().take(at).any(|(_, known)| known == key);
        let is_telling = names_a_principal(key) || matches!(*key, "cat" | "policy");
        if is_again || !is_vendors(key) || is_strangers && is_telling {
            return None;
        }
        is_strangers |= FREE_TEXT.contains(key);
    }
    let ends = found.iter().skip(1).map(|(begins, _)| *begins).chain([text.len()]);
    let of = |((begins, key), ends): (&(usize, &'_ str), usize)| {
        Some((key.to_string().into(), value(text.get(begins + key.len() + 1..ends)?.trim())))
    };
    found.iter().zip(ends).map(of).collect()
}

/// The event id, which may hold bars, and what stands behind it.
fn event_of(tail: &str) -> Option<(&str, &str)> {
    let bars = || tail.match_indices('|').map(|(at, _)| at);
    let declares = |rest: &str| {
        rest.split_once('|').is_some_and(|(cell, after)| delimiter(cell).is_some() && begins_with_key(after))
    };
    let ends = |at: &usize| {
        let rest = tail.get(at + 1..).unwrap_or_default();
        begins_with_key(rest) || declares(rest)
    };
    let at = bars().find(ends).or_else(|| bars().next())?;
    Some((tail.get(..at)?, tail.get(at + 1..)?))
}

/// `^`, `x09`, `0x5E`.
fn delimiter(cell: &str) -> Option<char> {
    let hex = cell.strip_prefix("0x").or_else(|| cell.strip_prefix('x')).filter(|digits| !digits.is_empty());
    match hex {
        Some(digits) => u32::from_str_radix(digits, 16).ok().and_then(char::from_u32),
        None => {
            let mut characters = cell.chars();
            characters.next().filter(|first| characters.next().is_none() && !first.is_ascii_alphanumeric())
        }
    }
}

/// ZPA's event id is `ConnectionStatus` and `InternalReason` in one word.
fn status_and_reason(event: &str) -> (&str, &str) {
    for status in ["open", "active", "close"] {
        if let Some((begin, rest)) = event.split_at_checked(status.len())
            && begin.eq_ignore_ascii_case(status)
        {
            return (begin, rest);
        }
    }
    ("", event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> String {
        let object = scan(text, &mut Notes::default()).unwrap().unwrap();
        object.fields.iter().skip(2).map(|(key, value)| format!("{key}:{value:?} ")).collect()
    }

    #[test]
    fn each_version_has_its_delimiter() {
        let expected = "leef_event:Text(\"Allowed\") a:Text(\"1 2\") b:Text(\"x=y\") ";
        assert_eq!(keys("LEEF:1.0|Zscaler|NSS|4.1|Allowed|a=1 2\tb=x=y"), expected);
        assert_eq!(keys("LEEF:1.0|Zscaler|NSS|4.1|Allowed|a=1 2#011b=x=y"), expected);
        assert_eq!(keys("LEEF:2.0|Zscaler|NSS|4.1|Allowed|^|a=1 2^b=x=y"), expected);
        assert_eq!(keys("LEEF:2.0|Zscaler|NSS|4.1|Allowed|0x5E|a=1 2^b=x=y"), expected);
        assert_eq!(keys("LEEF:2.0|Zscaler|NSS|4.1|Allowed|a=1 2\tb=x=y"), expected);
    }

    /// Blanks stand in values too: only what can be read in one way is read.
    #[test]
    fn blanks_for_tabs_are_undone_where_they_are_certain() {
        let read = |attributes: &str| {
            let mut notes = Notes::default();
            let line = format!("LEEF:1.0|Zscaler|ZPA|4.1|close|{attributes}");
            let fields = scan(&line, &mut notes).unwrap().ok()?.fields;
            assert!(notes.has_repair(), "{attributes}");
            Some(fields.iter().skip(4).map(|(key, value)| format!("{key}:{value:?} ")).collect::<String>())
        };
        let pairs = "cat:Text(\"ZPA User Activity\") devTime:Text(\"1\") policy:Text(\"Staff to shop\") usrName:Text(\"\") ";
        assert_eq!(
            read("cat=ZPA User Activity devTime=1 policy=Staff to shop usrName=").as_deref(),
            Some(pairs)
        );
        assert_eq!(read("cat=x policy=a usrName=ana policy=b"), None, "a key twice");
        assert_eq!(read("cat=x policy=a b=c usrName=ana"), None, "a key of nobody");
        assert_eq!(read("cat=x useragent=curl usrName=ana"), None, "a stranger may have written it");
    }

    #[test]
    fn zpas_event_id_is_two_fields() {
        let read = keys("LEEF:1.0|Zscaler|ZPA|4.1|closeAPP_NOT_REACHABLE|cat=x");
        assert!(
            read.contains("ConnectionStatus:Text(\"close\") InternalReason:Text(\"APP_NOT_REACHABLE\")"),
            "{read}"
        );
    }
}
