//! The state machine: records in, decisions out.

use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::Arc;

use fanlight_model::{AccessEvent, Endpoint, EventUid, Probe, ServiceId, Timestamp};

use crate::association::Associations;
use crate::block::{Block, Candidate, Held, PROBES};
use crate::connection::{Connection, Connections, Merged};
use crate::decision::{Counts, Decision};
use crate::evict::{Ages, Forgotten, REQUEUE};
use crate::rescore::{Judge, Scratch};

/// Bytes of an endpoint's place in the index: key, block and a control byte, at two thirds full, and its entry in the queue of ages.
pub(crate) const BLOCK_BYTES: u64 =
    ((size_of::<Endpoint>() + size_of::<Block>() + 1) * 3 / 2 + size_of::<(Timestamp, Endpoint)>()) as u64;

/// Bytes of a connection's place in its block.
pub(crate) const CANDIDATE_BYTES: u64 = (size_of::<Candidate>() * 3 / 2) as u64;

/// Bytes of a connection's places outside its block: the index by id and the queue of ages.
const CONNECTION_INDEX_BYTES: u64 =
    ((size_of::<(EventUid, u32)>() + 1) * 3 / 2 + size_of::<(Timestamp, EventUid)>()) as u64;

/// Bytes of one association with its lessons' overhead.
const ASSOCIATION_BYTES: u64 = 512;

/// An association that the operator declares: this service is reached at that endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The service.
    pub service: ServiceId,
    /// The server endpoint that access events name: the service's own, or the virtual one before it.
    pub server: Endpoint,
}

/// What two sites would set differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where services listen. A service with declared endpoints is never matched to others by its name.
    pub declared: Vec<Declared>,
    /// How much memory the state may take.
    pub budget_bytes: u64,
}

impl Default for Settings {
    /// Nothing declared, and 256 MiB: a quarter of what the whole process may take on a small machine.
    fn default() -> Self {
        Self { declared: Vec::new(), budget_bytes: 256 << 20 }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is handed over once, by value, and kept as it is; a box would be one more allocation"
)]
pub enum Record<'a> {
    /// A span passed.
    Probe(&'a Probe),
    /// A record of an access event came.
    AccessEvent(AccessEvent),
}

/// The join.
#[derive(Debug)]
pub struct Correlator {
    pub(crate) settings: Settings,
    pub(crate) connections: Connections,
    pub(crate) blocks: HashMap<Endpoint, Block>,
    pub(crate) associations: Associations,
    pub(crate) forgotten: Forgotten,
    pub(crate) connection_ages: Ages<EventUid>,
    pub(crate) block_ages: Ages<Endpoint>,
    pub(crate) newest: Timestamp,
    pub(crate) bytes: u64,
    pub(crate) held_probes: u64,
    pub(crate) counts: Counts,
    pub(crate) scratch: Scratch,
    hasher: RandomState,
}

impl Correlator {
    /// A join that knows nothing yet but what is declared.
    pub fn new(settings: Settings) -> Self {
        let mut associations = Associations::default();
        for declared in &settings.declared {
            associations.declare(declared.service, declared.server);
        }
        Self {
            settings,
            connections: Connections::default(),
            blocks: HashMap::new(),
            associations,
            forgotten: Forgotten::default(),
            connection_ages: Ages::default(),
            block_ages: Ages::default(),
            newest: Timestamp::MIN,
            bytes: 0,
            held_probes: 0,
            counts: Counts::default(),
            scratch: Scratch::default(),
            hasher: RandomState::new(),
        }
    }

    /// Takes one record in. `now` is its arrival; decisions are appended to `out`, the record's own first.
    ///
    /// The same calls give the same decisions, on every machine and at every replay.
    pub fn apply(&mut self, record: Record<'_>, now: Timestamp, out: &mut Vec<Decision>) {
        self.newest = self.newest.max(now);
        self.evict_by_age();
        match record {
            Record::Probe(probe) => self.apply_probe(probe, now, out),
            Record::AccessEvent(event) => self.apply_access_event(event, now, out),
        }
        self.rescore_waiting(now, out);
        self.evict_by_budget();
    }

    /// A connection that is held, as all of its records so far have it.
    pub fn event(&self, event_uid: EventUid) -> Option<AccessEvent> {
        let slot = self.connections.find(event_uid)?;
        self.connections.event(slot)
    }

    /// How much is held, given up, or met twice.
    pub fn counts(&self) -> Counts {
        Counts {
            connections: self.connections.len(),
            pending_probes: self.held_probes,
            bytes: self.bytes_held(),
            ..self.counts
        }
    }

    pub(crate) fn bytes_held(&self) -> u64 {
        let associations = self.associations.len() as u64 * ASSOCIATION_BYTES;
        let index = self.connections.len() * CONNECTION_INDEX_BYTES;
        self.bytes + associations + index + self.forgotten.bytes()
    }

