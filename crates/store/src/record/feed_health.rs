//! `feed_health`: how each feed did, one row a feed, a source and an interval.

use fanlight_model::FeedHealth;

use super::cell::Cell::{Count, Map, MaybeCount, MaybeText, MaybeWhole, Text, Texts, Time, Uid};
use super::{Column, Columns, column};
use crate::Table;

impl Columns for FeedHealth {
    const TABLE: Table = Table::FeedHealth;

    fn columns() -> Vec<Column<Self>> {
        vec![
            column("event_uid", Uid(|row| row.event_uid().0)),
            column("time", Time(|row| row.time)),
            column("feed", Text(|row| row.feed.as_str())),
            column("source", MaybeText(|row| row.source.as_deref())),
            column("lines", Count(|row| row.lines)),
            column("strict", Count(|row| row.strict)),
            column("repaired", Count(|row| row.repaired)),
            column("raw", Count(|row| row.raw)),
            column("duplicates", Count(|row| row.duplicates)),
            column("dropped", Count(|row| row.dropped)),
            column("lateness_p50_ms", MaybeWhole(|row| row.lateness_p50_ms)),
            column("lateness_p99_ms", MaybeWhole(|row| row.lateness_p99_ms)),
            column("clock_offset_ms", MaybeWhole(|row| row.clock_offset_ms)),
            column("silent_seconds", MaybeCount(|row| row.silent_seconds)),
            column("gaps", Count(|row| row.gaps)),
            column("unknown_keys", Texts(|row| &row.unknown_keys)),
            column("missing", Texts(|row| &row.missing)),
            column(
                "reasons",
                Map(|row, write| {
                    row.reasons.iter().for_each(|(reason, count)| write(reason, &count.to_string()));
                }),
            ),
        ]
    }

    fn identity(&self) -> ([u8; 16], u64) {
        (self.event_uid().0, 0)
    }

    fn text_bytes(&self) -> usize {
        let lists = [&self.unknown_keys, &self.missing].into_iter().flatten();
        let reasons = self.reasons.iter().map(|(reason, _)| reason);
        lists.chain(reasons).map(|text| text.len()).sum()
    }
}
