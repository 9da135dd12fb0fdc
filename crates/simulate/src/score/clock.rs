//! How far estimated clocks are from the true ones.

use std::collections::HashMap;

use fanlight_model::Timestamp;
use serde::Serialize;

use super::found::FoundClock;
use super::latency::Quantiles;
use super::measure::Measure;
use super::truth_line::ClockLine;

/// How wrong the estimates are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClockError {
    /// The distance of estimate and truth, in milliseconds.
    pub error_ms: Quantiles,
    /// Estimates of clocks that the truth does not know.
    pub unknown_hosts: u64,
}

/// Compares estimates with the truth.
pub(crate) fn score(truth: &[ClockLine], start: Timestamp, found: &[FoundClock]) -> Measure<ClockError> {
    let clocks: HashMap<&str, &ClockLine> = truth.iter().map(|clock| (clock.host.as_str(), clock)).collect();
    let errors: Vec<f64> = found
        .iter()
        .filter_map(|found| {
            let ahead = |host: &str| clocks.get(host).map(|clock| ahead_ns(clock, start, found.time));
            let against = found.against.as_deref().map_or(Some(0), ahead)?;
            let error = found.offset_ns - (ahead(&found.host)? - against);
            Some((error as f64 / 1e6).abs())
        })
        .collect();
    let unknown_hosts = (found.len() - errors.len()) as u64;
    Quantiles::of(errors).map(|error_ms| ClockError { error_ms: error_ms.clone(), unknown_hosts })
}

fn ahead_ns(clock: &ClockLine, start: Timestamp, time: Timestamp) -> i64 {
    let drift = time.nanos_since(start) / 1_000_000_000 * clock.drift_ppb;
    let step = clock.step.as_ref().filter(|step| step.at <= time).map_or(0, |step| step.by_ns);
    clock.offset_ns + drift + step
}

#[cfg(test)]
mod tests {
    use super::super::truth_line::StepLine;
    use super::*;

    /// Two clocks, one set after five seconds: the estimate of their difference is measured against both.
    #[test]
    fn an_estimate_is_measured_against_both_clocks() {
        let start = Timestamp::from_seconds(100);
        let step = Some(StepLine { at: Timestamp::from_seconds(105), by_ns: 4_000_000 });
        let clock =
            |host: &str, offset_ns, step| ClockLine { host: host.to_owned(), offset_ns, drift_ppb: 0, step };
        let truth = [clock("pod", 3_000_000, step), clock("edge", 1_000_000, None)];
        let found = |host: &str, seconds| FoundClock {
            host: host.to_owned(),
            against: Some("edge".to_owned()),
            time: Timestamp::from_seconds(seconds),
            offset_ns: 2_000_000,
        };
        let score = score(&truth, start, &[found("pod", 101), found("pod", 106), found("nobody", 101)]);
        let score = score.value().expect("cases");
        assert_eq!((score.error_ms.p50, score.error_ms.max, score.unknown_hosts), (0.0, 4.0, 1));
    }
}
