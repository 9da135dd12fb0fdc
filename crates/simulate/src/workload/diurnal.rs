//! How busy an hour of the day is.

use fanlight_model::Timestamp;

use crate::clock::{HOUR, SECOND, seconds};

/// Between the busiest and the quietest hour lies this factor.
const PEAK_TO_TROUGH: f64 = 8.0;

/// The hour that is busiest.
const BUSIEST: f64 = 14.0;

/// The share of the busiest rate at a true time in a zone so many hours east.
pub(crate) fn share(now: Timestamp, zone: i64) -> f64 {
    let of_day = (now.as_nanos() + zone * HOUR).rem_euclid(24 * HOUR);
    let hour = seconds(of_day) / seconds(3_600 * SECOND);
    let wave = (libm::cos((hour - BUSIEST) / 24.0 * std::f64::consts::TAU) + 1.0) / 2.0;
    let trough = 1.0 / PEAK_TO_TROUGH;
    trough + (1.0 - trough) * wave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_an_eighth_of_the_day() {
        let at = |hour: i64| share(Timestamp::from_seconds(hour * 3_600), 0);
        assert!((at(14) - 1.0).abs() < 1e-9);
        assert!((at(2) - 0.125).abs() < 1e-9);
        assert!((share(Timestamp::from_seconds(13 * 3_600), 1) - 1.0).abs() < 1e-9);
    }
}
