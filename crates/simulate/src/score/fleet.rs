//! Whether what is said of many slow traces at once names an incident, and how soon.

use serde::Serialize;

use super::found::FoundExplanation;
use super::latency::Quantiles;
use super::measure::{Measure, Share};
use super::truth_line::IncidentLine;

/// An explanation may come this long after its incident's end: panes are ten minutes wide.
const AFTER_NS: i64 = 600_000_000_000;

/// How well incidents are explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fleet {
    /// Of the incidents, those that an explanation names.
    pub detected: Measure<Share>,
    /// From an incident's start to the first explanation that names it, in seconds.
    pub delay_s: Measure<Quantiles>,
    /// Explanations that name no incident of their time.
    pub false_explanations: u64,
}

/// Compares explanations with the incidents.
pub(crate) fn score(incidents: &[IncidentLine], explanations: &[FoundExplanation]) -> Fleet {
    let names = |explanation: &FoundExplanation, incident: &IncidentLine| {
        explanation.scope == incident.scope
            && explanation.time >= incident.start
            && explanation.time <= incident.end.shifted(AFTER_NS)
    };
    let first = |incident: &IncidentLine| {
        let of = explanations.iter().filter(|explanation| names(explanation, incident));
        of.map(|explanation| explanation.time.nanos_since(incident.start) as f64 / 1e9).min_by(f64::total_cmp)
    };
    let delays: Vec<f64> = incidents.iter().filter_map(first).collect();
    let is_false =
        |explanation: &&FoundExplanation| !incidents.iter().any(|incident| names(explanation, incident));
    Fleet {
        detected: Share::of(delays.len() as u64, incidents.len() as u64),
        false_explanations: explanations.iter().filter(is_false).count() as u64,
        delay_s: Quantiles::of(delays),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One incident is named twice, another never; a third explanation names nothing.
    #[test]
    fn the_first_explanation_counts() {
        let at = Timestamp::from_seconds;
        let incident = |start, scope: &str| IncidentLine {
            start: at(start),
            end: at(start + 60),
            scope: scope.to_owned(),
        };
        let said = |time, scope: &str| FoundExplanation { time: at(time), scope: scope.to_owned() };
        let fleet = score(
            &[incident(100, "host:a"), incident(100, "host:b")],
            &[said(130, "host:a"), said(120, "host:a"), said(99, "host:b")],
        );
        assert_eq!(fleet.detected, Measure::Of(Share { hits: 1, cases: 2 }));
        assert_eq!(fleet.delay_s.map(|delay| delay.max), Measure::Of(20.0));
        assert_eq!(fleet.false_explanations, 1);
    }

    use fanlight_model::Timestamp;
}
