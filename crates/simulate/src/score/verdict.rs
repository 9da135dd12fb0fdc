//! Why requests were slow, compared with what was injected.
//!
//! Scored are the kept requests that an incident made slow. One cause is an exact assertion and right when it is the main one; several
//! are a group and right when the main one is among them; none is `unknown`. The oracle's coverage is the share of them whose main cause
//! could be told from every other by what is observed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fanlight_model::TraceId;
use serde::Serialize;

use super::calibration::{self, Calibration};
use super::found::FoundVerdict;
use super::measure::{Measure, Share};
use super::truth_line::RequestLine;

/// The causes of the group `edge`.
const EDGE: [&str; 4] = ["edge_policy", "edge_capacity", "connector", "reroute"];

/// How well verdicts did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictScore {
    /// Of the scored requests, those with an exact assertion.
    pub coverage: Measure<Share>,
    /// Those that an oracle could assert exactly.
    pub oracle_coverage: Measure<Share>,
    /// Of the exact assertions, those that are right.
    pub exact: Measure<Share>,
    /// Of the groups, those that are right.
    pub groups: Measure<Share>,
    /// The mean of the F1 of the true causes, over exact assertions.
    pub macro_f1: Measure<f64>,
    /// Of the requests that the edge made slow, those for which our code is blamed.
    pub our_code_blamed: Measure<Share>,
    /// Of the requests that our code made slow, those for which the edge is blamed.
    pub edge_blamed: Measure<Share>,
    /// Of the requests that have a verdict, that no incident made slow and nothing at the edge by chance, those for which the edge is
    /// blamed.
    pub edge_blamed_without_incident: Measure<Share>,
    /// Of the requests that no oracle could tell, those called unknown or a group.
    pub rightly_unsure: Measure<Share>,
    /// Of exact assertions.
    pub calibration: Measure<Calibration>,
    /// What is wrong when only the surest are asserted, from few to all.
    pub risk_coverage: Vec<RiskPoint>,
    /// True cause by what was said; cells that are not empty.
    pub confusion: Vec<Confusion>,
}

/// The surest so many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RiskPoint {
    /// The share of all scored requests that is asserted.
    pub coverage: f64,
    /// The share of those that is wrong.
    pub risk: f64,
}

/// A cell of the confusion matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The main cause.
    pub truth: String,
    /// A cause, `group` or `unknown`.
    pub said: String,
    /// How many.
    pub requests: u64,
}

/// Hits and cases while they are counted.
#[derive(Clone, Copy, Default)]
struct Count {
    hits: u64,
    cases: u64,
}

impl Count {
    fn add(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.cases += 1;
    }

    const fn share(self) -> Measure<Share> {
        Share::of(self.hits, self.cases)
    }
}

#[derive(Default)]
struct Counts {
    coverage: Count,
    oracle: Count,
    exact: Count,
    groups: Count,
    our_code_blamed: Count,
    edge_blamed: Count,
    without_incident: Count,
    unsure: Count,
    outcomes: Vec<(f64, bool)>,
    confusion: BTreeMap<(String, String), u64>,
}

/// Compares verdicts with what was injected.
pub(crate) fn score(requests: &[RequestLine], verdicts: &[FoundVerdict]) -> VerdictScore {
    let verdicts: HashMap<TraceId, &FoundVerdict> =
        verdicts.iter().map(|verdict| (verdict.trace_id, verdict)).collect();
    let mut counts = Counts::default();
    for request in requests.iter().filter(|request| request.kept) {
        let verdict = verdicts.get(&request.trace).copied();
        if request.injected {
            counts.request(request, verdict);
        } else if let Some(verdict) = verdict.filter(|_| !is_edge(&request.main)) {
            counts.without_incident.add(blames_edge(&verdict.causes));
        }
    }
    VerdictScore {
        coverage: counts.coverage.share(),
        oracle_coverage: counts.oracle.share(),
        exact: counts.exact.share(),
        groups: counts.groups.share(),
        macro_f1: macro_f1(&counts.confusion),
        our_code_blamed: counts.our_code_blamed.share(),
        edge_blamed: counts.edge_blamed.share(),
        edge_blamed_without_incident: counts.without_incident.share(),
        rightly_unsure: counts.unsure.share(),
        calibration: calibration::of(counts.outcomes.iter().copied()),
        risk_coverage: risk_coverage(counts.outcomes, counts.coverage.cases),
        confusion: counts
            .confusion
            .into_iter()
            .map(|((truth, said), requests)| Confusion { truth, said, requests })
            .collect(),
    }
}

