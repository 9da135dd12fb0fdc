//! Where on Earth, and how far apart.

/// A city that the company works in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) country: &'static str,
    pub(crate) country_name: &'static str,
    pub(crate) city: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    /// Hours east of UTC.
    pub(crate) zone: i64,
}

const fn place(
    country: &'static str,
    country_name: &'static str,
    city: &'static str,
    at: (f64, f64),
    zone: i64,
) -> Place {
    Place { country, country_name, city, latitude: at.0, longitude: at.1, zone }
}

/// The eight countries, the first the largest.
pub(crate) const PLACES: &[Place] = &[
    place("US", "United States", "New York", (40.71, -74.01), -5),
    place("DE", "Germany", "Frankfurt", (50.11, 8.68), 1),
    place("GB", "United Kingdom", "London", (51.51, -0.13), 0),
    place("FR", "France", "Paris", (48.86, 2.35), 1),
    place("IN", "India", "Mumbai", (19.08, 72.88), 5),
    place("BR", "Brazil", "Sao Paulo", (-23.55, -46.63), -3),
    place("SG", "Singapore", "Singapore", (1.35, 103.82), 8),
    place("US", "United States", "Portland", (45.52, -122.68), -8),
];

/// The place with this number, round and round.
pub(crate) fn at(number: usize) -> Place {
    const HOME: Place = place("US", "United States", "New York", (40.71, -74.01), -5);
    PLACES.get(number % PLACES.len()).copied().unwrap_or(HOME)
}

/// The round trip between two points without what the day adds to it: light in glass over the way that cables take, and what the
/// access network takes in any case.
pub(crate) fn round_trip_ns(from: (f64, f64), to: (f64, f64)) -> i64 {
    const ACCESS_NS: f64 = 3e6;
    const GLASS_METRES_PER_SECOND: f64 = 0.66 * 299_792_458.0;
    const WAY_ROUND: f64 = 1.6;
    (distance(from, to) / GLASS_METRES_PER_SECOND * WAY_ROUND * 1e9 + ACCESS_NS) as i64
}

/// Metres along the great circle.
fn distance((from_lat, from_lon): (f64, f64), (to_lat, to_lon): (f64, f64)) -> f64 {
    const RADIUS: f64 = 6_371_000.0;
    let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
    let half_lat = libm::sin(radians(to_lat - from_lat) / 2.0);
    let half_lon = libm::sin(radians(to_lon - from_lon) / 2.0);
    let chord =
        half_lat * half_lat + libm::cos(radians(from_lat)) * libm::cos(radians(to_lat)) * half_lon * half_lon;
    2.0 * RADIUS * libm::asin(chord.sqrt().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ocean_takes_tens_of_milliseconds() {
        let ms = round_trip_ns((40.71, -74.01), (51.51, -0.13)) / 1_000_000;
        assert!((40..60).contains(&ms), "{ms}");
        assert_eq!(round_trip_ns((1.0, 1.0), (1.0, 1.0)), 3_000_000);
    }
}
