//! How long a link took after both of its partners were there.
//!
//! The store tells when an access event first arrived, and by `late_by_ms` how long after its span's arrival a link was first asserted. The
//! shorter of that and of `decided_time` less the event's arrival is the time to link: exact in a link's first revision, in a later
//! one no less than it was. `decided_time` is the arrival of the record that decided, so the server's own work is not in it.

use serde::Serialize;

use super::matching::Said;
use super::measure::Measure;

/// How long links took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeToLink {
    /// From the later arrival to the decision, in milliseconds; absent where no event's arrival is told.
    pub after_later_ms: Measure<Quantiles>,
    /// Links of which the event's arrival is not known.
    pub unknown: u64,
    /// From the span's arrival to the first assertion, in milliseconds, over all asserted links.
    pub late_by_ms: Measure<Quantiles>,
}

/// The order of some figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantiles {
    /// How many there are.
    pub cases: u64,
    /// Half are at most this.
    pub p50: f64,
    /// Nine in ten are.
    pub p90: f64,
    /// 99 of 100 are.
    pub p99: f64,
    /// All are.
    pub max: f64,
    /// At each percent from 0 to 100: the curve.
    pub percentiles: Vec<f64>,
}

impl Quantiles {
    /// The quantiles of figures in any order, by nearest rank.
    pub(crate) fn of(mut figures: Vec<f64>) -> Measure<Self> {
        figures.sort_by(f64::total_cmp);
        let Some(max) = figures.last().copied() else { return Measure::NoCases };
        let n = figures.len();
        let at = |percent: usize| {
            let rank = (percent * n).div_ceil(100).max(1);
            figures.get(rank - 1).copied().unwrap_or(max)
        };
        let percentiles = (0..=100).map(at).collect();
        Measure::Of(Self { cases: n as u64, p50: at(50), p90: at(90), p99: at(99), max, percentiles })
    }
}

/// How long the asserted links took.
pub(crate) fn of(said: &[Said]) -> TimeToLink {
    let after_event_ms =
        |said: &Said| Some(said.decided_time.nanos_since(said.event_arrival_time?) as f64 / 1e6);
    let taken: Vec<f64> =
        said.iter().filter_map(|said| Some(after_event_ms(said)?.min(said.late_by_ms).max(0.0))).collect();
    let unknown = (said.len() - taken.len()) as u64;
    let is_told = said.is_empty() || said.iter().any(|said| said.event_arrival_time.is_some());
    let late_by = said.iter().map(|said| said.late_by_ms).collect();
    TimeToLink {
        after_later_ms: Quantiles::of(taken).if_made(is_told),
        unknown,
        late_by_ms: Quantiles::of(late_by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let quantiles = Quantiles::of((1..=200).rev().map(f64::from).collect());
        let quantiles = quantiles.value().expect("figures");
        assert_eq!(
            (quantiles.p50, quantiles.p90, quantiles.p99, quantiles.max),
            (100.0, 180.0, 198.0, 200.0)
        );
        assert_eq!((quantiles.percentiles.len(), quantiles.percentiles.first()), (101, Some(&1.0)));
        assert_eq!(Quantiles::of(Vec::new()), Measure::NoCases);
    }
}
