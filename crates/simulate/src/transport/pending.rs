//! What is on its way, in the order in which it will arrive.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use fanlight_model::Timestamp;

use super::spool::{Spool, SpoolError, Spooled};
use super::stream::{Piece, StreamId};
use crate::clock::SECOND;

/// What arrives later than this waits on disk, where there is a spool: an outage holds back more than memory should.
const LATE: i64 = 45 * SECOND;

/// The pieces on their way.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    pub(crate) spool: Option<Spool>,
}

#[derive(Debug)]
struct Entry {
    arrival: Timestamp,
    sequence: u64,
    stream: StreamId,
    records: u32,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Here(Vec<u8>),
    OnDisk(Spooled),
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.arrival, self.sequence).cmp(&(other.arrival, other.sequence))
    }
}

impl Pending {
    /// Sends a piece on its way.
    pub(crate) fn send(&mut self, now: Timestamp, piece: Piece) {
        let Piece { arrival, stream, records, bytes } = piece;
        let is_late = arrival.nanos_since(now) > LATE;
        let held = match self.spool.as_mut().filter(|_| is_late) {
            Some(spool) => Held::OnDisk(spool.put(&bytes)),
            None => Held::Here(bytes),
        };
        self.sequence += 1;
        self.heap.push(Reverse(Entry { arrival, sequence: self.sequence, stream, records, held }));
    }

    /// When the next one arrives.
    pub(crate) fn next_arrival(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse(entry)| entry.arrival)
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, SpoolError> {
        let Some(Reverse(entry)) = self.heap.pop() else { return Ok(None) };
        let bytes = match (entry.held, &mut self.spool) {
            (Held::Here(bytes), _) => bytes,
            (Held::OnDisk(at), Some(spool)) => spool.get(at)?,
            (Held::OnDisk(_), None) => Vec::new(),
        };
        Ok(Some(Piece { arrival: entry.arrival, stream: entry.stream, records: entry.records, bytes }))
    }
}
