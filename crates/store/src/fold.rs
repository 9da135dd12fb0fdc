//! A fast hash of bytes by folded multiplication: for duplicates, blooms and block checksums, never for ids or proofs.

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd6e8_feb8_6659_fd93;
const THIRD: u64 = 0xa076_1d64_78bd_642f;

/// A fixed 64-bit hash: the same on every machine and in every version, because it is written into files.
pub(crate) fn hash64(bytes: &[u8]) -> u64 {
    let [one, two] = hash128([FIRST, SECOND], bytes);
    one ^ two.rotate_left(32)
}

/// A 128-bit hash under a seed. With a seed that a sender cannot know, a sender cannot make two records collide.
pub(crate) fn hash128(seed: [u64; 2], bytes: &[u8]) -> [u64; 2] {
    let [seed_one, seed_two] = seed;
    let length = bytes.len() as u64;
    let (mut one, mut two) = (seed_one ^ length, seed_two ^ length.rotate_left(32));
    let (chunks, rest) = bytes.as_chunks::<16>();
    for chunk in chunks {
        (one, two) = step(one, two, u128::from_le_bytes(*chunk));
    }
    let mut last = [0; 16];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    (one, two) = step(one, two, u128::from_le_bytes(last));
    [fold(one ^ THIRD, two ^ FIRST), fold(two ^ SECOND, one ^ THIRD)]
}

/// The halves are taken once straight and once crossed, so that no value of one of them wipes both lanes out.
fn step(one: u64, two: u64, chunk: u128) -> (u64, u64) {
    let (low, high) = (chunk as u64, (chunk >> 64) as u64);
    (
        fold(one ^ low, FIRST ^ high).wrapping_add(two.rotate_left(29)),
        fold(two ^ high, THIRD ^ low).wrapping_add(one.rotate_left(17)),
    )
}

fn fold(one: u64, two: u64) -> u64 {
    let product = u128::from(one).wrapping_mul(u128::from(two));
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Every bit of the input changes the hash, and so does a zero byte more at the end.
    #[test]
    fn one_flipped_bit_is_another_hash() {
        let mut bytes: Vec<u8> = (0..200).map(|number: u8| number.wrapping_mul(37)).collect();
        let mut seen = HashSet::from([hash64(&bytes)]);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(hash64(&bytes)), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for _ in 0..40 {
            bytes.push(0);
            assert!(seen.insert(hash64(&bytes)), "length {}", bytes.len());
        }
    }

    /// Files hold these values.
    #[test]
    fn the_fixed_hash_stays_as_it_is() {
        assert_eq!([hash64(b""), hash64(b"0123456789abcdef-")], PINNED);
    }

    const PINNED: [u64; 2] = [3_402_147_547_458_629_691, 13_758_733_534_584_460_970];
}
