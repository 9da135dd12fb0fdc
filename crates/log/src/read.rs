//! Reading one file frame by frame, in bounded memory.

use std::fmt;
use std::io;
use std::path::Path;

use bytes::BytesMut;

use crate::disk::Disk;
use crate::frame::{self, Frame, FrameFault};
use crate::recover::Quarantined;

/// One read of the disk: large enough to stream, small enough to hold a few of.
const READ_BYTES: usize = 1 << 20;

/// What a replay has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayReport {
    /// Frames handed over.
    pub frames: u64,
    /// Their bytes on disk.
    pub bytes: u64,
    /// Files whose rest could not be read though the opening had found it whole.
    pub damaged: Vec<Quarantined>,
}

/// Where and why a file's frames end before the file does.
#[derive(Debug)]
pub(crate) struct Stop {
    /// The end of the last whole frame.
    pub(crate) at: u64,
    pub(crate) why: Why,
}

#[derive(Debug)]
pub(crate) enum Why {
    Fault(FrameFault),
    Unreadable(io::Error),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Unreadable(cause) => write!(f, "the file cannot be read: {cause}"),
        }
    }
}

/// Walks the frames of one file up to `limit`.
pub(crate) struct FrameReader<'a> {
    disk: &'a dyn Disk,
    path: &'a Path,
    limit: u64,
    /// The end of the last frame handed out.
    at: u64,
    /// Read and not yet handed out; begins at `at`.
    buffer: BytesMut,
}

impl<'a> FrameReader<'a> {
    pub(crate) fn new(disk: &'a dyn Disk, path: &'a Path, limit: u64) -> Self {
        Self { disk, path, limit, at: 0, buffer: BytesMut::new() }
    }

    /// A reader that goes on at `at` where a frame starts or the file ends there; else one from the beginning.
    pub(crate) fn at_or_before(disk: &'a dyn Disk, path: &'a Path, limit: u64, at: u64) -> Self {
        let mut reader = Self { at, ..Self::new(disk, path, limit) };
        if at == 0 || at >= limit || reader.measure().is_ok_and(|length| reader.is_whole(length)) {
            return reader;
        }
        Self::new(disk, path, limit)
    }

    /// The next frame and its end; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Frame)>, Stop> {
        if self.at >= self.limit {
            return Ok(None);
        }
        let frame = self.read_frame().map_err(|why| Stop { at: self.at, why })?;
        self.at = self.at.saturating_add(frame.encoded_bytes() as u64);
        Ok(Some((self.at, frame)))
    }

    fn read_frame(&mut self) -> Result<Frame, Why> {
        let length = self.measure()?;
        frame::decode(self.buffer.split_to(length)).map_err(Why::Fault)
    }

    /// The length of the next frame, all of which is then in the buffer.
    fn measure(&mut self) -> Result<usize, Why> {
        self.fill(frame::PREFIX_BYTES)?;
        let length = frame::measure(&self.buffer).map_err(Why::Fault)?;
        // INVARIANT: nothing is reserved for a length that the file does not have.
        let length = length
            .filter(|length| self.at.saturating_add(*length as u64) <= self.limit)
            .ok_or(Why::Fault(FrameFault::CutShort))?;
        self.fill(length)?;
        if self.buffer.len() < length {
            return Err(Why::Fault(FrameFault::CutShort));
        }
        Ok(length)
    }

    fn is_whole(&self, length: usize) -> bool {
        self.buffer.get(..length).is_some_and(|bytes| frame::check(bytes).is_ok())
    }

    /// Reads until the buffer holds `wanted` bytes or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), Why> {
        while self.buffer.len() < wanted {
            let from = self.at.saturating_add(self.buffer.len() as u64);
            let left = usize::try_from(self.limit.saturating_sub(from)).unwrap_or(usize::MAX);
            let length = READ_BYTES.max(wanted - self.buffer.len()).min(left);
            let bytes = self.disk.read_at(self.path, from, length).map_err(Why::Unreadable)?;
            if bytes.is_empty() {
                break;
            }
            self.buffer.extend_from_slice(&bytes);
        }
        Ok(())
    }
}
