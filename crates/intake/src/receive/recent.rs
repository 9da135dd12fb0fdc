//! Bodies that were made durable a short while ago, to know one that is sent again after its answer got lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fanlight_log::Position;
use fanlight_model::hash_parts;

/// Two gigabytes of the batches that are usual. What is not remembered is logged again, and its records collapse by their identity.
const MAX_BODIES: usize = 4_096;

/// Zscaler's cloud tries for an hour; five minutes to arrive.
const REMEMBERED: Duration = Duration::from_secs(65 * 60);

/// A body's name among others.
pub(crate) type BodyId = [u8; 16];

/// The name of a feed's body.
pub(crate) fn body_id(kind: u8, body: &[u8]) -> BodyId {
    hash_parts(&[&[kind], body])
}

/// The bodies that were taken last; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent(Arc<Mutex<Bodies>>);

#[derive(Debug, Default)]
struct Bodies {
    positions: HashMap<BodyId, Position>,
    /// In the order in which they came.
    order: VecDeque<(Duration, BodyId)>,
}

impl Recent {
    /// Where in the log it is, where it was taken not long ago.
    pub(crate) fn find(&self, body: &BodyId, now: Duration) -> Option<Position> {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.forget(now);
        bodies.positions.get(body).copied()
    }

    /// Remembers one that is durable.
    pub(crate) fn remember(&self, body: BodyId, position: Position, now: Duration) {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Two that were on their way at once are two frames, and one memory.
        if bodies.positions.insert(body, position).is_none() {
            bodies.order.push_back((now, body));
        }
        bodies.forget(now);
    }
}

impl Bodies {
    fn forget(&mut self, now: Duration) {
        while let Some((came, body)) = self.order.front()
            && (self.order.len() > MAX_BODIES || now.saturating_sub(*came) > REMEMBERED)
        {
            self.positions.remove(body);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_remembered_for_a_while_and_not_too_many_are() {
        let (recent, start) = (Recent::default(), Duration::from_secs(1));
        let id = |number: usize| body_id(0x90, &number.to_be_bytes());
        recent.remember(id(0), Position::START, start);
        assert!(recent.find(&id(0), start + REMEMBERED).is_some());
        assert!(recent.find(&id(1), start).is_none());
        assert!(recent.find(&id(0), start + REMEMBERED + Duration::from_secs(1)).is_none());
        for number in 0..2 * MAX_BODIES {
            recent.remember(id(number), Position::START, start);
        }
        assert!(
            recent.find(&id(2 * MAX_BODIES - 1), start).is_some() && recent.find(&id(0), start).is_none()
        );
        let bodies = recent.0.lock().unwrap();
        assert!(bodies.order.len() <= MAX_BODIES && bodies.positions.len() == bodies.order.len());
    }

    #[test]
    fn a_body_of_another_feed_is_another() {
        assert_ne!(body_id(0x90, b"x"), body_id(0x91, b"x"));
    }
}
