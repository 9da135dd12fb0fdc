//! A company, its own truth as answers, and what the scorer says of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use fanlight_model::{EventUid, Feed, LinkState, Relation, Timestamp};
use fanlight_simulate::Settings;
use fanlight_simulate::score::{Found, FoundLink, Measure, Rung, RungScore, Score, score};
use serde_json::Value;
use tempfile::TempDir;

/// A minute of a small company, with incidents.
pub(crate) static COMPANY: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { seed: 1, minutes: 1, ..Settings::default() };
    fanlight_simulate::write(&settings, folder.path(), |_| {}).expect("a company");
    folder
});

pub(crate) fn lines(company: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(company.join("truth").join(file)).expect("the truth");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// A line of `links.ndjson` as a perfect server would tell it; one that is not decidable by R2.
pub(crate) fn answer(line: &Value) -> FoundLink {
    let rungs = line["rungs"].as_array().expect("rungs");
    let rung = rungs.first().and_then(Value::as_str).map_or(Some(Rung::R2), Rung::from_name);
    let decided_time = Timestamp::from_seconds(1_800_000_000);
    FoundLink {
        trace_id: text(line, "trace").parse().expect("an id"),
        span_id: text(line, "span").parse().expect("an id"),
        event_uid: line["event_uid"].as_str().map_or(EventUid([7; 16]), |uid| uid.parse().expect("an id")),
        feed: Feed::from_name(text(line, "feed")),
        session: line["session"].as_str().map(str::to_owned),
        rung: rung.expect("a rung"),
        relation: Relation::SameConnection,
        confidence: 1.0,
        state: LinkState::Asserted,
        late_by_ms: 300.0,
        revision: 1,
        decided_time,
        event_arrival_time: Some(decided_time.shifted(-250_000_000)),
    }
}

/// The true links that a rung could find and whose partners both arrived, in the truth's order; and those that none could find.
pub(crate) fn answers(company: &Path) -> (Vec<FoundLink>, Vec<FoundLink>) {
    let losses = lines(company, "losses.ndjson");
    assert!(losses.iter().all(|loss| loss["what"] == "span"), "another seed: this one loses records");
    let lost: BTreeSet<&str> = losses.iter().map(|loss| text(loss, "span")).collect();
    let links = lines(company, "links.ndjson");
    let delivered = links.iter().filter(|link| !lost.contains(text(link, "span")));
    let is_decidable = |link: &&&Value| !link["rungs"].as_array().expect("rungs").is_empty();
    let (decidable, undecidable): (Vec<&Value>, Vec<&Value>) =
        delivered.partition(|link| is_decidable(&link));
    let told = |lines: Vec<&Value>| lines.into_iter().map(answer).collect();
    (told(decidable), told(undecidable))
}

pub(crate) fn scored(links: Vec<FoundLink>) -> Score {
    score(COMPANY.path(), Found::links(links.into_iter())).expect("a truth that can be read")
}

pub(crate) fn rung<'a>(score: &'a Score, name: &str) -> &'a RungScore {
    score.rungs.iter().find(|rung| rung.rung == name).expect("a rung")
}

/// Fed its own truth as links the scorer finds nothing wrong and nothing missing, at every rung and in every place.
#[test]
fn the_truth_is_exactly_right() {
    let (links, undecidable) = answers(COMPANY.path());
    let count = links.len() as u64;
    let score = scored(links);
    for name in ["R1", "R2", "R3", "R5", "R6", "R7", "all"] {
        let rung = rung(&score, name);
        assert!(rung.eligible > 50 && rung.asserted == rung.eligible, "{rung:?}");
        for share in [&rung.precision, &rung.recall] {
            let share = share.value().expect("cases");
            assert_eq!(
                (share.hits, share.cases, share.value()),
                (rung.eligible, rung.eligible, 1.0),
                "{name}"
            );
        }
        assert_eq!(rung.f1, Measure::Of(1.0), "{name}");
        assert_eq!(rung.abstention.map(|share| share.hits), Measure::Of(0), "{name}");
        assert_eq!(rung.stated_minus_observed, Measure::Of(0.0), "{name}");
        for spread in [&rung.services, &rung.app_connectors] {
            assert!(
                spread.value().is_none_or(|spread| spread.mean_f1 == 1.0 && spread.worst.f1 == 1.0),
                "{name}"
            );
        }
    }
    let feeds =
        rung(&score, "R3").feeds.map(|feeds| feeds.iter().map(|feed| feed.name.clone()).collect::<Vec<_>>());
    assert_eq!(feeds, Measure::Of(vec!["zpa_user_activity".to_owned(), "zia_firewall".to_owned()]));
    assert!(rung(&score, "all").services.value().is_some_and(|spread| spread.places > 5));
    assert_eq!((score.links.asserted, score.links.right, score.links.untold), (count, count, 0));
    assert_eq!(score.links.undecidable, undecidable.len() as u64);
    assert!(
        score
            .undecidable_left_alone
            .value()
            .is_some_and(|share| share.hits == share.cases && share.cases > 50)
    );
    let calibration = score.calibration().value().expect("links");
    assert_eq!((calibration.ece, calibration.brier, calibration.bins.len()), (0.0, 0.0, 15));
    let taken = score.time_to_link.after_later_ms.value().expect("arrivals");
    // The event came last, 50 ms after its span.
    assert_eq!((taken.p50, taken.p99, taken.max, taken.cases), (250.0, 250.0, 250.0, count));
}

/// A link where nothing is left to join by is right when it is true, is in no recall, and is no longer left alone.
#[test]
fn what_is_not_decidable_is_in_no_recall() {
    let (mut links, undecidable) = answers(COMPANY.path());
    let told: Vec<FoundLink> = undecidable.iter().take(10).cloned().collect();
    let wrong = FoundLink { event_uid: EventUid([9; 16]), ..undecidable[10].clone() };
    links.extend(told);
    links.push(wrong);
    let score = scored(links);
    let two = rung(&score, "R2");
    assert_eq!(two.asserted, two.eligible + 11);
    assert_eq!(
        two.precision.map(|share| (share.hits, share.cases)),
        Measure::Of((two.asserted - 1, two.asserted))
    );
    assert_eq!(two.recall.map(|share| share.value()), Measure::Of(1.0));
    assert_eq!(score.undecidable_left_alone.map(|share| share.cases - share.hits), Measure::Of(11));
}
