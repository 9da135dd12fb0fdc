//! What came lately, so that what a sender repeats is stored once.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use crate::fold::hash128;

/// Hashes a generation holds: about 24 MB when full.
const GENERATION: usize = 1 << 20;

/// A bounded set of 128-bit hashes in two generations: when the young one is full, the old one is forgotten. Between one and
/// two million records are remembered; a sender's retry comes within seconds.
#[derive(Debug)]
pub(crate) struct Recent {
    seed: [u64; 2],
    generation: usize,
    young: Set,
    old: Set,
}

type Set = HashSet<[u64; 2], BuildHasherDefault<FirstHalf>>;

impl Default for Recent {
    fn default() -> Self {
        Self::with_generation(GENERATION)
    }
}

impl Recent {
    fn with_generation(generation: usize) -> Self {
        let random = RandomState::new();
        let seed = [random.hash_one(1_u8), random.hash_one(2_u8)];
        Self { seed, generation, young: Set::default(), old: Set::default() }
    }

    /// True when these bytes were not seen lately; then they are from now on.
    pub(crate) fn is_new(&mut self, bytes: &[u8]) -> bool {
        let hash = hash128(self.seed, bytes);
        if self.old.contains(&hash) || !self.young.insert(hash) {
            return false;
        }
        if self.young.len() >= self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        true
    }
}

/// The keys are hashes under a secret seed already: their first half serves as it is.
#[derive(Default, Debug)]
pub(crate) struct FirstHalf(u64);

impl Hasher for FirstHalf {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(half) = bytes.first_chunk::<8>() {
            self.0 ^= u64::from_le_bytes(*half);
        }
    }

    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }

    fn write_usize(&mut self, _length: usize) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_lately_is_known_and_memory_is_bounded() {
        let mut recent = Recent::with_generation(100);
        for number in 0_u64..1_000 {
            assert!(recent.is_new(&number.to_le_bytes()), "{number}");
            assert!(!recent.is_new(&number.to_le_bytes()), "{number} again");
            assert!(recent.young.len() + recent.old.len() <= 200);
        }
        assert!(!recent.is_new(&950_u64.to_le_bytes()), "still known");
        assert!(recent.is_new(&5_u64.to_le_bytes()), "forgotten");
    }
}
