//! Plays the timelines in `tests/*.txt` and compares the links that stand at their end. To add one, write a file: its name is
//! the sentence that it proves, `tests/README.md` has the words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use fanlight_correlate::{Correlator, Decision, Record};

#[path = "scenario/timeline.rs"]
mod timeline;

use timeline::{Expected, Step, Timeline};

/// Plays every file, in its order and backwards: what is asserted in the end must be the same.
#[test]
fn every_timeline_ends_in_the_links_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the tests are here")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 25, "only {} timelines in {}", files.len(), folder.display());
    let mut failures = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable timeline");
        if let Err(reason) = check(&text) {
            write!(failures, "\n{}\n{reason}", file.display()).expect("a string takes all");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn check(text: &str) -> Result<(), String> {
    let timeline = Timeline::parse(text)?;
    let found = play(&timeline, timeline.steps.iter());
    compare("event", &timeline.expected.events, &found.events)?;
    compare("count", &timeline.expected.counts, &found.counts)?;
    let expected: BTreeMap<_, _> = timeline.expected.links.clone();
    if expected.keys().ne(found.links.keys()) {
        return Err(format!("  expected links {:?}\n  found links    {:#?}", expected.keys(), found.links));
    }
    compare("link", &expected, &found.links)?;
    if !timeline.order_matters {
        let backwards = play(&timeline, timeline.steps.iter().rev());
        if asserted(&found) != asserted(&backwards) {
            return Err(format!(
                "  backwards it ends in other links: {:?}\n  instead of {:?}",
                asserted(&backwards),
                asserted(&found)
            ));
        }
    }
    Ok(())
}

/// Every word that is expected must be found; what is found may say more.
fn compare<K: Ord + std::fmt::Debug>(
    what: &str,
    expected: &BTreeMap<K, BTreeSet<String>>,
    found: &BTreeMap<K, BTreeSet<String>>,
) -> Result<(), String> {
    for (key, words) in expected {
        let Some(found) = found.get(key) else { return Err(format!("  no {what} {key:?}")) };
        if !words.is_subset(found) {
            return Err(format!("  {what} {key:?}\n  expected {words:?}\n  found    {found:?}"));
        }
    }
    Ok(())
}

fn asserted(found: &Expected) -> BTreeSet<&(String, String)> {
    found.links.iter().filter(|(_, words)| words.contains("asserted")).map(|(key, _)| key).collect()
}

/// Plays steps at the times at which the timeline's own steps come, whatever their order.
fn play<'a>(timeline: &Timeline, steps: impl Iterator<Item = &'a (String, Step)>) -> Expected {
    let mut correlator = Correlator::new(timeline.settings.clone());
    let mut out = Vec::new();
    for ((_, step), now) in steps.zip(&timeline.times) {
        match step {
            Step::Span(probe) => correlator.apply(Record::Probe(probe), *now, &mut out),
            Step::Event(event) => {
                let mut event = (**event).clone();
                event.arrival_time = *now;
                correlator.apply(Record::AccessEvent(event), *now, &mut out);
            }
        }
    }
    let mut found = Expected::default();
    let mut revisions = BTreeMap::new();
    for decision in &out {
        match decision {
            Decision::Event(event) => {
                found.events.insert(timeline.event_name(event), timeline::event_words(event));
            }
            Decision::Link(linked) => {
                // INV-2: one span, one event, and they are the link's own.
                assert_eq!(linked.link.span_id, linked.probe.span_id);
                assert_eq!(linked.link.event_uid, linked.event.event_uid);
                let key = (timeline.span_name(&linked.probe), timeline.event_name(&linked.event));
                let last = revisions.insert(key.clone(), linked.link.revision);
                assert!(last.is_none_or(|last| last <= linked.link.revision), "{key:?} went back");
                found.links.insert(key, timeline::link_words(&linked.link));
            }
        }
    }
    found.counts.insert((), timeline::count_words(&correlator.counts()));
    found
}
