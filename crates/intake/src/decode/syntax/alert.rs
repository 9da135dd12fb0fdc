//! An alert of the NSS: `<PRI>Mon dd hh:mm:ss [ip] ZscalerNSS: text`, or the same framed by RFC 5424, as relays do.

use super::{Scanned, field, header, object, split_at_mark};
use crate::decode::dialect::Syntax;

const MARK: &str = "ZscalerNSS";

pub(super) fn scan(text: &str) -> Scanned<'_> {
    let (before, rest) = split_at_mark(text, &[MARK])?;
    let rest = rest.get(MARK.len()..)?;
    let (before, priority) = header::without_priority(before);
    let (address, words) = match rest.strip_prefix(':') {
        Some(words) => (between_brackets(before), words.trim()),
        None => (before.split(' ').nth(2).unwrap_or_default(), message_of_5424(before, rest)?),
    };
    // Records of the other feeds go by the same name where a relay frames them.
    let is_record = words.starts_with('{') || words.starts_with("[{") || words.contains("\",\"");
    if is_record || words.contains('\t') {
        return None;
    }
    let fields = vec![
        field("priority", priority.unwrap_or_default()),
        field("syslog_time", header::time(before).unwrap_or_default()),
        field("nss_address", address.trim()),
        field("text", words),
    ];
    Some(object(Syntax::Alert, fields))
}

/// The NSS's own address, which it writes last of its header; a relay's may have brackets too.
fn between_brackets(before: &str) -> &str {
    let inside = before.trim_end().strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
    inside.map_or("", |(_, address)| address)
}

/// What stands behind process, message id and structured data, where `before` is `1 TIME HOST `.
fn message_of_5424<'a>(before: &str, rest: &'a str) -> Option<&'a str> {
    let (version, time) = before.split_once(' ')?;
    if version != "1" || header::iso(time).is_none() || before.split_whitespace().count() != 3 {
        return None;
    }
    let mut cells = rest.strip_prefix(' ')?.splitn(3, ' ');
    let (_process, _id, data) = (cells.next()?, cells.next()?, cells.next()?);
    let words = match data.strip_prefix('-') {
        Some(words) => words,
        None => data.starts_with('[').then(|| data.split_once("] ")).flatten()?.1,
    };
    // RFC 5424 may mark the text as UTF-8.
    Some(words.trim_start_matches([' ', '\u{feff}']).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_four_fields() {
        let fields =
            scan("<114>Dec 10 14:04:28 [192.0.2.9] ZscalerNSS: feed a{b} is down").unwrap().unwrap().fields;
        let read: String = fields.iter().skip(1).map(|(key, value)| format!("{key}:{value:?} ")).collect();
        let expected = "priority:Text(\"114\") syslog_time:Text(\"Dec 10 14:04:28\") nss_address:Text(\"192.0.2.9\") \
            text:Text(\"feed a{b} is down\") ";
        assert_eq!(read, expected);
    }

    #[test]
    fn an_alert_that_a_relay_framed_is_one() {
        let read = |text: &str| -> String {
            let fields = scan(text).unwrap().unwrap().fields;
            fields.iter().skip(1).map(|(key, value)| format!("{key}:{value:?} ")).collect()
        };
        let expected = "priority:Text(\"114\") syslog_time:Text(\"2026-03-04T08:20:42Z\") nss_address:Text(\"192.0.2.9\") \
            text:Text(\"feed down\") ";
        assert_eq!(read("<114>1 2026-03-04T08:20:42Z 192.0.2.9 ZscalerNSS - - - feed down"), expected);
        let framed = "<114>1 2026-03-04T08:20:42Z 192.0.2.9 ZscalerNSS 71 ID7 [origin ip=\"192.0.2.1\"] \u{feff}feed down";
        assert_eq!(read(framed), expected);
        // A relay's header and then the NSS's own.
        let doubled = "<114>1 2026-03-04T08:20:43Z relay - - - [x a=\"1\"] Mar  4 08:20:42 [192.0.2.9] ZscalerNSS: feed down";
        assert_eq!(read(doubled), expected.replace("2026-03-04T08:20:42Z", "Mar  4 08:20:42"));
    }

    #[test]
    fn a_record_in_an_alerts_frame_is_none() {
        for record in ["{\"a\":1}", "[{\"a\":1}]", "\"a\",\"b\"", "reason=Allowed\tb=2\tc=3"] {
            assert_eq!(
                scan(&format!("<134>1 2026-03-04T08:20:42Z 192.0.2.9 ZscalerNSS - - - {record}")),
                None
            );
            assert_eq!(scan(&format!("<134>Mar  4 08:20:42 [192.0.2.9] ZscalerNSS: {record}")), None);
        }
        assert_eq!(scan("ZscalerNSS without a header"), None);
    }
}
