//! Who comes in, from where, at which service edge.

use std::net::Ipv4Addr;
use std::sync::Arc;

use fanlight_model::Timestamp;

use super::slab::Key;
use crate::clock::{HostClock, MILLI};
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;
use crate::topology::place::{self, Place};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Person(usize),
    Agent(usize),
    Identity(usize),
}

/// Who comes in, as everything after knows them.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) who: Who,
    pub(crate) name: Arc<str>,
    pub(crate) department: Option<usize>,
    pub(crate) public: Ipv4Addr,
    pub(crate) private: Option<Ipv4Addr>,
    pub(crate) place: Place,
    pub(crate) office: Option<usize>,
    pub(crate) provider: Option<usize>,
    pub(crate) session: Arc<str>,
    pub(crate) device: Arc<str>,
    pub(crate) platform: &'static str,
    pub(crate) multiplexes: bool,
    pub(crate) pool: usize,
    pub(crate) clock: HostClock,
    pub(crate) misses: u8,
    pub(crate) site: usize,
    pub(crate) edge: usize,
    /// The round trip to the site without a way round.
    pub(crate) rtt_ns: i64,
    /// What a drained site adds to it, and whose incident that is.
    pub(crate) detour: Option<(u32, i64)>,
    /// Bytes in a second that its access network carries.
    pub(crate) bytes_per_second: f64,
}

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    App(usize),
    Saas(usize),
}

impl Target {
    /// A number for lists of open connections.
    pub(crate) const fn code(self) -> usize {
        match self {
            Self::App(app) => app * 2,
            Self::Saas(saas) => saas * 2 + 1,
        }
    }
}

/// Three in ten devices have the client's update.
pub(crate) const fn is_updated(person: usize) -> bool {
    person % 10 < 3
}

const OFFICE_BYTES_PER_SECOND: f64 = 20e6;
/// 3 % do not come in at the nearest site.
const DETOURS: u64 = 3;

impl Company {
    /// A person as they come in now.
    pub(crate) fn person(&self, number: usize, now: Timestamp) -> Client {
        let person = self.topology.persons.get(number);
        let provider = person.office.is_none().then_some(person.provider);
        let takes_second = person.session.authenticated.as_nanos().unsigned_abs() / 1_000 % 100 < DETOURS;
        let [nearest, second] = person.sites;
        let usual = if takes_second { second } else { nearest };
        let (site, rtt, detour) = self.way_in(now, usual, second);
        let access = provider.map_or(0, |provider| self.topology.providers.get(provider).access_ns);
        let bytes_per_second =
            provider.map_or(OFFICE_BYTES_PER_SECOND, |at| self.topology.providers.get(at).bytes_per_second);
        Client {
            who: Who::Person(number),
            name: Arc::clone(&person.email),
            department: Some(person.department),
            public: person.public,
            private: Some(person.private),
            place: place::at(person.place),
            office: person.office,
            provider,
            session: Arc::clone(&person.session.id),
            device: Arc::clone(&person.device),
            platform: person.platform,
            multiplexes: person.multiplexes,
            pool: 6,
            clock: person.clock.clone(),
            misses: self.misses_of(number, now),
            site,
            edge: person.edge,
            rtt_ns: rtt + access,
            detour,
            bytes_per_second,
        }
    }

    /// Postures that a person's device misses: while an update fails, three for the devices that have it.
    pub(crate) fn misses_of(&self, number: usize, now: Timestamp) -> u8 {
        if is_updated(number) && self.incidents.of(now, &Fault::Posture).is_some() {
            return 3;
        }
        self.topology.persons.get(number).misses
    }

    /// An agent: a container in the company's own data centre.
    pub(crate) fn agent(&self, number: usize, now: Timestamp) -> Client {
        let agent = self.topology.agents.get(number);
        let names = (Arc::clone(&agent.name), Arc::clone(&agent.session));
        let mut client = self.machine(Who::Agent(number), names, agent.public, now);
        client.private = Some(agent.private);
        client.clock = agent.clock.clone();
        client.pool = 8;
        client
    }

    /// A machine that calls by itself.
    pub(crate) fn identity(&self, number: usize, now: Timestamp) -> Client {
        let identity = self.topology.identities.get(number);
        let names = (Arc::clone(&identity.name), Arc::clone(&identity.session));
        let mut client = self.machine(Who::Identity(number), names, identity.public, now);
        client.pool = identity.pool;
        client
    }

    fn machine(&self, who: Who, names: (Arc<str>, Arc<str>), public: Ipv4Addr, now: Timestamp) -> Client {
        let place = place::at(0);
        let at = (place.latitude, place.longitude);
        let nearest = |site: usize| (site, place::round_trip_ns(at, self.topology.sites.get(site).at));
        let (site, rtt_ns, detour) = self.way_in(now, nearest(0), nearest(1));
        Client {
            who,
            name: names.0,
            department: None,
            public,
            private: None,
            place,
            office: None,
            provider: None,
            session: names.1,
            device: Arc::from(""),
            platform: "linux",
            multiplexes: false,
            pool: 8,
            clock: HostClock::default(),
            misses: 0,
            site,
            edge: 0,
            rtt_ns,
            detour,
            bytes_per_second: OFFICE_BYTES_PER_SECOND,
        }
    }

    /// The usual site, or where a drained one sends its clients.
    fn way_in(
        &self,
        now: Timestamp,
        usual: (usize, i64),
        other: (usize, i64),
    ) -> (usize, i64, Option<(u32, i64)>) {
        match self.incidents.drained(now, usual.0) {
            Some((incident, penalty)) => (other.0, usual.1, Some((incident, penalty))),
            None => (usual.0, usual.1, None),
        }
    }

    /// The connections that a client has open.
    pub(crate) fn open_of(&mut self, who: Who) -> &mut Vec<(usize, Key)> {
        match who {
            Who::Person(number) => &mut self.topology.persons.get_mut(number).open,
            Who::Agent(number) => &mut self.topology.agents.get_mut(number).open,
            Who::Identity(number) => &mut self.topology.identities.get_mut(number).open,
        }
    }
}

impl Client {
    /// Half a round trip with the day's jitter.
    pub(crate) fn half_trip(&self, random: &mut Random) -> i64 {
        random.nanos_lognormal(self.rtt_ns / 2, 0.3)
    }

    /// A path back with so many bytes: what sending them takes.
    pub(crate) fn transfer_ns(&self, bytes: u64) -> i64 {
        (bytes as f64 / self.bytes_per_second * 1e9) as i64
    }

    /// What lost packets cost: a round trip each, or a whole timer for the last ones.
    pub(crate) fn retransmission_ns(&self, bytes: u64, loss: f64, random: &mut Random) -> i64 {
        let packets = (bytes / 1_400 + 3).min(64);
        let lost = (0..packets).filter(|_| random.chance(loss)).count();
        (0..lost).map(|_| if random.chance(0.3) { 200 * MILLI + self.rtt_ns } else { self.rtt_ns }).sum()
    }
}
