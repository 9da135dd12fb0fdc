//! The zones that a feed's `tz` token names.

/// Seconds east of UTC: `GMT`, `UTC`, `Z`, offsets with or without `GMT` before them, and RFC 822's abbreviations as far as they
/// mean one thing only. `CST` is China's too and `IST` has three homes: such a word is no zone, and nothing is dated by it.
pub(crate) fn zone_seconds(word: &str) -> Option<i64> {
    const HOUR: i64 = 3_600;
    let word = word.trim_ascii();
    let upper = word.to_ascii_uppercase();
    let named = match upper.as_str() {
        "Z" | "UT" | "UTC" | "GMT" => Some(0),
        "EDT" => Some(-4 * HOUR),
        "CDT" => Some(-5 * HOUR),
        "MDT" => Some(-6 * HOUR),
        "PDT" => Some(-7 * HOUR),
        "MST" => Some(-7 * HOUR),
        _ => None,
    };
    named.or_else(|| offset(upper.strip_prefix("GMT").or(upper.strip_prefix("UTC")).unwrap_or(&upper)))
}

/// `+05:30`, `-0800`, `+5`.
fn offset(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 => rest.split_at_checked(2)?,
        None => (rest, "0"),
    };
    let number = |digits: &str| {
        let whole = (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        whole.then(|| digits.parse::<i64>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_one_thing_is_a_zone() {
        for (word, seconds) in [
            ("GMT", 0),
            ("utc", 0),
            ("PDT", -25_200),
            ("+05:30", 19_800),
            ("GMT-0800", -28_800),
            ("UTC+5", 18_000),
        ] {
            assert_eq!(zone_seconds(word), Some(seconds), "{word}");
        }
        for word in ["CST", "IST", "BST", "", "+", "+99:00", "+1:60", "PST8PDT", "Jun", "+é", "+005"] {
            assert_eq!(zone_seconds(word), None, "{word}");
        }
    }
}
