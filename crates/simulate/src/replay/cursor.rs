//! Reads a stream's file piece by piece, and all files merged by the time of arrival.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use fanlight_model::Timestamp;

use super::error::ReplayError;
use super::plan::{Plan, PlannedStream, Route};
use super::state::Position;
use crate::transport::stream::StreamKind;

const READ_BYTES: usize = 1 << 18;
/// More than any receiver takes: a longer piece is a damaged length.
const MAX_PIECE_BYTES: usize = 64 << 20;
/// About what a connection's buffers hold.
const STREAM_CHUNK_BYTES: usize = 64 << 10;
/// Well below what a receiver takes in a request.
const PUSH_CHUNK_BYTES: usize = 512 << 10;

/// Pieces of one stream that go together: a request's, or lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Which stream of the plan.
    pub(super) stream: usize,
    /// Its first piece, from 0.
    pub(super) first: u64,
    /// How many.
    pub(super) pieces: u64,
    /// When the last of them arrives.
    pub(super) due: Timestamp,
    pub(super) bytes: Bytes,
}

/// How long lines are gathered, in the company's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gather {
    pub(super) streamed: Duration,
    pub(super) pushed: Duration,
}

/// All streams, merged by the time of arrival. It holds one chunk a stream.
#[derive(Debug)]
pub(super) struct Merged {
    cursors: Vec<Cursor>,
    heap: BinaryHeap<Reverse<(Timestamp, usize)>>,
    ready: Vec<Option<Chunk>>,
}

impl Merged {
    pub(super) fn open(plan: &Plan, positions: &[Position], gather: Gather) -> Result<Self, ReplayError> {
        let mut merged = Self { cursors: Vec::new(), heap: BinaryHeap::new(), ready: Vec::new() };
        for (stream, (planned, position)) in plan.streams.iter().zip(positions).enumerate() {
            merged.cursors.push(Cursor::open(stream, planned, position, gather)?);
            merged.ready.push(None);
            merged.refill(stream)?;
        }
        Ok(merged)
    }

    pub(super) fn next(&mut self) -> Result<Option<Chunk>, ReplayError> {
        let Some(Reverse((_, stream))) = self.heap.pop() else { return Ok(None) };
        let chunk = self.ready.get_mut(stream).and_then(Option::take);
        self.refill(stream)?;
        Ok(chunk)
    }

