//! One access event, merged from the records of its life.
//!
//! INVARIANT: merging commutes and is idempotent. Starts take the smallest, ends and totals the largest; every other field comes
//! from the highest-ranking of the records that have it, so a record that lacks a field never erases it, and the order of
//! arrival leaves no trace.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use fanlight_model::{
    AccessEvent, ConnectionStamps, Endpoint, EventUid, PhaseDurations, RawAddress, Timestamp,
};

use crate::packed::{Names, Packed};

/// Record hashes that are remembered for each connection. One `active` record every 6 minutes makes 11 in the late limit; beyond
/// this many the oldest is forgotten, and its duplicate would raise the revision without changing the content.
const REMEMBERED_RECORDS: usize = 256;

/// Connections that are remembered after they were given up, 4 MiB of them. One that is forgotten even here and then tells of
/// itself again is taken for a new one: its revisions begin anew.
const GIVEN_UP: usize = 65_536;

/// TCP's number in the IP header.
const TCP: u8 = 6;

/// What a record did to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merged {
    /// Nothing: it was here before.
    Duplicate,
    /// It was merged; the revision rose.
    Anew {
        /// It has the connection, status, stamp and total of another one, but is not the same.
        near_duplicate: bool,
    },
}

/// An access event and what is needed to merge further records into it.
#[derive(Debug)]
pub(crate) struct Connection {
    event: Packed,
    pub(crate) event_uid: EventUid,
    revision: u64,
    has_ended: bool,
    /// By which it could be joined, and whether it tells everything by itself.
    socket: Option<Endpoint>,
    is_whole: bool,
    /// When it was last put into the queue of ages.
    pub(crate) queued: Timestamp,
    /// Earlier records of it were given up for the budget.
    is_rest: bool,
    seen: Vec<Seen>,
    forgotten: usize,
    /// `None` while there is one record: all fields are its own.
    sources: Option<Box<Sources>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    record: u64,
    moment: u64,
}

/// Which record speaks for a field: the larger wins. The line decides between records that differ in nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    total_bytes: u64,
    log_time: Option<Timestamp>,
    status: u8,
    raw: RawAddress,
}

/// Which record each ranked field came from, as an index into `ranks`.
#[derive(Debug)]
struct Sources {
    ranks: Vec<Rank>,
    of: [Option<u8>; RANKED],
}

macro_rules! ranked_fields {
    ($($field:ident)*) => {
        /// The optional fields, and after them `effects` and the raw line.
        const RANKED: usize = [$(stringify!($field)),*].len() + 2;

        fn fields_present(event: &AccessEvent) -> [bool; RANKED] {
            [$(event.$field.is_some(),)* !event.effects.is_empty(), true]
        }

        /// Takes over what the record has, where `wins` says so; it is asked for the fields by number.
        fn take_ranked(into: &mut AccessEvent, record: AccessEvent, mut wins: impl FnMut(usize) -> bool) {
            let mut number = 0;
            $(
                if wins(number) {
                    into.$field = record.$field;
                }
                number += 1;
            )*
            if wins(number) {
                into.effects = record.effects;
            }
            if wins(number + 1) {
                into.raw = record.raw;
                into.parse_level = record.parse_level;
            }
        }
    };
}

ranked_fields! {
    vendor_uid principal_id user_name device client_address service_edge app_connector connector connector_address server_address
    server_port ip_protocol host service_port app app_segment method path status disposition rule reason connection_status
}

impl Rank {
    fn of(event: &AccessEvent) -> Self {
        let status = match event.connection_status.as_deref() {
            Some("close") => 3,
            Some("active") => 2,
            Some("open") => 1,
            _ => 0,
        };
        Self {
            total_bytes: event.total_bytes,
            log_time: event.log_time,
            status,
            raw: event.raw.address(event.feed),
        }
    }
}

impl Sources {
    fn of(event: &AccessEvent) -> Self {
        let of = fields_present(event).map(|present| present.then_some(0));
        Self { ranks: vec![Rank::of(event)], of }
    }

