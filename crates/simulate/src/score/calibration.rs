//! Whether a confidence is what it says: of links at 0.9, nine in ten should be right.

use serde::Serialize;

use super::measure::{Measure, Share};

/// Bins of equal mass, as the design's goals are stated.
const BINS: usize = 15;

/// How far stated confidence is from what is observed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the mean distance of the bins' two figures, by their mass.
    pub ece: f64,
    /// The mean squared distance of confidence and outcome.
    pub brier: f64,
    /// From the least confident; up to 15 of equal mass.
    pub bins: Vec<Bin>,
}

/// Neighbours in confidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// The mean confidence.
    pub stated: f64,
    /// How many were right.
    pub observed: Share,
}

/// The calibration of confidences and outcomes.
pub(crate) fn of(outcomes: impl Iterator<Item = (f64, bool)>) -> Measure<Calibration> {
    let mut outcomes: Vec<(f64, bool)> = outcomes.collect();
    if outcomes.is_empty() {
        return Measure::NoCases;
    }
    // Right before wrong among equals, so that the order of rows changes nothing.
    outcomes.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
    let n = outcomes.len();
    let squared = |(stated, right): &(f64, bool)| {
        let distance = stated - f64::from(u8::from(*right));
        distance * distance
    };
    let brier = outcomes.iter().map(squared).sum::<f64>() / n as f64;
    let mut bins = Vec::new();
    let mut rest = outcomes.as_slice();
    for number in 0..BINS {
        let end = (number + 1) * n / BINS - number * n / BINS;
        let (bin, after) = rest.split_at(end.min(rest.len()));
        rest = after;
        let hits = bin.iter().filter(|(_, right)| *right).count() as u64;
        if let Measure::Of(observed) = Share::of(hits, bin.len() as u64) {
            let stated = bin.iter().map(|(stated, _)| stated).sum::<f64>() / bin.len() as f64;
            bins.push(Bin { stated, observed });
        }
    }
    let gap = |bin: &Bin| (bin.stated - bin.observed.value()).abs() * bin.observed.cases as f64;
    let ece = bins.iter().map(gap).sum::<f64>() / n as f64;
    Measure::Of(Calibration { ece, brier, bins })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Confidence that is always 1 and always right is perfect; one that is 0.8 and right half the time is 0.3 off.
    #[test]
    fn errors_are_those_of_the_definition() {
        let perfect = of((0..100).map(|_| (1.0, true)));
        let perfect = perfect.value().expect("cases");
        assert_eq!((perfect.ece, perfect.brier, perfect.bins.len()), (0.0, 0.0, 15));
        let off = of([(0.8, true), (0.8, false)].into_iter());
        let off = off.value().expect("cases");
        assert!((off.brier - 0.34).abs() < 1e-12, "{}", off.brier);
        assert_eq!(of(std::iter::empty()), Measure::NoCases);
    }

    /// Eight in ten are right at 0.8, in every bin: nothing is expected to be off.
    #[test]
    fn what_is_stated_is_observed() {
        let ones =
            (0..150).flat_map(|_| [(0.2, true), (0.2, false), (0.2, false), (0.2, false), (0.2, false)]);
        let mean = of(ones);
        let stated: Vec<f64> = mean.value().expect("cases").bins.iter().map(|bin| bin.stated).collect();
        assert!(stated.iter().all(|stated| (stated - 0.2).abs() < 1e-12));
    }
}
