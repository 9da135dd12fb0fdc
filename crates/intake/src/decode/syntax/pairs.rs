//! `key=value` between delimiters: tabs, or RSA's `^^`.

use super::{Field, Scanned, field, header, is_key, object, split_at_mark, value};
use crate::decode::dialect::Syntax;

/// How rsyslog writes a tab.
const ESCAPED_TAB: &str = "#011";

/// Fewer pairs than this are a sentence with an equals sign.
const LEAST_PAIRS: usize = 3;

/// The tab of a text as it came through.
pub(super) fn tab_in(text: &str) -> &'static str {
    if !text.contains('\t') && text.contains(ESCAPED_TAB) { ESCAPED_TAB } else { "\t" }
}

/// The pairs of a text. What stands before the first key goes to `unnamed`; a cell without a key is part of the value before it.
pub(super) fn pairs<'a>(text: &'a str, delimiter: &str, unnamed: Option<&'static str>) -> Vec<Field<'a>> {
    let mut found: Vec<(&'a str, usize, usize)> = Vec::new();
    let mut from = 0;
    for cell in text.split(delimiter) {
        let to = from + cell.len();
        match cell.split_once('=').map(|(key, value)| (key.trim_start(), value)) {
            Some((key, value)) if is_key(key) => found.push((key, to - value.len(), to)),
            _ => match (found.last_mut(), unnamed) {
                (Some((_, _, end)), _) => *end = to,
                (None, Some(unnamed)) => found.push((unnamed, from, to)),
                (None, None) => {}
            },
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
    let start = text.split(tab).next().filter(|cell| !keyed(cell)).map_or(0, time_start);
    let record = text.get(start..).unwrap_or(text);
    Some(object(Syntax::KeyValue, pairs(record, tab, Some("datetime"))))
}

/// Where the record's own time begins, behind the header that a relay put before it.
fn time_start(cell: &str) -> usize {
    let starts = |at: &usize| cell.get(*at..).is_some_and(|rest| header::iso(rest).is_some());
    cell.char_indices().map(|(at, _)| at).find(starts).unwrap_or(0)
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
    fields.extend(pairs(rest.trim_start(), "^^", None));
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
        assert_eq!(key_value("just\ta=1\tsentence"), None);
    }

    #[test]
    fn rsas_mark_is_told_from_an_alert() {
        assert_eq!(read("ZSCALERNSS: a=1^^b=2 3^^c=4"), "a:Text(\"1\") b:Text(\"2 3\") c:Text(\"4\") ");
        assert_eq!(rsa("ZscalerNSS: lost the connection"), None);
    }
}