    /// Marks the fields that the new record speaks for from now on.
    fn admit(&mut self, record: &AccessEvent) -> [bool; RANKED] {
        let rank = Rank::of(record);
        let mut wins = fields_present(record);
        for (win, source) in wins.iter_mut().zip(&self.of) {
            let standing = source.and_then(|index| self.ranks.get(usize::from(index)));
            *win = *win && standing.is_none_or(|standing| rank > *standing);
        }
        let newest = u8::try_from(self.ranks.len()).unwrap_or(u8::MAX);
        self.ranks.push(rank);
        for (source, _) in self.of.iter_mut().zip(wins).filter(|(_, win)| *win) {
            *source = Some(newest);
        }
        self.drop_unused();
        wins
    }

    /// Keeps only the ranks that some field came from, so that there are never more than fields.
    fn drop_unused(&mut self) {
        for index in (0..self.ranks.len()).rev() {
            let index_in_byte = u8::try_from(index).unwrap_or(u8::MAX);
            if !self.of.contains(&Some(index_in_byte)) {
                self.ranks.remove(index);
                for source in self.of.iter_mut().flatten().filter(|source| **source > index_in_byte) {
                    *source -= 1;
                }
            }
        }
    }
}

impl Connection {
    /// From its first record.
    pub(crate) fn new(
        event: AccessEvent,
        now: Timestamp,
        hasher: &impl BuildHasher,
        names: &mut Names,
    ) -> Self {
        let seen = vec![Seen::of(&event, hasher)];
        let event = AccessEvent { revision: 1, ..event };
        let mut connection = Self {
            event: Packed::new(&event, names),
            event_uid: event.event_uid,
            revision: 1,
            has_ended: false,
            socket: None,
            is_whole: false,
            queued: now,
            is_rest: false,
            seen,
            forgotten: 0,
            sources: None,
        };
        connection.hold(&event, names);
        connection
    }

    /// The event, as all records so far have it.
    pub(crate) fn event(&self, names: &Names) -> AccessEvent {
        self.event.unpack(self.event_uid, names)
    }

    fn hold(&mut self, event: &AccessEvent, names: &mut Names) {
        self.event = Packed::new(event, names);
        self.revision = event.revision;
        self.has_ended = event.end_time.is_some();
        let is_tcp = event.ip_protocol.is_none_or(|protocol| protocol == TCP);
        self.socket = event.connector.filter(|_| is_tcp);
        self.is_whole = self.has_ended && event.server_address.is_some() && event.server_port.is_some();
    }

    /// Merges a further record of the same connection.
    pub(crate) fn merge(
        &mut self,
        record: AccessEvent,
        hasher: &impl BuildHasher,
        names: &mut Names,
    ) -> Merged {
        let seen = Seen::of(&record, hasher);
        let mut event = self.event(names);
        let is_earlier = record.arrival_time < event.arrival_time;
        event.arrival_time = event.arrival_time.min(record.arrival_time);
        if self.seen.iter().any(|other| other.record == seen.record) {
            if is_earlier {
                self.hold(&event, names);
            }
            return Merged::Duplicate;
        }
        let near_duplicate = self.seen.iter().any(|other| other.moment == seen.moment);
        let sources = self.sources.get_or_insert_with(|| Box::new(Sources::of(&event)));
        let wins = sources.admit(&record);
        merge_times(&mut event, &record);
        take_ranked(&mut event, record, |number| wins.get(number).copied().unwrap_or(false));
        event.revision = event.revision.saturating_add(1);
        self.hold(&event, names);
        self.remember(seen);
        Merged::Anew { near_duplicate }
    }

    /// The app connector's endpoint, where the event describes a TCP connection that reached a server.
    /// Server spans do not tell their transport, and HTTP over UDP does not come through ZPA's connections, so other protocols
    /// would only be false rivals. The rest of a connection that was given up for the budget is joined once it tells everything by
    /// itself: before that, what was forgotten could exclude the span.
    pub(crate) fn join_key(&self) -> Option<Endpoint> {
        self.socket.filter(|_| self.is_whole || !self.is_rest)
    }

    fn remember(&mut self, seen: Seen) {
        if self.seen.len() < REMEMBERED_RECORDS {
            self.seen.push(seen);
        } else if let Some(oldest) = self.seen.get_mut(self.forgotten) {
            *oldest = seen;
            self.forgotten = (self.forgotten + 1) % REMEMBERED_RECORDS;
        }
    }

