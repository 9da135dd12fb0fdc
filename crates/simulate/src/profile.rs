//! How large a company is.

use std::fmt;
use std::str::FromStr;

/// The size of a company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// 1 000 persons: the demo and the tests.
    #[default]
    S,
    /// 20 000 persons.
    M,
    /// 200 000 persons.
    L,
}

impl Profile {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::S, Self::M, Self::L];

    /// `S`, `M` or `L`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::M => "M",
            Self::L => "L",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|profile| profile.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| UnknownName { name: text.to_owned(), known: "S, M, L".to_owned() })
    }
}

/// A profile or scenario that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is none of {known}")]
pub struct UnknownName {
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: String,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) persons: usize,
    pub(crate) service_identities: usize,
    pub(crate) agents: usize,
    pub(crate) departments: usize,
    pub(crate) offices: usize,
    pub(crate) providers: usize,
    pub(crate) sites: usize,
    pub(crate) edges_per_site: usize,
    pub(crate) connector_groups: usize,
    pub(crate) connectors: usize,
    pub(crate) balancers: usize,
    pub(crate) ingresses: usize,
    pub(crate) services: usize,
    pub(crate) routes: usize,
    pub(crate) pods: usize,
    pub(crate) databases: usize,
    pub(crate) queues: usize,
    pub(crate) saas: usize,
}

impl Profile {
    /// M is the design's; L is ten times that but for the sites, which there are twelve of in the world; S is a twentieth, and never so
    /// few that an incident could not happen: to drain a site takes another.
    pub(crate) const fn sizes(self) -> Sizes {
        let m = Sizes {
            persons: 20_000,
            service_identities: 400,
            agents: 60,
            departments: 12,
            offices: 40,
            providers: 25,
            sites: 12,
            edges_per_site: 4,
            connector_groups: 6,
            connectors: 24,
            balancers: 3,
            ingresses: 4,
            services: 60,
            routes: 400,
            pods: 600,
            databases: 12,
            queues: 4,
            saas: 300,
        };
        match self {
            Self::M => m,
            Self::S => Sizes {
                persons: 1_000,
                service_identities: 20,
                agents: 3,
                departments: 12,
                offices: 4,
                providers: 6,
                sites: 4,
                edges_per_site: 2,
                connector_groups: 2,
                connectors: 4,
                balancers: 1,
                ingresses: 1,
                services: 12,
                routes: 48,
                pods: 36,
                databases: 3,
                queues: 1,
                saas: 30,
            },
            Self::L => Sizes {
                persons: 10 * m.persons,
                service_identities: 10 * m.service_identities,
                agents: 10 * m.agents,
                departments: m.departments,
                offices: 10 * m.offices,
                providers: m.providers,
                sites: m.sites,
                edges_per_site: 10 * m.edges_per_site,
                connector_groups: m.connector_groups,
                connectors: 10 * m.connectors,
                balancers: 10 * m.balancers,
                ingresses: 10 * m.ingresses,
                services: 10 * m.services,
                routes: 10 * m.routes,
                pods: 10 * m.pods,
                databases: 10 * m.databases,
                queues: 10 * m.queues,
                saas: 10 * m.saas,
            },
        }
    }
}
