//! What stands before a record that a syslog relay or the NSS sent.

/// A text without `<PRI>`, and the PRI.
pub(super) fn without_priority(text: &str) -> (&str, Option<&str>) {
    let found = text.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match found {
        Some((priority, rest))
            if (1..=3).contains(&priority.len()) && priority.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            (rest, Some(priority))
        }
        _ => (text, None),
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The last time in a header: a relay puts its own before the sender's. `Jun 11 02:52:44`, or RFC 5424's.
pub(super) fn time(header: &str) -> Option<&str> {
    let (header, _) = without_priority(header);
    let mut found = None;
    for (at, _) in header.match_indices(|character: char| character.is_ascii_alphanumeric()) {
        let starts =
            at == 0 || header.as_bytes().get(at - 1).is_some_and(|byte| !byte.is_ascii_alphanumeric());
        if let Some(rest) = header.get(at..).filter(|_| starts)
            && let Some(length) = written(rest).or_else(|| iso(rest))
        {
            found = rest.get(..length);
        }
    }
    found
}

/// The length of `Jun 11 02:52:44`, any number of blanks between.
fn written(text: &str) -> Option<usize> {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let (month, day, time) = (words.next()?, words.next()?, words.next()?);
    if !MONTHS.contains(&month) {
        return None;
    }
    let is_day = day.len() <= 2 && day.bytes().all(|digit| digit.is_ascii_digit());
    let time_bytes = time.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').count();
    let is_time = time.split(':').count() >= 3 && time_bytes >= 5;
    let ends = (time.as_ptr() as usize).checked_sub(text.as_ptr() as usize)? + time_bytes;
    (is_day && is_time).then_some(ends)
}

/// The length of `2024-06-11T02:52:44.123Z`, or with a blank or comma for the T.
pub(super) fn iso(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits =
        |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
    let date = digits(0, 4) && is(4, b"-") && digits(5, 7) && is(7, b"-") && digits(8, 10);
    let time =
        is(10, b"T ,") && digits(11, 13) && is(13, b":") && digits(14, 16) && is(16, b":") && digits(17, 19);
    let zone = |byte: &u8| byte.is_ascii_digit() || b".+-:Z".contains(byte);
    let rest = bytes.get(19..)?.iter().take_while(|byte| zone(byte)).count();
    (date && time).then_some(19 + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_time_is_the_last_one() {
        for (header, found) in [
            ("Jun 11 02:52:44 zscaler-nss ", Some("Jun 11 02:52:44")),
            ("<134>Jun  1 02:52:44 relay Jun  2 02:52:45 zscaler-nss ", Some("Jun  2 02:52:45")),
            ("<134>1 2026-03-04T02:52:44.123Z relay - - - - ", Some("2026-03-04T02:52:44.123Z")),
            ("Junction 11 ", None),
            ("", None),
            ("é Jun", None),
        ] {
            assert_eq!(time(header), found, "{header}");
        }
    }
}
