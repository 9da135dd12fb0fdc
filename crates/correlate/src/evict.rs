//! Giving up what is too old or too much. It only ever turns a link into no link.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use fanlight_model::{Endpoint, EventUid, Timestamp};

use crate::block::{CANDIDATES, Held, PROBES};
use crate::confidence::TOLERANCE_NS;
use crate::correlator::{BLOCK_BYTES, CANDIDATE_BYTES, Correlator};

/// How long a partner may be late: the hour of Cloud NSS retry and NSS replay, and five minutes to arrive.
pub(crate) const LATE_LIMIT: Duration = Duration::from_secs(65 * 60);

/// What is touched again goes to the end of its queue at most this often, so that a busy connection does not fill the queue.
/// Hence things are given up between 65 and 69 minutes after they were last touched.
pub(crate) const REQUEUE: Duration = Duration::from_secs(4 * 60);

/// The share of the budget that may remember what was given up.
const FORGOTTEN_SHARE: u64 = 32;

/// Bytes to remember one endpoint of which a connection was given up.
const FORGOTTEN_BYTES: u64 = 128;

/// Things in the order in which they were last touched. An entry whose thing was queued again since is stale.
#[derive(Debug)]
pub(crate) struct Ages<T>(VecDeque<(Timestamp, T)>);

impl<T> Default for Ages<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Ages<T> {
    pub(crate) fn push(&mut self, at: Timestamp, thing: T) {
        self.0.push_back((at, thing));
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.0.front().map(|(at, _)| *at)
    }

    fn pop(&mut self) -> Option<(Timestamp, T)> {
        self.0.pop_front()
    }
}

/// What is remembered of the connections of one endpoint that were given up for the budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traces {
    /// Until when the last of them lived: a span from that time could have been its.
    until: Timestamp,
    /// When the newest of them began: it may have closed any older one.
    newest_begin: Timestamp,
}

impl Traces {
    fn and(self, other: Self) -> Self {
        Self { until: self.until.max(other.until), newest_begin: self.newest_begin.max(other.newest_begin) }
    }

    /// True when none of them can have been alive at a time, clocks being what they are.
    pub(crate) fn are_past(self, time: Timestamp) -> bool {
        time.nanos_since(self.until) > TOLERANCE_NS
    }

    /// True when none of them can have closed a connection that began then.
    pub(crate) fn are_older_than(self, begin: Timestamp) -> bool {
        self.newest_begin < begin
    }
}

/// Which endpoints had a connection that was given up for the budget. A lone other candidate proves nothing there.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    traces: HashMap<Endpoint, Traces>,
    order: VecDeque<Endpoint>,
    /// What even this has forgotten: holds for every endpoint.
    floor: Option<Traces>,
}

impl Forgotten {
    pub(crate) fn traces_of(&self, peer: &Endpoint) -> Option<Traces> {
        let own = if self.traces.is_empty() { None } else { self.traces.get(peer).copied() };
        match (own, self.floor) {
            (Some(own), Some(floor)) => Some(own.and(floor)),
            (own, floor) => own.or(floor),
        }
    }

    fn remember(&mut self, peer: Endpoint, traces: Traces, budget_bytes: u64) {
        match self.traces.get_mut(&peer) {
            Some(known) => *known = known.and(traces),
            None => {
                self.traces.insert(peer, traces);
                self.order.push_back(peer);
            }
        }
        while self.order.len() as u64 > budget_bytes / FORGOTTEN_SHARE / FORGOTTEN_BYTES {
            let Some(oldest) = self.order.pop_front().and_then(|peer| self.traces.remove(&peer)) else {
                return;
            };
            self.floor = Some(self.floor.map_or(oldest, |floor| floor.and(oldest)));
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.order.len() as u64 * FORGOTTEN_BYTES
    }
}

/// Why something is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Age,
    Budget,
}

impl Correlator {
    /// Gives up what nobody has touched for the late limit.
    pub(crate) fn evict_by_age(&mut self) {
        let limit = self.newest.before(LATE_LIMIT + REQUEUE);
        while self.connection_ages.oldest().is_some_and(|oldest| oldest < limit) {
            self.evict_oldest_connection(Why::Age);
        }
        while self.block_ages.oldest().is_some_and(|oldest| oldest < limit) {
            self.evict_oldest_probes();
        }
    }

