//! The spans of a range in pieces, the newest first, so that a search can end when it has enough.

use std::cmp::Reverse;
use std::sync::Arc;

use fanlight_model::Timestamp;

use super::filter::TimeRange;
use crate::{Part, Snapshot, Table};

/// Rows of the first piece beside what is in memory, for [`newest_first`].
pub(in crate::query) const FIRST_ROWS: u64 = 100_000;

/// A snapshot that holds some of the spans; the other tables are whole in it.
#[derive(Debug)]
pub(in crate::query) struct Chunk {
    pub(in crate::query) snapshot: Snapshot,
    /// No span of the pieces after this one starts later; `None` after the last.
    pub(in crate::query) rest_starts_by: Option<Timestamp>,
}

/// The parts of `spans` that overlap the range, the newest first.
pub(in crate::query) fn parts_within(snapshot: &Snapshot, range: TimeRange) -> Vec<Arc<Part>> {
    let overlaps = |part: &&Arc<Part>| part.min_time <= range.end && part.max_time >= range.start;
    let mut parts: Vec<Arc<Part>> =
        snapshot.parts(Table::Spans).iter().filter(overlaps).map(Arc::clone).collect();
    parts.sort_by_key(|part| Reverse((part.max_time, part.id.clone())));
    parts
}

/// All of the range in one piece.
pub(in crate::query) fn whole(snapshot: &Snapshot, range: TimeRange) -> Chunk {
    let hot = snapshot.hot(Table::Spans).to_vec();
    Chunk { snapshot: snapshot.with_spans(hot, parts_within(snapshot, range)), rest_starts_by: None }
}

/// The range in pieces: first what is in memory and the newest parts, then more and more of the older ones. Each piece has twice
/// the rows of the one before, so that a search that finds nothing is planned a few times and not once a part.
pub(in crate::query) fn newest_first(snapshot: &Snapshot, range: TimeRange, first_rows: u64) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut hot = snapshot.hot(Table::Spans).to_vec();
    let (mut parts, mut rows, mut room) = (Vec::new(), 0_u64, first_rows);
    let mut rest = parts_within(snapshot, range).into_iter().peekable();
    while let Some(part) = rest.next() {
        rows = rows.saturating_add(part.rows);
        parts.push(part);
        if rows >= room
            && let Some(next) = rest.peek()
        {
            let spans = snapshot.with_spans(std::mem::take(&mut hot), std::mem::take(&mut parts));
            chunks.push(Chunk { snapshot: spans, rest_starts_by: Some(next.max_time) });
            (rows, room) = (0, room.saturating_mul(2));
        }
    }
    chunks.push(Chunk { snapshot: snapshot.with_spans(hot, parts), rest_starts_by: None });
    chunks
}
