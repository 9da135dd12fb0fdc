//! `key=value` between delimiters: tabs, or RSA's `^^`.

use super::{Field, Scanned, field, header, is_key, object, split_at_mark, value};
use crate::decode::detect::is_known_key;
use crate::decode::dialect::Syntax;
use crate::decode::stamp::{Dating, Stamp};

/// How rsyslog writes a tab.
const ESCAPED_TAB: &str = "#011";

/// Fewer pairs than this are a sentence with an equals sign.
const LEAST_PAIRS: usize = 3;

/// More pairs than a relay's header has.
const MAX_HEADER_PAIRS: usize = 16;

/// The tab of a text as it came through.
pub(super) fn tab_in(text: &str) -> &'static str {
    if !text.contains('\t') && text.contains(ESCAPED_TAB) { ESCAPED_TAB } else { "\t" }
}

/// The pairs of a text. A cell without a key is part of the value before it.
pub(super) fn pairs<'a>(text: &'a str, delimiter: &str) -> Vec<Field<'a>> {
    let mut found: Vec<(&'a str, usize, usize)> = Vec::new();
    let mut from = 0;
    for cell in text.split(delimiter) {
        let to = from + cell.len();
        match cell.split_once('=').map(|(key, value)| (key.trim_start(), value)) {
            Some((key, value)) if is_key(key) => found.push((key, to - value.len(), to)),
            _ => {
                if let Some((_, _, end)) = found.last_mut() {
                    *end = to;
                }
            }
        }
        from = to + delimiter.len();
    }
    let of = |(key, from, to): (&'a str, usize, usize)| {
        (key.into(), value(text.get(from..to).unwrap_or_default().trim_matches(' ')))
    };
    found.into_iter().map(of).collect()
}

/// Tabs between pairs; the first cell is the time.
pub(super) fn key_value(text: &str) -> Scanned<'_> {
    let (text, _) = header::without_priority(text);
    let tab = tab_in(text);
    let keyed = |cell: &&str| cell.split_once('=').is_some_and(|(key, _)| is_key(key.trim_start()));
    if text.split(tab).filter(keyed).take(LEAST_PAIRS).count() < LEAST_PAIRS {
        return None;
    }
    let Some(first) = text.split(tab).next().filter(|cell| !keyed(cell)) else {
        return Some(object(Syntax::KeyValue, pairs(text, tab)));
    };
    let pair = first_pair(first);
    let mut fields = time_of(first.get(..pair.unwrap_or(first.len())).unwrap_or_default());
    let record = text.get(pair.unwrap_or(first.len())..).unwrap_or_default();
    fields.extend(pairs(record, tab));
    Some(object(Syntax::KeyValue, fields))
}

/// Where the first pair begins in a cell that begins with a relay's header: at the first key that some feed knows. A header may have
/// pairs of its own, which none knows.
fn first_pair(cell: &str) -> Option<usize> {
    let equals = || cell.match_indices('=').map(|(at, _)| at).take(MAX_HEADER_PAIRS);
    let key_before = |at: usize| {
        let before = cell.get(..at)?;
        let key = before.rsplit([' ', ':', ']']).next().filter(|key| key.len() < before.len())?;
        is_key(key).then_some((at - key.len(), key))
    };
    let known = equals().filter_map(key_before).find(|(_, key)| is_known_key(key));
    // A customer's own key, if it is none of a header's brackets.
    let any = || {
        equals()
            .filter_map(key_before)
            .find(|(at, _)| !cell.get(*at..).is_some_and(|rest| rest.contains(']')))
    };
    known.or_else(any).map(|(at, _)| at)
}

