//! When a chunk may go: by the time of its arrival, and never far ahead of what is still on its way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, Shutdown};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::cursor::{Chunk, Gather};
use super::error::ReplayError;
use super::state::{Position, Tally};
use super::{SKEW, Speed};

/// The clock is looked at again after so long: a simulation may have turned it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// At full speed lines are gathered over this much of the company's time, well within the skew.
const MOST_GATHERED: Duration = Duration::from_secs(5);
/// So much of real time may lines wait for others to be written, or pushed, with them.
const WRITTEN_EVERY: Duration = Duration::from_millis(20);
const PUSHED_EVERY: Duration = Duration::from_millis(250);

/// How long lines are gathered at a speed.
pub(super) fn gather(speed: Speed) -> Gather {
    let within = |real: Duration| match speed {
        Speed::Max => MOST_GATHERED,
        Speed::Times(times) => Duration::try_from_secs_f64(real.as_secs_f64() * times)
            .map_or(MOST_GATHERED, |gathered| gathered.min(MOST_GATHERED)),
    };
    Gather { streamed: within(WRITTEN_EVERY), pushed: within(PUSHED_EVERY) }
}

/// Turns the company's time into the clock's. The first chunk is due at once, all others relative to it.
#[derive(Debug)]
pub(super) struct Pacer {
    speed: Speed,
    origin: Option<(Timestamp, Duration)>,
}

impl Pacer {
    pub(super) const fn new(speed: Speed) -> Self {
        Self { speed, origin: None }
    }

    /// What is left until a chunk is due, or by how much it is late.
    fn left(&mut self, due: Timestamp, now: Duration) -> Result<Duration, Duration> {
        let Speed::Times(times) = self.speed else { return Err(Duration::ZERO) };
        let (first, began) = *self.origin.get_or_insert((due, now));
        let seconds = due.nanos_since(first).max(0) as f64 / 1e9 / times;
        let at = began.saturating_add(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        at.checked_sub(now).filter(|left| !left.is_zero()).ok_or_else(|| now.saturating_sub(at))
    }
}

/// What was handed out and is not there yet.
#[derive(Debug)]
pub(super) struct Skew {
    handed: Vec<VecDeque<(u64, Timestamp)>>,
}

impl Skew {
    pub(super) fn new(streams: usize) -> Self {
        Self { handed: vec![VecDeque::new(); streams] }
    }

    /// INVARIANT: no chunk goes out whose arrival lies more than [`SKEW`] behind that of any that is not there yet.
    fn has_room(&mut self, due: Timestamp, positions: &[Position]) -> bool {
        for (handed, position) in self.handed.iter_mut().zip(positions) {
            while handed.front().is_some_and(|(end, _)| *end <= position.pieces) {
                handed.pop_front();
            }
        }
        let oldest = self.handed.iter().filter_map(|handed| Some(handed.front()?.1)).min();
        oldest.is_none_or(|oldest| due <= oldest.after(SKEW))
    }

    fn hand_out(&mut self, chunk: &Chunk) {
        if let Some(handed) = self.handed.get_mut(chunk.stream) {
            handed.push_back((chunk.first + chunk.pieces, chunk.due));
        }
    }
}

/// Hands chunks to their lanes as they become due.
#[derive(Debug)]
pub(super) struct HandOut {
    pub(super) ahead: mpsc::Receiver<Result<Chunk, ReplayError>>,
    pub(super) lanes: Vec<mpsc::Sender<Chunk>>,
    pub(super) pacer: Pacer,
    pub(super) skew: Skew,
    pub(super) tally: Arc<Tally>,
    pub(super) clock: Clock,
}

impl HandOut {
    /// Until the last chunk, the shutdown, or the end of a lane, which tells why itself.
    pub(super) async fn run(self, shutdown: &Shutdown) -> Result<(), ReplayError> {
        tokio::select! {
            biased;
            () = shutdown.begun() => Ok(()),
            ended = self.until_the_last() => ended,
        }
    }

    async fn until_the_last(mut self) -> Result<(), ReplayError> {
        while let Some(chunk) = self.ahead.recv().await {
            let chunk = chunk?;
            let late = loop {
                match self.pacer.left(chunk.due, self.clock.elapsed()) {
                    Ok(left) => sleep(left.min(LOOK_AGAIN)).await,
                    Err(late) => break late,
                }
            };
            self.tally.passes(chunk.due, late);
            loop {
                let has_room = self.skew.has_room(chunk.due, &self.tally.positions());
                if has_room {
                    break;
                }
                self.tally.changed.notified().await;
            }
            self.skew.hand_out(&chunk);
            let Some(lane) = self.lanes.get(chunk.stream) else { continue };
            if lane.send(chunk).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    /// A replay begins late, at twice the speed. Its first piece is due at once, one a minute later after half a minute.
    #[test]
    fn a_late_start_keeps_the_distances() {
        let (mut pacer, real) = (Pacer::new(Speed::Times(2.0)), Duration::from_secs);
        assert_eq!(pacer.left(second(100), real(7)), Err(real(0)));
        assert_eq!(pacer.left(second(160), real(7)), Ok(real(30)));
        assert_eq!(pacer.left(second(160), real(30)), Ok(real(7)));
        assert_eq!(pacer.left(second(160), real(40)), Err(real(3)));
        assert_eq!(Pacer::new(Speed::Max).left(second(160), real(0)), Err(real(0)));
    }

    #[test]
    fn nothing_goes_far_ahead_of_what_is_still_on_its_way() {
        let chunk = |stream, first, due| Chunk { stream, first, pieces: 2, due, bytes: bytes::Bytes::new() };
        let (mut skew, mut positions) = (Skew::new(2), vec![Position::default(); 2]);
        assert!(skew.has_room(second(500), &positions), "nothing is on its way");
        skew.hand_out(&chunk(0, 0, second(0)));
        skew.hand_out(&chunk(0, 2, second(20)));
        assert!(skew.has_room(second(30), &positions));
        assert!(!skew.has_room(second(31), &positions), "the first is not there");
        positions[0].pieces = 2;
        assert!(skew.has_room(second(50), &positions));
        assert!(!skew.has_room(second(51), &positions), "the second is not there");
    }
}
