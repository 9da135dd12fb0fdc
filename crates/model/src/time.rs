//! Points in time, in nanoseconds.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// A point in time: signed nanoseconds since 1970-01-01T00:00:00Z, on the clock of whoever stamped it.
///
/// Covers 1677-09-21 to 2262-04-11; conversions from wider types saturate, arithmetic saturates. An `Option` of it is no larger than
/// itself: of all nanoseconds the smallest saturates to the one after it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// The nanoseconds with their sign bit turned over: in the same order, and 0 stands for none.
    NonZeroU64,
);

/// Turns the smallest nanoseconds into 0 and keeps the order.
const SIGN: u64 = 1 << 63;

/// A text that is no RFC 3339 time in UTC or with an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError;

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time like `2026-11-22T07:00:00.123Z`")
    }
}

impl std::error::Error for ParseTimestampError {}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl Timestamp {
    /// The smallest time that can be told.
    pub const MIN: Self = Self::from_nanos(i64::MIN);
    /// The largest time that can be told.
    pub const MAX: Self = Self::from_nanos(i64::MAX);

    /// From signed nanoseconds since the epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        match NonZeroU64::new(nanos.cast_unsigned() ^ SIGN) {
            Some(turned) => Self(turned),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// From OTLP's `fixed64` nanoseconds; what lies beyond the year 2262 saturates.
    pub fn from_unix_nanos(nanos: u64) -> Self {
        Self::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// From milliseconds since the epoch, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Self::from_nanos(millis.saturating_mul(1_000_000))
    }

    /// From microseconds since the epoch, saturating.
    pub const fn from_micros(micros: i64) -> Self {
        Self::from_nanos(micros.saturating_mul(1_000))
    }

    /// From seconds since the epoch, saturating.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::from_nanos(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> i64 {
        (self.0.get() ^ SIGN).cast_signed()
    }

    /// Nanoseconds since the epoch for OTLP's unsigned field; a time before 1970 becomes 0.
    pub fn as_unix_nanos(self) -> u64 {
        u64::try_from(self.as_nanos()).unwrap_or(0)
    }

    /// `self - earlier` in nanoseconds, negative when `earlier` is later; saturates.
    pub const fn nanos_since(self, earlier: Self) -> i64 {
        self.as_nanos().saturating_sub(earlier.as_nanos())
    }

    /// This time moved by signed nanoseconds, saturating.
    pub const fn shifted(self, nanos: i64) -> Self {
        Self::from_nanos(self.as_nanos().saturating_add(nanos))
    }

    /// This time plus a duration, saturating.
    pub fn after(self, duration: Duration) -> Self {
        self.shifted(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }

    /// This time minus a duration, saturating.
    pub fn before(self, duration: Duration) -> Self {
        self.shifted(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX).saturating_neg())
    }

    /// From a civil date and time of day in UTC; `None` where the date does not exist.
    /// Second 60 (a leap second) is taken as the first of the next minute.
    #[inline]
    pub fn from_civil(
        year: i64,
        month: u32,
        day: u32,
        hour: u32,
        minute: u32,
        second: u32,
        nanos: u32,
    ) -> Option<Self> {
        let days = days_from_civil(year, month, day)?;
        if hour > 23 || minute > 59 || second > 60 || nanos > 999_999_999 {
            return None;
        }
        let seconds = days
            .checked_mul(86_400)?
            .checked_add(i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))?;
        let nanos = seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(i64::from(nanos))?;
        Some(Self::from_nanos(nanos))
    }

    /// RFC 3339 in UTC with nine digits: `2026-11-22T07:00:00.000000000Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_string()
    }

    /// Reads RFC 3339 (`2026-11-22T07:00:00.123Z`, any number of fractional digits up to nine, `Z` or `±hh:mm`).
    pub fn parse_rfc3339(text: &str) -> Result<Self, ParseTimestampError> {
        parse_rfc3339(text.as_bytes()).ok_or(ParseTimestampError)
    }
}

