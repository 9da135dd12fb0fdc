//! Who and what there is: persons and machines, the edge, app connectors, services and what they stand behind.

pub(crate) mod agent;
pub(crate) mod app;
pub(crate) mod connector;
pub(crate) mod database;
pub(crate) mod names;
pub(crate) mod person;
pub(crate) mod place;
pub(crate) mod provider;
pub(crate) mod saas;
pub(crate) mod service;
pub(crate) mod service_edge;

use std::net::Ipv4Addr;

use fanlight_model::Timestamp;

use crate::profile::Sizes;
use crate::settings::Settings;
use crate::table::Table;

/// Everything that there is when a company begins.
#[derive(Debug)]
pub(crate) struct Topology {
    pub(crate) sizes: Sizes,
    pub(crate) providers: Table<provider::Provider>,
    pub(crate) offices: Table<person::Office>,
    pub(crate) sites: Table<service_edge::Site>,
    pub(crate) connectors: Table<connector::Connector>,
    pub(crate) databases: Table<database::Database>,
    pub(crate) services: Table<service::Service>,
    pub(crate) proxies: Table<app::Proxy>,
    pub(crate) apps: Table<app::App>,
    pub(crate) saas: Table<saas::Saas>,
    pub(crate) persons: Table<person::Person>,
    pub(crate) agents: Table<agent::Agent>,
    pub(crate) identities: Table<agent::ServiceIdentity>,
}

impl Topology {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (seed, since, sizes) = (settings.seed, settings.start, settings.profile.sizes());
        let providers = provider::build(seed, &sizes);
        let sites = service_edge::build(seed, &sizes, since);
        let connectors = connector::build(seed, &sizes, since, &sites);
        let databases = database::build(seed, &sizes);
        let services = service::build(seed, &sizes, since);
        let proxies = app::proxies(seed, &sizes, since);
        let apps = app::build(seed, &sizes, &services);
        let saas = saas::build(seed, &sizes);
        let offices = person::offices(seed, &sizes);
        let persons = person::build(seed, &sizes, since, &offices, &providers, &sites);
        let agents = agent::build(seed, &sizes, since, &apps);
        let identities = agent::identities(seed, &sizes, &apps);
        Self {
            sizes,
            providers,
            offices,
            sites,
            connectors,
            databases,
            services,
            proxies,
            apps,
            saas,
            persons,
            agents,
            identities,
        }
    }
}

/// The address with this number behind a first one.
pub(crate) fn address(first: [u8; 4], number: usize) -> Ipv4Addr {
    let first = u32::from_be_bytes(first);
    Ipv4Addr::from_bits(first.wrapping_add(number as u32))
}

/// A clock that is some milliseconds wrong and no more.
pub(crate) fn steady_clock(
    random: &mut crate::random::Random,
    sigma_ms: f64,
    since: Timestamp,
) -> crate::clock::HostClock {
    crate::clock::HostClock::wrong_by((random.normal() * sigma_ms * 1e6) as i64, since)
}
