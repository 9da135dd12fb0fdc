//! Zscaler's data centres and the service edges in them.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::{address, steady_clock};
use crate::clock::HostClock;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// A data centre.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// As ZIA calls it.
    pub(crate) code: &'static str,
    pub(crate) city: &'static str,
    pub(crate) country: &'static str,
    pub(crate) at: (f64, f64),
    pub(crate) edges: Table<ServiceEdge>,
}

/// A service edge: ZPA's `ZEN`.
#[derive(Clone, Debug)]
pub(crate) struct ServiceEdge {
    pub(crate) name: String,
    pub(crate) clock: HostClock,
    /// What ZIA's traffic leaves by.
    pub(crate) egress: Ipv4Addr,
}

type Row = (&'static str, &'static str, &'static str, &'static str, (f64, f64));

const SITES: &[Row] = &[
    ("US-NY", "NYC3", "New York", "US", (40.71, -74.01)),
    ("EU-DE", "FRA4", "Frankfurt", "DE", (50.11, 8.68)),
    ("EU-GB", "LON3", "London", "GB", (51.51, -0.13)),
    ("AP-SG", "SIN4", "Singapore", "SG", (1.35, 103.82)),
    ("EU-FR", "PAR2", "Paris", "FR", (48.86, 2.35)),
    ("US-CA", "SJC4", "San Jose", "US", (37.34, -121.89)),
    ("AP-IN", "BOM4", "Mumbai", "IN", (19.08, 72.88)),
    ("SA-BR", "SAO2", "Sao Paulo", "BR", (-23.55, -46.63)),
    ("US-TX", "DFW1", "Dallas", "US", (32.78, -96.80)),
    ("EU-SE", "STO3", "Stockholm", "SE", (59.33, 18.07)),
    ("AP-JP", "TYO4", "Tokyo", "JP", (35.68, 139.69)),
    ("AP-AU", "SYD3", "Sydney", "AU", (-33.87, 151.21)),
];

pub(crate) fn build(seed: u64, sizes: &Sizes, since: Timestamp) -> Table<Site> {
    const FIRST: Row = ("US-NY", "NYC3", "New York", "US", (40.71, -74.01));
    Table::build(sizes.sites, |number| {
        let (prefix, code, city, country, at) = SITES.get(number % SITES.len()).copied().unwrap_or(FIRST);
        let edges = Table::build(sizes.edges_per_site, |edge| {
            let which = number * sizes.edges_per_site + edge;
            let mut random = Random::of(seed, Kind::ServiceEdge, which as u64);
            ServiceEdge {
                name: format!("{prefix}-{}", 9_100 + which),
                clock: steady_clock(&mut random, 20.0, since),
                egress: address([192, 0, 2, 0], which % 256),
            }
        });
        Site { code, city, country, at, edges }
    })
}
