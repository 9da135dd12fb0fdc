//! Which links are in force, and which of them are right.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use fanlight_model::{Feed, LinkState, SpanId, Timestamp, TraceId};
use serde::Serialize;

use super::found::{FoundLink, Rung};
use super::measure::{Measure, Share};
use super::truth_reader::{PairKey, Truth, session_key};

/// How many links there were, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounts {
    /// Rows that came.
    pub rows: u64,
    /// Those of a pair that another row tells in the same or a later revision.
    pub repeated: u64,
    /// Asserted in force.
    pub asserted: u64,
    /// Of these, those that the truth holds.
    pub right: u64,
    /// Wrong ones at spans that the truth links to nothing.
    pub at_other_spans: u64,
    /// Asserted in force, but the truth tells nothing about their like: in no figure.
    pub untold: u64,
    /// Candidates in force.
    pub candidates: u64,
    /// Superseded in force.
    pub superseded: u64,
    /// Retracted in force.
    pub retracted: u64,
    /// Pairs of the truth.
    pub true_pairs: u64,
    /// Of these, those with a partner that never arrived.
    pub undelivered: u64,
    /// Of the delivered, those that no rung could find.
    pub undecidable: u64,
}

/// An asserted link, judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) key: PairKey,
    pub(crate) rung: Rung,
    pub(crate) feed: Option<Feed>,
    pub(crate) right: bool,
    pub(crate) confidence: f64,
    pub(crate) late_by_ms: f64,
    pub(crate) decided_time: Timestamp,
    pub(crate) event_arrival_time: Option<Timestamp>,
}

/// What is known of all links.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// By key.
    pub(crate) said: Vec<Said>,
    pub(crate) counts: LinkCounts,
    /// The rungs that the server makes.
    pub(crate) made: BTreeSet<Rung>,
    /// True pairs that are found: by an assertion, and by a candidate.
    found: HashSet<usize>,
    proposed: HashSet<usize>,
    /// Spans with an assertion in a feed; without its name where the event is not stored.
    spoken: HashSet<(TraceId, SpanId, Option<Feed>)>,
}

impl Judged {
    /// Whether a true pair is found, as its rung finds.
    pub(crate) fn is_found(&self, pair: usize, rung: Rung) -> bool {
        self.found.contains(&pair) || rung == Rung::R6 && self.proposed.contains(&pair)
    }

    /// Whether anything is asserted in the feed for the pair's span.
    pub(crate) fn is_spoken(&self, truth: &Truth, pair: usize) -> bool {
        truth.pairs.get(pair).is_some_and(|pair| {
            let (trace, span, _) = pair.key;
            [pair.feed, None].into_iter().any(|feed| self.spoken.contains(&(trace, span, feed)))
        })
    }
}

/// Judges all links.
pub(crate) fn judge(truth: &Truth, links: impl Iterator<Item = FoundLink>, made: &BTreeSet<Rung>) -> Judged {
    let mut judged = Judged { made: made.clone(), ..Judged::default() };
    for (key, link) in in_force(links, &mut judged) {
        judged.made.insert(link.rung);
        match link.state {
            LinkState::Asserted => say(truth, &mut judged, key, &link),
            LinkState::Candidate => {
                judged.counts.candidates += 1;
                judged.proposed.extend(truth.find(key));
            }
            LinkState::Superseded => judged.counts.superseded += 1,
            LinkState::Retracted => judged.counts.retracted += 1,
        }
    }
    let counts = &mut judged.counts;
    counts.true_pairs = truth.pairs.len() as u64;
    for pair in &truth.pairs {
        counts.undelivered += u64::from(!pair.delivered);
        counts.undecidable += u64::from(pair.delivered && pair.best.is_none());
    }
    judged
}

/// The highest revision of each pair, by key; of two equal ones the first that came.
fn in_force(links: impl Iterator<Item = FoundLink>, judged: &mut Judged) -> Vec<(PairKey, FoundLink)> {
    let mut held: HashMap<PairKey, FoundLink> = HashMap::new();
    for link in links {
        judged.counts.rows += 1;
        let event = link.session.as_deref().map_or(link.event_uid, session_key);
        match held.entry((link.trace_id, link.span_id, event)) {
            Entry::Vacant(place) => {
                place.insert(link);
            }
            Entry::Occupied(mut before) => {
                judged.counts.repeated += 1;
                if link.revision > before.get().revision {
                    before.insert(link);
                }
            }
        }
    }
    let mut held: Vec<(PairKey, FoundLink)> = held.into_iter().collect();
    held.sort_unstable_by_key(|(key, _)| *key);
    held
}

fn say(truth: &Truth, judged: &mut Judged, key: PairKey, link: &FoundLink) {
    let (trace, span, _) = key;
    let pair = truth.find(key);
    let is_dns = link.feed == Some(Feed::ZiaDns);
    if pair.is_none() && (is_dns || !truth.traces.contains_key(&trace)) {
        judged.counts.untold += 1;
        return;
    }
    let feed = pair.and_then(|pair| truth.pairs.get(pair)).map_or(link.feed, |pair| pair.feed);
    judged.spoken.insert((trace, span, feed));
    judged.found.extend(pair);
    judged.counts.asserted += 1;
    judged.counts.right += u64::from(pair.is_some());
    let from = truth.pairs.partition_point(|pair| (pair.key.0, pair.key.1) < (trace, span));
    let is_told = truth.pairs.get(from).is_some_and(|pair| (pair.key.0, pair.key.1) == (trace, span));
    judged.counts.at_other_spans += u64::from(!is_told);
    judged.said.push(Said {
        key,
        rung: link.rung,
        feed,
        right: pair.is_some(),
        confidence: link.confidence,
        late_by_ms: link.late_by_ms,
        decided_time: link.decided_time,
        event_arrival_time: link.event_arrival_time,
    });
}

/// Of the true pairs that nothing is left to join by, those at whose span nothing is said in that feed.
pub(crate) fn left_alone(truth: &Truth, judged: &Judged) -> Measure<Share> {
    let undecidable =
        |pair: &usize| truth.pairs.get(*pair).is_some_and(|pair| pair.delivered && pair.best.is_none());
    let all: Vec<usize> = (0..truth.pairs.len()).filter(undecidable).collect();
    let alone = all.iter().filter(|pair| !judged.is_spoken(truth, **pair)).count();
    Share::of(alone as u64, all.len() as u64).if_made(!judged.made.is_empty())
}
