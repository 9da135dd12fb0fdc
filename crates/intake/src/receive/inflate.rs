//! Gzip, inflated under a cap and a share of the bytes in flight.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;

use super::body::Share;
use super::refusal::Refusal;

/// What every gzip file begins with; no protobuf message can.
const MAGIC: &[u8] = &[0x1f, 0x8b];

/// Deflate cannot expand more than this.
const MAX_EXPANSION: usize = 1_032;

const FIRST_STEP: usize = 64 << 10;
const LAST_STEP: usize = 1 << 20;

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Inflates at most `limit` bytes, covering each step before it is made. Its work is proportional to what comes out, so the caller
/// puts large bodies on a blocking thread.
pub(crate) fn inflate(compressed: &[u8], limit: usize, share: &Share) -> Result<Bytes, Refusal> {
    let mut decoder = MultiGzDecoder::new(compressed);
    let mut out = Vec::new();
    out.reserve_exact(expected_length(compressed).min(limit));
    let mut filled = 0;
    loop {
        let step = filled.clamp(FIRST_STEP, LAST_STEP);
        let end = (filled + step).min(limit + 1);
        share.cover(compressed.len() + end)?;
        if end > out.capacity() {
            out.reserve_exact((out.capacity() * 2).clamp(end, limit + 1) - out.len());
        }
        out.resize(end, 0);
        let room = out.get_mut(filled..).unwrap_or_default();
        match decoder.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Refusal::BadGzip),
        }
        if filled > limit {
            return Err(Refusal::TooLarge { limit });
        }
        // What was not filled is not zeroed again.
        out.truncate(filled);
    }
    out.truncate(filled);
    if is_gzip(&out) {
        return Err(Refusal::NestedEncoding);
    }
    Ok(Bytes::from(out))
}

/// The trailer's word for it, which is a hint and no promise, and never more than the bytes could hold.
fn expected_length(compressed: &[u8]) -> usize {
    let told = compressed.last_chunk().map_or(0, |trailer| u32::from_le_bytes(*trailer) as usize);
    told.min(compressed.len().saturating_mul(MAX_EXPANSION))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use fanlight_runtime::Budget;
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn share(bytes: u64) -> (Budget, Share) {
        let budget = Budget::new(bytes);
        let share = Share::of(&budget, Some(1)).unwrap();
        (budget, share)
    }

    #[test]
    fn a_body_is_inflated_up_to_the_cap_and_not_past_it() {
        let (budget, share) = share(1 << 30);
        for length in [0, 1, 70_000, 1_000_000] {
            let text = vec![b'x'; length];
            assert_eq!(inflate(&gzip(&text), 1_000_000, &share), Ok(Bytes::from(text)));
        }
        let bomb = gzip(&vec![0; 1_000_001]);
        assert!(bomb.len() < 2_000);
        assert_eq!(inflate(&bomb, 1_000_000, &share), Err(Refusal::TooLarge { limit: 1_000_000 }));
        assert!(budget.used() < 1_100_000, "the share covers the cap, not the claim");
    }

    /// The share is asked before the memory is taken.
    #[test]
    fn a_bomb_stops_where_the_bytes_in_flight_end() {
        let budget = Budget::new(300_000);
        let other = budget.try_acquire(100_000).unwrap();
        let share = Share::of(&budget, Some(1)).unwrap();
        assert_eq!(inflate(&gzip(&vec![0; 1_000_000]), 1_000_000, &share), Err(Refusal::Busy));
        drop(other);
    }

    #[test]
    fn what_is_not_one_layer_of_gzip_is_refused() {
        let (_budget, share) = share(1 << 30);
        let twice = gzip(&gzip(b"x"));
        assert_eq!(inflate(&twice, 1_000, &share), Err(Refusal::NestedEncoding));
        assert_eq!(inflate(b"\x1f\x8bnot gzip at all", 1_000, &share), Err(Refusal::BadGzip));
        let mut cut = gzip(b"hello");
        cut.truncate(cut.len() - 4);
        assert_eq!(inflate(&cut, 1_000, &share), Err(Refusal::BadGzip));
        assert_eq!(inflate(b"", 1_000, &share), Err(Refusal::BadGzip));
    }
}
