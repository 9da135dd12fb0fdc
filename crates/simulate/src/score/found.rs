//! What a server found, in plain values: whoever asks the server fills these in.

use std::collections::BTreeSet;
use std::fmt;

use fanlight_model::{EventUid, Feed, LinkState, Relation, SpanId, Timestamp, TraceId};
use serde::{Serialize, Serializer};

/// The links that were decided in a stretch of time, one row a pair: `{from}` and `{to}` are RFC 3339, the second exclusive.
///
/// Ids are lower-case hex. `event_arrival_time` is null where the event is not stored (yet); for a `same_context` link it is, too,
/// and [`FoundLink::session`] is to be asked for apart. Chunks may overlap: a pair counts once, by its highest revision.
pub const LINKS_SQL: &str = "\
select l.trace_id, l.span_id, l.event_uid, e.feed, l.rung, l.relation, l.confidence, l.state, l.late_by_ms, l.revision,
       l.decided_time, e.arrival_time as event_arrival_time
from links l left join access_events e on e.event_uid = l.event_uid
where l.decided_time >= '{from}' and l.decided_time < '{to}'";

/// [`LINKS_SQL`] for one stretch of time.
pub fn links_sql(from: Timestamp, to: Timestamp) -> String {
    LINKS_SQL.replace("{from}", &from.to_string()).replace("{to}", &to.to_string())
}

/// The ladder's rungs as the truth names them. Those that the server's model knows are not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// A shared id.
    R0,
    /// A bridge.
    R1,
    /// The same connection in another record.
    R1z,
    /// Full 4-tuple and time.
    R2,
    /// The peer, a learned association, and time.
    R3,
    /// The peer alone, and time.
    R3b,
    /// Behind address translation.
    R4,
    /// Features of the request, and time.
    R5,
    /// Principal, host and time: candidates only.
    R6,
    /// The ZPA session: context only.
    R7,
}

impl Rung {
    /// All of them, from the most exact.
    pub const ALL: [Self; 10] = [
        Self::R0,
        Self::R1,
        Self::R1z,
        Self::R2,
        Self::R3,
        Self::R3b,
        Self::R4,
        Self::R5,
        Self::R6,
        Self::R7,
    ];

    /// Its name in truth, in SQL and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::R0 => "R0",
            Self::R1 => "R1",
            Self::R1z => "R1z",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R3b => "R3b",
            Self::R4 => "R4",
            Self::R5 => "R5",
            Self::R6 => "R6",
            Self::R7 => "R7",
        }
    }

    /// Finds a rung by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.as_str() == name)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Rung {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One row of [`LINKS_SQL`].
#[derive(Clone, Debug, PartialEq)]
pub struct FoundLink {
    /// `trace_id`.
    pub trace_id: TraceId,
    /// `span_id`.
    pub span_id: SpanId,
    /// `event_uid`.
    pub event_uid: EventUid,
    /// `feed`, where the event is stored.
    pub feed: Option<Feed>,
    /// The ZPA session that a `same_context` link is about; the truth names that, and no event.
    pub session: Option<String>,
    /// `rung`.
    pub rung: Rung,
    /// `relation`.
    pub relation: Relation,
    /// `confidence`, 0 to 1.
    pub confidence: f64,
    /// `state`.
    pub state: LinkState,
    /// `late_by_ms`: from the span's arrival to the first assertion.
    pub late_by_ms: f64,
    /// `revision`.
    pub revision: u64,
    /// `decided_time`.
    pub decided_time: Timestamp,
    /// `event_arrival_time`, where the event is stored.
    pub event_arrival_time: Option<Timestamp>,
}

/// Why one request was slow, as the server says.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundVerdict {
    /// The request's trace.
    pub trace_id: TraceId,
    /// One cause is an exact assertion, several are a group, none is unknown. The names are the truth's.
    pub causes: Vec<String>,
    /// Posterior probability, 0 to 1.
    pub confidence: f64,
}

/// What the server said of many slow traces at once.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundExplanation {
    /// When it was said, in the company's time.
    pub time: Timestamp,
    /// Attribute and value in the words of the truth's `scope`, as `database:store-0/1`.
    pub scope: String,
}

/// What the server thinks of a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundClock {
    /// Whose, by the truth's name.
    pub host: String,
    /// The service edge that it is compared with, by the truth's name; `None` for true time.
    pub against: Option<String>,
    /// For which moment, in the company's time.
    pub time: Timestamp,
    /// What it is ahead by.
    pub offset_ns: i64,
}

/// Everything that a server found.
#[derive(Clone, Debug)]
pub struct Found<L> {
    /// Its links, in any order.
    pub links: L,
    /// The rungs that the server can make; another is absent unless a link says otherwise.
    pub rungs: BTreeSet<Rung>,
    /// Its verdicts, if it makes any.
    pub verdicts: Option<Vec<FoundVerdict>>,
    /// Its explanations of many slow traces, if it makes any.
    pub explanations: Option<Vec<FoundExplanation>>,
    /// Its estimates of clocks, if it tells them.
    pub clocks: Option<Vec<FoundClock>>,
}

impl<L> Found<L> {
    /// Links, and nothing else, from a server that makes the rungs of today's model.
    pub fn links(links: L) -> Self {
        let rungs = BTreeSet::from([Rung::R2, Rung::R3, Rung::R3b]);
        Self { links, rungs, verdicts: None, explanations: None, clocks: None }
    }
}
