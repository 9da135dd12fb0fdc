//! The unfinished lines of all streams, bounded in number and in bytes.

use std::collections::HashMap;

use fanlight_model::Feed;

use crate::framing::{Piece, RecordFramer};
use crate::source_id::source_run;

/// One framer a source. Deterministic: what it does depends on the order of the frames alone.
#[derive(Debug)]
pub(crate) struct Sources {
    max_line_bytes: usize,
    max_sources: usize,
    max_pending_bytes: usize,
    sources: HashMap<u64, Source>,
    pending_bytes: usize,
    /// Reads seen so far; orders the sources by their last sign of life.
    reads: u64,
}

#[derive(Debug)]
struct Source {
    framer: RecordFramer,
    last_read: u64,
    /// Which feed the port is for: the frame that ends a stream does not say it.
    feed: Feed,
    allowance: Allowance,
}

/// How many records a stream or a body may give: its bytes earn them. It is counted along the stream and not by the frame, so that the same
/// stream gives the same records however it was cut.
#[derive(Debug)]
pub(crate) struct Allowance {
    bytes: usize,
}

/// A record costs about a kilobyte of memory, however short its line. No feed's records are this small on average: a stream of millions
/// of empty objects is an attack on our memory.
const SMALL_RECORD_BYTES: usize = 96;

/// So many more than its bytes have earned may come at once.
const FEW_RECORDS: usize = 1_000;

impl Default for Allowance {
    fn default() -> Self {
        Self { bytes: FEW_RECORDS * SMALL_RECORD_BYTES }
    }
}

impl Allowance {
    /// A line or an element of so many bytes came: one that is not small is never refused.
    pub(crate) fn earn(&mut self, bytes: usize) {
        let most = bytes.max(FEW_RECORDS * SMALL_RECORD_BYTES);
        self.bytes = self.bytes.saturating_add(bytes).min(most);
    }

    /// Takes one record's share; false where there is none left.
    pub(crate) fn take(&mut self) -> bool {
        let left = self.bytes.checked_sub(SMALL_RECORD_BYTES);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }
}

