//! Databases and queues behind the services.

use fanlight_model::Timestamp;

use crate::clock::MILLI;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// A database, or a queue.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) name: String,
    pub(crate) system: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_queue: bool,
    /// What one operation takes by itself.
    pub(crate) median_ns: i64,
    pub(crate) shards: usize,
    /// When each connection of its pool is free again.
    pub(crate) pool: Vec<Timestamp>,
}

/// Nobody waits longer for a connection of a pool: then one is opened beside it.
const MOST_WAIT: i64 = 1_500 * MILLI;

impl Database {
    /// How long an operation that comes at `now` and takes `service_ns` waits for a connection of the pool.
    pub(crate) fn wait(&mut self, now: Timestamp, service_ns: i64) -> i64 {
        let Some(slot) = self.pool.iter_mut().min_by_key(|free| **free) else { return 0 };
        let begins = (*slot).clamp(now, now.shifted(MOST_WAIT));
        *slot = begins.shifted(service_ns);
        begins.nanos_since(now)
    }
}

/// The databases, then the queues.
pub(crate) fn build(seed: u64, sizes: &Sizes) -> Table<Database> {
    const SYSTEMS: [(&str, u16); 3] = [("postgresql", 5_432), ("mysql", 3_306), ("redis", 6_379)];
    Table::build(sizes.databases + sizes.queues, |number| {
        let mut random = Random::of(seed, Kind::Database, number as u64);
        let is_queue = number >= sizes.databases;
        let (system, port) = match SYSTEMS.get(number % SYSTEMS.len()) {
            _ if is_queue => ("kafka", 9_092),
            Some(system) => *system,
            None => ("postgresql", 5_432),
        };
        let name = if is_queue { format!("queue-{number}") } else { format!("store-{number}") };
        Database {
            host: format!("{name}.db.example.com"),
            name,
            system,
            port,
            is_queue,
            median_ns: if system == "redis" { 400_000 } else { random.nanos_lognormal(2_500_000, 0.4) },
            shards: if system == "redis" { 1 } else { 2 },
            pool: vec![Timestamp::default(); if sizes.persons > 1_000 { 128 } else { 32 }],
        }
    })
}
