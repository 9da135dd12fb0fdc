//! The join of one span and one access event.

use std::fmt;

use crate::{EventUid, LinkId, SpanId, Timestamp, TraceId};

/// How exact a rule made the link, from R0 (a shared id) to R8 (a population).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Full 4-tuple and time.
    R2,
    /// The peer, and the local port or a learned association, and time.
    R3,
    /// The peer alone, and time.
    R3b,
}

impl Rung {
    /// The contract's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R3b => "R3b",
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the two partners of a link share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are one request.
    SameRequest,
    /// The span is one request on the connection that the event describes.
    SameConnection,
    /// They share a principal or device and a time only.
    SameContext,
}

impl Relation {
    /// The contract's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameRequest => "same_request",
            Self::SameConnection => "same_connection",
            Self::SameContext => "same_context",
        }
    }
}

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// We say it is so.
    Asserted,
    /// One of several that could be.
    Candidate,
    /// A better rung took its place.
    Superseded,
    /// It turned out wrong.
    Retracted,
}

impl LinkState {
    /// The contract's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asserted => "asserted",
            Self::Candidate => "candidate",
            Self::Superseded => "superseded",
            Self::Retracted => "retracted",
        }
    }
}

/// Our join of one span and one access event, with its evidence.
///
/// INV-2: a link has one span, one access event, and at least one evidence (the rung names the keys that agreed).
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// `H(trace_id, span_id, event_uid)`.
    pub link_id: LinkId,
    /// The span's trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The access event.
    pub event_uid: EventUid,
    /// By which rule.
    pub rung: Rung,
    /// What the two share.
    pub relation: Relation,
    /// Posterior probability that the pair is right, 0 to 1.
    pub confidence: f64,
    /// The best rival's posterior, 0 to 1; 0 when there was none.
    pub runner_up: f64,
    /// How far the span sticks out of the connection's life, in milliseconds; 0 when it lies inside.
    pub residual_ms: f64,
    /// How long the later partner arrived after the earlier, in milliseconds; 0 when the event was known as the span passed.
    pub late_by_ms: f64,
    /// Where it stands.
    pub state: LinkState,
    /// Rises with each decision about this pair; the highest is in force.
    pub revision: u64,
    /// When it was decided: the arrival of the record that decided it.
    pub decided_time: Timestamp,
    /// True for the first request of its connection, the only one that pays the set-up.
    pub first_on_connection: bool,
}
