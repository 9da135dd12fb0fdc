//! Reads a stamp in any of the forms that ZPA templates render.

use fanlight_model::Timestamp;

/// What a stamp's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Empty or zero: not measured.
    Absent,
    /// A time.
    At(Timestamp),
    /// Something else.
    Unreadable,
}

impl Stamp {
    /// Reads `2019-05-30T08:20:42.230Z`, the same without a zone (UTC is assumed), seconds to nanoseconds since the epoch told
    /// apart by the number of digits, and `Fri May 31 17:35:42 2019` with any weekday or none.
    pub(crate) fn read(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
            return Self::Absent;
        }
        let found = epoch(text).or_else(|| iso(text)).or_else(|| written_out(text));
        found.map_or(Self::Unreadable, Self::At)
    }
}

/// A count since the epoch: up to 11 digits seconds, to 14 milliseconds, to 17 microseconds, to 20 nanoseconds. A fraction, which
/// only seconds can have, is kept.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    Some(match whole.len() {
        ..=11 => Timestamp::from_seconds(count).shifted(nanos_of_fraction(fraction)?),
        12..=14 => Timestamp::from_millis(count),
        15..=17 => Timestamp::from_micros(count),
        _ => Timestamp::from_nanos(count),
    })
}

fn nanos_of_fraction(fraction: &str) -> Option<i64> {
    let mut nanos = 0_i64;
    for place in 0..9 {
        let digit = fraction.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
        nanos = nanos.checked_mul(10)?.checked_add(digit)?;
    }
    Some(nanos)
}

fn iso(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).or_else(|_| Timestamp::parse_rfc3339(&format!("{text}Z"))).ok()
}

/// `Fri May 31 17:35:42 2019`: the weekday is not looked at, published records have wrong ones.
fn written_out(text: &str) -> Option<Timestamp> {
    let words: Vec<&str> = text.split_ascii_whitespace().take(7).collect();
    let month_at = words.iter().take(2).position(|word| month(word).is_some())?;
    let month = month(words.get(month_at)?)?;
    let mut rest = words.iter().skip(month_at + 1);
    let day = rest.next()?.trim_end_matches(',').parse().ok()?;
    let (hour, minute, second, nanos) = time_of_day(rest.next()?)?;
    let year: i64 = rest.next().filter(|year| year.len() == 4)?.parse().ok()?;
    match rest.next() {
        None | Some(&("UTC" | "GMT" | "Z")) => {
            Timestamp::from_civil(year, month, day, hour, minute, second, nanos)
        }
        Some(_) => None,
    }
}

fn time_of_day(text: &str) -> Option<(u32, u32, u32, u32)> {
    let mut parts = text.split(':');
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let (second, fraction) = parts.next().map(|last| last.split_once('.').unwrap_or((last, "")))?;
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = digits.then(|| nanos_of_fraction(fraction)).flatten()?;
    parts.next().is_none().then_some((hour, minute, second.parse().ok()?, u32::try_from(nanos).ok()?))
}

fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(&word))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, rfc3339: &str) {
        assert_eq!(Stamp::read(text), Stamp::At(Timestamp::parse_rfc3339(rfc3339).unwrap()), "{text}");
    }

    #[test]
    fn each_form_of_a_stamp_is_read() {
        check("2026-03-04T08:20:42.230Z", "2026-03-04T08:20:42.230Z");
        check("2026-03-04T08:20:42.230", "2026-03-04T08:20:42.230Z");
        check("2026-03-04 08:20:42", "2026-03-04T08:20:42Z");
        check("2026-03-04T09:20:42+01:00", "2026-03-04T08:20:42Z");
        check("1772612442", "2026-03-04T08:20:42Z");
        check("1772612442.5", "2026-03-04T08:20:42.5Z");
        check("1772612442230", "2026-03-04T08:20:42.230Z");
        check("1772612442230117", "2026-03-04T08:20:42.230117Z");
        check("1772612442230117009", "2026-03-04T08:20:42.230117009Z");
        check("Wed Mar  4 08:20:42 2026", "2026-03-04T08:20:42Z");
        check("Mar 04 08:20:42 2026 GMT", "2026-03-04T08:20:42Z");
        check("Wednesday March 4 08:20:42.25 2026", "2026-03-04T08:20:42.25Z");
    }

    #[test]
    fn a_wrong_weekday_does_not_matter() {
        check("Sun Mar  4 08:20:42 2026", "2026-03-04T08:20:42Z");
    }

    #[test]
    fn no_stamp_is_told_from_a_bad_one() {
        for text in ["", " ", "0", "0.000000"] {
            assert_eq!(Stamp::read(text), Stamp::Absent, "{text}");
        }
        for text in [
            "yesterday",
            "Wed Mar  4 08:20:99 2026",
            "Wed Foo 4 08:20:42 2026",
            "2026-02-30T00:00:00Z",
            "-5",
            "Wed Mar 4 08:20:42 2026 CET",
            "99999999999999999999",
            "Wed Mar 4 8 2026",
        ] {
            assert_eq!(Stamp::read(text), Stamp::Unreadable, "{text}");
        }
    }
}