    fn apply_probe(&mut self, probe: &Probe, now: Timestamp, out: &mut Vec<Decision>) {
        let peer = probe.peer;
        let block = self.blocks.entry(peer).or_insert_with(|| {
            self.bytes += BLOCK_BYTES;
            Block::default()
        });
        let mut held = Held::new(probe, now);
        let at = match block.find(held.key()) {
            Ok(at) => {
                self.counts.duplicates += 1;
                return self.repeat(peer, at, probe.index, now, out);
            }
            Err(at) => at,
        };
        let mut judge = Judge {
            associations: &mut self.associations,
            forgotten: &self.forgotten,
            scratch: &mut self.scratch,
            now,
        };
        judge.judge(peer, &block.candidates, &mut held);
        self.bytes += held.bytes();
        self.held_probes += 1;
        block.insert_held(at, held);
        let others_changed = block.mark_first_at(at);
        if let Some(held) = block.held.get_mut(at) {
            held.tell(peer, &self.connections, now, out);
        }
        if others_changed {
            for held in &mut block.held {
                held.tell(peer, &self.connections, now, out);
            }
        }
        let is_full = block.held.len() > PROBES;
        let is_due = block.queued.is_none_or(|queued| now > queued.after(REQUEUE));
        if is_due {
            block.queued = Some(now);
            self.block_ages.push(now, peer);
        }
        if is_due || is_full {
            self.prune_probes(peer);
        }
    }

    /// A span that was sent twice is linked as its first copy was, at the same revision, so that the second copy can be enriched too.
    fn repeat(&mut self, peer: Endpoint, at: usize, index: u32, now: Timestamp, out: &mut Vec<Decision>) {
        let Some(held) = self.blocks.get_mut(&peer).and_then(|block| block.held.get_mut(at)) else { return };
        held.index = index;
        if let Some(pair) = held.asserted().copied() {
            held.tell_pair(&pair, peer, &self.connections, now, out);
        }
    }

    fn apply_access_event(&mut self, record: AccessEvent, now: Timestamp, out: &mut Vec<Decision>) {
        let event_uid = record.event_uid;
        let (slot, older_key) = match self.connections.find(event_uid) {
            Some(slot) => {
                let Some(older_key) = self.merge(slot, record, now) else { return };
                (slot, older_key)
            }
            None => {
                let connection = Connection::new(record, now, &self.hasher, &mut self.connections.names);
                self.bytes += connection.bytes();
                self.connection_ages.push(now, event_uid);
                (self.connections.insert(connection), None)
            }
        };
        let Some(connection) = self.connections.get(slot) else { return };
        let event = Arc::new(connection.event(&self.connections.names));
        let key = connection.join_key();
        let candidate = Candidate::of(&event, slot);
        out.push(Decision::Event(event));
        if let Some(older_key) = older_key.filter(|_| older_key != key) {
            self.leave(older_key, slot, now, out);
        }
        if let Some(peer) = key {
            self.place(peer, candidate, now, out);
        }
    }

    /// Merges a record into its connection and says where that stood before; `None` for a duplicate.
    fn merge(&mut self, slot: u32, record: AccessEvent, now: Timestamp) -> Option<Option<Endpoint>> {
        let (connection, names) = self.connections.get_mut(slot)?;
        let event_uid = record.event_uid;
        let older_key = connection.join_key();
        let older_bytes = connection.bytes();
        match connection.merge(record, &self.hasher, names) {
            Merged::Duplicate => {
                self.counts.duplicates += 1;
                return None;
            }
            Merged::Anew { near_duplicate } => self.counts.near_duplicates += u64::from(near_duplicate),
        }
        self.bytes = (self.bytes + connection.bytes()).saturating_sub(older_bytes);
        if now > connection.queued.after(REQUEUE) {
            connection.queued = now;
            self.connection_ages.push(now, event_uid);
        }
        Some(older_key)
    }

    fn leave(&mut self, peer: Endpoint, slot: u32, now: Timestamp, out: &mut Vec<Decision>) {
        if let Some(block) = self.blocks.get_mut(&peer)
            && block.take(slot, false).is_some()
        {
            self.bytes = self.bytes.saturating_sub(CANDIDATE_BYTES);
            self.rescore(peer, Timestamp::MIN, now, out);
            self.drop_if_empty(peer);
        }
    }

    fn place(&mut self, peer: Endpoint, candidate: Candidate, now: Timestamp, out: &mut Vec<Decision>) {
        let block = self.blocks.entry(peer).or_insert_with(|| {
            self.bytes += BLOCK_BYTES;
            Block::default()
        });
        let slot = candidate.slot;
        let count = block.candidates.len();
        let affected = block.put(candidate);
        if block.candidates.len() > count {
            self.bytes += CANDIDATE_BYTES;
        }
        if let Some(from) = affected {
            self.prune_probes(peer);
            self.evict_crowded(peer, slot);
            self.rescore(peer, from, now, out);
        }
    }
}
