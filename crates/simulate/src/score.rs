//! How well a server found what a company's truth says: every figure of the design's table of metrics that can be computed yet.
//!
//! A server's answers come as [`Found`], the truth from the company's folder, and what comes out is a [`Score`]. What the server does
//! not make yet is [`Measure::Absent`], what it had no occasion for [`Measure::NoCases`]: neither is ever 0 or 1.
//!
//! How links are counted:
//!
//! * **In force** is the highest revision of a pair of a span and an access event. Only what is asserted then counts as said;
//!   a pair that comes twice counts once.
//! * **Right** is a pair that the truth holds. Any other is wrong, also for a span that the truth links to nothing; but a link in a trace
//!   that is not the company's, or to a DNS record, of which the truth tells nothing, is only counted as `untold`.
//! * **Precision** of a rung is over the links that say they were made by it.
//! * **Eligible** for a rung is a true pair of which it is the best that what was sent allows, and both partners of which arrived.
//!   **Recall** is the share of those that are found, whichever rung found them. So recall of R3 is that of spans without a local
//!   side. R6 asserts nothing: there a candidate finds its pair.
//! * **Abstention** is the share of the eligible for whose span nothing is asserted in that feed.
//! * A true pair that no rung could find is not decidable: it is in no recall. The share of them that is left alone is told apart;
//!   a link to one is right or wrong like any other.

mod calibration;
mod clock;
mod fleet;
mod found;
mod intervals;
mod latency;
mod matching;
mod measure;
mod render;
mod rung;
mod truth_line;
mod truth_reader;
mod verdict;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

pub use calibration::{Bin, Calibration};
pub use clock::ClockError;
pub use fleet::Fleet;
pub use found::{Found, FoundClock, FoundExplanation, FoundLink, FoundVerdict, LINKS_SQL, Rung, links_sql};
pub use latency::{Quantiles, TimeToLink};
pub use matching::LinkCounts;
pub use measure::{Measure, Share};
pub use rung::{Place, RungScore, Spread};
pub use truth_reader::ScoreError;
pub use verdict::{Confusion, RiskPoint, VerdictScore};

/// Everything that is known of how good the answers were. Its JSON has these fields by these names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// What was scored, as the folder's manifest says: seed, profile, minutes, scenario.
    pub company: BTreeMap<String, String>,
    /// How many links there were, and what became of them.
    pub links: LinkCounts,
    /// One a rung, from the most exact, with all of them as the last.
    pub rungs: Vec<RungScore>,
    /// Of the true pairs that nothing is left to join by, those that were left alone.
    pub undecidable_left_alone: Measure<Share>,
    /// How long a link took.
    pub time_to_link: TimeToLink,
    /// Why it was slow.
    pub verdicts: Measure<VerdictScore>,
    /// Which attribute explains the slow traces.
    pub fleet: Measure<Fleet>,
    /// How wrong the estimated clocks are.
    pub clocks: Measure<ClockError>,
}

impl Score {
    /// Whether the confidences of all asserted links are what they say.
    pub fn calibration(&self) -> &Measure<Calibration> {
        self.rungs.last().map_or(&Measure::Absent, |all| &all.calibration)
    }

    /// Plain text, at most 100 columns wide.
    pub fn to_table(&self) -> String {
        render::table::text(self)
    }

    /// JSON, indented. Fields are named as they are here; `absent` and `no cases` are texts in the place of a figure.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        render::json::text(self)
    }

    /// One HTML page that needs nothing else.
    pub fn to_html(&self) -> String {
        render::html::page(self)
    }
}

/// Compares what a server found with the truth in a company's folder.
///
/// A true pair takes about 70 bytes of memory and a link about 250; the folder's files are read line by line.
pub fn score(company: &Path, found: Found<impl Iterator<Item = FoundLink>>) -> Result<Score, ScoreError> {
    let truth = truth_reader::Truth::read(company)?;
    let judged = matching::judge(&truth, found.links, &found.rungs);
    let verdicts = match found.verdicts {
        None => Measure::Absent,
        Some(verdicts) => Measure::Of(verdict::score(&truth_reader::requests(company)?, &verdicts)),
    };
    Ok(Score {
        company: truth.company.clone(),
        rungs: rung::scores(&truth, &judged),
        undecidable_left_alone: matching::left_alone(&truth, &judged),
        time_to_link: latency::of(&judged.said),
        links: judged.counts,
        verdicts,
        fleet: match found.explanations {
            None => Measure::Absent,
            Some(explanations) => {
                Measure::Of(fleet::score(&truth_reader::incidents(company)?, &explanations))
            }
        },
        clocks: match found.clocks {
            None => Measure::Absent,
            Some(clocks) => clock::score(&truth_reader::clocks(company)?, truth.start, &clocks),
        },
    })
}
