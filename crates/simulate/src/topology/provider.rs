//! Internet providers of homes.

use crate::profile::Sizes;
use crate::random::{Kind, Random};
use crate::table::Table;

/// An internet provider.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) name: String,
    /// Eight homes share an address.
    pub(crate) shares_addresses: bool,
    /// Added to each round trip of its customers.
    pub(crate) access_ns: i64,
    /// Bytes in a second that a home gets.
    pub(crate) bytes_per_second: f64,
}

pub(crate) fn build(seed: u64, sizes: &Sizes) -> Table<Provider> {
    Table::build(sizes.providers, |at| {
        let mut random = Random::of(seed, Kind::Provider, at as u64);
        Provider {
            name: format!("isp-{at:02}.example.net"),
            shares_addresses: at < 3,
            access_ns: random.nanos_lognormal(6_000_000, 0.4),
            bytes_per_second: random.lognormal(6e6, 0.5),
        }
    })
}
