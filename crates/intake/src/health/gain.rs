//! What would I gain if this feed had field X: which fields make which rung of the join and which segment of time possible.

mod uses;

use fanlight_model::Feed;

use crate::decode::table::feed_table;

pub(crate) use uses::USES;

/// What fields make possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gives {
    /// A rung of the join, `R0` to `R8`.
    Rung(&'static str),
    /// A stretch of a request's time that one party owns, by its name in the table of verdicts.
    Segment(&'static str),
    /// Something that an answer says of a request.
    Answer(&'static str),
}

impl Gives {
    /// `rung`, `segment` or `answer`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Rung(_) => "rung",
            Self::Segment(_) => "segment",
            Self::Answer(_) => "answer",
        }
    }

    /// Which.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rung(name) | Self::Segment(name) | Self::Answer(name) => name,
        }
    }
}

/// What becomes possible with some fields of a feed.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Which feed.
    pub feed: Feed,
    /// What becomes possible.
    pub gives: Gives,
    /// With which fields, all of them; with none the feed itself is enough.
    pub needs: &'static [&'static str],
    /// In a few words.
    pub words: &'static str,
}

/// What a template would make possible if it had some fields more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// What would become possible.
    pub gives: Gives,
    /// The fields that it needs and the template lacks.
    pub fields: Vec<&'static str>,
    /// In a few words.
    pub words: &'static str,
}

/// The rungs, the surest first, and what each is.
pub const RUNGS: &[(&str, &str)] = &[
    ("R0", "the same trace or request id, from a component under our control"),
    ("R1", "a proxy's record that carries both the address and port and the trace"),
    ("R1z", "the same connection or session in several feeds of ZPA"),
    ("R2", "both addresses and both ports, in time"),
    ("R3", "the app connector's address and port, in time"),
    ("R4", "address and port after a translation, or without one port"),
    ("R5", "host, method, path and status, in time"),
    ("R6", "principal, host and time: candidates only"),
    ("R7", "principal or device and time: context only"),
    ("R8", "service, service edge and app connector by the minute: baselines only"),
];

/// Fields of a feed that are wanted: an answer is poorer without them. In the order of the feed's table.
pub fn wanted(feed: Feed) -> impl Iterator<Item = &'static str> {
    let fields = feed_table(feed).map_or(&[][..], |table| table.fields);
    let used = move |name: &str| USES.iter().any(|one| one.feed == feed && one.needs.contains(&name));
    fields.iter().filter(move |field| field.wanted || used(field.name)).map(|field| field.name)
}

/// What would be gained with the fields that are missing: rungs first.
pub fn gains(feed: Feed, missing: &[&str]) -> Vec<Gain> {
    let lacks = |one: &&Use| one.feed == feed && one.needs.iter().any(|need| missing.contains(need));
    let gain = |one: &Use| Gain {
        gives: one.gives,
        fields: one.needs.iter().copied().filter(|need| missing.contains(need)).collect(),
        words: one.words,
    };
    let mut gains: Vec<Gain> = USES.iter().filter(lacks).map(gain).collect();
    gains.sort_by_key(|gain| gain.gives);
    gains
}

/// What a feed makes possible where these fields are missing and no others.
pub fn possible(feed: Feed, missing: &[&str]) -> Vec<&'static Use> {
    let has_all = |one: &&Use| one.feed == feed && !one.needs.iter().any(|need| missing.contains(need));
    let mut possible: Vec<&Use> = USES.iter().filter(has_all).collect();
    possible.sort_by_key(|one| one.gives);
    possible
}

/// Whether a rung can be reached, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RungReach {
    /// Which: `R2`.
    pub rung: &'static str,
    /// What it is.
    pub words: &'static str,
    /// Feeds that come and have what it takes.
    pub by: Vec<Feed>,
    /// Feeds that could: each with the fields that it lacks, none where the feed itself does not come.
    pub lacking: Vec<(Feed, Vec<&'static str>)>,
}

/// Which rungs can be reached with the feeds that come, each with the fields that it lacks.
pub fn rungs(coming: &[(Feed, Vec<&'static str>)]) -> Vec<RungReach> {
    let reach = |(rung, words): &(&'static str, &'static str)| {
        let mut reach = RungReach { rung, words, by: Vec::new(), lacking: Vec::new() };
        for one in USES.iter().filter(|one| one.gives == Gives::Rung(rung)) {
            let lacks = |missing: &[&'static str]| -> Vec<&'static str> {
                one.needs.iter().copied().filter(|need| missing.contains(need)).collect()
            };
            match coming.iter().find(|(feed, _)| *feed == one.feed) {
                None => reach.lacking.push((one.feed, Vec::new())),
                Some((feed, missing)) => match lacks(missing) {
                    lacking if lacking.is_empty() => reach.by.push(*feed),
                    lacking => reach.lacking.push((*feed, lacking)),
                },
            }
        }
        reach
    };
    RUNGS.iter().map(reach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a use needs is a field of its feed, and what it gives is known.
    #[test]
    fn uses_name_fields_of_their_feed_and_rungs_that_are() {
        for one in USES {
            if let Some(table) = feed_table(one.feed) {
                for need in one.needs {
                    assert!(table.fields.iter().any(|field| field.name == *need), "{} {need}", one.feed);
                }
            }
            if let Gives::Rung(rung) = one.gives {
                assert!(RUNGS.iter().any(|(known, _)| *known == rung), "{rung}");
            }
            assert!(!one.words.is_empty() && !one.words.ends_with('.'), "{}", one.words);
        }
    }

    /// Whoever asks why a field is wanted gets an answer.
    #[test]
    fn each_rung_has_a_use() {
        for (rung, _) in RUNGS {
            assert!(USES.iter().any(|one| one.gives == Gives::Rung(rung)), "{rung}");
        }
    }

    #[test]
    fn a_template_without_the_app_connectors_port_can_gain_two_rungs() {
        let gains = gains(Feed::ZpaUserActivity, &["ConnectorPort"]);
        let rungs: Vec<&str> =
            gains.iter().filter(|gain| gain.gives.kind() == "rung").map(|gain| gain.gives.name()).collect();
        assert_eq!(rungs, ["R2", "R3"]);
        assert_eq!(gains[0].fields, ["ConnectorPort"]);
        let left = possible(Feed::ZpaUserActivity, &["ConnectorPort"]);
        assert!(left.iter().any(|one| one.gives == Gives::Rung("R6")));
        assert!(!left.iter().any(|one| one.gives == Gives::Rung("R2")));
    }

    #[test]
    fn a_rung_is_reached_by_a_feed_that_has_what_it_takes() {
        let of = |coming: &[(Feed, Vec<&'static str>)], rung: &str| {
            rungs(coming).into_iter().find(|reach| reach.rung == rung).unwrap()
        };
        let whole = of(&[(Feed::ZpaUserActivity, vec![])], "R2");
        assert_eq!(whole.by, [Feed::ZpaUserActivity]);
        let half = of(&[(Feed::ZpaUserActivity, vec!["ServerPort"])], "R2");
        assert!(half.by.is_empty());
        assert!(half.lacking.contains(&(Feed::ZpaUserActivity, vec!["ServerPort"])));
        assert!(of(&[], "R2").lacking.contains(&(Feed::ZpaUserActivity, vec![])));
    }
}
