//! How far the log may be cut: never what is not yet in a part or in every export queue, and not before the join needs it no
//! more to be rebuilt at a restart.

use std::collections::VecDeque;
use std::time::Duration;

use fanlight_log::Position;
use fanlight_model::Timestamp;

/// Longer than the join holds anything: 65 minutes behind the newest arrival (the hour of the vendor's retries and five minutes
/// to arrive), and the few minutes that it takes to notice.
const JOIN_WINDOW: Duration = Duration::from_secs(70 * 60);

/// Files that always stay: a record whose first half ends one file has its second half in the next.
const FILES_KEPT: usize = 2;

/// Remembers the newest arrival and the size of each log file.
#[derive(Debug)]
pub(crate) struct Retention {
    kept_bytes: u64,
    files: VecDeque<LogFile>,
}

#[derive(Debug)]
struct LogFile {
    number: u64,
    bytes: u64,
    newest: Timestamp,
}

impl Retention {
    /// Keeps at most `kept_bytes` of the log for the join alone.
    pub(crate) fn new(kept_bytes: u64) -> Self {
        Self { kept_bytes, files: VecDeque::new() }
    }

    /// Notes that the log reaches to `position` with a frame that arrived at `arrival`.
    pub(crate) fn note(&mut self, position: Position, arrival: Timestamp) {
        match self.files.back_mut() {
            Some(file) if file.number == position.file => {
                file.bytes = position.offset;
                file.newest = file.newest.max(arrival);
            }
            _ => self.files.push_back(LogFile {
                number: position.file,
                bytes: position.offset,
                newest: arrival,
            }),
        }
    }

    /// Up to where the log may be cut. `safe` is the smallest position that every consumer has made durable.
    pub(crate) fn cut(&mut self, safe: Position, now: Timestamp) -> Position {
        let total: u64 = self.files.iter().map(|file| file.bytes).sum();
        let mut over = total.saturating_sub(self.kept_bytes);
        let horizon = now.before(JOIN_WINDOW);
        let mut cut = Position::START;
        while let Some(oldest) = self.files.front() {
            let end = Position { file: oldest.number, offset: oldest.bytes };
            let needed = over == 0 && oldest.newest >= horizon;
            if needed || end > safe || self.files.len() <= FILES_KEPT {
                break;
            }
            over = over.saturating_sub(oldest.bytes);
            cut = end;
            self.files.pop_front();
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kept: u64, safe: Position, now_s: i64, expected: Position) {
        let mut retention = Retention::new(kept);
        for (file, at) in [(1, 10), (2, 20), (3, 30), (4, 30)] {
            retention.note(Position { file, offset: 50 }, Timestamp::from_seconds(at - 1));
            retention.note(Position { file, offset: 100 }, Timestamp::from_seconds(at));
        }
        assert_eq!(retention.cut(safe, Timestamp::from_seconds(now_s)), expected);
    }

    const ALL: Position = Position { file: 4, offset: 100 };

    #[test]
    fn the_join_keeps_its_window() {
        check(1_000, ALL, 40, Position::START);
        check(1_000, ALL, 4_215, Position { file: 1, offset: 100 });
        check(1_000, ALL, 1_000_000, Position { file: 2, offset: 100 });
    }

    #[test]
    fn the_budget_is_stronger_than_the_window() {
        check(350, ALL, 40, Position { file: 1, offset: 100 });
        check(1, ALL, 40, Position { file: 2, offset: 100 });
    }

    #[test]
    fn what_is_not_in_a_part_is_never_cut() {
        check(1, Position { file: 2, offset: 99 }, 1_000_000, Position { file: 1, offset: 100 });
        check(1, Position::START, 1_000_000, Position::START);
    }
}
