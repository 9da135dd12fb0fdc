//! How each feed is: counted from what comes, in the order of the log, without a clock, so that a replay gives the same.
//!
//! Bounded whatever comes: per feed and way 11 KiB for the open minute, at most 23 KiB for each of fourteen closed ones (usually under
//! one), 16 gaps, 32 unknown keys of 64 bytes, and words of our own; there are twice as many of these as feeds, 48 now. In practice
//! that is some 30 KiB a feed that comes. Beside them 32 alarms, and the ids of 4 096 open streams.

mod alarm;
mod gain;
mod measures;
mod report;
mod rhythm;
mod row;
mod sketch;
mod state;
mod tally;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fanlight_model::{Feed, Timestamp};

use crate::frame_kind::Transport;
use crate::source_id::source_run;
pub use alarm::{Alarm, AlarmKind};
pub use gain::{Gain, Gives, RUNGS, RungReach, Use, gains, possible, rungs, wanted};
pub use measures::families;
pub use report::{FeedCondition, FeedReport, Lateness};
pub use rhythm::Gap;
pub use row::FeedHealthRow;
pub(crate) use state::Seen;
use state::{FeedState, assumed_delay_ms};

/// As many streams as the decoder itself keeps.
const MAX_CONNECTIONS: usize = 4_096;
/// An alarm bears on the state of its product's feeds for a day.
const ALARM_COUNTS_NANOS: i64 = 24 * 3600 * 1_000_000_000;

/// The state of all feeds. The decoder tells it what comes.
#[derive(Debug, Default)]
pub struct Health {
    states: Vec<FeedState>,
    /// The place of the state that was asked for last: one stream's records come in a row.
    latest: usize,
    /// Which feed each open stream is of.
    connections: HashMap<u64, Feed>,
    latest_connection: Option<u64>,
    alarms: alarm::Alarms,
    told: row::Told,
}

impl Health {
    /// Counts a record of a feed.
    pub(crate) fn observe(&mut self, source: Transport, seen: Seen<'_>, arrival: Timestamp) {
        self.alarms.observe(seen.record);
        self.state(seen.record.feed(), source).observe(seen, arrival);
    }

    /// Counts a line that was too long to be kept.
    pub(crate) fn drop_line(&mut self, feed: Feed, source: Transport, arrival: Timestamp) {
        self.state(feed, source).drop_line(arrival);
    }

    /// A stream is open: it gave something.
    pub(crate) fn connected(&mut self, source_id: u64, feed: Feed) {
        if self.latest_connection == Some(source_id) {
            return;
        }
        self.latest_connection = Some(source_id);
        if !self.connections.contains_key(&source_id) {
            // Those of another run of the server ended with it.
            let run = source_run(source_id);
            self.connections.retain(|other, _| source_run(*other) == run);
        }
        if self.connections.len() < MAX_CONNECTIONS {
            self.connections.insert(source_id, feed);
        }
    }

    /// A stream has ended.
    pub(crate) fn disconnected(&mut self, source_id: u64) {
        self.connections.remove(&source_id);
        self.latest_connection = None;
    }

    /// Counts records that had come before: whoever collapses them knows.
    pub fn duplicates(&mut self, feed: Feed, source: Transport, count: u64) {
        let state = self.state(feed, source);
        state.duplicates = state.duplicates.saturating_add(count);
    }

    /// Up to when nearly all records of a feed have come, over all the ways that it comes: the earliest counts.
    pub fn watermark(&self, feed: Feed, now: Timestamp) -> Timestamp {
        let states = self.states.iter().filter(|state| state.feed == feed);
        let earliest = states.map(|state| state.watermark(now)).min();
        earliest.unwrap_or_else(|| now.shifted(-assumed_delay_ms(feed) * 1_000_000))
    }

    /// How each feed is that has come, and each that is `expected` and has not.
    pub fn reports(&self, expected: &[Feed], now: Timestamp) -> Vec<FeedReport> {
        let mut reports: Vec<FeedReport> = self
            .states
            .iter()
            .filter(|state| state.rhythm.last().is_some())
            .map(|state| self.report(state, now))
            .collect();
        for feed in expected {
            if !reports.iter().any(|report| report.feed == *feed) {
                reports.push(FeedReport::never(*feed, now));
            }
        }
        reports.sort_by_key(|report| (report.feed, report.source == Some(Transport::Pushed)));
        reports
    }

    /// The latest alarms, the latest last.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.latest().cloned().collect()
    }

    /// How many alarms there were.
    pub const fn alarm_count(&self) -> u64 {
        self.alarms.total()
    }

    /// One row a feed and way, with what came since the rows before: call it once a minute.
    pub fn rows(&mut self, now: Timestamp) -> Vec<FeedHealthRow> {
        let reports = self.reports(&[], now);
        self.told.rows(&reports, now)
    }

    fn report(&self, state: &FeedState, now: Timestamp) -> FeedReport {
        let open = self.connections.values().filter(|feed| **feed == state.feed).count() as u64;
        let connections = if state.source == Transport::Stream { open } else { 0 };
        let recent = |alarm: &&Alarm| {
            alarm.feed.product() == state.feed.product()
                && now.nanos_since(alarm.arrival) < ALARM_COUNTS_NANOS
        };
        let alarms: Vec<&Alarm> = self.alarms.latest().filter(recent).collect();
        FeedReport::of(state, now, connections, &alarms)
    }

    fn state(&mut self, feed: Feed, source: Transport) -> &mut FeedState {
        let is = |state: &FeedState| state.feed == feed && state.source == source;
        if !self.states.get(self.latest).is_some_and(is) {
            self.latest = self.states.iter().position(is).unwrap_or_else(|| {
                self.states.push(FeedState::new(feed, source));
                self.states.len() - 1
            });
        }
        #[expect(clippy::indexing_slicing, reason = "the place was found, or made, just above")]
        &mut self.states[self.latest]
    }
}

/// The one `Health` that the decoder writes and others read; clones share it. The decoder holds it for a frame at a time, readers for as
/// long as a report takes.
#[derive(Clone, Debug, Default)]
pub struct SharedHealth(Arc<Mutex<Health>>);

impl SharedHealth {
    /// Takes it for a moment.
    pub fn lock(&self) -> MutexGuard<'_, Health> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
