//! Reads a stamp in any of the forms that templates render.

mod fixed;

use fanlight_model::Timestamp;

use super::zone;
pub(crate) use fixed::Day;

/// What a stamp's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Empty or zero: not measured.
    Absent,
    /// A time.
    At(Timestamp),
    /// A time but for its second, which is above 60; given is the last second of its minute.
    Clamped(Timestamp),
    /// Something else.
    Unreadable,
}

/// What a stamp that does not say all is read by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dating {
    /// When the line reached us: gives the year where the stamp has none.
    pub(crate) arrival: Timestamp,
    /// Seconds east of UTC where the stamp has no zone.
    pub(crate) zone_seconds: i64,
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// 1971.
const SECOND_YEAR: Timestamp = Timestamp::from_seconds(31_536_000);

impl Stamp {
    /// Reads `2019-05-30T08:20:42.230Z`, with a comma or blank for the T and with or without a zone; seconds to nanoseconds since the
    /// epoch told apart by the number of digits; and `Fri May 31 17:35:42 2019` with any weekday or none, any padding, and with the
    /// year in its place, before the time, or not at all.
    pub(crate) fn read(text: &str, dating: Dating) -> Self {
        Self::read_near(text, dating, &mut Day::default())
    }

    /// The same, sooner where it is of the day that was read last.
    pub(crate) fn read_near(text: &str, dating: Dating, known: &mut Day) -> Self {
        let text = text.trim_ascii();
        let bytes = text.as_bytes();
        let found = usual(bytes, dating, known).map(Self::At).or_else(|| match bytes {
            _ if bytes.iter().all(|byte| matches!(byte, b'0' | b'.')) => Some(Self::Absent),
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..] => iso(bytes, dating),
            [b'0'..=b'9', ..] => epoch(text).map(Self::At).or_else(|| written_out(text, dating)),
            _ => written_out(text, dating),
        });
        match found {
            // What stands for no time where a number is asked for.
            Some(Self::At(time)) if time < SECOND_YEAR && time >= Timestamp::default() => Self::Absent,
            Some(stamp) if stamp.is_plausible(dating) => stamp,
            _ => Self::Unreadable,
        }
    }

    /// A record tells of what was. Digits that mean something else (`20260304082042` is no count of milliseconds) would date it into
    /// another century, and with it all that is learned from its feed.
    fn is_plausible(self, dating: Dating) -> bool {
        /// 1990: none of this was logged before.
        const FIRST: Timestamp = Timestamp::from_seconds(631_152_000);
        /// A week: more than any clock or zone is wrong by.
        const MOST_AHEAD: i64 = 7 * 86_400 * NANOS_PER_SECOND;
        match self {
            Self::At(time) | Self::Clamped(time) => {
                let is_dated = dating.arrival != Timestamp::default();
                time >= FIRST && !(is_dated && time.nanos_since(dating.arrival) > MOST_AHEAD)
            }
            Self::Absent | Self::Unreadable => true,
        }
    }
}

/// Nearly all stamps.
#[inline]
fn usual(bytes: &[u8], dating: Dating, known: &mut Day) -> Option<Timestamp> {
    fixed::iso(bytes, known).or_else(|| {
        Some(fixed::written(bytes)?.shifted(dating.zone_seconds.saturating_mul(-NANOS_PER_SECOND)))
    })
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
        ..=11 => Timestamp::from_seconds(count).shifted(nanos_of_fraction(fraction.as_bytes())?),
        12..=14 => Timestamp::from_millis(count),
        15..=17 => Timestamp::from_micros(count),
        _ => Timestamp::from_nanos(count),
    })
}

fn nanos_of_fraction(digits: &[u8]) -> Option<i64> {
    let mut nanos = 0_i64;
    let mut place = NANOS_PER_SECOND / 10;
    for digit in digits {
        nanos += digit_of(*digit)? * place;
        place /= 10;
    }
    Some(nanos)
}

fn digit_of(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

fn two(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [tens, ones] => Some(digit_of(*tens)? * 10 + digit_of(*ones)?),
        _ => None,
    }
}

/// `2019-05-30`, a separator, `08:20:42`, perhaps a fraction, perhaps a zone.
fn iso(bytes: &[u8], clock: Dating) -> Option<Stamp> {
    let year = two(bytes.get(..2)?)? * 100 + two(bytes.get(2..4)?)?;
    let (month, day) = (two(bytes.get(5..7)?)?, two(bytes.get(8..10)?)?);
    let dash = *bytes.get(4)?;
    let colons = bytes.get(13) == Some(&b':') && bytes.get(16) == Some(&b':');
    if bytes.get(7) != Some(&dash) || !matches!(bytes.get(10)?, b'T' | b't' | b' ' | b',') || !colons {
        return None;
    }
    let (hour, minute, second) =
        (two(bytes.get(11..13)?)?, two(bytes.get(14..16)?)?, two(bytes.get(17..19)?)?);
    let rest = bytes.get(19..)?;
    let digits = match rest {
        [b'.', after @ ..] => after.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let (fraction, zone) = match rest {
        [b'.', after @ ..] if digits > 0 => (after.get(..digits)?, after.get(digits..)?),
        [b'.', ..] => return None,
        zone => (zone.get(..0)?, zone),
    };
    let nanos = nanos_of_fraction(fraction)?;
    let east = match zone.trim_ascii() {
        [] => clock.zone_seconds,
        zone => zone_seconds(std::str::from_utf8(zone).ok()?)?,
    };
    civil(year, month, day, (hour, minute, second, nanos), east)
}

/// Nearly always `Z`.
fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" { Some(0) } else { zone::zone_seconds(zone) }
}

