//! ZPA's app connectors.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::service_edge::Site;
use super::{address, place};
use crate::clock::HostClock;
use crate::edge::ports::Ports;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// An app connector.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) name: String,
    pub(crate) group_name: String,
    pub(crate) zone: usize,
    /// The site that its own tunnel to the cloud ends in.
    pub(crate) site: usize,
    pub(crate) at: (f64, f64),
    pub(crate) country: &'static str,
    pub(crate) address: Ipv4Addr,
    pub(crate) public: Ipv4Addr,
    pub(crate) session: Box<str>,
    pub(crate) started: Timestamp,
    pub(crate) clock: HostClock,
    pub(crate) ports: Ports,
    /// Service edges that it has a tunnel to: the first use of one pays for it.
    pub(crate) tunnels: Vec<(usize, usize)>,
    pub(crate) created: u64,
    pub(crate) cleared: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// Connections in the minute that runs: what its processor does.
    pub(crate) busy: u64,
    pub(crate) random: Random,
}

impl Connector {
    /// Connections that are open.
    pub(crate) const fn open(&self) -> u64 {
        self.created.saturating_sub(self.cleared)
    }
}

/// Groups stand at the company's own data centres: the first in New York, the second in Frankfurt, and so on.
pub(crate) fn build(seed: u64, sizes: &Sizes, since: Timestamp, sites: &Table<Site>) -> Table<Connector> {
    Table::build(sizes.connectors, |number| {
        let group = number % sizes.connector_groups;
        let where_it_is = place::at(group);
        let mut random = Random::of(seed, Kind::AppConnector, number as u64);
        let created = random.below(100_000);
        Connector {
            name: format!("{} app connector {}", where_it_is.city, number / sizes.connector_groups + 1),
            group_name: format!("{} app connectors", where_it_is.city),
            zone: number / sizes.connector_groups % 2,
            site: nearest_site((where_it_is.latitude, where_it_is.longitude), sites),
            at: (where_it_is.latitude, where_it_is.longitude),
            country: where_it_is.country,
            address: address([10, 10, 0, 10], group * 256 + number / sizes.connector_groups),
            public: address([198, 51, 100, 200], number % 40),
            session: random.token(),
            started: since.shifted(-random.nanos_between(1, 40) * 24 * crate::clock::HOUR),
            clock: HostClock::of_host(&mut random, since),
            ports: Ports::default(),
            tunnels: Vec::new(),
            created,
            cleared: created,
            bytes_in: random.below(1 << 38),
            bytes_out: random.below(1 << 38),
            busy: 0,
            random,
        }
    })
}

fn nearest_site(at: (f64, f64), sites: &Table<Site>) -> usize {
    let trips = sites.iter().enumerate().map(|(number, site)| (place::round_trip_ns(at, site.at), number));
    trips.min().map_or(0, |(_, number)| number)
}
