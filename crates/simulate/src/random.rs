//! The one source of chance: a stream of its own for each entity, the same bits on every machine.
//!
//! xoshiro256++ (Blackman and Vigna), seeded by SplitMix64 from the company's seed, the kind of the entity and its number, so that one
//! more entity does not change what another draws. Transcendental functions are `libm`'s, never the platform's.

/// What a stream belongs to. The number is part of every company: it never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Place = 1,
    Person = 2,
    ServiceEdge = 3,
    AppConnector = 4,
    Service = 5,
    Pod = 6,
    App = 7,
    Database = 8,
    Saas = 9,
    Agent = 10,
    ServiceIdentity = 11,
    Proxy = 12,
    Incident = 13,
    Transport = 14,
    Crowd = 15,
    Provider = 16,
}

/// One stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: [u64; 4],
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One step of SplitMix64's finaliser.
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Random {
    /// The stream of one entity.
    pub(crate) const fn of(seed: u64, kind: Kind, number: u64) -> Self {
        let word = mix(seed.wrapping_add(GOLDEN));
        let word = mix(word ^ (kind as u64).wrapping_mul(GOLDEN));
        Self::from_word(mix(word.wrapping_add(number.wrapping_mul(0xd1b5_4a32_d192_ed03))))
    }

    const fn from_word(word: u64) -> Self {
        let one = word.wrapping_add(GOLDEN);
        let (two, three) = (one.wrapping_add(GOLDEN), one.wrapping_add(GOLDEN).wrapping_add(GOLDEN));
        Self { state: [mix(one), mix(two), mix(three), mix(three.wrapping_add(GOLDEN))] }
    }

    /// A stream for something of this entity: a visit, a request.
    pub(crate) const fn fork(&mut self) -> Self {
        Self::from_word(self.word())
    }

    /// 64 bits.
    pub(crate) const fn word(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// From 0 up to but not including 1.
    pub(crate) const fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// From 0 up to but not including `limit`; 0 where there is nothing below it.
    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        ((self.word() as u128 * limit as u128) >> 64) as u64
    }

    /// A place in a list of that length.
    pub(crate) const fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// True with this probability.
    pub(crate) const fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly, in nanoseconds.
    pub(crate) const fn nanos_between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.saturating_sub(low) as u64) as i64
    }

    /// The normal distribution, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * libm::log(radius)).sqrt() * libm::cos(std::f64::consts::TAU * angle)
    }

    /// The log-normal distribution, by its median and the standard deviation of its logarithm.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// The same for a length of time.
    pub(crate) fn nanos_lognormal(&mut self, median: i64, sigma: f64) -> i64 {
        self.lognormal(median as f64, sigma) as i64
    }

    /// The exponential distribution of a length of time, by its mean.
    pub(crate) fn nanos_exponential(&mut self, mean: i64) -> i64 {
        (-libm::log(1.0 - self.unit()) * mean as f64) as i64
    }

    /// One of a list; the fallback where it is empty.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T], fallback: &'a T) -> &'a T {
        list.get(self.index(list.len())).unwrap_or(fallback)
    }

    /// 20 characters of the base64 alphabet, as ZPA's ids are: 15 bytes.
    pub(crate) fn token(&mut self) -> Box<str> {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(20);
        for _ in 0..2 {
            let bits = self.word();
            for at in 0..10 {
                let letter = ALPHABET.get((bits >> (at * 6) & 63) as usize).copied().unwrap_or(b'A');
                text.push(char::from(letter));
            }
        }
        text.into_boxed_str()
    }

    /// Bytes of an id that is not all zeros.
    pub(crate) fn id<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        for chunk in bytes.chunks_mut(8) {
            let word = self.word().to_be_bytes();
            for (byte, from) in chunk.iter_mut().zip(word) {
                *byte = from;
            }
        }
        if let Some(last) = bytes.last_mut().filter(|last| **last == 0) {
            *last = 1;
        }
        bytes
    }
}

/// A choice among ranks, the first the most likely.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// `count` ranks with weights 1 / rank^exponent.
    pub(crate) fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weights: Vec<f64> = (1..=count.max(1))
            .map(|rank| {
                sum += libm::pow(rank as f64, -exponent);
                sum
            })
            .collect();
        Self { cumulative: weights.into_iter().map(|weight| weight / sum).collect() }
    }

    /// A rank from 0.
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let at = random.unit();
        self.cumulative.partition_point(|weight| *weight <= at).min(self.cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first words are part of the format: who changes them changes every company.
    #[test]
    fn a_stream_is_the_same_for_ever() {
        let mut random = Random::of(7, Kind::Person, 1);
        let words = [random.word(), random.word()];
        let mut again = Random::of(7, Kind::Person, 1);
        assert_eq!(words, [again.word(), again.word()]);
        for other in
            [Random::of(8, Kind::Person, 1), Random::of(7, Kind::Pod, 1), Random::of(7, Kind::Person, 2)]
        {
            assert_ne!(other.clone().word(), words[0]);
        }
        assert_eq!(random.token().len(), 20);
    }

    #[test]
    fn draws_have_the_mean_that_they_should() {
        let mut random = Random::of(1, Kind::Crowd, 0);
        let mean = |draw: &mut dyn FnMut() -> f64| (0..20_000).map(|_| draw()).sum::<f64>() / 20_000.0;
        assert!((mean(&mut || random.unit()) - 0.5).abs() < 0.01);
        assert!(mean(&mut || random.normal()).abs() < 0.03);
        assert!((mean(&mut || random.lognormal(1.0, 0.5)) - 1.133).abs() < 0.03);
        let zipf = Zipf::new(10, 1.0);
        assert!((0..1_000).all(|_| zipf.draw(&mut random) < 10));
    }
}
