//! How a feed is, for people: its state, what is wrong with it, and what it could give more.

use std::sync::Arc;

use fanlight_model::{Feed, Timestamp};

use super::alarm::Alarm;
use super::gain::{Gain, Gives, gains, wanted};
use super::rhythm::Gap;
use super::sketch::{CAP_MS, Delays, Levels};
use super::state::{FeedState, assumed_delay_ms};
use crate::frame_kind::Transport;

/// How a feed is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedCondition {
    /// It comes, in time, and can be read.
    Flowing,
    /// It comes, but something in it should be mended.
    Degraded,
    /// It comes later than is waited for.
    Late,
    /// It used to come and does not.
    Silent,
    /// Nothing has come.
    Never,
}

impl FeedCondition {
    /// The word that JSON uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flowing => "flowing",
            Self::Degraded => "degraded",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Never => "never",
        }
    }
}

/// Delays of the last quarter of an hour, each within 1 % or a millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// Records with a stamp that they are of.
    pub records: u64,
    /// Half of them were not later.
    pub p50_ms: i64,
    /// 99 of 100 were not.
    pub p99_ms: i64,
    /// 999 of 1000 were not.
    pub p999_ms: i64,
    /// One of them is at or beyond [`Lateness::CAP_MS`]: of it that is all that is known.
    pub capped: bool,
}

