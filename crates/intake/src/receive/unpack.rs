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

/// Inflates up to two layers, each of at most `limit` bytes: a sender compresses, and whoever passes it on does so again. A third is
/// refused, and so is what passes a bound; nothing else is. `told` is the request's `content-encoding`.
pub(crate) fn unpack(
    body: Bytes,
    told: Option<&str>,
    limit: usize,
    share: &Share,
) -> Result<Unpacked, Refusal> {
    let (outer, is_inflated) = layer(body, told, limit, share)?;
    if !is_inflated || Layer::of(&outer.bytes).is_none() {
        return Ok(outer);
    }
    let (inner, is_inflated) = layer(outer.bytes, None, limit, share)?;
    if is_inflated && Layer::of(&inner.bytes).is_some() {
        return Err(Refusal::NestedEncoding);
    }
    let oddity = outer.oddity.or(inner.oddity).unwrap_or("nested_encoding");
    Ok(Unpacked { bytes: inner.bytes, oddity: Some(oddity) })
}

/// Inflates one layer; true where anything came of it. What breaks is kept as far as it goes, what does not begin as it is.
fn layer(body: Bytes, told: Option<&str>, limit: usize, share: &Share) -> Result<(Unpacked, bool), Refusal> {
    let Some(coding) = Coding::of(&body, told) else {
        let is_plain = told.is_none_or(|told| told.trim().is_empty() || told.trim() == "identity");
        return Ok((Unpacked { bytes: body, oddity: (!is_plain).then_some("encoding_untrue") }, false));
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
        Ok(()) => Ok((Unpacked { bytes, oddity: None }, true)),
        Err(refusal @ (Refusal::TooLarge { .. } | Refusal::Busy)) => Err(refusal),
        // Nothing came of it: it may be anything, and is kept for whoever finds out what.
        Err(_) if bytes.is_empty() => Ok((Unpacked { bytes: body, oddity: Some(coding.broken()) }, false)),
        Err(_) => Ok((Unpacked { bytes, oddity: Some(coding.broken()) }, true)),
    }
}

/// In small steps: a decoder that meets damage forgets what it made in the same step.
fn pump(decoder: &mut dyn Read, out: &mut Output<'_>) -> Result<(), Refusal> {
    loop {
        match decoder.read(out.room(STEP)?) {
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

    /// A collector compresses what came compressed.
    #[test]
    fn two_layers_are_undone_and_a_third_is_refused() {
        let text = text();
        let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
        for twice in [gzip(&gzip(&text)), gzip(&zstd(&text)), zstd(&gzip(&text))] {
            for told in [None, Some("gzip"), Some("gzip, gzip")] {
                assert_eq!(unpacked(&twice, told), Ok((Bytes::from(text.clone()), Some("nested_encoding"))));
            }
            assert_eq!(unpacked(&gzip(&twice), None), Err(Refusal::NestedEncoding));
        }
        // Each layer has the cap, and what is odd inside is kept as it is.
        assert_eq!(
            unpacked(&gzip(&gzip(&vec![b' '; LIMIT + 1])), None),
            Err(Refusal::TooLarge { limit: LIMIT })
        );
        let odd = Bytes::from_static(b"\x1f\x8bnothing of the kind");
        assert_eq!(unpacked(&gzip(&odd), None), Ok((odd.clone(), Some("broken_gzip"))));
        let cut = gzip(&text);
        let (kept, oddity) = unpacked(&gzip(&cut[..cut.len() / 2]), None).unwrap();
        assert!(text.starts_with(&kept) && !kept.is_empty());
        assert_eq!(oddity, Some("broken_gzip"));
    }

    #[test]
    fn a_bomb_is_refused_at_the_cap() {
        let bomb = gzip(&vec![b' '; LIMIT + 1]);
        assert_eq!(unpacked(&bomb, None), Err(Refusal::TooLarge { limit: LIMIT }));
        assert!(unpacked(&gzip(&vec![b' '; LIMIT]), None).is_ok());
    }
}
