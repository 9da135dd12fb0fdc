//! What happens next.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use fanlight_model::Timestamp;

use super::visit::Page;
use crate::edge::slab::Key;

/// Something that happens at a moment.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A person may open a page: accepted by the time of day.
    Visit { person: usize },
    /// A person opens a page because everyone does.
    Extra { person: usize },
    /// The next request of a page.
    Request { page: Box<Page> },
    /// An agent takes its next step.
    Agent { agent: usize },
    /// A machine calls.
    Identity { identity: usize },
    /// A connection may be over.
    Close { connection: Key },
    /// A connection's periodic record is due.
    Active { connection: Key },
    /// A person's ZPA session is told of, or ends and another begins.
    /// `again` plans the next one; `moves` ends the session and begins another, at another service edge.
    Session { person: usize, again: bool, moves: bool },
    /// An app connector is told of.
    Report { connector: usize },
    /// A process sends its spans.
    Flush { exporter: usize },
    /// An administrator changes something, for an incident.
    Audit { incident: usize },
}

/// What happens next, in order; of two at the same moment the one that was planned first.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry {
    at: Timestamp,
    sequence: u64,
    what: Happening,
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
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl Queue {
    pub(crate) fn plan(&mut self, at: Timestamp, what: Happening) {
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at, sequence: self.sequence, what }));
    }

    pub(crate) fn next_time(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    pub(crate) fn next(&mut self) -> Option<(Timestamp, Happening)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}