pub(crate) type Visit<'v> = &'v mut dyn FnMut(Feed, Piece<'_>, &mut Allowance);

/// Far more than a listener lets in; past it the source that has been silent longest is closed.
const MAX_SOURCES: usize = 4_096;

/// Unfinished lines of all sources together; past it the source with the longest one is closed.
const MAX_PENDING_BYTES: usize = 64 << 20;

impl Sources {
    pub(crate) fn new(max_line_bytes: usize) -> Self {
        Self {
            max_line_bytes,
            max_sources: MAX_SOURCES,
            max_pending_bytes: MAX_PENDING_BYTES,
            sources: HashMap::new(),
            pending_bytes: 0,
            reads: 0,
        }
    }

    /// Takes the next bytes of a source and visits each line that they complete, with the feed that its port is for.
    pub(crate) fn push(&mut self, id: u64, feed: Feed, bytes: &[u8], visit: Visit<'_>) {
        if !self.sources.contains_key(&id) {
            self.close_other_runs(id, visit);
        }
        let fresh = || Source {
            framer: RecordFramer::default(),
            last_read: 0,
            feed,
            allowance: Allowance::default(),
        };
        let mut source = self.sources.remove(&id).unwrap_or_else(fresh);
        self.pending_bytes -= source.framer.pending_bytes();
        let allowance = &mut source.allowance;
        source.framer.push(bytes, self.max_line_bytes, &mut |piece| visit_one(feed, piece, allowance, visit));
        self.reads += 1;
        source.last_read = self.reads;
        self.pending_bytes += source.framer.pending_bytes();
        self.sources.insert(id, source);
        self.keep_bounds(visit);
    }

    /// A source ended; what is left of it is visited.
    pub(crate) fn end(&mut self, id: u64, visit: Visit<'_>) {
        if !self.sources.contains_key(&id) {
            self.close_other_runs(id, visit);
        }
        self.close(id, visit);
    }

    /// A source of another run of the server was cut by that run's end: nothing will complete its line.
    fn close_other_runs(&mut self, id: u64, visit: Visit<'_>) {
        let run = source_run(id);
        let mut ended: Vec<u64> =
            self.sources.keys().copied().filter(|other| source_run(*other) != run).collect();
        ended.sort_unstable();
        for other in ended {
            self.close(other, visit);
        }
    }

    fn keep_bounds(&mut self, visit: Visit<'_>) {
        while self.sources.len() > self.max_sources {
            let Some(silent) =
                self.sources.iter().min_by_key(|(_, source)| source.last_read).map(|(id, _)| *id)
            else {
                return;
            };
            self.close(silent, visit);
        }
        while self.pending_bytes > self.max_pending_bytes {
            let longest = |(id, source): &(&u64, &Source)| (source.framer.pending_bytes(), **id);
            let Some(longest) = self.sources.iter().max_by_key(longest).map(|(id, _)| *id) else { return };
            self.close(longest, visit);
        }
    }

    fn close(&mut self, id: u64, visit: Visit<'_>) {
        if let Some(mut source) = self.sources.remove(&id) {
            self.pending_bytes -= source.framer.pending_bytes();
            let (feed, mut allowance) = (source.feed, source.allowance);
            source.framer.finish(&mut |piece| visit_one(feed, piece, &mut allowance, visit));
        }
    }
}

fn visit_one(feed: Feed, piece: Piece<'_>, allowance: &mut Allowance, visit: Visit<'_>) {
    if let Piece::Line(line) | Piece::Miscounted(line) | Piece::HalfLine(line) = piece {
        allowance.earn(line.len());
    }
    visit(feed, piece, allowance);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(sources: &mut Sources, id: u64, bytes: &[u8], closes: bool) -> Vec<String> {
        let mut seen = Vec::new();
        let mut note = |feed, piece: Piece<'_>, _: &mut Allowance| {
            assert_eq!(feed, Feed::ZpaAudit);
            seen.push(match piece {
                Piece::Line(line) => format!("line {}", String::from_utf8_lossy(line)),
                Piece::Miscounted(line) => format!("miscounted {}", String::from_utf8_lossy(line)),
                Piece::HalfLine(line) => format!("half {}", line.len()),
                Piece::Blank(count) => format!("{count} blank"),
                Piece::TooLong => "too long".to_owned(),
            });
        };
        sources.push(id, Feed::ZpaAudit, bytes, &mut note);
        if closes {
            sources.end(id, &mut note);
        }
        seen
    }

    const RUN: u64 = 1 << 40;

    #[test]
    fn sources_do_not_mix() {
        let mut sources = Sources::new(100);
        assert!(pieces(&mut sources, 1, b"a", false).is_empty());
        assert!(pieces(&mut sources, 2, b"b", false).is_empty());
        assert_eq!(pieces(&mut sources, 1, b"a\n", false), ["line aa"]);
        assert_eq!(pieces(&mut sources, 2, b"", true), ["half 1"]);
    }

    /// A kill leaves half a line in the log that nothing will complete; the next run's first frame brings it out.
    #[test]
    fn the_half_lines_of_a_run_come_out_at_the_next() {
        let mut sources = Sources::new(100);
        pieces(&mut sources, RUN + 1, b"abc", false);
        assert!(pieces(&mut sources, RUN + 2, b"d", false).is_empty());
        assert_eq!(pieces(&mut sources, 2 * RUN, b"e\n", false), ["half 3", "half 1", "line e"]);
        assert_eq!(sources.pending_bytes, 0);
    }

    #[test]
    fn the_source_that_was_silent_longest_makes_room() {
        let mut sources = Sources { max_sources: 3, ..Sources::new(100) };
        for id in 0..3 {
            pieces(&mut sources, id, b"ab", false);
        }
        pieces(&mut sources, 0, b"c", false);
        assert_eq!(pieces(&mut sources, 9, b"x", false), ["half 2"]);
        assert_eq!(pieces(&mut sources, 0, b"\n", false), ["line abc"]);
    }

    #[test]
    fn unfinished_lines_are_bounded_together() {
        let mut sources = Sources { max_pending_bytes: 8, ..Sources::new(100) };
        assert!(pieces(&mut sources, 1, b"abcd", false).is_empty());
        assert!(pieces(&mut sources, 2, b"abcd", false).is_empty());
        assert_eq!(pieces(&mut sources, 3, b"x", false), ["half 4"]);
        assert_eq!(sources.pending_bytes, 5);
    }
}
