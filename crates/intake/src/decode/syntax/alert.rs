//! `<PRI>Mon dd hh:mm:ss [ip] ZscalerNSS: text`: an alert of the NSS.

use super::{Scanned, field, header, object, split_at_mark};
use crate::decode::dialect::Syntax;

const MARK: &str = "ZscalerNSS:";

pub(super) fn scan(text: &str) -> Scanned<'_> {
    let (before, rest) = split_at_mark(text, &[MARK])?;
    let words = rest.get(MARK.len()..)?.trim();
    let (before, priority) = header::without_priority(before);
    let address = before.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(ip, _)| ip);
    let fields = vec![
        field("priority", priority.unwrap_or_default()),
        field("syslog_time", header::time(before).unwrap_or_default()),
        field("nss_address", address.trim()),
        field("text", words),
    ];
    Some(object(Syntax::Alert, fields))
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
}
