//! Identities without a person: AI agents, and machines that call by themselves.

use std::net::Ipv4Addr;
use std::sync::Arc;

use fanlight_model::Timestamp;

use super::address;
use super::app::App;
use crate::clock::HostClock;
use crate::edge::slab::Key;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// An AI agent: it sends spans, calls apps through ZPA and models through ZIA.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) name: Arc<str>,
    pub(crate) service: String,
    pub(crate) public: Ipv4Addr,
    pub(crate) private: Ipv4Addr,
    pub(crate) clock: HostClock,
    /// The apps that it was declared for.
    pub(crate) apps: Vec<usize>,
    pub(crate) interval_ns: i64,
    pub(crate) session: Arc<str>,
    pub(crate) open: Vec<(usize, Key)>,
    pub(crate) random: Random,
}

/// A machine that calls one app over a pool of connections, and sends no spans.
#[derive(Clone, Debug)]
pub(crate) struct ServiceIdentity {
    pub(crate) name: Arc<str>,
    pub(crate) public: Ipv4Addr,
    pub(crate) app: usize,
    /// It asks the same thing every ten seconds.
    pub(crate) is_beacon: bool,
    pub(crate) interval_ns: i64,
    pub(crate) pool: usize,
    pub(crate) session: Arc<str>,
    pub(crate) open: Vec<(usize, Key)>,
    pub(crate) random: Random,
}

pub(crate) fn build(seed: u64, sizes: &Sizes, since: Timestamp, apps: &Table<App>) -> Table<Agent> {
    Table::build(sizes.agents, |number| {
        let mut random = Random::of(seed, Kind::Agent, number as u64);
        let first = random.index(apps.len());
        Agent {
            name: format!("agent-{number:03}@example.com").into(),
            service: format!("agent-{number:03}"),
            public: address([198, 51, 100, 100], number % 90),
            private: address([10, 40, 0, 10], number),
            clock: HostClock::of_host(&mut random, since),
            apps: vec![first, (first + 1) % apps.len()],
            interval_ns: 4_000_000_000,
            session: random.token().into(),
            open: Vec::new(),
            random,
        }
    })
}

pub(crate) fn identities(seed: u64, sizes: &Sizes, apps: &Table<App>) -> Table<ServiceIdentity> {
    Table::build(sizes.service_identities, |number| {
        let mut random = Random::of(seed, Kind::ServiceIdentity, number as u64);
        let is_beacon = number % 4 == 3;
        ServiceIdentity {
            name: format!("svc-{number:04}@example.com").into(),
            public: address([198, 51, 100, 10], number % 80),
            app: random.index(apps.len()),
            is_beacon,
            interval_ns: if is_beacon { 10_000_000_000 } else { 3_000_000_000 },
            pool: 8 + random.index(57),
            session: random.token().into(),
            open: Vec::new(),
            random,
        }
    })
}