    /// What it costs to hold, by our own count.
    pub(crate) fn bytes(&self) -> u64 {
        let sources = self
            .sources
            .as_ref()
            .map_or(0, |sources| size_of::<Sources>() + sources.ranks.capacity() * size_of::<Rank>());
        let seen = self.seen.capacity() * size_of::<Seen>();
        (size_of::<Option<Self>>() + self.event.heap_bytes() + sources + seen) as u64
    }
}

/// All connections, each in a slot of its own for as long as it is held.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    pub(crate) names: Names,
    slots: Vec<Option<Connection>>,
    free: Vec<u32>,
    by_uid: HashMap<EventUid, u32>,
    given_up: HashMap<EventUid, GivenUp>,
    given_up_order: VecDeque<EventUid>,
}

/// What is remembered of a connection that was given up, lest its next record be taken for all there is to know.
#[derive(Clone, Copy, Debug)]
struct GivenUp {
    revision: u64,
    for_the_budget: bool,
}

impl Connections {
    pub(crate) fn find(&self, event_uid: EventUid) -> Option<u32> {
        self.by_uid.get(&event_uid).copied()
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Connection> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// A connection, and the names that its event is held with.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<(&mut Connection, &mut Names)> {
        Some((self.slots.get_mut(slot as usize)?.as_mut()?, &mut self.names))
    }

    /// The event of a slot.
    pub(crate) fn event(&self, slot: u32) -> Option<AccessEvent> {
        self.get(slot).map(|connection| connection.event(&self.names))
    }

    /// Puts a new connection in. Where it is the rest of one that was given up, its revisions go on from there.
    pub(crate) fn insert(&mut self, mut connection: Connection) -> u32 {
        let event_uid = connection.event_uid;
        if let Some(earlier) = self.given_up.remove(&event_uid) {
            let revision = earlier.revision.saturating_add(1);
            let event = AccessEvent { revision, ..connection.event(&self.names) };
            connection.hold(&event, &mut self.names);
            connection.is_rest = earlier.for_the_budget;
        }
        let slot = self.free.pop().unwrap_or_else(|| u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = Some(connection),
            None => self.slots.push(Some(connection)),
        }
        self.by_uid.insert(event_uid, slot);
        slot
    }

    /// Gives a connection up. Past the late limit only one that was not seen to end will tell of itself again.
    pub(crate) fn give_up(
        &mut self,
        slot: u32,
        event_uid: EventUid,
        for_the_budget: bool,
    ) -> Option<Connection> {
        let connection = self.slots.get_mut(slot as usize)?.take()?;
        self.by_uid.remove(&event_uid);
        self.free.push(slot);
        if for_the_budget || !connection.has_ended {
            let revision = connection.revision;
            if self.given_up.insert(event_uid, GivenUp { revision, for_the_budget }).is_none() {
                self.given_up_order.push_back(event_uid);
            }
            if self.given_up_order.len() > GIVEN_UP
                && let Some(oldest) = self.given_up_order.pop_front()
            {
                self.given_up.remove(&oldest);
            }
        }
        Some(connection)
    }

    pub(crate) fn len(&self) -> u64 {
        self.by_uid.len() as u64
    }
}

