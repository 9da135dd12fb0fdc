//! A quick hash with the same result everywhere: for caches, and to know a record that was sent twice. No defence against someone
//! who looks for collisions; whoever uses it compares what matters.

/// Folds sixteen bytes at a time with a wide multiplication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastHash(u64);

/// Odd numbers without a pattern (fraction digits of π and e).
const SEED: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0xb7e1_5162_8aed_2a6b;

const fn fold(a: u64, b: u64) -> u64 {
    let wide = (a as u128) * (b as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

impl FastHash {
    pub(crate) const fn new() -> Self {
        Self(SEED)
    }

    /// The bytes of a field with its number, below two to the 32nd. Their count is part of it: two in a row do not run into each
    /// other. Each is folded by itself, so that the processor has several in hand.
    #[inline]
    pub(crate) fn numbered(&mut self, number: usize, bytes: &[u8]) {
        let header = (((number as u64) << 32) ^ bytes.len() as u64).wrapping_mul(FACTOR);
        let mut state = SEED ^ header;
        let (first, last) = match *bytes {
            [] => (0, 0),
            [a] => (u64::from(a), 0),
            [a, b] => (u64::from(a), u64::from(b)),
            [a, b, c] => (u64::from(a) << 8 | u64::from(b), u64::from(c)),
            _ => all_but_ends(bytes, &mut state),
        };
        self.0 = self.0.rotate_left(5).wrapping_add(fold(state ^ first, FACTOR ^ last));
    }

    pub(crate) const fn finish(self) -> u64 {
        fold(self.0 ^ SEED, FACTOR)
    }
}

/// Folds what the first and the last bytes, which it gives, do not hold: they overlap rather than leave anything out.
#[inline]
fn all_but_ends(bytes: &[u8], state: &mut u64) -> (u64, u64) {
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
        let half = |half: Option<&[u8; 4]>| half.map_or(0, |half| u64::from(u32::from_le_bytes(*half)));
        return (half(bytes.first_chunk()), half(bytes.last_chunk()));
    };
    let Some(end) = bytes.last_chunk().filter(|_| bytes.len() > 16) else {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    };
    let halves = |both: &[u8; 16]| {
        let both = u128::from_le_bytes(*both);
        (both as u64, (both >> 64) as u64)
    };
    let (words, _) = bytes.as_chunks::<16>();
    for (first, last) in words.iter().take((bytes.len() - 1) / 16).map(halves) {
        *state = fold(*state ^ first, FACTOR ^ last);
    }
    halves(end)
}

/// The hash of one text.
pub(crate) fn hash_text(text: &str) -> u64 {
    let mut hash = FastHash::new();
    hash.numbered(0, text.as_bytes());
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_do_not_run_into_each_other() {
        let two = |a: &str, b: &str| {
            let mut hash = FastHash::new();
            hash.numbered(0, a.as_bytes());
            hash.numbered(0, b.as_bytes());
            hash.finish()
        };
        assert_ne!(two("ab", "c"), two("a", "bc"));
        assert_ne!(two("", "x"), two("x", ""));
        assert_ne!(hash_text("12345678"), hash_text("12345678\0"));
        assert_ne!(hash_text("0123456789abcdef"), hash_text("89abcdef01234567"));
    }

    /// Every byte counts, whatever the length.
    #[test]
    fn one_byte_makes_another_hash() {
        for length in 0..70 {
            let mut bytes: Vec<u8> = (0..length).collect();
            let hash = |number: usize, bytes: &[u8]| {
                let mut hash = FastHash::new();
                hash.numbered(number, bytes);
                hash.finish()
            };
            let before = hash(3, &bytes);
            assert_ne!(before, hash(4, &bytes), "{length}");
            for at in 0..bytes.len() {
                bytes[at] ^= 1;
                assert_ne!(before, hash(3, &bytes), "{length} {at}");
                bytes[at] ^= 1;
            }
        }
    }

    /// Records are compared across restarts and machines: this number must not change.
    #[test]
    fn the_hash_is_the_same_everywhere() {
        assert_eq!(hash_text("ana@example.com"), 18_205_465_719_746_988_827);
    }
}
