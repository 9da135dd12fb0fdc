//! Gzip and zstd, one layer, inflated under a cap, a share of the bytes in flight, and an eye on what comes out.

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::get_frame_content_size;

use super::body::Share;
use super::refusal::Refusal;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Gzip,
    Zstd,
}

/// What every gzip file begins with, and every zstd frame; no OTLP message can, and no JSON.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Deflate cannot expand more than this.
const MAX_GZIP_EXPANSION: usize = 1_032;
/// Zstd can expand far more; a length that is announced is believed this far, and beyond it as it comes.
const BELIEVED_ZSTD_EXPANSION: usize = 64;

/// A frame asks for its window before it has shown anything. 8 MiB is what RFC 8878 has decoders support, and what compressors use
/// up to level 19.
const MAX_WINDOW_LOG: u32 = 23;

const FIRST_STEP: usize = 64 << 10;
const LAST_STEP: usize = 1 << 20;

impl Layer {
    /// By the first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(GZIP_MAGIC) {
            Some(Self::Gzip)
        } else if bytes.starts_with(ZSTD_MAGIC) {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    /// By the name that HTTP and gRPC have for it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Gzip => Refusal::BadGzip,
            Self::Zstd => Refusal::BadZstd,
        }
    }

    /// What the bytes say of their length, which is a hint and no promise.
    fn expected_length(self, compressed: &[u8]) -> usize {
        match self {
            Self::Gzip => {
                let told = compressed.last_chunk().map_or(0, |trailer| u32::from_le_bytes(*trailer) as usize);
                told.min(compressed.len().saturating_mul(MAX_GZIP_EXPANSION))
            }
            Self::Zstd => {
                let told = get_frame_content_size(compressed).ok().flatten().unwrap_or(0);
                let believed = compressed.len().saturating_mul(BELIEVED_ZSTD_EXPANSION);
                usize::try_from(told).unwrap_or(usize::MAX).min(believed)
            }
        }
    }
}

/// Inflates at most `limit` bytes, covering each step before it is made and showing it to `watch` after. Its work is proportional to
/// what comes out, so the caller puts large bodies on a blocking thread.
pub(crate) fn inflate(
    layer: Layer,
    compressed: &[u8],
    limit: usize,
    share: &Share,
    watch: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<Bytes, Refusal> {
    let mut out = Output::new(limit, share, compressed.len());
    out.bytes.reserve_exact(layer.expected_length(compressed).min(limit));
    match layer {
        Layer::Gzip => gunzip(compressed, &mut out, watch)?,
        Layer::Zstd => unzstd(compressed, &mut out, watch)?,
    }
    if Layer::of(&out.bytes).is_some() {
        return Err(Refusal::NestedEncoding);
    }
    Ok(out.into_bytes())
}

fn gunzip(
    compressed: &[u8],
    out: &mut Output<'_>,
    watch: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut decoder = MultiGzDecoder::new(compressed);
    loop {
        match decoder.read(out.room(LAST_STEP)?) {
            Ok(0) => return out.keep(0).map(drop),
            Ok(read) => watch(out.keep(read)?)?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(Refusal::BadGzip),
        }
    }
}

pub(crate) fn unzstd(
    compressed: &[u8],
    out: &mut Output<'_>,
    watch: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut decoder = Decoder::new().map_err(|_| Refusal::BadZstd)?;
    decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG)).map_err(|_| Refusal::BadZstd)?;
    let mut input = InBuffer::around(compressed);
    loop {
        let room = out.room(LAST_STEP)?;
        let length = room.len();
        let mut buffer = OutBuffer::around(room);
        let wanted = decoder.run(&mut input, &mut buffer).map_err(|_| Refusal::BadZstd)?;
        let written = buffer.pos();
        watch(out.keep(written)?)?;
        let is_all_read = input.pos() == compressed.len();
        // Nothing is wanted where a frame has ended; another may follow.
        if is_all_read && wanted == 0 {
            return Ok(());
        }
        if is_all_read && written < length {
            return Err(Refusal::BadZstd);
        }
    }
}

