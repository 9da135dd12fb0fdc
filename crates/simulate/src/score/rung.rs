//! Precision, recall and the like: of each rung, of the worst service and of the worst app connector.

use std::collections::BTreeMap;

use fanlight_model::Feed;
use serde::Serialize;

use super::calibration::{self, Calibration};
use super::found::Rung;
use super::matching::{Judged, Said};
use super::measure::{Measure, Share};
use super::truth_reader::{Through, Truth};

/// A service or app connector with fewer eligible pairs is not compared: chance would choose the worst.
const LEAST_CASES: u64 = 20;

/// How well one rung did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RungScore {
    /// Its name; `all` for all rungs that are made.
    pub rung: String,
    /// The true pairs that it is the best rung for.
    pub eligible: u64,
    /// The links that say they were made by it.
    pub asserted: u64,
    /// Of the asserted, those that are right.
    pub precision: Measure<Share>,
    /// Of the eligible, those that are found.
    pub recall: Measure<Share>,
    /// Twice the found, by that and the wrong and the missed.
    pub f1: Measure<f64>,
    /// Of the eligible, those for whose span nothing is said.
    pub abstention: Measure<Share>,
    /// The mean confidence of the asserted, less the share of them that is right.
    pub stated_minus_observed: Measure<f64>,
    /// Of its asserted links.
    pub calibration: Measure<Calibration>,
    /// Over the services that the edge reaches.
    pub services: Measure<Spread>,
    /// Over the app connectors.
    pub app_connectors: Measure<Spread>,
    /// Each feed of its eligible or asserted pairs, however few.
    pub feeds: Measure<Vec<Place>>,
}

/// How far apart services or app connectors are; those with at least 20 eligible pairs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub places: u64,
    /// The mean of their F1.
    pub mean_f1: f64,
    /// The one with the lowest F1; of equals the first by name.
    pub worst: Place,
}

/// One service, app connector or feed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// As of a rung.
    pub precision: Measure<Share>,
    /// As of a rung.
    pub recall: Measure<Share>,
    /// As of a rung.
    pub f1: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    eligible: u64,
    found: u64,
    abstained: u64,
    asserted: u64,
    right: u64,
    stated: f64,
}

impl Tally {
    const fn precision(&self) -> Measure<Share> {
        Share::of(self.right, self.asserted)
    }

    const fn recall(&self) -> Measure<Share> {
        Share::of(self.found, self.eligible)
    }

    fn f1(&self) -> Measure<f64> {
        let (wrong, missed) = (self.asserted - self.right, self.eligible - self.found);
        let all = 2 * self.found + wrong + missed;
        if all == 0 { Measure::NoCases } else { Measure::Of(2.0 * self.found as f64 / all as f64) }
    }
}

#[derive(Default)]
struct Tallies {
    whole: Tally,
    services: BTreeMap<usize, Tally>,
    app_connectors: BTreeMap<usize, Tally>,
    feeds: BTreeMap<Feed, Tally>,
}

impl Tallies {
    fn count(&mut self, through: Through, feed: Option<Feed>, count: impl Fn(&mut Tally)) {
        count(&mut self.whole);
        if let Some(service) = through.service {
            count(self.services.entry(service).or_default());
        }
        if let Some(app_connector) = through.app_connector {
            count(self.app_connectors.entry(app_connector).or_default());
        }
        if let Some(feed) = feed {
            count(self.feeds.entry(feed).or_default());
        }
    }
}

