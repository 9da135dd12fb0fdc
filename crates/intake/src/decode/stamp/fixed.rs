//! Stamps as the vendor's default templates render them: each digit has its place, and eight bytes are looked at at a time. What does
//! not fit is read the long way.

use fanlight_model::Timestamp;

const HIGHS: u64 = 0x8080_8080_8080_8080;

/// A word as it looks with all digits zero.
struct Form {
    zeros: u64,
    /// What takes a byte's high bit, added to it, where it differs too much: a digit by more than nine, another byte at all.
    limits: u64,
}

impl Form {
    const fn of(text: [u8; 8]) -> Self {
        let (mut limits, mut at) = ([0x7f; 8], 0);
        let mut rest: &[u8] = &text;
        while let [byte, after @ ..] = rest {
            if byte.is_ascii_digit() {
                limits = with(limits, at, 0x7f - 9);
            }
            (rest, at) = (after, at + 1);
        }
        Self { zeros: u64::from_le_bytes(text), limits: u64::from_le_bytes(limits) }
    }

    /// The numbers of two digits that begin at each byte; `None` where the word has another form.
    fn pairs(&self, word: [u8; 8]) -> Option<[u8; 8]> {
        let digits = u64::from_le_bytes(word) ^ self.zeros;
        let odd = (digits.wrapping_add(self.limits) | digits) & HIGHS;
        (odd == 0).then(|| digits.wrapping_mul(10).wrapping_add(digits >> 8).to_le_bytes())
    }
}

const fn with(bytes: [u8; 8], at: usize, byte: u8) -> [u8; 8] {
    (u64::from_le_bytes(bytes) & !(0xff << (8 * at)) | (byte as u64) << (8 * at)).to_le_bytes()
}

/// The day of the stamp that was read last: those of a record are mostly of one. What it holds changes no reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Day {
    /// `2019-05-`, `30`.
    text: ([u8; 8], [u8; 2]),
    /// When it began; `None` where there was none yet.
    start: Option<Timestamp>,
}

/// `2019-05-30T08:20:42.230Z`.
#[inline]
pub(super) fn iso(bytes: &[u8], known: &mut Day) -> Option<Timestamp> {
    const DATE: Form = Form::of(*b"0000-00-");
    const TIME: Form = Form::of(*b"00T00:00");
    const SECOND: Form = Form::of(*b":00.000Z");
    let ([date, time, second], []) = bytes.as_chunks::<8>() else { return None };
    let [day, _, _, hour, _, _, minute, _] = TIME.pairs(*time)?;
    let [_, whole, _, _, first, last, ..] = SECOND.pairs(*second)?;
    let text = (*date, *time.first_chunk()?);
    let start = match known.start.filter(|_| known.text == text) {
        Some(start) => start,
        None => {
            let [century, _, year, _, _, month, ..] = DATE.pairs(*date)?;
            let start = of([century, year, month, day, 0, 0, 0])?;
            *known = Day { text, start: Some(start) };
            start
        }
    };
    // A second above 60 is to be told of; the 60th is the first of the next minute.
    if hour > 23 || minute > 59 || whole > 60 {
        return None;
    }
    let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(whole);
    let millis = i64::from(first) * 10 + i64::from(last % 10);
    Some(start.shifted((seconds * 1_000 + millis) * 1_000_000))
}

/// `Thu May 30 08:20:42 2019`, the day with a blank or a zero before it.
pub(super) fn written(bytes: &[u8]) -> Option<Timestamp> {
    const TIME: Form = Form::of(*b"00 00:00");
    const YEAR: Form = Form::of(*b":00 0000");
    let ([[w1, w2, w3, b' ', m1, m2, m3, b' '], time, year], []) = bytes.as_chunks::<8>() else {
        return None;
    };
    if !matches!(&[*w1, *w2, *w3], b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun") {
        return None;
    }
    let month = match &[*m1, *m2, *m3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let time = if time.first() == Some(&b' ') { with(*time, 0, b'0') } else { *time };
    let [day, _, _, hour, _, _, minute, _] = TIME.pairs(time)?;
    let [_, second, _, _, century, _, year, _] = YEAR.pairs(*year)?;
    of([century, year, month, day, hour, minute, second])
}

/// `None` for a time that does not exist, and for a second that is to be told of.
fn of(numbers: [u8; 7]) -> Option<Timestamp> {
    let [century, year, month, day, hour, minute, second] = numbers.map(u32::from);
    Timestamp::from_civil(i64::from(century * 100 + year), month, day, hour, minute, second, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, time: &str) {
        let read = iso(text.as_bytes(), &mut Day::default()).or_else(|| written(text.as_bytes()));
        assert_eq!(read, Some(Timestamp::parse_rfc3339(time).unwrap()), "{text}");
    }

    #[test]
    fn each_digit_counts() {
        check("2019-05-30T08:20:42.230Z", "2019-05-30T08:20:42.23Z");
        check("1999-12-31T23:59:60.999Z", "2000-01-01T00:00:00.999Z");
        check("Thu May 30 08:20:42 2019", "2019-05-30T08:20:42Z");
        check("Mon Feb  3 18:29:07 2031", "2031-02-03T18:29:07Z");
    }

    /// Whatever day was read before, and whether or not the new one exists.
    #[test]
    fn a_day_is_never_taken_for_another() {
        let mut known = Day::default();
        let texts =
            (1..=40).flat_map(|day| ["2019-05", "2019-06", "2020-02", "2019-13"].map(|month| (month, day)));
        for (month, day) in texts {
            for time in ["08:20:42.230", "08:20:61.230", "24:00:00.000", "23:59:59.999"] {
                let text = format!("{month}-{day:02}T{time}Z");
                let read = iso(text.as_bytes(), &mut known);
                assert_eq!(read, Timestamp::parse_rfc3339(&text).ok(), "{text}");
            }
        }
    }

    /// Any byte that is none of its place sends the stamp the long way.
    #[test]
    fn another_byte_anywhere_is_another_form() {
        for good in ["2019-05-30T08:20:42.230Z", "Thu May 30 08:20:42 2019"] {
            for at in 0..24 {
                for byte in 0..=255_u8 {
                    let mut bytes = good.as_bytes().to_vec();
                    let before = std::mem::replace(&mut bytes[at], byte);
                    let read = iso(&bytes, &mut Day::default()).or_else(|| written(&bytes));
                    let may_be = match before {
                        b'0'..=b'9' => byte.is_ascii_digit() || (at == 8 && byte == b' '),
                        b'A'..=b'Y' | b'a'..=b'z' => byte.is_ascii_alphabetic(),
                        other => byte == other,
                    };
                    assert!(may_be || read.is_none(), "{}", String::from_utf8_lossy(&bytes));
                }
            }
        }
    }
}
