//! How long a link took after both of its partners were there.
//!
//! The store tells when an access event arrived, but not when a span did. So where the event came after its span (`late_by_ms` above 0),
//! the time to link is `decided_time` less the event's arrival: what was waited for beyond it. Where the span came last, it is unknown,
//! and counted as such. `decided_time` is the arrival of the record that decided, so the server's own work is not in it.

use serde::Serialize;

use super::matching::Said;
use super::measure::Measure;

/// How long links took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeToLink {
    /// From the later arrival to the decision, in milliseconds; absent where no arrival is told.
    pub after_later_ms: Measure<Quantiles>,
    /// Links of which the later arrival is not known.
    pub unknown: u64,
    /// How much later than its span an event came, in milliseconds, over all asserted links.
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
    let taken: Vec<f64> = said
        .iter()
        .filter(|said| said.late_by_ms > 0.0)
        .filter_map(|said| Some(said.decided_time.nanos_since(said.event_arrival_time?) as f64 / 1e6))
        .collect();
    let unknown = (said.len() - taken.len()) as u64;
    let is_told = said.is_empty() || said.iter().any(|said| said.event_arrival_time.is_some());
    let late_by = said.iter().map(|said| said.late_by_ms).collect();
    TimeToLink {
        after_later_ms: Quantiles::of(taken).if_made(is_told),
        unknown,
        late_by_ms: Quantiles::of(late_by),
    }
}
