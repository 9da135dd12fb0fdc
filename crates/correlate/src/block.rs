//! All that shares one app connector endpoint: the connections that used it, and the spans that name it as their peer.

use std::net::IpAddr;

use fanlight_model::{
    AccessEvent, Endpoint, EventUid, LinkState, LocalEndpoint, Probe, Rung, ServiceId, SpanId, SpanKind,
    Timestamp, TraceId,
};

use crate::confidence::{Place, TOLERANCE_NS};
use crate::evict::LATE_LIMIT;

/// Connections kept for one endpoint. A port that is used anew every 8 s fills it within the late limit; what is more
/// is given up oldest first, because every span has to be weighed against all of them.
pub(crate) const CANDIDATES: usize = 512;

/// Probes kept for one endpoint: 17 requests a second on one connection for as long as the late limit.
/// What is more is given up, the older half at once.
pub(crate) const PROBES: usize = 65_536;

/// One connection as the join sees it: what is compared, without the event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) event_uid: EventUid,
    pub(crate) slot: u32,
    pub(crate) server_address: Option<IpAddr>,
    pub(crate) server_port: Option<u16>,
    /// A request cannot reach the app before the connection began.
    pub(crate) begin: Timestamp,
    /// The end; presumed, where no close was seen, to be the late limit after the last sign of life.
    pub(crate) until: Timestamp,
    /// The last sign of life; `until`, where the close was seen.
    alive: Timestamp,
    own_until: Timestamp,
    /// When a newer connection with the same 4-tuple began, of those that have been given up since.
    closed_by_forgotten: Timestamp,
    /// When a span must have started at the latest to be the first request.
    first_before: Timestamp,
    /// The start of the earliest span that is linked to it; `Timestamp::MAX` when there is none.
    pub(crate) first_start: Timestamp,
}

/// "The first request": it starts within this time of the first byte towards the app.
const FIRST_REQUEST_NS: i64 = 250_000_000;

impl Candidate {
    pub(crate) fn of(event: &AccessEvent, slot: u32) -> Self {
        let begin = event.start_time;
        let (until, alive) = match event.end_time {
            Some(end) => (end.max(begin), end.max(begin)),
            None => {
                let alive = event.last_time.max(begin);
                (alive.after(LATE_LIMIT), alive)
            }
        };
        let stamps = &event.stamps;
        let reached = stamps.first_tx_connector.or(stamps.setup_complete).or(stamps.connection_start);
        Self {
            event_uid: event.event_uid,
            slot,
            server_address: event.server_address.map(|address| address.to_canonical()),
            server_port: event.server_port.filter(|port| *port != 0),
            begin,
            until,
            alive,
            own_until: until,
            closed_by_forgotten: Timestamp::MAX,
            first_before: reached.unwrap_or(begin).shifted(FIRST_REQUEST_NS),
            first_start: Timestamp::MAX,
        }
    }

    /// The server's endpoint, where both halves are known.
    pub(crate) fn server(&self) -> Option<Endpoint> {
        Some(Endpoint { address: self.server_address?, port: self.server_port? })
    }

    /// Where a time lies with respect to the connection's life; `None` beyond the tolerance.
    pub(crate) fn place(&self, time: Timestamp) -> Option<Place> {
        let outside_ns = if time < self.begin {
            self.begin.nanos_since(time)
        } else {
            time.nanos_since(self.until).max(0)
        };
        let silence_ns = if outside_ns == 0 { time.nanos_since(self.alive).max(0) } else { 0 };
        (outside_ns <= TOLERANCE_NS).then_some(Place { outside_ns, silence_ns })
    }

    fn shares_tuple(&self, other: &Self) -> bool {
        self.server().is_some() && self.server() == other.server()
    }
}

/// One span and one connection, as last decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) slot: u32,
    pub(crate) confidence: f32,
    pub(crate) runner_up: f32,
    pub(crate) residual_ms: f32,
    pub(crate) late_by_ms: f32,
    pub(crate) rung: Rung,
    pub(crate) state: LinkState,
    pub(crate) first: bool,
    /// Changed since it was last told.
    pub(crate) untold: bool,
}

