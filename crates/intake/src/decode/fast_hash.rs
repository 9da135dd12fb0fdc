//! A quick hash with the same result everywhere: for caches, and to know a record that was sent twice. No defence against someone
//! who looks for collisions; whoever uses it compares what matters.

/// Folds up to sixteen bytes at a time with a wide multiplication.
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

    pub(crate) const fn number(&mut self, number: u64) {
        self.0 = fold(self.0 ^ number, FACTOR);
    }

    /// Its length is part of it: two texts in a row do not run into each other.
    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        self.numbered_text(0, text);
    }

    /// A text with the number of its field, below two to the 32nd; its length is part of it here too.
    #[inline]
    pub(crate) fn numbered_text(&mut self, number: usize, text: &str) {
        let bytes = text.as_bytes();
        self.number(((number as u64) << 32) ^ bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<16>();
        for word in words {
            let both = u128::from_le_bytes(*word);
            self.0 = fold(self.0 ^ (both as u64), FACTOR ^ ((both >> 64) as u64));
        }
        let (words, rest) = rest.as_chunks::<8>();
        for word in words {
            self.number(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.number(rest.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)));
        }
    }

    pub(crate) const fn finish(self) -> u64 {
        fold(self.0 ^ SEED, FACTOR)
    }
}

/// The hash of one text.
pub(crate) fn hash_text(text: &str) -> u64 {
    let mut hash = FastHash::new();
    hash.text(text);
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_do_not_run_into_each_other() {
        let two = |a: &str, b: &str| {
            let mut hash = FastHash::new();
            hash.text(a);
            hash.text(b);
            hash.finish()
        };
        assert_ne!(two("ab", "c"), two("a", "bc"));
        assert_ne!(two("", "x"), two("x", ""));
        assert_ne!(hash_text("12345678"), hash_text("12345678\0"));
        assert_ne!(hash_text("0123456789abcdef"), hash_text("89abcdef01234567"));
    }

    /// Records are compared across restarts and machines: this number must not change.
    #[test]
    fn the_hash_is_the_same_everywhere() {
        assert_eq!(hash_text("ana@example.com"), 16_877_328_999_078_864_624);
    }
}