    /// Gives up the oldest until the budget is kept.
    pub(crate) fn evict_by_budget(&mut self) {
        while self.bytes_held() > self.settings.budget_bytes {
            match (self.connection_ages.oldest(), self.block_ages.oldest()) {
                (Some(connection), Some(probes)) if connection <= probes => {
                    self.evict_oldest_connection(Why::Budget);
                }
                (_, Some(_)) => self.evict_oldest_probes(),
                (Some(_), None) => self.evict_oldest_connection(Why::Budget),
                (None, None) => return,
            }
        }
    }

    fn evict_oldest_connection(&mut self, why: Why) {
        let Some((at, event_uid)) = self.connection_ages.pop() else { return };
        let slot = self.connections.find(event_uid);
        if let Some(slot) = slot.filter(|slot| self.connections.get(*slot).is_some_and(|it| it.queued == at))
        {
            self.evict_connection(slot, event_uid, why);
        }
    }

    fn evict_connection(&mut self, slot: u32, event_uid: EventUid, why: Why) {
        let Some(connection) = self.connections.give_up(slot, event_uid, why == Why::Budget) else {
            return;
        };
        self.bytes = self.bytes.saturating_sub(connection.bytes());
        self.counts.evicted_connections += 1;
        let Some(peer) = connection.join_key() else { return };
        let Some(block) = self.blocks.get_mut(&peer) else { return };
        if let Some(candidate) = block.take(slot, true) {
            self.bytes = self.bytes.saturating_sub(CANDIDATE_BYTES);
            if why == Why::Budget {
                let traces = Traces { until: candidate.until, newest_begin: candidate.begin };
                self.forgotten.remember(peer, traces, self.settings.budget_bytes);
            }
        }
        let settled: Vec<Held> = block.take_settled(slot).collect();
        self.drop_held(peer, settled);
    }

    /// Keeps the connections of one endpoint below their limit, without the one that was just touched.
    pub(crate) fn evict_crowded(&mut self, peer: Endpoint, touched: u32) {
        let Some(block) = self.blocks.get(&peer) else { return };
        if block.candidates.len() > CANDIDATES
            && let Some(oldest) = block.candidates.iter().find(|candidate| candidate.slot != touched)
        {
            let (slot, event_uid) = (oldest.slot, oldest.event_uid);
            self.evict_connection(slot, event_uid, Why::Budget);
        }
    }

    fn evict_oldest_probes(&mut self) {
        let Some((at, peer)) = self.block_ages.pop() else { return };
        if let Some(block) = self.blocks.get_mut(&peer)
            && block.queued == Some(at)
        {
            block.queued = None;
            let held = std::mem::take(&mut block.held);
            self.counts.evicted_probes += held.len() as u64;
            self.drop_held(peer, held);
        }
    }

    /// Gives up the probes of one endpoint that are past the late limit, and the older half of too many.
    pub(crate) fn prune_probes(&mut self, peer: Endpoint) {
        let limit = self.newest.before(LATE_LIMIT);
        let Some(block) = self.blocks.get_mut(&peer) else { return };
        let mut dropped: Vec<Held> = block.held.extract_if(.., |held| held.arrival < limit).collect();
        if block.held.len() > PROBES {
            dropped.extend(block.held.drain(..PROBES / 2));
        }
        self.counts.evicted_probes += dropped.len() as u64;
        self.drop_held(peer, dropped);
    }

    /// Takes back what the probes taught, and the block's place where nothing is left of it.
    fn drop_held(&mut self, peer: Endpoint, dropped: Vec<Held>) {
        self.held_probes -= dropped.len() as u64;
        for held in dropped {
            self.bytes = self.bytes.saturating_sub(held.bytes());
            if let Some(subject) = held.question(None).subject(&self.associations) {
                if let Some(lesson) = held.lesson {
                    self.associations.unlearn(subject, lesson);
                }
                if held.waits {
                    self.associations.wait(subject, peer, false);
                }
            }
        }
        self.drop_if_empty(peer);
    }

    pub(crate) fn drop_if_empty(&mut self, peer: Endpoint) {
        if self.blocks.get(&peer).is_some_and(crate::block::Block::is_empty) {
            self.blocks.remove(&peer);
            self.bytes = self.bytes.saturating_sub(BLOCK_BYTES);
        }
    }
}