/// The score of each rung, and of all that are made.
pub(crate) fn scores(truth: &Truth, judged: &Judged) -> Vec<RungScore> {
    let mut rungs: BTreeMap<Rung, Tallies> = BTreeMap::new();
    let mut all = Tallies::default();
    for (number, pair) in truth.pairs.iter().enumerate() {
        let Some(rung) = pair.best.filter(|_| pair.delivered) else { continue };
        let through = truth.traces.get(&pair.key.0).copied().unwrap_or_default();
        let is_found = judged.is_found(number, rung);
        let is_silent = !is_found && !judged.is_spoken(truth, number);
        let count = |tally: &mut Tally| {
            tally.eligible += 1;
            tally.found += u64::from(is_found);
            tally.abstained += u64::from(is_silent);
        };
        rungs.entry(rung).or_default().count(through, pair.feed, count);
        if judged.made.contains(&rung) {
            all.count(through, pair.feed, count);
        }
    }
    for said in &judged.said {
        let through = truth.traces.get(&said.key.0).copied().unwrap_or_default();
        let count = |tally: &mut Tally| {
            tally.asserted += 1;
            tally.right += u64::from(said.right);
            tally.stated += said.confidence;
        };
        rungs.entry(said.rung).or_default().count(through, said.feed, count);
        all.count(through, said.feed, count);
    }
    let mut scores: Vec<RungScore> = Rung::ALL
        .into_iter()
        .map(|rung| {
            let tallies = rungs.remove(&rung).unwrap_or_default();
            let calibration = calibrated(judged, |said| said.rung == rung);
            score(rung.as_str(), (&tallies, calibration), truth, judged.made.contains(&rung))
        })
        .collect();
    scores.push(score("all", (&all, calibrated(judged, |_| true)), truth, !judged.made.is_empty()));
    scores
}

fn calibrated(judged: &Judged, is_in: impl Fn(&Said) -> bool) -> Measure<Calibration> {
    let said = judged.said.iter().filter(|said| is_in(said));
    calibration::of(said.map(|said| (said.confidence, said.right)))
}

fn score(
    rung: &str,
    (tallies, calibration): (&Tallies, Measure<Calibration>),
    truth: &Truth,
    is_made: bool,
) -> RungScore {
    let tally = &tallies.whole;
    let stated_minus_observed =
        tally.precision().map(|share| tally.stated / share.cases as f64 - share.value());
    RungScore {
        rung: rung.to_owned(),
        eligible: tally.eligible,
        asserted: tally.asserted,
        precision: tally.precision().if_made(is_made),
        recall: tally.recall().if_made(is_made),
        f1: tally.f1().if_made(is_made),
        abstention: Share::of(tally.abstained, tally.eligible).if_made(is_made),
        stated_minus_observed: stated_minus_observed.if_made(is_made),
        calibration: calibration.if_made(is_made),
        services: spread(&tallies.services, truth).if_made(is_made),
        app_connectors: spread(&tallies.app_connectors, truth).if_made(is_made),
        feeds: feeds(&tallies.feeds).if_made(is_made),
    }
}

fn place(name: String, tally: &Tally) -> Option<Place> {
    let f1 = *tally.f1().value()?;
    Some(Place { name, precision: tally.precision(), recall: tally.recall(), f1 })
}

fn feeds(tallies: &BTreeMap<Feed, Tally>) -> Measure<Vec<Place>> {
    let places: Vec<Place> =
        tallies.iter().filter_map(|(feed, tally)| place(feed.to_string(), tally)).collect();
    if places.is_empty() { Measure::NoCases } else { Measure::Of(places) }
}

fn spread(tallies: &BTreeMap<usize, Tally>, truth: &Truth) -> Measure<Spread> {
    let mut places: Vec<Place> = tallies
        .iter()
        .filter(|(_, tally)| tally.eligible >= LEAST_CASES)
        .filter_map(|(name, tally)| place(truth.names.get(*name)?.clone(), tally))
        .collect();
    places.sort_by(|one, other| one.f1.total_cmp(&other.f1).then_with(|| one.name.cmp(&other.name)));
    let count = places.len();
    let mean_f1 = places.iter().map(|place| place.f1).sum::<f64>() / count.max(1) as f64;
    match places.into_iter().next() {
        None => Measure::NoCases,
        Some(worst) => Measure::Of(Spread { places: count as u64, mean_f1, worst }),
    }
}
