//! Persons, their devices, and where they sit.

use std::net::Ipv4Addr;
use std::sync::Arc;

use fanlight_model::Timestamp;

use super::provider::Provider;
use super::service_edge::Site;
use super::{address, names, place};
use crate::clock::{HostClock, SECOND};
use crate::edge::slab::Key;
use crate::profile::Sizes;
use crate::random::{Kind, Random, Zipf};
use crate::table::Table;

/// A building with one address towards the internet.
#[derive(Clone, Debug)]
pub(crate) struct Office {
    pub(crate) name: String,
    pub(crate) place: usize,
    pub(crate) egress: Ipv4Addr,
}

/// A person with a device.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) email: Arc<str>,
    pub(crate) department: usize,
    /// In the office, else at home behind a provider.
    pub(crate) office: Option<usize>,
    pub(crate) provider: usize,
    pub(crate) place: usize,
    pub(crate) public: Ipv4Addr,
    pub(crate) private: Ipv4Addr,
    pub(crate) device: Arc<str>,
    pub(crate) platform: &'static str,
    pub(crate) client_version: &'static str,
    /// HTTP/2: one connection a host.
    pub(crate) multiplexes: bool,
    /// Has the pages' scripts send what they measured.
    pub(crate) rum: bool,
    pub(crate) clock: HostClock,
    /// The nearest sites, the nearest first, with the round trips to them.
    pub(crate) sites: [(usize, i64); 2],
    pub(crate) edge: usize,
    pub(crate) session: Session,
    /// Postures that the device misses.
    pub(crate) misses: u8,
    /// Connections that are open, and to what.
    pub(crate) open: Vec<(usize, Key)>,
    pub(crate) random: Random,
}

/// A ZPA session: the device's connection to its service edge.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: Arc<str>,
    pub(crate) authenticated: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) bytes: u64,
}

pub(crate) fn offices(seed: u64, sizes: &Sizes) -> Table<Office> {
    Table::build(sizes.offices, |number| {
        let mut random = Random::of(seed, Kind::Place, number as u64);
        let place = if number < place::PLACES.len() { number } else { random.index(place::PLACES.len()) };
        let name = format!("{} Office {}", place::at(place).city, number / place::PLACES.len() + 1);
        Office { name, place, egress: address([203, 0, 113, 1], number % 90) }
    })
}

pub(crate) fn build(
    seed: u64,
    sizes: &Sizes,
    since: Timestamp,
    offices: &Table<Office>,
    providers: &Table<Provider>,
    sites: &Table<Site>,
) -> Table<Person> {
    let departments = Zipf::new(sizes.departments, 0.8);
    Table::build(sizes.persons, |number| {
        let mut random = Random::of(seed, Kind::Person, number as u64);
        let department = departments.draw(&mut random);
        let home = random.index(offices.len());
        let office = random.chance(0.6).then_some(home);
        let provider = random.index(providers.len());
        // One in a hundred travels.
        let place =
            if random.chance(0.01) { random.index(place::PLACES.len()) } else { offices.get(home).place };
        let public = match office {
            Some(office) => offices.get(office).egress,
            None => home_address(number, providers.get(provider)),
        };
        let edge = random.index(sizes.edges_per_site);
        let session = session(&mut random, since);
        Person {
            email: email(number).into(),
            department,
            office,
            provider,
            place,
            public,
            private: if office.is_some() {
                address([10, 64, 0, 2], number)
            } else {
                address([192, 168, 1, 10], number % 200)
            },
            device: format!("LT-{number:06}").into(),
            platform: if random.chance(0.7) { "windows" } else { "mac" },
            client_version: if random.chance(0.3) { "4.4.0.335" } else { "4.3.2.120" },
            multiplexes: random.chance(0.7),
            rum: random.chance(0.6),
            clock: HostClock::wrong_by((random.normal() * 150e6) as i64, since),
            sites: nearest(place, sites),
            edge,
            session,
            misses: u8::from(random.chance(0.03)),
            open: Vec::new(),
            random,
        }
    })
}

/// A session that a person's next ones follow.
pub(crate) fn session(random: &mut Random, now: Timestamp) -> Session {
    let age = random.nanos_between(0, 900 * SECOND);
    let life = random.nanos_lognormal(900 * SECOND, 0.6).max(age + 30 * SECOND);
    Session {
        id: random.token().into(),
        authenticated: now.shifted(-age),
        until: now.shifted(life - age),
        bytes: 0,
    }
}

fn email(number: usize) -> String {
    let first = names::FIRST.get(number % names::FIRST.len()).copied().unwrap_or("ana");
    let last = names::LAST.get(number / names::FIRST.len() % names::LAST.len()).copied().unwrap_or("abel");
    match number / (names::FIRST.len() * names::LAST.len()) {
        0 => format!("{first}.{last}@example.com"),
        round => format!("{first}.{last}{}@example.com", round + 1),
    }
}

/// Homes are many: of the networks set aside for examples and measurements only 198.18.0.0/15 has room for them.
fn home_address(number: usize, provider: &Provider) -> Ipv4Addr {
    let home = if provider.shares_addresses { number / 8 } else { number };
    address([198, 18, 0, 1], home % 131_000)
}

fn nearest(place: usize, sites: &Table<Site>) -> [(usize, i64); 2] {
    let place = place::at(place);
    let mut all: Vec<(i64, usize)> = sites
        .iter()
        .enumerate()
        .map(|(at, site)| (place::round_trip_ns((place.latitude, place.longitude), site.at), at))
        .collect();
    all.sort_unstable();
    let nth = |at: usize| all.get(at).or(all.first()).map_or((0, 0), |(ns, site)| (*site, *ns));
    [nth(0), nth(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_persons_have_one_name() {
        let names: std::collections::BTreeSet<String> = (0..20_000).map(email).collect();
        assert_eq!(names.len(), 20_000);
    }
}