/// What a span teaches of its service: this connection, and where its server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lesson {
    pub(crate) slot: u32,
    pub(crate) server: Endpoint,
}

/// One span that waits for its access event, or for a better one.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) arrival: Timestamp,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    parent_span_id: SpanId,
    pub(crate) service: ServiceId,
    pub(crate) local: LocalEndpoint,
    pub(crate) index: u32,
    pub(crate) revision: u32,
    kind: SpanKind,
    pub(crate) lesson: Option<Lesson>,
    /// It waits for what others may teach of its service.
    pub(crate) waits: bool,
    /// A link of it was told as asserted before.
    pub(crate) was_asserted: bool,
    /// Almost every span has one pair at most.
    pub(crate) pair: Option<Pair>,
    pub(crate) rivals: Vec<Pair>,
}

impl Held {
    pub(crate) fn new(probe: &Probe, arrival: Timestamp) -> Self {
        let local = LocalEndpoint {
            address: probe
                .local
                .address
                .map(|address| address.to_canonical())
                .filter(|address| !address.is_unspecified()),
            port: probe.local.port.filter(|port| *port != 0),
        };
        Self {
            start: probe.start,
            end: probe.end,
            arrival,
            trace_id: probe.trace_id,
            span_id: probe.span_id,
            parent_span_id: probe.parent_span_id,
            service: probe.service,
            local,
            index: probe.index,
            revision: 0,
            kind: probe.kind,
            lesson: None,
            waits: false,
            was_asserted: false,
            pair: None,
            rivals: Vec::new(),
        }
    }

    pub(crate) fn probe(&self, peer: Endpoint) -> Probe {
        Probe {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            start: self.start,
            end: self.end,
            kind: self.kind,
            service: self.service,
            peer,
            local: self.local,
            index: self.index,
        }
    }

    pub(crate) fn key(&self) -> (Timestamp, TraceId, SpanId) {
        (self.start, self.trace_id, self.span_id)
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pair.iter().chain(&self.rivals)
    }

    pub(crate) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pair.iter_mut().chain(&mut self.rivals)
    }

    pub(crate) fn pair_with(&mut self, slot: u32) -> Option<&mut Pair> {
        self.pairs_mut().find(|pair| pair.slot == slot)
    }

    /// The pair that is asserted, if one is.
    pub(crate) fn asserted(&mut self) -> Option<&mut Pair> {
        self.pairs_mut().find(|pair| pair.state == LinkState::Asserted)
    }

    /// What it costs to hold: the vector that it lies in grows by doubling, hence half as much again.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of::<Self>() * 3 / 2 + self.rivals.capacity() * size_of::<Pair>()) as u64
    }

    pub(crate) fn push_pair(&mut self, pair: Pair) {
        match self.pair {
            None => self.pair = Some(pair),
            Some(_) => self.rivals.push(pair),
        }
    }

    fn depends_on(&self, slot: u32) -> bool {
        self.pairs().any(|pair| pair.slot == slot) || self.lesson.is_some_and(|lesson| lesson.slot == slot)
    }
}

/// The state of one app connector endpoint.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Sorted by begin, then id.
    pub(crate) candidates: Vec<Candidate>,
    /// Sorted by start, then ids.
    pub(crate) held: Vec<Held>,
    /// When it was last put into the queue of ages; `None` while it is in none.
    pub(crate) queued: Option<Timestamp>,
}

impl Block {
    pub(crate) fn is_empty(&self) -> bool {
        self.candidates.is_empty() && self.held.is_empty()
    }

