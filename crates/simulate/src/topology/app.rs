//! Private apps, as ZPA knows them, and what stands between an app connector and their services.

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use super::address;
use super::service::Service;
use crate::clock::HostClock;
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// How the app connector's connection reaches the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fronting {
    /// The pod's own socket.
    Direct,
    /// A balancer that keeps the client's address: the pod sees the app connector, the record a virtual address.
    BalancerKeeps,
    /// A balancer that translates both sides: nothing is left to join by.
    BalancerTranslates,
    /// An Envoy of its own, with its access log.
    Ingress(usize),
    /// A sidecar that redirects: the pod sees loopback, the sidecar's access log the app connector.
    Sidecar,
}

/// What ZPA sees of the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Connections.
    Tunnel,
    /// Requests, through Browser Access.
    Browser,
    /// Exchanges, through AppProtection.
    Inspected,
}

/// A private app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) service: usize,
    pub(crate) fronting: Fronting,
    pub(crate) access: Access,
    pub(crate) connector_group: usize,
    /// The vendor rule that allows it.
    pub(crate) rule: String,
    /// Of its traces, the share that is kept.
    pub(crate) sampling: f64,
    /// Its pages send what the browser measured.
    pub(crate) rum: bool,
    /// What ZPA calls it by number.
    pub(crate) number_at_vendor: u64,
}

/// A balancer or an ingress.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) name: String,
    pub(crate) virtual_address: Ipv4Addr,
    pub(crate) inside: Ipv4Addr,
    pub(crate) clock: HostClock,
    /// An Envoy that sends spans too.
    pub(crate) traces: bool,
}

/// The balancers, then the ingresses.
pub(crate) fn proxies(seed: u64, sizes: &Sizes, since: Timestamp) -> Table<Proxy> {
    Table::build(sizes.balancers + sizes.ingresses, |number| {
        let mut random = Random::of(seed, Kind::Proxy, number as u64);
        let is_ingress = number >= sizes.balancers;
        Proxy {
            name: if is_ingress { format!("ingress-{number}") } else { format!("balancer-{number}") },
            virtual_address: address([10, 30, 0, 10], number),
            inside: address([10, 31, 0, 10], number),
            clock: HostClock::of_host(&mut random, since),
            traces: is_ingress && number % 2 == 1,
        }
    })
}

/// An app for each of the first six tenths of the services.
pub(crate) fn build(seed: u64, sizes: &Sizes, services: &Table<Service>) -> Table<App> {
    Table::build((services.len() * 6 / 10).max(1), |number| {
        let mut random = Random::of(seed, Kind::App, number as u64);
        let service = services.get(number);
        let (fronting, access) = way_to(number, sizes);
        let share = number % 4;
        App {
            host: format!("{}.corp.example.com", service.name),
            port: 443,
            name: format!("{} app", service.name),
            group: format!("Apps of group {}", number % 4),
            service: number,
            fronting,
            access,
            connector_group: number % sizes.connector_groups,
            rule: format!("Allow {}", service.name),
            sampling: match share {
                3 => 0.1,
                1 if number > 8 => 0.01,
                _ => 1.0,
            },
            rum: number % 3 != 2,
            number_at_vendor: 145_254_438_888_000_000 + random.below(999_999),
        }
    })
}

/// The ways of the design's table, round and round.
fn way_to(number: usize, sizes: &Sizes) -> (Fronting, Access) {
    match number % 7 {
        0 => (Fronting::Direct, Access::Tunnel),
        1 => (Fronting::BalancerKeeps, Access::Tunnel),
        2 => (Fronting::Ingress(sizes.balancers + number / 7 % sizes.ingresses), Access::Tunnel),
        3 => (Fronting::Sidecar, Access::Tunnel),
        4 => (Fronting::Direct, Access::Browser),
        5 => (Fronting::Direct, Access::Inspected),
        _ => (Fronting::BalancerTranslates, Access::Tunnel),
    }
}
