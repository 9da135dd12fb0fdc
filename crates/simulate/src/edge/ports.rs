//! An app connector's ephemeral ports, as Linux hands them out.

use std::collections::{BTreeMap, BTreeSet};

use fanlight_model::Timestamp;

use crate::clock::SECOND;
use crate::random::Random;

const FIRST: u16 = 32_768;
const COUNT: u16 = 60_999 - FIRST + 1;

/// Half of the closed connections keep their port this long.
const TIME_WAIT: i64 = 60 * SECOND;

/// The ports in use, a set a destination: one port may serve several destinations at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ports {
    destinations: BTreeMap<usize, Destination>,
    /// Ports that something else holds: what an overload leaves nothing of.
    held: u32,
}

#[derive(Clone, Debug, Default)]
struct Destination {
    /// Where the search goes on: in steps of two from an offset of the destination's own.
    next: u16,
    used: BTreeSet<u16>,
    waiting: BTreeSet<(Timestamp, u16)>,
}

impl Ports {
    /// A port towards a destination; `None` where there is none left.
    pub(crate) fn take(&mut self, destination: usize, now: Timestamp, random: &mut Random) -> Option<u16> {
        let held = self.held;
        let ports = self.destinations.entry(destination).or_insert_with(|| Destination {
            next: random.below(u64::from(COUNT)) as u16 & !1,
            ..Destination::default()
        });
        ports.free_until(now);
        if ports.used.len() as u32 + held >= u32::from(COUNT) {
            return None;
        }
        for _ in 0..COUNT {
            let port = FIRST + ports.next;
            ports.next = match ports.next + 2 {
                next if next < COUNT => next,
                next => (next + 1) % 2,
            };
            if ports.used.insert(port) {
                return Some(port);
            }
        }
        None
    }

    /// Whether something else holds all ports that are left.
    pub(crate) fn exhaust(&mut self, is_exhausted: bool) {
        self.held = if is_exhausted { u32::from(COUNT) } else { 0 };
    }

    /// A connection is over.
    pub(crate) fn give_back(&mut self, destination: usize, port: u16, now: Timestamp, random: &mut Random) {
        let Some(ports) = self.destinations.get_mut(&destination) else { return };
        if random.chance(0.5) {
            ports.waiting.insert((now.shifted(TIME_WAIT), port));
        } else {
            ports.used.remove(&port);
        }
    }

    /// How many are in use.
    pub(crate) fn used(&self) -> u32 {
        self.held + self.destinations.values().map(|ports| ports.used.len() as u32).sum::<u32>()
    }
}

impl Destination {
    fn free_until(&mut self, now: Timestamp) {
        while let Some(first) = self.waiting.first().copied().filter(|(until, _)| *until <= now) {
            self.waiting.remove(&first);
            self.used.remove(&first.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Kind;

    #[test]
    fn a_port_serves_one_connection_a_destination_and_steps_by_two() {
        let (mut ports, mut random) = (Ports::default(), Random::of(1, Kind::AppConnector, 0));
        let now = Timestamp::from_seconds(1);
        let taken: Vec<u16> = (0..4).filter_map(|_| ports.take(7, now, &mut random)).collect();
        assert!(taken.windows(2).all(|pair| pair[1] == pair[0] + 2), "{taken:?}");
        assert_eq!(ports.used(), 4);
        ports.held = u32::from(COUNT) - 4;
        assert_eq!(ports.take(7, now, &mut random), None);
        assert!(ports.take(8, now, &mut random).is_some());
    }

    #[test]
    fn every_port_of_the_range_can_be_had_once() {
        let (mut ports, mut random) = (Ports::default(), Random::of(2, Kind::AppConnector, 0));
        let now = Timestamp::from_seconds(1);
        let all: BTreeSet<u16> =
            std::iter::from_fn(|| ports.take(1, now, &mut random)).take(usize::from(COUNT) + 1).collect();
        assert_eq!(all.len(), usize::from(COUNT));
    }
}
