//! QRadar's format: five header cells between bars, then `key=value` between tabs, or what version 2.0 declares.

use super::{Scanned, begins_with_key, field, header, object, pairs, split_at_mark};
use crate::decode::dialect::Syntax;
use crate::decode::flat_json::Object;
use crate::decode::line::RawReason;

pub(super) fn scan(text: &str) -> Scanned<'_> {
    let (before, rest) = split_at_mark(text, &["LEEF:1.0|", "LEEF:2.0|"])?;
    Some(record(before, rest))
}

fn record<'a>(before: &'a str, text: &'a str) -> Result<Object<'a>, RawReason> {
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
    if let Some(time) = header::time(before) {
        fields.push(field("syslog_time", time));
    }
    let mut buffer = [0; 4];
    let delimiter = match delimiter {
        Some(delimiter) => &*delimiter.encode_utf8(&mut buffer),
        None => pairs::tab_in(attributes),
    };
    fields.extend(pairs::pairs(attributes, delimiter));
    object(Syntax::Leef, fields)
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
        let object = scan(text).unwrap().unwrap();
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

    #[test]
    fn zpas_event_id_is_two_fields() {
        let read = keys("LEEF:1.0|Zscaler|ZPA|4.1|closeAPP_NOT_REACHABLE|cat=x");
        assert!(
            read.contains("ConnectionStatus:Text(\"close\") InternalReason:Text(\"APP_NOT_REACHABLE\")"),
            "{read}"
        );
    }
}
