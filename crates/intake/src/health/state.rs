//! What is known of one feed as it comes one way: counts, delays, rhythm, the newest template.

use std::sync::Arc;

use fanlight_model::{Feed, FeedRecord, ParseLevel, Product, Timestamp};

use super::rhythm::Rhythm;
use super::sketch::{Levels, Window};
use super::tally::{Names, Words};
use super::wanted;
use crate::decode::layout::Layout;
use crate::decode::line::RawReason;
use crate::decode::note::{Note, Notes};
use crate::frame_kind::Transport;

/// Until a feed's own lateness is known. ZIA sends in batches, a minute and more after the fact.
const ZPA_DELAY_MS: i64 = 2 * 60_000;
const ZIA_DELAY_MS: i64 = 10 * 60_000;
/// Nothing is waited for longer: an hour in which Cloud NSS tries again, and five minutes to arrive.
pub(crate) const HARD_LIMIT_MS: i64 = 65 * 60_000;
/// Records in the window that make its lateness known. Of fewer than a thousand the 99.9th percentile is the latest of them.
const LEARNED_RECORDS: u64 = 100;

/// One record as it was read.
pub(crate) struct Seen<'a> {
    pub(crate) record: &'a FeedRecord,
    /// Why it could not be read.
    pub(crate) raw: Option<RawReason>,
    pub(crate) notes: &'a Notes,
    /// What its line looks like; `None` where it could not be read.
    pub(crate) layout: Option<Arc<Layout>>,
}

#[derive(Clone, Debug)]
pub(crate) struct FeedState {
    pub(crate) feed: Feed,
    pub(crate) source: Transport,
    pub(crate) totals: Levels,
    pub(crate) duplicates: u64,
    /// Why lines were kept raw.
    pub(crate) reasons: Words,
    /// What was mended.
    pub(crate) repairs: Words,
    /// What was unusual and nothing to mend.
    pub(crate) oddities: Words,
    /// Tokens of the template that the sender did not fill in, by their key.
    pub(crate) unfilled: Words,
    pub(crate) unknown_keys: Names,
    pub(crate) dialects: Words,
    layout: Option<Arc<Layout>>,
    pub(crate) window: Window,
    pub(crate) rhythm: Rhythm,
    newest_log_time: Timestamp,
    pub(crate) stamped: u64,
    pub(crate) unordered: u64,
    /// Whether a record's own stamp ever had more than whole seconds.
    pub(crate) has_fractions: bool,
    /// The delay that 999 of 1000 records do not exceed, as last learned.
    learned_ms: Option<i64>,
}

impl FeedState {
    pub(crate) fn new(feed: Feed, source: Transport) -> Self {
        Self {
            feed,
            source,
            totals: Levels::default(),
            duplicates: 0,
            reasons: Words::default(),
            repairs: Words::default(),
            oddities: Words::default(),
            unfilled: Words::default(),
            unknown_keys: Names::default(),
            dialects: Words::default(),
            layout: None,
            window: Window::default(),
            rhythm: Rhythm::default(),
            newest_log_time: Timestamp::MIN,
            stamped: 0,
            unordered: 0,
            has_fractions: false,
            learned_ms: None,
        }
    }

    /// Counts a record. Allocates at the turn of a minute, and where something is new; never for a record like the one before it.
    pub(crate) fn observe(&mut self, seen: Seen<'_>, arrival: Timestamp) {
        self.arrive(arrival);
        let level = seen.record.parse_level();
        for levels in [&mut self.totals, &mut self.window.levels] {
            match level {
                ParseLevel::Strict => levels.strict += 1,
                ParseLevel::Repaired => levels.repaired += 1,
                ParseLevel::Raw => levels.raw += 1,
            }
        }
        if let Some(reason) = seen.raw {
            self.reasons.add(reason.word(), 1);
        }
        let mut has_time = true;
        for note in seen.notes.iter() {
            has_time &= !matches!(note, Note::ImpossibleSecond(_));
            self.note(note);
        }
        if let Some(layout) = seen.layout {
            self.dialects.add(layout.dialect, 1);
            if !self.layout.as_ref().is_some_and(|known| Arc::ptr_eq(known, &layout)) {
                self.layout = Some(layout);
            }
        }
        if let Some(log_time) = seen.record.log_time().filter(|_| has_time) {
            self.stamp(log_time, arrival);
        }
    }

