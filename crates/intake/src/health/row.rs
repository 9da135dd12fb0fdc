//! A row a feed and minute, for the table `feed_health`.

use std::collections::HashMap;

use fanlight_model::{Feed, Timestamp};

use super::report::FeedReport;
use crate::frame_kind::Transport;

/// How a feed was in the time since the row before. Counts are of that time, so that their sums are right; the rest is as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHealthRow {
    /// When the row was drawn up.
    pub time: Timestamp,
    /// Which feed.
    pub feed: Feed,
    /// How it came.
    pub source: Transport,
    /// Lines of all kinds.
    pub lines: u64,
    /// Read as the format says.
    pub strict: u64,
    /// Mended.
    pub repaired: u64,
    /// Kept without being read.
    pub raw: u64,
    /// Records that had come before.
    pub duplicates: u64,
    /// Too long to keep.
    pub dropped: u64,
    /// Half of the records of the last quarter of an hour were not later.
    pub lateness_p50_ms: Option<i64>,
    /// 99 of 100 were not.
    pub lateness_p99_ms: Option<i64>,
    /// By how much the sender's clock is ahead of ours, as far as arrivals can tell; 0 where they cannot.
    pub clock_offset_ms: Option<i64>,
    /// Seconds since the last arrival.
    pub silent_seconds: u64,
    /// Gaps since the row before.
    pub gaps: u64,
    /// Keys that this version does not know, the most frequent first.
    pub unknown_keys: Vec<String>,
    /// Wanted fields that the newest template lacks.
    pub missing: Vec<&'static str>,
    /// Why lines were mended, kept raw or dropped, since the row before.
    pub reasons: Vec<(&'static str, u64)>,
}

/// What the rows before have told already.
#[derive(Debug, Default)]
pub(super) struct Told(HashMap<(Feed, Transport), Counts>);

#[derive(Clone, Debug, Default)]
struct Counts {
    strict: u64,
    repaired: u64,
    raw: u64,
    duplicates: u64,
    dropped: u64,
    gaps: u64,
    reasons: Vec<(&'static str, u64)>,
}

impl Told {
    pub(super) fn rows(&mut self, reports: &[FeedReport], now: Timestamp) -> Vec<FeedHealthRow> {
        reports.iter().filter_map(|report| self.row(report, now)).collect()
    }

    fn row(&mut self, report: &FeedReport, now: Timestamp) -> Option<FeedHealthRow> {
        let source = report.source?;
        let counts = Counts {
            strict: report.strict,
            repaired: report.repaired,
            raw: report.raw,
            duplicates: report.duplicates,
            dropped: report.dropped,
            gaps: report.gap_count,
            reasons: report.reasons.iter().chain(&report.repairs).copied().collect(),
        };
        let before = self.0.insert((report.feed, source), counts.clone()).unwrap_or_default();
        let since = |count: fn(&Counts) -> u64| count(&counts).saturating_sub(count(&before));
        let (strict, repaired) = (since(|counts| counts.strict), since(|counts| counts.repaired));
        let (raw, dropped) = (since(|counts| counts.raw), since(|counts| counts.dropped));
        Some(FeedHealthRow {
            time: now,
            feed: report.feed,
            source,
            lines: strict + repaired + raw + dropped,
            strict,
            repaired,
            raw,
            duplicates: since(|counts| counts.duplicates),
            dropped,
            lateness_p50_ms: report.lateness.map(|lateness| lateness.p50_ms),
            lateness_p99_ms: report.lateness.map(|lateness| lateness.p99_ms),
            clock_offset_ms: report.clock_offset_ms.map(|offset| -offset),
            silent_seconds: report.silent_seconds,
            gaps: since(|counts| counts.gaps),
            unknown_keys: report.unknown_keys.iter().map(|(key, _)| key.to_string()).collect(),
            missing: report.missing.clone(),
            reasons: counts.reasons_since(&before),
        })
    }
}

impl Counts {
    fn reasons_since(&self, before: &Self) -> Vec<(&'static str, u64)> {
        let told = |word: &str| {
            before.reasons.iter().find(|(known, _)| *known == word).map_or(0, |(_, count)| *count)
        };
        let since = self.reasons.iter().map(|(word, count)| (*word, count.saturating_sub(told(word))));
        since.filter(|(_, count)| *count > 0).collect()
    }
}
