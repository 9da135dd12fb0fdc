//! The sidecar `p-<id>.bloom`: says of an id "surely not in this part" or "perhaps".
//!
//! A split-block bloom filter: one id sets eight bits inside one block of 32 bytes, so that one test is one small read.

use std::path::Path;

use fanlight_log::Disk;

use crate::fold::hash64;

/// Twelve bits an id: about one false "perhaps" in 200.
const BITS_AN_ID: u64 = 12;
const BLOCK_BYTES: usize = 32;
const MAGIC: [u8; 4] = *b"FLBL";
const VERSION: u32 = 1;
/// magic, version, blocks, checksum of the blocks and the number of them.
const HEADER_BYTES: usize = 4 + 4 + 8 + 8;

/// Odd constants that spread one half of the hash over the eight words of a block, as Parquet's own filters do.
const SALT: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// A filter over ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bloom {
    blocks: Vec<[u32; 8]>,
}

/// Why a sidecar cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BloomError {
    #[error("not a bloom file")]
    Foreign,
    #[error("bloom format {0}, which this version does not know")]
    Newer(u32),
    #[error("bloom file of the wrong length or with a wrong checksum")]
    Damaged,
}

impl Bloom {
    /// An empty filter for so many distinct ids.
    pub(crate) fn with_room_for(ids: u64) -> Self {
        let bits = ids.saturating_mul(BITS_AN_ID).max(1);
        let blocks = usize::try_from(bits.div_ceil(BLOCK_BYTES as u64 * 8)).unwrap_or(usize::MAX);
        Self { blocks: vec![[0; 8]; blocks] }
    }

    /// Adds an id.
    pub(crate) fn insert(&mut self, id: &[u8]) {
        let hash = hash64(id);
        let block = self.place(hash);
        if let Some(block) = self.blocks.get_mut(block) {
            for (word, bit) in block.iter_mut().zip(bits(hash)) {
                *word |= bit;
            }
        }
    }

    /// False when the id was surely never added.
    pub(crate) fn may_contain(&self, id: &[u8]) -> bool {
        let hash = hash64(id);
        self.blocks
            .get(self.place(hash))
            .is_some_and(|block| block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0))
    }

    /// Tests one id against a sidecar without reading the whole of it. The file was checked when the store was opened.
    pub(crate) fn file_may_contain(disk: &dyn Disk, path: &Path, id: &[u8]) -> bool {
        let test = || {
            let header = disk.read_at(path, 0, HEADER_BYTES).ok()?;
            let count = u64::from_le_bytes(*header.get(8..)?.first_chunk::<8>()?);
            let hash = hash64(id);
            let at = place(hash, count).checked_mul(BLOCK_BYTES as u64)?.checked_add(HEADER_BYTES as u64)?;
            let block = disk.read_at(path, at, BLOCK_BYTES).ok()?;
            let (words, _) = block.as_chunks::<4>();
            let whole = words.len() == SALT.len();
            Some(
                !whole
                    || words.iter().zip(bits(hash)).all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0),
            )
        };
        test().unwrap_or(true)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK_BYTES
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut blocks = Vec::with_capacity(self.bytes());
        for word in self.blocks.iter().flatten() {
            blocks.extend_from_slice(&word.to_le_bytes());
        }
        let count = self.blocks.len() as u64;
        let mut file = Vec::with_capacity(HEADER_BYTES + blocks.len());
        file.extend_from_slice(&MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&count.to_le_bytes());
        file.extend_from_slice(&checksum(count, &blocks).to_le_bytes());
        file.extend_from_slice(&blocks);
        file
    }

    pub(crate) fn decode(file: &[u8]) -> Result<Self, BloomError> {
        let (magic, rest) = file.split_first_chunk::<4>().ok_or(BloomError::Damaged)?;
        if *magic != MAGIC {
            return Err(BloomError::Foreign);
        }
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(BloomError::Damaged)?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(BloomError::Newer(version));
        }
        let (count, rest) = rest.split_first_chunk::<8>().ok_or(BloomError::Damaged)?;
        let (sum, blocks) = rest.split_first_chunk::<8>().ok_or(BloomError::Damaged)?;
        let count = u64::from_le_bytes(*count);
        let (words, odd) = blocks.as_chunks::<4>();
        let whole = odd.is_empty() && count.checked_mul(BLOCK_BYTES as u64) == Some(blocks.len() as u64);
        if count == 0 || !whole || checksum(count, blocks) != u64::from_le_bytes(*sum) {
            return Err(BloomError::Damaged);
        }
        let (blocks, _) = words.as_chunks::<8>();
        let blocks = blocks.iter().map(|block| block.map(u32::from_le_bytes)).collect();
        Ok(Self { blocks })
    }

    fn place(&self, hash: u64) -> usize {
        usize::try_from(place(hash, self.blocks.len() as u64)).unwrap_or(usize::MAX)
    }
}

/// The upper half of the hash chooses the block, by multiplication instead of division.
fn place(hash: u64, blocks: u64) -> u64 {
    let place = (u128::from(hash >> 32) * u128::from(blocks)) >> 32;
    u64::try_from(place).unwrap_or(u64::MAX)
}

/// The lower half of the hash chooses one bit in each word of the block.
fn bits(hash: u64) -> [u32; 8] {
    let low = hash as u32;
    SALT.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
}

fn checksum(count: u64, blocks: &[u8]) -> u64 {
    hash64(blocks) ^ count.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes());
        id[8..].copy_from_slice(&number.to_be_bytes());
        id
    }

    /// Whatever was added is found again, for filters of one id to a hundred thousand, also after a turn through the file; and
    /// of what was not added, less than one in fifty is said to be there perhaps.
    #[test]
    fn nothing_that_was_added_is_ever_denied() {
        for count in [1_u64, 2, 21, 22, 1_000, 100_000] {
            let mut bloom = Bloom::with_room_for(count);
            (0..count).for_each(|number| bloom.insert(&id(number)));
            let read = Bloom::decode(&bloom.encode()).expect("as written");
            assert_eq!(read, bloom);
            let disk = fanlight_log::FaultyDisk::default();
            let path = Path::new("/p.bloom");
            disk.put(path, &bloom.encode());
            assert!((0..count.min(1_000)).all(|number| Bloom::file_may_contain(&disk, path, &id(number))));
            assert!((0..count).all(|number| read.may_contain(&id(number))), "{count}");
            let wrong = (0..10_000).filter(|number| read.may_contain(&id(1_000_000 + number))).count();
            assert!(count < 1_000 || wrong < 200, "{wrong} of 10 000 at {count}");
        }
    }

    /// Every cut and every flipped bit of a sidecar is noticed.
    #[test]
    fn a_damaged_sidecar_is_refused() {
        let mut bloom = Bloom::with_room_for(30);
        (0..30).for_each(|number| bloom.insert(&id(number)));
        let file = bloom.encode();
        for length in 0..file.len() {
            assert!(Bloom::decode(&file[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..file.len() * 8 {
            let mut file = file.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            assert!(Bloom::decode(&file).is_err(), "bit {bit}");
        }
    }
}
