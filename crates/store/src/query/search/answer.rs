//! What a search gives.

use fanlight_model::{EventUid, Rung, SpanId, Timestamp, TraceId};

/// The traces that a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchAnswer {
    /// The newest first.
    pub traces: Vec<FoundTrace>,
    /// True where not everything was looked at.
    pub partial: bool,
    /// What was not, and what else there is to know, for people.
    pub notes: Vec<String>,
}

/// One trace. Counts, times and services are of the spans that were received; those that Fanlight made are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTrace {
    /// Its id.
    pub trace_id: TraceId,
    /// The service of its root, where the root arrived and says it.
    pub root_service: Option<String>,
    /// The name of its root, where that arrived.
    pub root_name: Option<String>,
    /// The first start of any of its spans.
    pub start_time: Timestamp,
    /// From there to the last end.
    pub duration_ns: i64,
    /// How many spans it has; what a sender repeated counts once.
    pub span_count: u64,
    /// How many of them have the status `error`.
    pub error_count: u64,
    /// Its services, in the order in which they came in.
    pub services: Vec<String>,
    /// A span that fulfils the filter: the first of those that were looked at.
    pub matched: FoundSpan,
    /// The access event that is linked to that span, else to the trace's first linked span.
    pub access: Option<FoundAccess>,
}

/// A span of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSpan {
    /// Its id.
    pub span_id: SpanId,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service_name: Option<String>,
    /// How long it took.
    pub duration_ns: i64,
    /// `unset`, `ok` or `error`.
    pub status_code: String,
}

/// An access event of it, at its newest revision, and the link to it.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAccess {
    /// The event.
    pub event_uid: EventUid,
    /// The principal's name, as the edge wrote it.
    pub user_name: Option<String>,
    /// The principal's pseudonym.
    pub principal_id: Option<String>,
    /// The device.
    pub device: Option<String>,
    /// `allowed`, `blocked` or `failed`.
    pub disposition: Option<String>,
    /// And what else the edge did.
    pub effects: Vec<String>,
    /// The vendor rule.
    pub rule: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// How exact a rule made the link.
    pub rung: Rung,
    /// How sure the link is.
    pub confidence: f64,
}