/// The record's own time, which stands last before its first key; else the header's.
fn time_of(before: &str) -> Vec<Field<'_>> {
    let before = before.trim();
    let starts = |at: &usize| {
        before.get(*at..).is_some_and(|rest| header::iso(rest).is_some_and(|length| length == rest.len()))
    };
    let iso = before.char_indices().map(|(at, _)| at).find(starts).and_then(|at| before.get(at..));
    let is_written = || matches!(Stamp::read(before, Dating::default()), Stamp::At(_));
    match (iso, header::time(before)) {
        (Some(own), _) => vec![field("datetime", own)],
        (None, Some(time)) if !is_written() => vec![field("syslog_time", time)],
        (None, _) if before.is_empty() => Vec::new(),
        (None, _) => vec![field("datetime", before)],
    }
}

/// `ZSCALERNSS: key=value^^key=value`.
pub(super) fn rsa(text: &str) -> Scanned<'_> {
    const MARK: &str = "ZSCALERNSS:";
    let (before, rest) = split_at_mark(text, &[MARK])?;
    let rest = rest.get(MARK.len()..)?;
    if !rest.contains("^^") {
        return None;
    }
    let mut fields: Vec<Field<'_>> =
        header::time(before).map(|time| field("syslog_time", time)).into_iter().collect();
    fields.extend(pairs(rest.trim_start(), "^^"));
    Some(object(Syntax::Rsa, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let fields = key_value(text).or_else(|| rsa(text)).unwrap().unwrap().fields;
        fields.iter().skip(1).map(|(key, value)| format!("{key}:{value:?} ")).collect()
    }

    #[test]
    fn a_value_may_hold_blanks_equals_signs_and_a_tab() {
        let pairs =
            "datetime:Text(\"2026-03-04 08:20:42\") a:Text(\"1, 2\") b:Text(\"x=y\\tz\") c:Text(\"\") ";
        assert_eq!(read("2026-03-04 08:20:42\ta=1, 2\tb=x=y\tz\tc="), pairs);
        assert_eq!(read("<134>Mar  4 08:20:43 relay 2026-03-04 08:20:42\ta=1, 2\tb=x=y\tz\tc="), pairs);
        // The first pair stands behind the header, with or without the record's own time between.
        let pairs = "syslog_time:Text(\"Mar  4 08:20:43\") reason:Text(\"Allowed\") b:Text(\"2\") c:Text(\"3\") d:Text(\"\") ";
        assert_eq!(read("<134>Mar  4 08:20:43 relay zscaler-nss: reason=Allowed\tb=2\tc=3\td="), pairs);
        assert_eq!(read("<134>Mar  4 08:20:43 relay10\treason=Allowed\tb=2\tc=3\td="), pairs);
        let pairs = "datetime:Text(\"2026-03-04 08:20:42\") reason:Text(\"a=b\") b:Text(\"2\") c:Text(\"3\") d:Text(\"\") ";
        assert_eq!(read("<134>Mar  4 08:20:43 relay 2026-03-04 08:20:42 reason=a=b\tb=2\tc=3\td="), pairs);
        let pairs = "syslog_time:Text(\"2026-03-04T08:20:43Z\") reason:Text(\"Allowed\") b:Text(\"2\") c:Text(\"3\") d:Text(\"\") ";
        let header = "<134>1 2026-03-04T08:20:43Z relay nss 7 - [origin software=\"x\"]";
        assert_eq!(read(&format!("{header} reason=Allowed\tb=2\tc=3\td=")), pairs);
        let pairs = "datetime:Text(\"Wed Mar  4 08:20:42 2026\") reason:Text(\"Allowed\") b:Text(\"2\") c:Text(\"3\") d:Text(\"\") ";
        assert_eq!(read("Wed Mar  4 08:20:42 2026\treason=Allowed\tb=2\tc=3\td="), pairs);
        assert_eq!(key_value("just\ta=1\tsentence"), None);
    }

    #[test]
    fn rsas_mark_is_told_from_an_alert() {
        assert_eq!(read("ZSCALERNSS: a=1^^b=2 3^^c=4"), "a:Text(\"1\") b:Text(\"2 3\") c:Text(\"4\") ");
        assert_eq!(rsa("ZscalerNSS: lost the connection"), None);
    }
}
