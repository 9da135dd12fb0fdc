//! One frame and its bytes on disk.
//!
//! Little-endian: `{len u32, crc32c u32, version u8, kind u8, arrival_ns i64, source_id u64, encoding u8, bytes}`. `len` counts
//! what follows the checksum; the checksum covers `len` and what follows it, so that a frame cannot pass at another length.

use bytes::{Bytes, BytesMut};
use fanlight_model::Timestamp;

use crate::error::LogError;

/// The most payload bytes a frame may carry: above any body that intake takes, and small enough that one damaged length field
/// cannot make a reader reserve the machine's memory.
pub const MAX_FRAME_BYTES: usize = 64 << 20;

/// Bytes that a frame adds to its payload on disk.
pub const FRAME_OVERHEAD_BYTES: usize = PREFIX_BYTES + FIXED_BYTES;

/// `len` and the checksum.
pub(crate) const PREFIX_BYTES: usize = 8;
/// Version, kind, arrival, source and encoding.
const FIXED_BYTES: usize = 19;
const VERSION: u8 = 1;

/// A record of the log: bytes as they were received, and what must be known to read them again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// What the bytes are; each user of the log has its own kinds.
    pub kind: u8,
    /// When they came in; the `now` of every replay.
    pub arrival: Timestamp,
    /// Which source they came from, where order within a source matters.
    pub source_id: u64,
    /// How they are encoded; 0 is plain.
    pub encoding: u8,
    /// The bytes.
    pub bytes: Bytes,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameFault {
    /// The file ends within the frame.
    CutShort,
    /// A length that no frame can have.
    Length(u32),
    Checksum,
    Version(u8),
}

impl std::fmt::Display for FrameFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CutShort => f.write_str("the file ends within a frame"),
            Self::Length(length) => write!(f, "no frame has a length of {length}"),
            Self::Checksum => f.write_str("the checksum does not fit the bytes"),
            Self::Version(version) => write!(f, "frame version {version} is not known"),
        }
    }
}

impl Frame {
    /// Bytes that this frame takes on disk.
    pub fn encoded_bytes(&self) -> usize {
        FRAME_OVERHEAD_BYTES.saturating_add(self.bytes.len())
    }

    /// Appends the frame as it stands on disk.
    ///
    /// # Errors
    /// Where the payload is over [`MAX_FRAME_BYTES`]; then nothing was appended.
    pub fn encode(&self, into: &mut Vec<u8>) -> Result<(), LogError> {
        let too_large = || LogError::TooLarge { bytes: self.bytes.len() };
        if self.bytes.len() > MAX_FRAME_BYTES {
            return Err(too_large());
        }
        let length = u32::try_from(FIXED_BYTES + self.bytes.len()).map_err(|_| too_large())?.to_le_bytes();
        let mut fixed = [0; FIXED_BYTES];
        let fields = [VERSION, self.kind]
            .into_iter()
            .chain(self.arrival.as_nanos().to_le_bytes())
            .chain(self.source_id.to_le_bytes())
            .chain([self.encoding]);
        fixed.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        let checksum = crc32c::crc32c(&length);
        let checksum = crc32c::crc32c_append(checksum, &fixed);
        let checksum = crc32c::crc32c_append(checksum, &self.bytes);
        into.reserve(self.encoded_bytes());
        into.extend_from_slice(&length);
        into.extend_from_slice(&checksum.to_le_bytes());
        into.extend_from_slice(&fixed);
        into.extend_from_slice(&self.bytes);
        Ok(())
    }
}

/// The whole length of the frame that starts with these bytes; `None` where even the length is cut short.
pub(crate) fn measure(bytes: &[u8]) -> Result<Option<usize>, FrameFault> {
    let Some((length, _)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length);
    let body = usize::try_from(length).map_err(|_| FrameFault::Length(length))?;
    if !(FIXED_BYTES..=FIXED_BYTES + MAX_FRAME_BYTES).contains(&body) {
        return Err(FrameFault::Length(length));
    }
    Ok(Some(PREFIX_BYTES + body))
}

/// Checks the frame that `bytes` are, exactly as long as [`measure`] said.
pub(crate) fn check(bytes: &[u8]) -> Result<(), FrameFault> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(FrameFault::CutShort)?;
    let (checksum, body) = rest.split_first_chunk::<4>().ok_or(FrameFault::CutShort)?;
    if crc32c::crc32c_append(crc32c::crc32c(length), body) != u32::from_le_bytes(*checksum) {
        return Err(FrameFault::Checksum);
    }
    match body.first() {
        Some(&VERSION) => Ok(()),
        Some(&version) => Err(FrameFault::Version(version)),
        None => Err(FrameFault::CutShort),
    }
}

/// Reads the frame that `bytes` are, exactly as long as [`measure`] said; the payload shares their memory.
pub(crate) fn decode(bytes: BytesMut) -> Result<Frame, FrameFault> {
    check(&bytes)?;
    let bytes = bytes.freeze();
    let cut = FrameFault::CutShort;
    let (_, rest) = bytes.split_first_chunk::<{ PREFIX_BYTES + 1 }>().ok_or(cut)?;
    let (kind, rest) = rest.split_first().ok_or(cut)?;
    let (arrival, rest) = rest.split_first_chunk::<8>().ok_or(cut)?;
    let (source_id, rest) = rest.split_first_chunk::<8>().ok_or(cut)?;
    let (encoding, _) = rest.split_first().ok_or(cut)?;
    Ok(Frame {
        kind: *kind,
        arrival: Timestamp::from_nanos(i64::from_le_bytes(*arrival)),
        source_id: u64::from_le_bytes(*source_id),
        encoding: *encoding,
        bytes: bytes.slice(FRAME_OVERHEAD_BYTES.min(bytes.len())..),
    })
}