/// What came out so far. It grows by steps that it has covered.
pub(crate) struct Output<'a> {
    bytes: Vec<u8>,
    filled: usize,
    limit: usize,
    share: &'a Share,
    /// Bytes that are held beside it.
    beside: usize,
}

impl<'a> Output<'a> {
    /// Nothing yet, `beside` so many bytes that it is made of.
    pub(crate) fn new(limit: usize, share: &'a Share, beside: usize) -> Self {
        Self { bytes: Vec::new(), filled: 0, limit, share, beside }
    }

    /// What was kept.
    pub(crate) fn into_bytes(mut self) -> Bytes {
        self.bytes.truncate(self.filled);
        Bytes::from(self.bytes)
    }

    /// Room for the next step of `most` bytes at most: never empty, and one byte beyond the cap at most, which tells what is too large.
    /// All of it is zeroed each time, so that whoever takes small steps asks for no more.
    pub(crate) fn room(&mut self, most: usize) -> Result<&mut [u8], Refusal> {
        let step = self.filled.clamp(FIRST_STEP, LAST_STEP).min(most);
        let end = (self.filled + step).min(self.limit + 1);
        self.share.cover(self.beside + end)?;
        if end > self.bytes.capacity() {
            let capacity = (self.bytes.capacity() * 2).clamp(end, self.limit + 1);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.resize(end, 0);
        Ok(self.bytes.get_mut(self.filled..).unwrap_or_default())
    }

    /// Keeps so many bytes of the room that was given last, and shows them.
    pub(crate) fn keep(&mut self, written: usize) -> Result<&[u8], Refusal> {
        let from = self.filled;
        self.filled += written;
        // What was not filled is not zeroed again.
        self.bytes.truncate(self.filled);
        if self.filled > self.limit {
            return Err(Refusal::TooLarge { limit: self.limit });
        }
        Ok(self.bytes.get(from..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use fanlight_otlp::{ItemCounter, Limits, ScanError};
    use fanlight_runtime::Budget;
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Room is zeroed each time that it is given: small steps that got large rooms cost their square.
    #[test]
    fn no_more_room_is_given_than_is_asked_for() {
        let budget = Budget::new(1 << 30);
        let share = Share::of(&budget, Some(1)).unwrap();
        let mut out = Output::new(1 << 20, &share, 0);
        for _ in 0..100 {
            assert_eq!(out.room(4_096).unwrap().len(), 4_096);
            out.keep(4_096).unwrap();
        }
        assert_eq!(out.room(LAST_STEP).unwrap().len(), 409_600);
    }

    fn compressed(layer: Layer, bytes: &[u8]) -> Vec<u8> {
        match layer {
            Layer::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Layer::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        }
    }

    fn unwatched(layer: Layer, bytes: &[u8], limit: usize, share: &Share) -> Result<Bytes, Refusal> {
        inflate(layer, bytes, limit, share, &mut |_| Ok(()))
    }

    fn share(bytes: u64) -> (Budget, Share) {
        let budget = Budget::new(bytes);
        let share = Share::of(&budget, Some(1)).unwrap();
        (budget, share)
    }

    const BOTH: [Layer; 2] = [Layer::Gzip, Layer::Zstd];

    #[test]
    fn a_body_is_inflated_up_to_the_cap_and_not_past_it() {
        for layer in BOTH {
            let (budget, share) = share(1 << 30);
            for length in [0, 1, FIRST_STEP - 1, FIRST_STEP, 2 * FIRST_STEP, 70_000, 1_000_000] {
                let text = vec![b'x'; length];
                let mut seen = Vec::new();
                let inflated = inflate(layer, &compressed(layer, &text), 1_000_000, &share, &mut |piece| {
                    seen.extend_from_slice(piece);
                    Ok(())
                });
                assert_eq!(seen, text, "{layer:?} shows what it makes");
                assert_eq!(inflated, Ok(Bytes::from(text)), "{layer:?} {length}");
            }
            let bomb = compressed(layer, &vec![0; 1_000_001]);
            assert!(bomb.len() < 2_000);
            assert_eq!(
                unwatched(layer, &bomb, 1_000_000, &share),
                Err(Refusal::TooLarge { limit: 1_000_000 })
            );
            assert!(budget.used() < 1_100_000, "the share covers the cap, not the claim");
        }
    }

    /// The share is asked before the memory is taken.
    #[test]
    fn a_bomb_stops_where_the_bytes_in_flight_end() {
        for layer in BOTH {
            let budget = Budget::new(300_000);
            let other = budget.try_acquire(100_000).unwrap();
            let share = Share::of(&budget, Some(1)).unwrap();
            let bomb = compressed(layer, &vec![0; 1_000_000]);
            assert_eq!(unwatched(layer, &bomb, 1_000_000, &share), Err(Refusal::Busy));
            drop(other);
        }
    }

    /// Two million empty spans are known for a bomb by the first step, not by the last.
    #[test]
    fn a_bomb_of_spans_stops_at_the_cap_of_spans() {
        let limits = Limits::default();
        let mut body = vec![0x0a, 0x84, 0x92, 0xf4, 0x01, 0x12, 0x80, 0x92, 0xf4, 0x01];
        body.extend([0x12, 0x00].repeat(2_000_000));
        for layer in BOTH {
            let (_budget, share) = share(1 << 30);
            let (mut counter, mut seen) = (ItemCounter::new(&limits), 0);
            let stopped = inflate(layer, &compressed(layer, &body), 16 << 20, &share, &mut |piece| {
                seen += piece.len();
                Ok(counter.push(piece)?)
            });
            let limit = limits.max_spans_per_request;
            assert_eq!(stopped, Err(ScanError::TooManySpans { limit }.into()));
            assert!(seen < 600_000, "{layer:?}: {seen} of {} bytes", body.len());
        }
    }

    #[test]
    fn what_is_not_one_layer_is_refused() {
        let (_budget, share) = share(1 << 30);
        for (outer, inner) in
            [(Layer::Gzip, Layer::Gzip), (Layer::Zstd, Layer::Zstd), (Layer::Gzip, Layer::Zstd)]
        {
            let twice = compressed(outer, &compressed(inner, b"x"));
            assert_eq!(unwatched(outer, &twice, 1_000, &share), Err(Refusal::NestedEncoding));
        }
        for layer in BOTH {
            let whole = compressed(layer, b"hello, hello, hello");
            let bad = Err(layer.refusal());
            for cut in 0..whole.len() {
                assert_eq!(unwatched(layer, &whole[..cut], 1_000, &share), bad, "{layer:?} cut at {cut}");
            }
            assert_eq!(unwatched(layer, b"neither of the two", 1_000, &share), bad);
            let two = [whole.as_slice(), whole.as_slice()].concat();
            let joined = Bytes::from_static(b"hello, hello, hellohello, hello, hello");
            assert_eq!(unwatched(layer, &two, 1_000, &share), Ok(joined), "frames may follow each other");
        }
    }

    /// A frame of a few bytes asks for a window of 16 MiB.
    #[test]
    fn a_window_over_the_cap_is_refused() {
        let (_budget, share) = share(1 << 30);
        let frame = |window_log: u8| {
            // Magic, a descriptor without a content size, the window, and an empty last block.
            [ZSTD_MAGIC, &[0x00, (window_log - 10) << 3, 0x01, 0x00, 0x00]].concat()
        };
        assert_eq!(unwatched(Layer::Zstd, &frame(23), 1_000, &share), Ok(Bytes::new()));
        assert_eq!(unwatched(Layer::Zstd, &frame(24), 1_000, &share), Err(Refusal::BadZstd));
    }
}
