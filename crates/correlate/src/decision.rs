//! What the join answers.

use std::sync::Arc;

use fanlight_model::{AccessEvent, Link, Probe};

/// One thing that the join has found out.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "almost all are links, and they go into a vector that is reused"
)]
pub enum Decision {
    /// An access event at its new revision, merged from all its records so far.
    Event(Arc<AccessEvent>),
    /// A link, new or at a new revision.
    Link(Linked),
}

/// A link together with its two partners, as they were known when it was decided.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The link.
    pub link: Link,
    /// Its access event.
    pub event: Arc<AccessEvent>,
    /// Its span's keys.
    pub probe: Probe,
    /// True the first time that any link of this span is asserted: backends that cannot take a span back are told then, once.
    pub is_first_assertion: bool,
}

/// How much is held, and what was given up or met twice since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Access events held now.
    pub connections: u64,
    /// Probes held now, linked or not.
    pub pending_probes: u64,
    /// Access events given up for age or for the budget.
    pub evicted_connections: u64,
    /// Probes given up for age or for the budget.
    pub evicted_probes: u64,
    /// Records that said the same of the same moment in other words; merged all the same.
    pub near_duplicates: u64,
    /// Records and probes that had been seen before, to the letter.
    pub duplicates: u64,
    /// Bytes held now, by our own count.
    pub bytes: u64,
}