    fn refill(&mut self, stream: usize) -> Result<(), ReplayError> {
        let (Some(cursor), Some(ready)) = (self.cursors.get_mut(stream), self.ready.get_mut(stream)) else {
            return Ok(());
        };
        *ready = cursor.next_chunk()?;
        if let Some(chunk) = ready {
            self.heap.push(Reverse((chunk.due, stream)));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Cursor {
    stream: usize,
    path: PathBuf,
    arrivals_path: PathBuf,
    is_otlp: bool,
    file: BufReader<File>,
    arrivals: BufReader<File>,
    /// The piece that comes next, and when it arrives; the arrival is of no meaning past the last.
    piece: u64,
    arrival: Timestamp,
    pieces: u64,
    /// Pieces past the position that are there already.
    taken: BTreeSet<u64>,
    gather: Duration,
    chunk_bytes: usize,
}

impl Cursor {
    fn open(
        stream: usize,
        planned: &PlannedStream,
        position: &Position,
        gather: Gather,
    ) -> Result<Self, ReplayError> {
        let open = |path: &PathBuf| {
            let file = File::open(path).map_err(|cause| ReplayError::Read { path: path.clone(), cause })?;
            Ok(BufReader::with_capacity(READ_BYTES, file))
        };
        let mut arrivals_path = planned.path.clone().into_os_string();
        arrivals_path.push(".arrivals");
        let arrivals_path = PathBuf::from(arrivals_path);
        let (gather, chunk_bytes) = match planned.route {
            Route::Stream { .. } => (gather.streamed, STREAM_CHUNK_BYTES),
            Route::Push { .. } => (gather.pushed, PUSH_CHUNK_BYTES),
            Route::OtlpHttp { .. } | Route::OtlpGrpc { .. } => (Duration::ZERO, 0),
        };
        let mut cursor = Self {
            stream,
            file: open(&planned.path)?,
            arrivals: open(&arrivals_path)?,
            path: planned.path.clone(),
            arrivals_path,
            is_otlp: planned.kind == StreamKind::Otlp,
            piece: 0,
            arrival: Timestamp::from_nanos(0),
            pieces: planned.pieces,
            taken: position.beyond.clone(),
            gather,
            chunk_bytes,
        };
        cursor.read_arrival()?;
        while cursor.piece < position.pieces {
            cursor.read_piece(&mut Vec::new())?;
        }
        Ok(cursor)
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, ReplayError> {
        let mut bytes = Vec::new();
        while self.taken.remove(&self.piece) {
            self.read_piece(&mut bytes)?;
            bytes.clear();
        }
        if self.piece >= self.pieces {
            return Ok(None);
        }
        let first = self.piece;
        let (mut due, last) = (self.arrival, self.arrival.after(self.gather));
        loop {
            due = due.max(self.arrival);
            self.read_piece(&mut bytes)?;
            let is_open = !self.is_otlp && bytes.len() < self.chunk_bytes && self.arrival <= last;
            if self.piece >= self.pieces || !is_open || self.taken.contains(&self.piece) {
                break;
            }
        }
        let pieces = self.piece - first;
        Ok(Some(Chunk { stream: self.stream, first, pieces, due, bytes: bytes.into() }))
    }

    /// Appends the next piece, and reads when the one behind it arrives.
    fn read_piece(&mut self, into: &mut Vec<u8>) -> Result<(), ReplayError> {
        let read =
            if self.is_otlp { read_request(&mut self.file, into) } else { read_line(&mut self.file, into) };
        read.map_err(|fault| fault.told(&self.path, self.piece))?;
        self.piece += 1;
        if self.piece < self.pieces { self.read_arrival() } else { Ok(()) }
    }

    fn read_arrival(&mut self) -> Result<(), ReplayError> {
        let mut line = Vec::with_capacity(24);
        let read = read_line(&mut self.arrivals, &mut line).and_then(|()| {
            let digits = std::str::from_utf8(&line).map(str::trim_end);
            digits
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or(Fault::Damaged("no number of nanoseconds"))
        });
        let added: i64 = read.map_err(|fault| fault.told(&self.arrivals_path, self.piece))?;
        self.arrival = self.arrival.shifted(added);
        Ok(())
    }
}

enum Fault {
    Unread(io::Error),
    Damaged(&'static str),
}

impl Fault {
    fn told(self, path: &std::path::Path, piece: u64) -> ReplayError {
        let path = path.to_owned();
        match self {
            Self::Damaged(what) => ReplayError::Damaged { path, piece, what },
            Self::Unread(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                ReplayError::Damaged { path, piece, what: "the file ends before it" }
            }
            Self::Unread(cause) => ReplayError::Read { path, cause },
        }
    }
}

fn read_request(file: &mut BufReader<File>, into: &mut Vec<u8>) -> Result<(), Fault> {
    let mut length = [0; 4];
    file.read_exact(&mut length).map_err(Fault::Unread)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_PIECE_BYTES {
        return Err(Fault::Damaged("its length cannot be"));
    }
    into.reserve_exact(length);
    let read = file.by_ref().take(length as u64).read_to_end(into).map_err(Fault::Unread)?;
    if read < length { Err(Fault::Damaged("the file ends within it")) } else { Ok(()) }
}

fn read_line(file: &mut BufReader<File>, into: &mut Vec<u8>) -> Result<(), Fault> {
    let read = file.by_ref().take(MAX_PIECE_BYTES as u64).read_until(b'\n', into).map_err(Fault::Unread)?;
    match into.last() {
        _ if read == 0 => Err(Fault::Damaged("the file ends before it")),
        Some(b'\n') => Ok(()),
        _ => Err(Fault::Damaged("its line has no end")),
    }
}
