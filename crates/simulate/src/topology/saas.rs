//! SaaS hosts on the internet, and the company's own public apps among them.

use std::net::Ipv4Addr;

use super::{address, names};
use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// A host on the internet.
#[derive(Clone, Debug)]
pub(crate) struct Saas {
    pub(crate) host: String,
    pub(crate) app: String,
    pub(crate) class: &'static str,
    pub(crate) category: &'static str,
    pub(crate) super_category: &'static str,
    pub(crate) address: Ipv4Addr,
    /// ZIA decrypts it.
    pub(crate) inspected: bool,
    /// To its first byte.
    pub(crate) median_ns: i64,
    pub(crate) bandwidth_class: &'static str,
    /// It is a service of the company's own, on the internet.
    pub(crate) service: Option<usize>,
}

const CLASSES: [(&str, &str, &str, &str); 4] = [
    ("Enterprise Collaboration", "Professional Services", "Business and Economy", "Office Apps"),
    ("Webmail", "Web-based Email", "Internet Communication", "General Surfing"),
    ("Streaming Media", "Streaming Media", "Entertainment and Recreation", "Streaming Media"),
    ("Business", "Corporate Marketing", "Business and Economy", "General Surfing"),
];

/// The first two are the company's own: a shop and a portal.
pub(crate) fn build(seed: u64, sizes: &Sizes) -> Table<Saas> {
    Table::build(sizes.saas, |number| {
        let mut random = Random::of(seed, Kind::Saas, number as u64);
        let own = number < 2;
        let word = names::SAAS.get(number % names::SAAS.len()).copied().unwrap_or("site");
        let host = match number {
            0 => "shop.example.com".to_owned(),
            1 => "portal.example.com".to_owned(),
            _ => format!("{word}-{number}.example.net"),
        };
        let (class, category, super_category, bandwidth_class) = match CLASSES.get(number % 4) {
            Some(class) if !own => *class,
            _ => ("Business", "Corporate Marketing", "Business and Economy", "Office Apps"),
        };
        Saas {
            app: if own { "General Browsing".to_owned() } else { format!("{word} {number}") },
            host,
            class,
            category,
            super_category,
            address: address([203, 0, 113, 0], 100 + number % 156),
            inspected: own || random.chance(0.7),
            median_ns: random.nanos_lognormal(60_000_000, 0.5),
            bandwidth_class,
            service: own.then_some(number),
        }
    })
}
