//! Wilson's interval of a share: sound near 0 and 1, where the goals are, and without a table.

/// The normal distribution's 97.5 % point.
const Z: f64 = 1.959_963_984_540_054;

/// Between which two shares the true one lies, at 95 %, when `hits` of `cases` were seen.
pub(crate) fn wilson(hits: u64, cases: u64) -> (f64, f64) {
    if cases == 0 {
        return (0.0, 1.0);
    }
    let n = cases as f64;
    let share = hits as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At the ends the formula gives exactly 0 and 1 but for rounding.
    let low = if hits == 0 { 0.0 } else { (middle - reach) / scale };
    let high = if hits == cases { 1.0 } else { (middle + reach) / scale };
    (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hits: u64, cases: u64, expected: (f64, f64)) {
        let (low, high) = wilson(hits, cases);
        assert!((low - expected.0).abs() < 5e-5 && (high - expected.1).abs() < 5e-5, "{low} {high}");
    }

    /// Values from the published tables of the score interval.
    #[test]
    fn intervals_are_wilsons() {
        check(0, 10, (0.0, 0.2775));
        check(10, 10, (0.7225, 1.0));
        check(5, 10, (0.2366, 0.7634));
        check(81, 263, (0.2553, 0.3662));
        check(0, 0, (0.0, 1.0));
    }
}