    /// Counts a line that was too long to be kept.
    pub(crate) fn drop_line(&mut self, arrival: Timestamp) {
        self.arrive(arrival);
        self.totals.dropped += 1;
        self.window.levels.dropped += 1;
        self.reasons.add("line_too_long", 1);
    }

    /// Something came; at the turn of a minute what was learned is drawn up.
    fn arrive(&mut self, arrival: Timestamp) {
        self.rhythm.arrived(arrival);
        if self.window.advance(arrival)
            && let Some(delays) = self.window.delays(arrival)
            && delays.records >= LEARNED_RECORDS
        {
            self.learned_ms = Some(delays.p999_ms.clamp(0, HARD_LIMIT_MS));
        }
    }

    fn stamp(&mut self, log_time: Timestamp, arrival: Timestamp) {
        self.window.observe(arrival.nanos_since(log_time));
        self.stamped += 1;
        if log_time < self.newest_log_time {
            self.unordered += 1;
        } else {
            self.newest_log_time = log_time;
        }
        if !self.has_fractions {
            self.has_fractions = log_time.as_nanos() % 1_000_000_000 != 0;
        }
    }

    fn note(&mut self, note: &Note) {
        match note {
            Note::UnknownKey(key) => self.unknown_keys.add(key),
            Note::TemplateToken(key) => self.unfilled.add(key, 1),
            _ => {}
        }
        let words = if note.is_repair() { &mut self.repairs } else { &mut self.oddities };
        words.add(note.word(), 1);
    }

    /// Fields that the newest template lacks; none where nothing could be read yet.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let Some(layout) = &self.layout else { return Vec::new() };
        let has = |name: &str| {
            let at = layout.table.fields.iter().position(|field| field.name == name);
            at.and_then(|at| u16::try_from(at).ok()).is_some_and(|at| layout.tokens().contains(&at))
        };
        wanted(layout.table.feed).filter(|name| !has(name)).collect()
    }

    /// The newest dialect that was met.
    pub(crate) fn dialect(&self) -> Option<&'static str> {
        self.layout.as_ref().map(|layout| layout.dialect)
    }

    /// How long one waits for the feed's records, and whether that was learned from them.
    pub(crate) fn delay_ms(&self) -> (i64, bool) {
        match self.learned_ms {
            Some(learned) => (learned, true),
            None => (assumed_delay_ms(self.feed), false),
        }
    }

    /// Up to when nearly all records have come: `now` less the delay that 999 of 1000 do not exceed.
    ///
    /// A feed that has nothing to say is idle and goes on with the delay that it had. One that used to be regular and has stopped is
    /// not idle: what it owes may still come, so its watermark stays where the last arrival left it, until the hard limit has passed.
    /// It may step back where a feed becomes later: whoever forgets by it keeps the highest.
    pub(crate) fn watermark(&self, now: Timestamp) -> Timestamp {
        let (delay_ms, _) = self.delay_ms();
        let behind = |from: Timestamp, millis: i64| from.shifted(-millis * 1_000_000);
        match self.rhythm.last().filter(|_| self.rhythm.is_gap(now)) {
            Some(last) => behind(last, delay_ms).max(behind(now, HARD_LIMIT_MS)),
            None => behind(now, delay_ms),
        }
    }
}

/// How late a feed is taken to be until it has shown that itself.
pub(crate) const fn assumed_delay_ms(feed: Feed) -> i64 {
    match feed.product() {
        Product::Zia => ZIA_DELAY_MS,
        _ => ZPA_DELAY_MS,
    }
}
