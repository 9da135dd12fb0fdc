//! Sizes and durations as people write them.

use std::time::Duration;

/// `64MiB`, `1GiB`, `500kB`, `4096B`. Bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let factor: u64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(format!("`{text}` is not a size; write a number with a unit, like `64MiB`")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| {
            format!("`{text}` is not a size; write a whole number above 0 with a unit, like `64MiB`")
        })
}

/// `250ms`, `15s`, `5m`, `2h`, `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let nanos: u64 = match unit {
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return Err(format!("`{text}` is not a duration; write a number with a unit, like `15s`")),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(nanos))
        .map(Duration::from_nanos)
        .ok_or_else(|| format!("`{text}` is not a duration; write a whole number with a unit, like `15s`"))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (number, unit) =
        text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    (number, unit.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_read_as_people_write_them() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1 GB"), Ok(1_000_000_000));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("65m"), Ok(Duration::from_secs(3_900)));
        for wrong in ["", "64", "MiB", "-1MiB", "0B", "99999999999TiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "5", "5 weeks", "1.5s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
