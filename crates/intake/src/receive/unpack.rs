//! A pushed body as far as it can be inflated. What it is said to be decides nothing: a sender that is wrong about its own body is
//! not helped by losing it, and Zscaler's cloud sends gzip without saying so.

use std::io::{ErrorKind, Read};

use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::body::Share;
use super::inflate::{Layer, Output, unzstd};
use super::refusal::Refusal;

/// A body, and what was odd about its compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) bytes: Bytes,
    pub(crate) oddity: Option<&'static str>,
}

/// What is lost at most before a place where a body is damaged.
const STEP: usize = 4 << 10;

/// A compression that bodies are read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Zstd,
    /// What HTTP calls so: zlib's format.
    Zlib,
    /// What some senders take it for.
    Deflate,
}

impl Coding {
    /// By the first bytes, else by the header: only what has no mark of its own needs one.
    fn of(body: &[u8], told: Option<&str>) -> Option<Self> {
        match Layer::of(body) {
            Some(Layer::Gzip) => return Some(Self::Gzip),
            Some(Layer::Zstd) => return Some(Self::Zstd),
            None => {}
        }
        let told = told?.trim();
        if !told.eq_ignore_ascii_case("deflate") {
            return None;
        }
        // RFC 1950: the method, and a checksum over the two bytes.
        match body {
            [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0 => {
                Some(Self::Zlib)
            }
            _ => Some(Self::Deflate),
        }
    }

    /// The word for a body that broke off.
    fn broken(self) -> &'static str {
        match self {
            Self::Gzip => "broken_gzip",
            Self::Zstd => "broken_zstd",
            Self::Zlib | Self::Deflate => "broken_deflate",
        }
    }
}

/// Inflates one layer of at most `limit` bytes. What breaks is kept as far as it goes, what does not begin as it is; only bounds
/// refuse. `told` is the request's `content-encoding`.
pub(crate) fn unpack(
    body: Bytes,
    told: Option<&str>,
    limit: usize,
    share: &Share,
) -> Result<Unpacked, Refusal> {
    let Some(coding) = Coding::of(&body, told) else {
        let is_plain = told.is_none_or(|told| told.trim().is_empty() || told.trim() == "identity");
        return Ok(Unpacked { bytes: body, oddity: (!is_plain).then_some("encoding_untrue") });
    };
    let mut out = Output::new(limit, share, body.len());
    let inflated = match coding {
        Coding::Gzip => pump(&mut MultiGzDecoder::new(&*body), &mut out),
        Coding::Zlib => pump(&mut ZlibDecoder::new(&*body), &mut out),
        Coding::Deflate => pump(&mut DeflateDecoder::new(&*body), &mut out),
        Coding::Zstd => unzstd(&body, &mut out, &mut |_| Ok(())),
    };
    let bytes = out.into_bytes();
    match inflated {
        Ok(()) => Ok(Unpacked { bytes, oddity: None }),
        Err(refusal @ (Refusal::TooLarge { .. } | Refusal::Busy)) => Err(refusal),
        // Nothing came of it: it may be anything, and is kept for whoever finds out what.
        Err(_) if bytes.is_empty() => Ok(Unpacked { bytes: body, oddity: Some(coding.broken()) }),
        Err(_) => Ok(Unpacked { bytes, oddity: Some(coding.broken()) }),
    }
}

/// In small steps: a decoder that meets damage forgets what it made in the same step.
fn pump(decoder: &mut dyn Read, out: &mut Output<'_>) -> Result<(), Refusal> {
    loop {
        let room = out.room()?;
        let step = room.len().min(STEP);
        match decoder.read(room.get_mut(..step).unwrap_or_default()) {
            Ok(0) => return out.keep(0).map(drop),
            Ok(read) => drop(out.keep(read)?),
            Err(error) if error.kind() == ErrorKind::Interrupted => drop(out.keep(0)?),
            Err(_) => {
                out.keep(0)?;
                return Err(Refusal::BadGzip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use fanlight_runtime::Budget;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1 << 20;

    fn text() -> Vec<u8> {
        (0..20_000_u32)
            .flat_map(|at| format!("{{\"recordid\":\"{}\"}}\n", at.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(body: &[u8], told: Option<&str>) -> Result<(Bytes, Option<&'static str>), Refusal> {
        let budget = Budget::new(1 << 30);
        let share = Share::of(&budget, Some(1)).unwrap();
        let Unpacked { bytes, oddity } = unpack(Bytes::copy_from_slice(body), told, LIMIT, &share)?;
        Ok((bytes, oddity))
    }

    #[test]
    fn what_is_compressed_is_inflated_whatever_the_header_says() {
        let text = text();
        let whole = Ok((Bytes::from(text.clone()), None));
        for told in [None, Some("gzip"), Some("identity"), Some("deflate"), Some("br")] {
            assert_eq!(unpacked(&gzip(&text), told), whole, "{told:?}");
            assert_eq!(unpacked(&zstd::encode_all(&*text, 3).unwrap(), told), whole, "{told:?}");
        }
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        assert_eq!(unpacked(&zlib.finish().unwrap(), Some("Deflate")), whole);
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(&text).unwrap();
        assert_eq!(unpacked(&raw.finish().unwrap(), Some("deflate")), whole);
        let two = [gzip(&text[..1_000]), gzip(&text[1_000..])].concat();
        assert_eq!(unpacked(&two, None), whole, "members may follow each other");
    }

    #[test]
    fn what_is_not_what_it_says_is_kept_as_it_is() {
        let plain = Bytes::from_static(b"{\"recordid\":\"1\"}\n");
        for told in ["gzip", "zstd", "br", "gzip, gzip"] {
            assert_eq!(unpacked(&plain, Some(told)), Ok((plain.clone(), Some("encoding_untrue"))), "{told}");
        }
        for told in [None, Some(""), Some("identity")] {
            assert_eq!(unpacked(&plain, told), Ok((plain.clone(), None)));
        }
        let odd = Bytes::from_static(b"\x1f\x8bnothing of the kind");
        assert_eq!(unpacked(&odd, None), Ok((odd.clone(), Some("broken_gzip"))));
    }

    #[test]
    fn what_breaks_off_is_kept_as_far_as_it_goes() {
        let text = text();
        let whole = gzip(&text);
        let (cut, oddity) = unpacked(&whole[..whole.len() / 2], None).unwrap();
        assert_eq!(oddity, Some("broken_gzip"));
        assert!(text.starts_with(&cut) && cut.len() > text.len() / 3, "{} of {}", cut.len(), text.len());
        // A block that ends on a whole byte, and after it one of a kind that does not exist.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&text[..100_000]).unwrap();
        encoder.flush().unwrap();
        let damaged = [encoder.get_ref().as_slice(), &[0xff; 64]].concat();
        let (kept, oddity) = unpacked(&damaged, None).unwrap();
        assert_eq!(oddity, Some("broken_gzip"));
        assert!(text.starts_with(&kept) && kept.len() + 4_096 > 100_000, "{} bytes", kept.len());
        let zstd = zstd::encode_all(&*text, 3).unwrap();
        assert_eq!(unpacked(&zstd[..zstd.len() / 2], None).unwrap().1, Some("broken_zstd"));
    }

    #[test]
    fn a_bomb_is_refused_at_the_cap() {
        let bomb = gzip(&vec![b' '; LIMIT + 1]);
        assert_eq!(unpacked(&bomb, None), Err(Refusal::TooLarge { limit: LIMIT }));
        assert!(unpacked(&gzip(&vec![b' '; LIMIT]), None).is_ok());
    }
}