/// A second above 60 is cut to the last of its minute.
fn civil(year: i64, month: i64, day: i64, time: (i64, i64, i64, i64), east: i64) -> Option<Stamp> {
    let (hour, minute, second, nanos) = time;
    let small = |number: i64| u32::try_from(number).ok();
    let clamped = second > 60;
    let (second, nanos) = if clamped { (59, 0) } else { (second, nanos) };
    let local = Timestamp::from_civil(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        small(nanos)?,
    )?;
    let time = local.shifted(east.saturating_mul(-NANOS_PER_SECOND));
    Some(if clamped { Stamp::Clamped(time) } else { Stamp::At(time) })
}

/// More words than any written date has.
const MAX_WORDS: usize = 8;

/// `Fri May 31 17:35:42 2019`: the weekday is not looked at, published records have wrong ones.
fn written_out(text: &str, clock: Dating) -> Option<Stamp> {
    let mut words = [""; MAX_WORDS];
    let mut count = 0;
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let words = words.get(..count)?;
    let at = words.iter().take(2).position(|word| month(word).is_some())?;
    let (month, rest) = (month(words.get(at)?)?, words.get(at + 1..)?);
    // `16 Oct 2023 22:55:48` has the day before the month; a weekday there is no number.
    let (day, rest) = match words.first().and_then(|first| whole(first, 2)) {
        Some(day) => (day, rest),
        None => {
            let (day, rest) = rest.split_first()?;
            (whole(day, 2)?, rest)
        }
    };
    let (time, year, zone) = match rest {
        [time] => (*time, None, None),
        [time, year] if year.len() == 4 && whole(year, 4).is_some() => (*time, whole(year, 4), None),
        [year, time] if year.len() == 4 && whole(year, 4).is_some() => (*time, whole(year, 4), None),
        [time, zone] => (*time, None, Some(*zone)),
        [time, year, zone] if year.len() == 4 && whole(year, 4).is_some() => {
            (*time, whole(year, 4), Some(*zone))
        }
        [time, zone, year] if year.len() == 4 => (*time, Some(whole(year, 4)?), Some(*zone)),
        _ => return None,
    };
    let time = time_of_day(time.as_bytes())?;
    let east = zone.map_or(Some(clock.zone_seconds), zone_seconds)?;
    match year {
        Some(year) => civil(year, month, day, time, east),
        None => latest_year(month, day, time, east, clock.arrival),
    }
}

/// The newest year in which the date is not later than a clock can be ahead: at the turn of the year that is not always the arrival's.
/// A record tells of what was, be it long ago.
fn latest_year(
    month: i64,
    day: i64,
    time: (i64, i64, i64, i64),
    east: i64,
    arrival: Timestamp,
) -> Option<Stamp> {
    const NANOS_PER_YEAR: i64 = 31_556_952 * NANOS_PER_SECOND;
    /// A clock that is wrong by a day, or by its zone.
    const MOST_AHEAD: i64 = 26 * 3_600 * NANOS_PER_SECOND;
    let about = 1970 + arrival.as_nanos().div_euclid(NANOS_PER_YEAR);
    let is_past = |stamp: &Stamp| match stamp {
        Stamp::At(time) | Stamp::Clamped(time) => time.nanos_since(arrival) <= MOST_AHEAD,
        Stamp::Absent | Stamp::Unreadable => false,
    };
    (about - 1..=about + 1).rev().filter_map(|year| civil(year, month, day, time, east)).find(is_past)
}

fn whole(digits: &str, at_most: usize) -> Option<i64> {
    if digits.is_empty() || digits.len() > at_most {
        return None;
    }
    digits.bytes().try_fold(0, |number, byte| Some(number * 10 + digit_of(byte)?))
}

/// `8:20:42`, `08:20:42.25`.
fn time_of_day(text: &[u8]) -> Option<(i64, i64, i64, i64)> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.split(':');
    let (hour, minute, last) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, fraction) = last.split_once('.').unwrap_or((last, ""));
    let nanos = nanos_of_fraction(fraction.as_bytes())?;
    parts.next().is_none().then_some((whole(hour, 2)?, whole(minute, 2)?, whole(second, 2)?, nanos))
}

fn month(word: &str) -> Option<i64> {
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
    let is_start =
        |month: &str| month.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let at = MONTHS.iter().position(|month| word.len() >= 3 && is_start(month))?;
    i64::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests;