    /// Puts a connection in, or in place of its older self, and says from which start time on spans have to be decided anew; `None`
    /// where nothing changed that the join looks at.
    pub(crate) fn put(&mut self, mut candidate: Candidate) -> Option<Timestamp> {
        let mut affected = candidate.begin;
        if let Some(at) = self.candidates.iter().position(|other| other.slot == candidate.slot) {
            let older = self.candidates.remove(at);
            affected = affected.min(older.begin);
            candidate.closed_by_forgotten = older.closed_by_forgotten;
            candidate.first_start = older.first_start;
            candidate.until = older.until;
            if candidate == older {
                self.candidates.insert(at, candidate);
                return None;
            }
        }
        let order = (candidate.begin, candidate.event_uid);
        let at = self.candidates.partition_point(|other| (other.begin, other.event_uid) < order);
        if self.candidates.is_empty() {
            self.candidates.reserve_exact(1);
        }
        self.candidates.insert(at, candidate);
        self.close_by_newer();
        Some(affected.shifted(-TOLERANCE_NS))
    }

    /// Puts a span in at its place. Most endpoints see few, so the first takes no more room than it needs.
    pub(crate) fn insert_held(&mut self, at: usize, held: Held) {
        if self.held.is_empty() {
            self.held.reserve_exact(1);
        }
        self.held.insert(at, held);
    }

    /// Takes a connection out. Given up rather than moved, it leaves behind that it closed older ones of its 4-tuple.
    pub(crate) fn take(&mut self, slot: u32, given_up: bool) -> Option<Candidate> {
        let at = self.candidates.iter().position(|other| other.slot == slot)?;
        let taken = self.candidates.remove(at);
        if given_up {
            for older in &mut self.candidates {
                if older.shares_tuple(&taken) && older.begin < taken.begin {
                    older.closed_by_forgotten = older.closed_by_forgotten.min(taken.begin);
                }
            }
        }
        self.close_by_newer();
        Some(taken)
    }

    /// A newer start on the same 4-tuple closes the older connection, seen to close or not: one socket has one life at a time.
    fn close_by_newer(&mut self) {
        let mut rest = self.candidates.as_mut_slice();
        while let Some((candidate, newer)) = rest.split_first_mut() {
            let next =
                newer.iter().find(|other| other.begin > candidate.begin && other.shares_tuple(candidate));
            let next = next.map_or(Timestamp::MAX, |next| next.begin);
            candidate.until = candidate.own_until.min(next).min(candidate.closed_by_forgotten);
            rest = newer;
        }
    }

    /// Where a span stands or would stand.
    pub(crate) fn find(&self, key: (Timestamp, TraceId, SpanId)) -> Result<usize, usize> {
        self.held.binary_search_by(|held| held.key().cmp(&key))
    }

    /// Marks, for each connection, its first request, and unmarks what is no longer first.
    pub(crate) fn mark_firsts(&mut self) {
        for candidate in &mut self.candidates {
            candidate.first_start = Timestamp::MAX;
        }
        for held in &mut self.held {
            let start = held.start;
            let Some(pair) = held.asserted() else { continue };
            let Some(candidate) = self.candidates.iter_mut().find(|one| one.slot == pair.slot) else {
                continue;
            };
            let first = candidate.first_start == Timestamp::MAX && start < candidate.first_before;
            candidate.first_start = candidate.first_start.min(start);
            if pair.first != first {
                pair.first = first;
                pair.untold = true;
            }
        }
    }

    /// Marks the span at `at`, which was just put in. True when others may have been unmarked for it.
    pub(crate) fn mark_first_at(&mut self, at: usize) -> bool {
        let Some(held) = self.held.get_mut(at) else { return false };
        let start = held.start;
        let Some(slot) = held.asserted().map(|pair| pair.slot) else { return false };
        let is_first = |one: &Candidate| one.slot == slot && start <= one.first_start;
        let may_be_first = self.candidates.iter().any(is_first);
        if may_be_first {
            self.mark_firsts();
        }
        may_be_first
    }

    /// Takes out the spans that stand in a relation to a connection that is given up: what was said of them stays said.
    pub(crate) fn take_settled(&mut self, slot: u32) -> impl Iterator<Item = Held> {
        self.held.extract_if(.., move |held| held.depends_on(slot))
    }
}