impl Default for Timestamp {
    /// The epoch.
    fn default() -> Self {
        Self::from_nanos(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_nanos()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.as_nanos().div_euclid(NANOS_PER_SECOND);
        let nanos = self.as_nanos().rem_euclid(NANOS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{nanos:09}Z",
            of_day / 3_600,
            of_day / 60 % 60,
            of_day % 60
        )
    }
}

/// Days since the epoch of a proleptic Gregorian date (H. Hinnant, "chrono-compatible low-level date algorithms").
#[inline]
fn days_from_civil(year: i64, month: u32, day: u32) -> Option<i64> {
    if !(1..=12).contains(&month)
        || day == 0
        || day > days_in_month(year, month)
        || !(-9999..=9999).contains(&year)
    {
        return None;
    }
    // Counted from 25 eras of 400 years before the year 0, so that nothing is negative.
    let from_march = (month + 9) % 12;
    let year = u32::try_from(year + 10_000).ok()? - u32::from(month <= 2);
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 + day;
    Some(i64::from(days) - (719_468 + 25 * 146_097 + 1))
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let is = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (mut at, mut nanos) = (19, 0);
    if is(at, b".") {
        let from = at + 1;
        at = from + text.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let width = u32::try_from(at - from).ok()?;
        if !(1..=9).contains(&width) {
            return None;
        }
        nanos = digits(text.get(from..at)?)? * 10_u32.pow(9 - width);
    }
    let offset_seconds = match text.get(at..)? {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let local = Timestamp::from_civil(
        i64::from(number(0, 4)?),
        number(5, 7)?,
        number(8, 10)?,
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        nanos,
    )?;
    Some(local.shifted(offset_seconds.saturating_mul(-NANOS_PER_SECOND)))
}

fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u32, |number, byte| {
        byte.is_ascii_digit().then(|| number.checked_mul(10)?.checked_add(u32::from(byte - b'0')))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, nanos: i64) {
        assert_eq!(Timestamp::parse_rfc3339(text), Ok(Timestamp::from_nanos(nanos)), "{text}");
    }

    #[test]
    fn rfc3339_is_read_with_any_fraction_and_offset() {
        check("1970-01-01T00:00:00Z", 0);
        check("2019-05-30T08:20:42.230Z", 1_559_204_442_230_000_000);
        check("2026-11-22T08:00:00.5+01:00", 1_795_330_800_500_000_000);
        check("1969-12-31T23:59:59.999999999Z", -1);
    }

    #[test]
    fn a_time_that_does_not_exist_is_refused() {
        for text in [
            "",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T07:00:00",
            "2026-11-22T07:00:00.Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), Err(ParseTimestampError), "{text}");
        }
    }

    /// Every day from 1700 to 2262 is printed and read back as itself.
    #[test]
    fn printing_and_reading_are_inverse() {
        for day in -98_600..106_000_i64 {
            let time = Timestamp::from_seconds(day * 86_400 + 12_345).shifted(678);
            assert_eq!(Timestamp::parse_rfc3339(&time.to_rfc3339()), Ok(time));
        }
    }

    /// All but the smallest number of nanoseconds come back, in their order, and `None` takes no room.
    #[test]
    fn a_time_is_its_nanoseconds() {
        let all = [i64::MIN + 1, -NANOS_PER_SECOND, -1, 0, 1, NANOS_PER_SECOND, i64::MAX - 1, i64::MAX];
        for (a, b) in all.iter().zip(&all[1..]) {
            assert!(Timestamp::from_nanos(*a) < Timestamp::from_nanos(*b), "{a} {b}");
        }
        for nanos in all {
            assert_eq!(Timestamp::from_nanos(nanos).as_nanos(), nanos);
        }
        assert_eq!(Timestamp::from_nanos(i64::MIN), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.as_nanos(), i64::MIN + 1);
        assert_eq!(Timestamp::default().as_nanos(), 0);
        assert_eq!(format!("{:?}", Timestamp::from_nanos(-7)), "Timestamp(-7)");
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX.after(Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.before(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::from_unix_nanos(u64::MAX), Timestamp::MAX);
    }
}
