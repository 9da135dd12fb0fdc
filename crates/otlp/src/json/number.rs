//! Numbers as JSON and as protobuf's JSON mapping write them.

/// More digits than any 64-bit number has; beyond them only zeros may follow.
const MAX_DIGITS: u32 = 38;

/// A whole number, also one written with a fraction of zeros or an exponent; `None` for any other, and for what passes 128 bits.
pub(super) fn integer(text: &[u8]) -> Option<i128> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let magnitude = match short(digits) {
        Some(number) => i128::from(number),
        None => long(digits)?,
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Nearly every number: up to eighteen digits and nothing else.
#[inline]
fn short(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}

fn long(text: &[u8]) -> Option<i128> {
    let (number, exponent) = match text.iter().position(|letter| matches!(letter, b'e' | b'E')) {
        Some(at) => (text.get(..at)?, exponent(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    let (whole, fraction) = match number.iter().position(|letter| *letter == b'.') {
        Some(at) => (number.get(..at)?, number.get(at + 1..)?),
        None => (number, &[][..]),
    };
    if whole.is_empty() {
        return None;
    }
    let fraction = fraction.len() - fraction.iter().rev().take_while(|digit| **digit == b'0').count();
    let fraction = number.get(whole.len() + 1..whole.len() + 1 + fraction).unwrap_or_default();
    let mut digits: i128 = 0;
    for digit in whole.iter().chain(fraction) {
        let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
        digits = digits.checked_mul(10)?.checked_add(digit)?;
    }
    scaled(digits, i64::from(exponent) - i64::try_from(fraction.len()).ok()?)
}

fn exponent(text: &[u8]) -> Option<i32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `digits · 10^power`, where that is a whole number of at most 38 digits.
fn scaled(digits: i128, power: i64) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    let factor =
        10_i128.checked_pow(u32::try_from(power.unsigned_abs()).ok().filter(|p| *p <= MAX_DIGITS)?)?;
    match power {
        0.. => digits.checked_mul(factor),
        _ => (digits % factor == 0).then_some(digits / factor),
    }
}

/// A floating-point number, by its digits or by the three names that protobuf gives those without.
pub(super) fn double(text: &[u8]) -> Option<f64> {
    match text {
        b"NaN" => Some(f64::NAN),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        _ => {
            // Rust also reads `inf`, `nan` and `+1`, which are nobody's JSON.
            let is_number =
                text.iter().all(|letter| matches!(letter, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                    && !text.starts_with(b"+");
            is_number.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_exactly_however_they_are_written() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("1795330800000000001", Some(1_795_330_800_000_000_001)),
            ("18446744073709551615", Some(i128::from(u64::MAX))),
            ("-9223372036854775808", Some(i128::from(i64::MIN))),
            ("1.7953308e18", Some(1_795_330_800_000_000_000)),
            ("1795330800000000001.000", Some(1_795_330_800_000_000_001)),
            ("12300E-2", Some(123)),
            ("0e999999999", Some(0)),
            ("1.5", None),
            ("1e-1", None),
            ("1e40", None),
            ("1e99999999999", None),
            ("123456789012345678901234567890123456789012", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("1e", None),
            ("12a", None),
            ("1,5", None),
            ("٣", None),
        ] {
            assert_eq!(integer(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn doubles_have_three_names_beside_their_digits() {
        for (text, expected) in [
            ("0.1", Some(0.1)),
            ("-1e-7", Some(-1e-7)),
            ("1e999", Some(f64::INFINITY)),
            ("Infinity", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", None),
            ("nan", None),
            ("+1", None),
            ("", None),
            ("1 ", None),
        ] {
            assert_eq!(double(text.as_bytes()), expected, "{text}");
        }
        assert!(double(b"NaN").is_some_and(f64::is_nan));
    }
}
