//! Services: their stack, routes, pods, and whom they call.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::{address, names};
use crate::clock::HostClock;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// What a service is written in, and how old its instrumentation's conventions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stack {
    Java,
    GoHttp,
    GoGrpc,
    Node,
    NodeOld,
    PythonOld,
    PythonNew,
    DotNet,
}

/// A service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) stack: Stack,
    pub(crate) port: u16,
    pub(crate) routes: Table<Route>,
    pub(crate) pods: Table<Pod>,
    /// Java's client: OkHttp tells the peer, the JDK's own does not.
    pub(crate) client_tells_peer: bool,
}

/// One route of a service.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// `/api/claims/{id}`.
    pub(crate) template: String,
    /// Up to the id.
    pub(crate) stem: String,
    pub(crate) has_id: bool,
    /// What its own code takes.
    pub(crate) median_ns: i64,
    pub(crate) calls: Vec<Call>,
}

/// What a route's code waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Service { service: usize, route: usize },
    Database { database: usize, shard: usize, writes: bool },
}

/// One process of a service.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) host: String,
    pub(crate) clock: HostClock,
    pub(crate) zone: usize,
    /// The newer of the two versions that run.
    pub(crate) is_new: bool,
    pub(crate) sidecar: bool,
    /// Its resource says its address.
    pub(crate) tells_address: bool,
    /// Its number among all pods.
    pub(crate) number: usize,
    /// How often its exporter sends.
    pub(crate) batch_ns: i64,
}

/// Java 35, Go 20, Node 15, Python 15, .NET 15 %: in steps, so that few services have several stacks.
const STACKS: [Stack; 20] = [
    Stack::PythonOld,
    Stack::GoHttp,
    Stack::Node,
    Stack::Java,
    Stack::Java,
    Stack::DotNet,
    Stack::GoGrpc,
    Stack::Java,
    Stack::PythonNew,
    Stack::NodeOld,
    Stack::Java,
    Stack::GoHttp,
    Stack::DotNet,
    Stack::Java,
    Stack::PythonOld,
    Stack::Node,
    Stack::Java,
    Stack::GoHttp,
    Stack::DotNet,
    Stack::Java,
];

/// Calls lead to services with higher numbers only: no circle, and never more than this deep.
pub(crate) const MAX_DEPTH: usize = 6;

pub(crate) fn build(seed: u64, sizes: &Sizes, since: Timestamp) -> Table<Service> {
    let per_service = sizes.routes / sizes.services;
    let pods_each = sizes.pods / sizes.services;
    Table::build(sizes.services, |number| {
        let mut random = Random::of(seed, Kind::Service, number as u64);
        let stack = STACKS.get(number % STACKS.len()).copied().unwrap_or(Stack::Java);
        let name = name_of(number);
        Service {
            stack,
            port: if stack == Stack::PythonOld || stack == Stack::PythonNew { 8_000 } else { 8_080 },
            routes: Table::build(per_service, |at| route(&mut random, sizes, number, at, per_service)),
            pods: Table::build(pods_each, |at| pod(seed, since, &name, number * pods_each + at, at, number)),
            client_tells_peer: random.chance(0.5),
            name,
        }
    })
}

fn name_of(number: usize) -> String {
    let word = names::SERVICES.get(number % names::SERVICES.len()).copied().unwrap_or("service");
    match number / names::SERVICES.len() {
        0 => word.to_owned(),
        round => format!("{word}-{round}"),
    }
}

fn route(random: &mut Random, sizes: &Sizes, service: usize, at: usize, per_service: usize) -> Route {
    let entity = names::ENTITIES.get(at % names::ENTITIES.len()).copied().unwrap_or("items");
    let has_id = at % 2 == 1;
    let stem = format!("/api/{}/{entity}", name_of(service));
    let mut calls = Vec::new();
    for _ in 0..random.below(2) + u64::from(at.is_multiple_of(3)) {
        let ahead = sizes.services.saturating_sub(service + 1);
        if ahead > 0 {
            let service = service + 1 + random.index(ahead.min(8));
            calls.push(Call::Service { service, route: random.index(per_service) });
        }
    }
    for _ in 0..1 + random.below(2) {
        let database = (service + random.index(2)) % sizes.databases;
        calls.push(Call::Database { database, shard: random.index(2), writes: at % 5 == 4 });
    }
    if at % 4 == 3 {
        let database = sizes.databases + random.index(sizes.queues);
        calls.push(Call::Database { database, shard: 0, writes: true });
    }
    Route {
        method: if at % 5 == 4 { "POST" } else { "GET" },
        template: if has_id { format!("{stem}/{{id}}") } else { stem.clone() },
        stem,
        has_id,
        median_ns: random.nanos_lognormal(6_000_000, 0.7),
        calls,
    }
}

fn pod(seed: u64, since: Timestamp, service: &str, number: usize, at: usize, of: usize) -> Pod {
    let mut random = Random::of(seed, Kind::Pod, number as u64);
    Pod {
        name: format!("{service}-{:08x}-{at}", random.word() as u32),
        address: address([10, 20, 0, 1], number),
        host: format!("node-{:03}.example.com", number / 4),
        // Pods of one node share its clock.
        clock: HostClock::of_host(&mut Random::of(seed, Kind::Pod, 1 << 32 | (number / 4) as u64), since),
        zone: at % 2,
        is_new: at % 2 == 1,
        sidecar: (number * 7 + of) % 5 < 3,
        tells_address: random.chance(0.7),
        number,
        batch_ns: random.nanos_lognormal(4_000_000_000, 0.6).clamp(1_000_000_000, 30_000_000_000),
    }
}
