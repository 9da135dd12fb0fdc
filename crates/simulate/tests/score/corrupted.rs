//! Answers that are wrong on purpose, by so much that the figures can be told beforehand.

use std::collections::BTreeMap;

use fanlight_model::{EventUid, LinkState, TraceId};
use fanlight_simulate::score::{FoundLink, Measure, Rung, Share};

use super::answers::{COMPANY, answers, rung, scored};

/// One link in so many of each rung is spoilt: in turn it gets a wrong event, and is dropped.
fn check(one_in: usize) {
    let (links, _) = answers(COMPANY.path());
    let mut seen: BTreeMap<Rung, (usize, u64, u64)> = BTreeMap::new();
    let mut spoilt = Vec::new();
    for link in links {
        let (number, wrong, dropped) = seen.entry(link.rung).or_default();
        *number += 1;
        if !number.is_multiple_of(one_in) {
            spoilt.push(link);
        } else if (*number / one_in).is_multiple_of(2) {
            *dropped += 1;
        } else {
            *wrong += 1;
            // Of its own for each rung: a span may have links of several.
            let event_uid = EventUid([link.rung as u8; 16]);
            spoilt.push(FoundLink { event_uid, session: None, ..link });
        }
    }
    let score = scored(spoilt);
    for (name, (number, wrong, dropped)) in seen {
        let n = number as u64;
        let (said, right) = (n - dropped, n - dropped - wrong);
        let rung = rung(&score, name.as_str());
        assert!(wrong > 0 || number < one_in, "{name}");
        assert_eq!(rung.precision, Share::of(right, said), "{name}");
        assert_eq!(rung.recall, Share::of(right, n), "{name}");
        assert_eq!(rung.abstention, Share::of(dropped, n), "{name}");
        let f1 = 2.0 * right as f64 / (2 * right + wrong + (n - right)) as f64;
        assert_eq!(rung.f1, Measure::Of(f1), "{name}");
        let gap = *rung.stated_minus_observed.value().expect("links");
        assert!((gap - wrong as f64 / said as f64).abs() < 1e-12, "{name} {gap}");
    }
}

#[test]
fn one_in_a_hundred_is_seen() {
    check(100);
}

#[test]
fn five_in_a_hundred_are_seen() {
    check(20);
}

/// Every link comes twice; a tenth of them is retracted, a tenth superseded and a tenth only a candidate by a later revision,
/// and the earlier one comes again after it. What is left counts once.
#[test]
fn only_what_is_asserted_in_the_end_counts() {
    let (links, _) = answers(COMPANY.path());
    let links: Vec<FoundLink> = links.into_iter().filter(|link| link.rung == Rung::R3).collect();
    let n = links.len() as u64;
    let states = [LinkState::Retracted, LinkState::Superseded, LinkState::Candidate];
    let mut rows = links.clone();
    for (number, link) in links.iter().enumerate() {
        if let Some(state) = states.get(number % 10) {
            rows.push(FoundLink { state: *state, revision: 2, ..link.clone() });
        }
    }
    rows.extend(links);
    let score = scored(rows);
    let counts = &score.links;
    let gone = counts.retracted + counts.superseded + counts.candidates;
    let of = |first: u64| (n - first).div_ceil(10);
    assert_eq!([counts.retracted, counts.superseded, counts.candidates], [of(0), of(1), of(2)]);
    assert_eq!((counts.asserted, counts.repeated), (n - gone, n + gone));
    let three = rung(&score, "R3");
    assert_eq!(three.precision, Share::of(n - gone, n - gone));
    assert_eq!(three.recall, Share::of(n - gone, n));
    assert_eq!(three.abstention, Share::of(gone, n));
}

/// A candidate finds its pair at R6, which asserts nothing, and nowhere else.
#[test]
fn candidates_are_what_the_sixth_rung_is_for() {
    let (links, _) = answers(COMPANY.path());
    let candidates =
        links.into_iter().map(|link| FoundLink { state: LinkState::Candidate, ..link }).collect();
    let score = scored(candidates);
    let six = rung(&score, "R6");
    assert_eq!(
        (six.precision.clone(), six.recall.clone()),
        (Measure::NoCases, Share::of(six.eligible, six.eligible))
    );
    let three = rung(&score, "R3");
    assert_eq!(
        (three.precision.clone(), three.recall.clone()),
        (Measure::NoCases, Share::of(0, three.eligible))
    );
    assert_eq!(score.calibration(), &Measure::NoCases);
}

/// Links in traces of others are in no figure: the company's truth does not tell of them.
#[test]
fn others_traces_are_not_judged() {
    let (mut links, _) = answers(COMPANY.path());
    let clean = scored(links.clone());
    let others: Vec<FoundLink> =
        links.iter().take(5).map(|link| FoundLink { trace_id: TraceId([3; 16]), ..link.clone() }).collect();
    links.extend(others);
    let score = scored(links);
    assert_eq!(score.links.untold, 5);
    assert_eq!(score.rungs, clean.rungs);
}

/// A pair is found whichever rung finds it; a link is precise or not at the rung that it names.
#[test]
fn a_better_claim_is_judged_where_it_is_made() {
    let (links, _) = answers(COMPANY.path());
    let claim = |link: FoundLink| FoundLink {
        rung: if link.rung == Rung::R3 { Rung::R2 } else { link.rung },
        ..link
    };
    let score = scored(links.into_iter().map(claim).collect());
    let (two, three) = (rung(&score, "R2"), rung(&score, "R3"));
    assert_eq!((three.asserted, two.asserted), (0, two.eligible + three.eligible));
    assert_eq!(
        (&three.precision, &three.recall),
        (&Measure::NoCases, &Share::of(three.eligible, three.eligible))
    );
    assert_eq!(two.precision, Share::of(two.asserted, two.asserted));
}