impl Seen {
    /// Two hashes: of all decoded fields in a fixed order, and of the moment (status, stamp, total) that the record tells of.
    /// The raw line is no part of it: the same record may come with and without a syslog header.
    fn of(event: &AccessEvent, hasher: &impl BuildHasher) -> Self {
        let AccessEvent {
            event_uid,
            revision: _,
            vendor_uid,
            connection_uid,
            session_id,
            feed,
            start_time,
            end_time,
            last_time,
            log_time,
            arrival_time: _,
            principal_id,
            user_name,
            device,
            client_address,
            client_port,
            service_edge,
            app_connector,
            connector,
            connector_address,
            server_address,
            server_port,
            ip_protocol,
            host,
            service_port,
            app,
            app_segment,
            method,
            path,
            status,
            disposition,
            effects,
            rule,
            reason,
            connection_status,
            total_bytes,
            stamps,
            phases,
            request,
            bridge,
            // The wire's own hash sees fields that the model lacks, and differs where a template was edited; here the model decides.
            record_hash: _,
            parse_level,
            retired: _,
            raw: _,
        } = event;
        let moment = hasher.hash_one((connection_status, log_time, total_bytes));
        let times = (event_uid, feed, start_time, end_time, last_time, stamps_in_order(stamps));
        let who = (
            vendor_uid,
            connection_uid,
            session_id,
            principal_id,
            user_name,
            device,
            client_address,
            client_port,
        );
        let apps = (app_connector, connector, connector_address);
        let by = (service_edge, apps, server_address, server_port, ip_protocol);
        let what = (host, service_port, app, app_segment, method, path, status);
        let how =
            (disposition, effects, rule, reason, durations_in_order(phases), request, bridge, parse_level);
        Self { record: hasher.hash_one((moment, times, who, by, what, how)), moment }
    }
}

pub(crate) fn stamps_in_order(stamps: &ConnectionStamps) -> [Option<Timestamp>; 14] {
    [
        stamps.connection_start,
        stamps.connection_end,
        stamps.ca_tx,
        stamps.ca_rx,
        stamps.app_learn_start,
        stamps.setup_complete,
        stamps.first_rx_client,
        stamps.first_tx_client,
        stamps.last_rx_client,
        stamps.last_tx_client,
        stamps.first_rx_connector,
        stamps.first_tx_connector,
        stamps.last_rx_connector,
        stamps.last_tx_connector,
    ]
}

pub(crate) fn durations_in_order(phases: &PhaseDurations) -> [Option<u64>; 6] {
    let PhaseDurations { policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us } =
        *phases;
    [policy_us, ca_us, app_learn_us, connector_setup_us, setup_us, server_setup_us]
}

fn merge_times(into: &mut AccessEvent, record: &AccessEvent) {
    into.start_time = into.start_time.min(record.start_time);
    into.end_time = into.end_time.max(record.end_time);
    into.last_time = into.last_time.max(record.last_time);
    into.log_time = into.log_time.max(record.log_time);
    into.total_bytes = into.total_bytes.max(record.total_bytes);
    let (mine, theirs) = (into.stamps, record.stamps);
    into.stamps = ConnectionStamps {
        connection_start: earliest(mine.connection_start, theirs.connection_start),
        connection_end: mine.connection_end.max(theirs.connection_end),
        ca_tx: earliest(mine.ca_tx, theirs.ca_tx),
        ca_rx: earliest(mine.ca_rx, theirs.ca_rx),
        app_learn_start: earliest(mine.app_learn_start, theirs.app_learn_start),
        setup_complete: earliest(mine.setup_complete, theirs.setup_complete),
        first_rx_client: earliest(mine.first_rx_client, theirs.first_rx_client),
        first_tx_client: earliest(mine.first_tx_client, theirs.first_tx_client),
        last_rx_client: mine.last_rx_client.max(theirs.last_rx_client),
        last_tx_client: mine.last_tx_client.max(theirs.last_tx_client),
        first_rx_connector: earliest(mine.first_rx_connector, theirs.first_rx_connector),
        first_tx_connector: earliest(mine.first_tx_connector, theirs.first_tx_connector),
        last_rx_connector: mine.last_rx_connector.max(theirs.last_rx_connector),
        last_tx_connector: mine.last_tx_connector.max(theirs.last_tx_connector),
    };
    let (mine, theirs) = (into.phases, record.phases);
    into.phases = PhaseDurations {
        policy_us: mine.policy_us.max(theirs.policy_us),
        ca_us: mine.ca_us.max(theirs.ca_us),
        app_learn_us: mine.app_learn_us.max(theirs.app_learn_us),
        connector_setup_us: mine.connector_setup_us.max(theirs.connector_setup_us),
        setup_us: mine.setup_us.max(theirs.setup_us),
        server_setup_us: mine.server_setup_us.max(theirs.server_setup_us),
    };
}

/// The smaller of two, where "not measured" is no time at all. (`None` is the smallest already, so `max` needs no help.)
fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (known, None) | (None, known) => known,
    }
}

#[cfg(test)]
mod tests;