impl Counts {
    fn request(&mut self, request: &RequestLine, verdict: Option<&FoundVerdict>) {
        let causes: &[String] = verdict.map_or(&[], |verdict| &verdict.causes);
        let lump = request.identifiable.get(&request.observed).map_or(1, Vec::len);
        let is_exact = causes.len() == 1;
        self.coverage.add(is_exact);
        self.oracle.add(lump == 1);
        if lump > 1 {
            self.unsure.add(!is_exact);
        }
        let is_right = causes.contains(&request.main);
        let said = match causes {
            [] => "unknown",
            [cause] => {
                self.exact.add(is_right);
                self.outcomes.push((verdict.map_or(0.0, |verdict| verdict.confidence), is_right));
                cause
            }
            _ => {
                self.groups.add(is_right);
                "group"
            }
        };
        *self.confusion.entry((request.main.clone(), said.to_owned())).or_default() += 1;
        if is_edge(&request.main) {
            self.our_code_blamed.add(said == "our_code");
        } else if request.main == "our_code" {
            self.edge_blamed.add(blames_edge(causes));
        }
    }
}

fn is_edge(cause: &str) -> bool {
    EDGE.contains(&cause)
}

fn blames_edge(causes: &[String]) -> bool {
    !causes.is_empty() && causes.iter().all(|cause| is_edge(cause))
}

fn macro_f1(confusion: &BTreeMap<(String, String), u64>) -> Measure<f64> {
    let causes: BTreeSet<&String> = confusion.keys().map(|(truth, _)| truth).collect();
    let f1 = |cause: &String| {
        let sum = |is_in: &dyn Fn(&String, &String) -> bool| -> u64 {
            confusion
                .iter()
                .filter(|((truth, said), _)| is_in(truth, said))
                .map(|(_, requests)| requests)
                .sum()
        };
        let both = sum(&|truth, said| truth == cause && said == cause);
        // Twice the right, by all that are true and all that are said.
        2.0 * both as f64 / (sum(&|truth, _| truth == cause) + sum(&|_, said| said == cause)) as f64
    };
    if causes.is_empty() {
        return Measure::NoCases;
    }
    Measure::Of(causes.iter().map(|cause| f1(cause)).sum::<f64>() / causes.len() as f64)
}

fn risk_coverage(mut outcomes: Vec<(f64, bool)>, cases: u64) -> Vec<RiskPoint> {
    outcomes.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    let n = outcomes.len();
    (1..=20)
        .map(|part| (part * n).div_ceil(20))
        .filter(|surest| *surest > 0)
        .map(|surest| {
            let wrong = outcomes.iter().take(surest).filter(|(_, right)| !right).count();
            RiskPoint { coverage: surest as f64 / cases as f64, risk: wrong as f64 / surest as f64 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: u8, main: &str, lump: &[&str]) -> RequestLine {
        RequestLine {
            trace: TraceId([number; 16]),
            kept: true,
            main: main.to_owned(),
            injected: true,
            observed: "B".to_owned(),
            identifiable: BTreeMap::from([(
                "B".to_owned(),
                lump.iter().map(|&cause| cause.to_owned()).collect(),
            )]),
        }
    }

    fn verdict(number: u8, causes: &[&str], confidence: f64) -> FoundVerdict {
        let causes = causes.iter().map(|&cause| cause.to_owned()).collect();
        FoundVerdict { trace_id: TraceId([number; 16]), causes, confidence }
    }

    /// Of four slow requests one is told exactly, one wrongly, one as a group, one not at all.
    #[test]
    fn each_kind_of_answer_counts_where_it_belongs() {
        let requests = [
            request(1, "our_code", &["our_code"]),
            request(2, "our_code", &["our_code"]),
            request(3, "reroute", &["last_mile", "reroute"]),
            request(4, "connector", &["connector"]),
        ];
        let verdicts = [
            verdict(1, &["our_code"], 0.9),
            verdict(2, &["connector"], 0.6),
            verdict(3, &["last_mile", "reroute"], 0.7),
        ];
        let score = score(&requests, &verdicts);
        assert_eq!(score.coverage, Share::of(2, 4));
        assert_eq!(score.oracle_coverage, Share::of(3, 4));
        assert_eq!((score.exact.clone(), score.groups.clone()), (Share::of(1, 2), Share::of(1, 1)));
        assert_eq!(
            (score.edge_blamed.clone(), score.our_code_blamed.clone()),
            (Share::of(1, 2), Share::of(0, 2))
        );
        assert_eq!(
            (score.rightly_unsure.clone(), score.edge_blamed_without_incident.clone()),
            (Share::of(1, 1), Measure::NoCases)
        );
        assert_eq!(score.risk_coverage.last(), Some(&RiskPoint { coverage: 0.5, risk: 0.5 }));
        assert_eq!(score.risk_coverage.first(), Some(&RiskPoint { coverage: 0.25, risk: 0.0 }));
        assert_eq!(score.confusion.len(), 4);
        // our_code 2 / 3, reroute 0, connector 0 of (1 + 1).
        assert!((score.macro_f1.value().expect("causes") - 2.0 / 9.0).abs() < 1e-12);
    }
}