/// How one feed is, as it comes one way.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedReport {
    /// Which.
    pub feed: Feed,
    /// How it comes; `None` for one that has not.
    pub source: Option<Transport>,
    /// In one word.
    pub condition: FeedCondition,
    /// What is wrong with it, in sentences with the way out; empty where nothing is.
    pub problems: Vec<String>,
    /// Lines since the log begins: all, by how much could be read, and those too long to keep.
    pub strict: u64,
    /// Mended.
    pub repaired: u64,
    /// Kept without being read.
    pub raw: u64,
    /// Too long to keep.
    pub dropped: u64,
    /// Records that had come before.
    pub duplicates: u64,
    /// Why lines were kept raw or dropped, the most frequent first.
    pub reasons: Vec<(&'static str, u64)>,
    /// What was mended.
    pub repairs: Vec<(&'static str, u64)>,
    /// What was unusual and nothing to mend.
    pub oddities: Vec<(&'static str, u64)>,
    /// Keys that this version does not know.
    pub unknown_keys: Vec<(Arc<str>, u64)>,
    /// Keys whose token the sender does not know.
    pub unfilled: Vec<(&'static str, u64)>,
    /// Templates that were met.
    pub dialects: Vec<(&'static str, u64)>,
    /// The newest of them.
    pub dialect: Option<&'static str>,
    /// Wanted fields that the newest template lacks.
    pub missing: Vec<&'static str>,
    /// What they would give.
    pub gains: Vec<Gain>,
    /// `None` where nothing with a stamp came in the last quarter of an hour.
    pub lateness: Option<Lateness>,
    /// How far the sender's clock is from ours, below 0 where it is ahead: the delay that one of 100 records is not above, where that
    /// is below 0, else 0. A clock that is behind looks the same as a slow way.
    pub clock_offset_ms: Option<i64>,
    /// Seconds by which the stamps seem to be in another zone than UTC.
    pub zone_seconds: Option<i64>,
    /// Share of the records with a stamp whose stamp is before one that had come already.
    pub unordered: f64,
    /// Whether every stamp was of whole seconds.
    pub whole_seconds: bool,
    /// The first arrival.
    pub first: Option<Timestamp>,
    /// The last arrival.
    pub last: Option<Timestamp>,
    /// Seconds since then.
    pub silent_seconds: u64,
    /// Its usual pause in seconds; `None` while it is not regular.
    pub usual_seconds: Option<u64>,
    /// The latest gaps, the one that lasts among them.
    pub gaps: Vec<Gap>,
    /// How many there were.
    pub gap_count: u64,
    /// Up to when nearly all records have come.
    pub watermark: Timestamp,
    /// How long is waited for a record, and whether that was learned.
    pub delay_ms: i64,
    /// Else it is assumed.
    pub delay_is_learned: bool,
    /// Streams that are open.
    pub connections: u64,
}

/// Above this share of the last quarter of an hour lines that could not be read are a problem, …
const RAW_PERCENT: u64 = 1;
/// … and lines that had to be mended.
const REPAIRED_PERCENT: u64 = 5;
/// A clock that is ahead by more makes joins by time unsure.
const AHEAD_MS: i64 = 5_000;
/// Delays are known well enough to speak of.
const ENOUGH: u64 = 20;
/// A feed that usually never rests, and is not regular yet, is missed after this time.
const STEADY_SILENCE_SECONDS: u64 = 15 * 60;
const MINUTE_MS: i64 = 60_000;
const HALF_HOUR_MS: i64 = 30 * MINUTE_MS;

/// What every feed of ZPA can have, and the default templates do not: `%d{LogTimestamp:epoch_us}`.
const FINER_STAMP: Gain = Gain {
    gives: Gives::Answer("lateness"),
    fields: Vec::new(),
    words: "with `%d{LogTimestamp:epoch_us}` lateness is known to the millisecond, and there is no zone to get wrong",
};

impl FeedReport {
    /// Of a feed that has not come.
    pub(crate) fn never(feed: Feed, now: Timestamp) -> Self {
        let mut report = Self::of(&FeedState::new(feed, Transport::Stream), now, 0, &[]);
        report.source = None;
        report
    }

    pub(crate) fn of(state: &FeedState, now: Timestamp, connections: u64, alarms: &[&Alarm]) -> Self {
        let delays = state.window.delays(now);
        let known = delays.filter(|delays| delays.records >= ENOUGH);
        let (delay_ms, delay_is_learned) = state.delay_ms();
        let missing = state.missing();
        let Levels { strict, repaired, raw, dropped } = state.totals;
        let silent = state.rhythm.last().map_or(0, |last| now.nanos_since(last).max(0));
        let seconds = |nanos: i64| u64::try_from(nanos / 1_000_000_000).unwrap_or(0);
        let gaps = state.rhythm.gaps(now);
        let lasting = u64::from(gaps.last().is_some_and(|gap| gap.end.is_none()));
        let mut report = Self {
            feed: state.feed,
            source: Some(state.source),
            condition: FeedCondition::Never,
            problems: Vec::new(),
            strict,
            repaired,
            raw,
            dropped,
            duplicates: state.duplicates,
            reasons: state.reasons.sorted(),
            repairs: state.repairs.sorted(),
            oddities: state.oddities.sorted(),
            unknown_keys: state.unknown_keys.sorted(),
            unfilled: state.unfilled.sorted(),
            dialects: state.dialects.sorted(),
            dialect: state.dialect(),
            gains: gains(state.feed, &missing),
            missing,
            lateness: delays.map(Lateness::of),
            clock_offset_ms: known.map(|delays| delays.p01_ms.min(0)),
            zone_seconds: known.and_then(zone_of),
            unordered: share(state.unordered, state.stamped),
            whole_seconds: state.stamped >= ENOUGH && !state.has_fractions,
            first: state.rhythm.first(),
            last: state.rhythm.last(),
            silent_seconds: seconds(silent),
            usual_seconds: state.rhythm.usual_nanos().map(seconds),
            gaps,
            gap_count: state.rhythm.total() + lasting,
            watermark: state.watermark(now),
            delay_ms,
            delay_is_learned,
            connections,
        };
        if report.whole_seconds && wanted(report.feed).any(|name| name == "LogTimestamp") {
            report.gains.push(FINER_STAMP);
        }
        report.judge(state.window.levels(now), alarms);
        report
    }

    /// All lines that came.
    pub const fn lines(&self) -> u64 {
        self.strict + self.repaired + self.raw + self.dropped
    }

    fn judge(&mut self, recent: Levels, alarms: &[&Alarm]) {
        let mut worst = FeedCondition::Flowing;
        let mut say = |condition: FeedCondition, text: String, problems: &mut Vec<String>| {
            worst = worst.max(condition);
            problems.push(text);
        };
        let mut problems = Vec::new();
        if self.last.is_none() {
            self.condition = FeedCondition::Never;
            return;
        }
        if let Some(text) = self.silence() {
            say(FeedCondition::Silent, text, &mut problems);
        }
        if let Some(text) = self.lateness_problem() {
            say(FeedCondition::Late, text, &mut problems);
        }
        for text in self.reading_problems(recent).into_iter().chain(self.clock_problems()) {
            say(FeedCondition::Degraded, text, &mut problems);
        }
        for alarm in alarms {
            let text = format!("{}: {} ({})", alarm.kind.as_str(), alarm.text, alarm.arrival.to_rfc3339());
            say(FeedCondition::Degraded, text, &mut problems);
        }
        (self.condition, self.problems) = (worst, problems);
    }

    fn silence(&self) -> Option<String> {
        let lasts = self.gaps.last().is_some_and(|gap| gap.end.is_none());
        let too_long = self.usual_seconds.is_none()
            && is_steady(self.feed)
            && self.silent_seconds > STEADY_SILENCE_SECONDS;
        (lasts || too_long).then(|| {
            let usual = self
                .usual_seconds
                .map_or_else(String::new, |usual| format!("; it usually rests {usual} s at most"));
            format!(
                "nothing has come for {} s{usual}: is the feed switched on, and its receiver reachable?",
                self.silent_seconds
            )
        })
    }

    fn lateness_problem(&self) -> Option<String> {
        let lateness = self.lateness.filter(|lateness| lateness.records >= ENOUGH)?;
        let limit = assumed_delay_ms(self.feed);
        (lateness.p99_ms > limit && self.zone_seconds.is_none()).then(|| {
            let (late, usual) = (more_than(lateness.p99_ms, "s", 1000), limit / 1000);
            format!("one record in 100 is {late} late, where {usual} s are usual: links to it come late")
        })
    }

    fn reading_problems(&self, recent: Levels) -> Vec<String> {
        let mut problems = Vec::new();
        let lines = recent.lines();
        let exceeds = |part: u64, percent: u64| lines > 0 && part * 100 >= lines * percent && part > 0;
        let first = |words: &[(&'static str, u64)]| words.first().map_or("", |(word, _)| *word);
        if exceeds(recent.raw + recent.dropped, RAW_PERCENT) {
            let (part, why) = (recent.raw + recent.dropped, first(&self.reasons));
            problems.push(format!(
                "{part} of the latest {lines} lines could not be read, most often `{why}`: {}",
                template_hint(self.feed)
            ));
        }
        if exceeds(recent.repaired, REPAIRED_PERCENT) {
            let (part, why) = (recent.repaired, first(&self.repairs));
            problems.push(format!(
                "{part} of the latest {lines} lines had to be mended, most often `{why}`: {}",
                template_hint(self.feed)
            ));
        }
        if let Some((key, _)) = self.unfilled.first() {
            problems.push(format!("the sender does not fill in the token of `{key}`: check its spelling, which is case-sensitive, and whether the tenant has it"));
        }
        problems
    }

    fn clock_problems(&self) -> Vec<String> {
        if let Some(seconds) = self.zone_seconds {
            let (sign, seconds) = (if seconds < 0 { "behind" } else { "ahead of" }, seconds.unsigned_abs());
            return vec![format!(
                "its stamps seem to be in a zone {}:{:02} h {sign} UTC: set the feed to GMT, or use epoch time in its template",
                seconds / 3600,
                seconds % 3600 / 60
            )];
        }
        let ahead = self.clock_offset_ms.filter(|offset| *offset < -AHEAD_MS);
        let text = |offset: i64| {
            let ahead =
                if is_capped(offset) { more_than(offset, "ms", 1) } else { format!("up to {} ms", -offset) };
            format!(
                "its records come {ahead} before their own stamps: the sender's clock is ahead of ours, or ours is behind"
            )
        };
        ahead.map(text).into_iter().collect()
    }
}

impl Lateness {
    /// Delays of more milliseconds than this are told as this one: three days and two and a half hours.
    pub const CAP_MS: i64 = CAP_MS;

    const fn of(delays: Delays) -> Self {
        let Delays { records, p50_ms, p99_ms, p999_ms, .. } = delays;
        let capped = is_capped(p50_ms) || is_capped(p99_ms) || is_capped(p999_ms);
        Self { records, p50_ms, p99_ms, p999_ms, capped }
    }
}

const fn is_capped(millis: i64) -> bool {
    millis >= CAP_MS || millis <= -CAP_MS
}

/// In whole units; in hours and tenths where nothing finer is known.
fn more_than(millis: i64, unit: &str, millis_per_unit: i64) -> String {
    const TENTH_OF_AN_HOUR_MS: i64 = 360_000;
    if is_capped(millis) {
        let tenths = CAP_MS / TENTH_OF_AN_HOUR_MS;
        return format!("more than {}.{} h", tenths / 10, tenths % 10);
    }
    format!("more than {} {unit}", millis / millis_per_unit)
}

/// Stamps of another zone: all records early or late by the same half hours. Seconds east of UTC.
fn zone_of(delays: Delays) -> Option<i64> {
    let halves = (delays.p50_ms + HALF_HOUR_MS / 2).div_euclid(HALF_HOUR_MS);
    let least = halves * HALF_HOUR_MS;
    let beside = |millis: i64| (millis - least).abs();
    let is_narrow = beside(delays.p01_ms) < 2 * MINUTE_MS && beside(delays.p50_ms) < 2 * MINUTE_MS;
    (halves != 0 && halves.abs() <= 28 && is_narrow).then_some(-least / 1000)
}

#[expect(clippy::cast_precision_loss, reason = "a share is a double")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Feeds that say something all the time where anybody works; audits and alerts do not.
const fn is_steady(feed: Feed) -> bool {
    matches!(
        feed,
        Feed::ZpaUserActivity
            | Feed::ZpaUserStatus
            | Feed::ZpaAppConnectorMetrics
            | Feed::ZpaPrivateServiceEdgeMetrics
            | Feed::ZiaWeb
            | Feed::ZiaFirewall
            | Feed::ZiaDns
    )
}

/// The way out where a template is at fault.
pub(crate) fn template_hint(feed: Feed) -> String {
    if feed == Feed::ZiaNssAlert {
        "its form is fixed, so a relay may have changed it: let it pass as it is".to_owned()
    } else if crate::decode::template::template(feed).is_some() {
        format!("`fanlight config template {feed}` prints one that is safe")
    } else {
        format!("`fanlight config explain FILE --feed {feed}` says what is wrong with yours")
    }
}
