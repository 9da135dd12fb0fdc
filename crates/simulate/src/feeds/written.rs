//! Times as the vendor writes them. Faster than the general formatter: every line has a dozen.

use fanlight_model::Timestamp;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time in its parts, in UTC.
struct Parts {
    days: i64,
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
}

impl Parts {
    fn of(time: Timestamp) -> Self {
        let millis = time.as_nanos().div_euclid(1_000_000);
        let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        // H. Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            days,
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as usize,
            day: of_year - (153 * from_march + 2) / 5 + 1,
            hour: of_day / 3_600_000,
            minute: of_day / 60_000 % 60,
            second: of_day / 1_000 % 60,
            milli: of_day % 1_000,
        }
    }
}

/// `2019-05-30T08:20:42.230Z`.
pub(crate) fn iso(time: Timestamp, into: &mut String) {
    let parts = Parts::of(time);
    digits(into, parts.year, 4);
    into.push('-');
    digits(into, parts.month as i64, 2);
    into.push('-');
    digits(into, parts.day, 2);
    into.push('T');
    time_of_day(&parts, into);
    into.push('.');
    digits(into, parts.milli, 3);
    into.push('Z');
}

/// `Thu Sep  6 22:55:48 2012`, the day padded with a blank or not at all.
pub(crate) fn c_time(time: Timestamp, pad: bool, into: &mut String) {
    let parts = Parts::of(time);
    into.push_str(WEEKDAYS.get(parts.days.rem_euclid(7) as usize).copied().unwrap_or("Thu"));
    into.push(' ');
    into.push_str(MONTHS.get(parts.month.wrapping_sub(1)).copied().unwrap_or("Jan"));
    into.push(' ');
    if parts.day < 10 {
        if pad {
            into.push(' ');
        }
        digits(into, parts.day, 1);
    } else {
        digits(into, parts.day, 2);
    }
    into.push(' ');
    time_of_day(&parts, into);
    into.push(' ');
    digits(into, parts.year, 4);
}

/// `2023-10-16 22:55:48`, as the vendor's default for the web log puts it together.
pub(crate) fn plain(time: Timestamp, into: &mut String) {
    let parts = Parts::of(time);
    digits(into, parts.year, 4);
    into.push('-');
    digits(into, parts.month as i64, 2);
    into.push('-');
    digits(into, parts.day, 2);
    into.push(' ');
    time_of_day(&parts, into);
}

fn time_of_day(parts: &Parts, into: &mut String) {
    digits(into, parts.hour, 2);
    into.push(':');
    digits(into, parts.minute, 2);
    into.push(':');
    digits(into, parts.second, 2);
}

/// The last digits of a number that is not negative, with leading zeros.
fn digits(into: &mut String, number: i64, width: u32) {
    for place in (0..width).rev() {
        into.push(char::from(b'0' + (number / 10_i64.pow(place) % 10) as u8));
    }
}

/// A whole number.
pub(crate) fn number(into: &mut String, number: i64) {
    if number < 0 {
        into.push('-');
    }
    big(into, number.unsigned_abs());
}

/// A whole number that is not negative.
pub(crate) fn big(into: &mut String, number: u64) {
    let width = number.checked_ilog10().unwrap_or(0);
    let mut place = 10_u64.pow(width);
    while place > 0 {
        into.push(char::from(b'0' + (number / place % 10) as u8));
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time: &str, expected_iso: &str, padded: &str, bare: &str) {
        let time = Timestamp::parse_rfc3339(time).expect("a time");
        let written = |write: &dyn Fn(&mut String)| {
            let mut text = String::new();
            write(&mut text);
            text
        };
        assert_eq!(written(&|text| iso(time, text)), expected_iso);
        assert_eq!(written(&|text| c_time(time, true, text)), padded);
        assert_eq!(written(&|text| c_time(time, false, text)), bare);
    }

    #[test]
    fn times_are_written_as_the_vendor_does() {
        check(
            "2012-09-06T22:55:48.999Z",
            "2012-09-06T22:55:48.999Z",
            "Thu Sep  6 22:55:48 2012",
            "Thu Sep 6 22:55:48 2012",
        );
        check(
            "2024-02-29T00:00:00.001Z",
            "2024-02-29T00:00:00.001Z",
            "Thu Feb 29 00:00:00 2024",
            "Thu Feb 29 00:00:00 2024",
        );
    }

    #[test]
    fn numbers_are_written_whole() {
        for value in [0, 7, 10, 99, 100, i64::MAX, -12] {
            let mut text = String::new();
            number(&mut text, value);
            assert_eq!(text, value.to_string());
        }
    }
}
