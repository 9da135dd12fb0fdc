//! One request from its sender to its end, through everything that serves it.

pub(crate) mod call;
pub(crate) mod front;
pub(crate) mod hops;
pub(crate) mod private;
pub(crate) mod query;
pub(crate) mod serve;
pub(crate) mod web;

use fanlight_model::{SpanId, Timestamp};

use crate::random::Random;
use crate::spans::span::Trace;
use crate::timeline::Timeline;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) at: Timestamp,
    pub(crate) route: usize,
    pub(crate) id: u64,
    pub(crate) user_agent: &'static str,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    /// What the app will answer when nothing goes wrong.
    pub(crate) status: u16,
    /// The sender's page measures it.
    pub(crate) rum: bool,
}

/// A request on its way: its true time, its trace, and what it came through.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) timeline: Timeline,
    pub(crate) trace: Trace,
    pub(crate) spans: Vec<SpanId>,
    pub(crate) path: Vec<String>,
    /// The first span that a service of ours made of it.
    pub(crate) entry: Option<Entry>,
}

/// The server span that the edge's connection ends in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) span: SpanId,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// Segments inside it.
    pub(crate) inside_ns: [i64; 12],
}

impl Journey {
    pub(crate) fn new(at: Timestamp, trace: Trace) -> Self {
        Self { timeline: Timeline::new(at), trace, spans: Vec::new(), path: Vec::new(), entry: None }
    }

    /// A span id of this trace; remembered where the trace is kept.
    pub(crate) fn span_id(&mut self, random: &mut Random) -> SpanId {
        let id = SpanId(random.id());
        if self.trace.is_sampled {
            self.spans.push(id);
        }
        id
    }

    /// An element of the path; remembered where the trace is kept.
    pub(crate) fn pass(&mut self, element: impl FnOnce() -> String) {
        if self.trace.is_sampled {
            self.path.push(element());
        }
    }
}
