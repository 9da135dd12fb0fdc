//! Where a request's time really went, and what could be known of it.

use std::fmt::Write;

use fanlight_model::SpanId;

use super::{Truth, TruthFile};
use crate::edge::client::{Client, Who};
use crate::journey::Journey;
use crate::timeline::{Segment, Timeline};

/// How much of a request is in what Fanlight receives: the design's observability profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observed {
    /// A: times of the request at the edge.
    PerRequest,
    /// B: the record of the connection, which this request was the first of.
    FirstOfConnection,
    /// C: the same, and it was not.
    LaterOfConnection,
    /// D: server spans only.
    SpansOnly,
    /// E: ZIA's record with its times, and the sender's span.
    WebTimed,
    /// F: without the times.
    WebUntimed,
    /// It was refused, and the record says why.
    Refused(&'static str),
}

impl Observed {
    const fn letter(self) -> &'static str {
        match self {
            Self::PerRequest => "A",
            Self::FirstOfConnection => "B",
            Self::LaterOfConnection => "C",
            Self::SpansOnly => "D",
            Self::WebTimed => "E",
            Self::WebUntimed => "F",
            Self::Refused(_) => "refused",
        }
    }
}

/// For each profile, the causes that cannot be told from one another; every other cause stands alone.
const LUMPS: [(&str, &[&str]); 6] = [
    ("A", &[]),
    ("B", &["last_mile", "edge_capacity", "reroute"]),
    ("C", &["last_mile", "edge_policy", "edge_capacity", "connector", "reroute"]),
    ("D", &["last_mile", "edge_policy", "edge_capacity", "connector", "reroute", "infrastructure"]),
    ("E", &[]),
    ("F", &["internet_saas", "last_mile", "reroute"]),
];

impl Truth {
    /// One request: of a trace that is kept, or one that an incident refused.
    pub(crate) fn request(
        &mut self,
        journey: &Journey,
        connection: Option<&str>,
        client: &Client,
        (own, status): (SpanId, u16),
        observed: Observed,
    ) {
        let timeline = &journey.timeline;
        if !journey.trace.is_sampled && timeline.injected.is_empty() {
            return;
        }
        self.requests += 1;
        let mut line = String::with_capacity(1_024);
        let number = self.requests;
        let (trace, kept, start) = (journey.trace.id, journey.trace.is_sampled, timeline.start.as_nanos());
        let spans = list(journey.spans.iter());
        let path = list(journey.path.iter());
        let (principal, who) = (&client.name, who(client.who));
        let connection = connection.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        let own = if own.is_zero() { "null".to_owned() } else { format!("\"{own}\"") };
        write!(
            line,
            "{{\"request\":{number},\"trace\":\"{trace}\",\"kept\":{kept},\"spans\":{spans},\"sender\":{own},\
             \"connection\":{connection},\"principal\":\"{principal}\",\"who\":\"{who}\",\"status\":{status},\
             \"start_ns\":\"{start}\",\"total_ns\":{},\"path\":{path},\"segments\":{{",
            timeline.total_ns()
        )
        .unwrap_or_default();
        segments(timeline, &mut line);
        entry(journey, &mut line);
        causes(timeline, observed, &mut line);
        self.line(TruthFile::Requests, format_args!("{line}"));
    }
}

const fn who(who: Who) -> &'static str {
    match who {
        Who::Person(_) => "person",
        Who::Agent(_) => "agent",
        Who::Identity(_) => "machine",
    }
}

/// `"name":[ns,typical_ns]`, those that took any time.
fn segments(timeline: &Timeline, line: &mut String) {
    let taken = Segment::ALL.into_iter().map(|segment| (segment, timeline.part(segment)));
    for (at, (segment, part)) in taken.filter(|(_, part)| part.ns > 0).enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(line, "{comma}\"{}\":[{},{}]", segment.word(), part.ns, part.typical_ns).unwrap_or_default();
    }
    line.push('}');
}

/// The server span that the edge's connection ends in, in true time, and what was inside it.
fn entry(journey: &Journey, line: &mut String) {
    let Some(entry) = &journey.entry else {
        line.push_str(",\"entry\":null");
        return;
    };
    let ns = entry.end.nanos_since(entry.start);
    let (span, start) = (entry.span, entry.start.as_nanos());
    write!(line, ",\"entry\":{{\"span\":\"{span}\",\"start_ns\":\"{start}\",\"ns\":{ns},\"inside\":{{")
        .unwrap_or_default();
    let inside = Segment::ALL.into_iter().zip(entry.inside_ns).filter(|(_, ns)| *ns > 0);
    for (at, (segment, ns)) in inside.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(line, "{comma}\"{}\":{ns}", segment.word()).unwrap_or_default();
    }
    line.push_str("}}");
}

/// What was injected; the main cause, injected or else the largest excess that came by nature; and who could know it.
fn causes(timeline: &Timeline, observed: Observed, line: &mut String) {
    line.push_str(",\"causes\":[");
    for (at, injected) in timeline.injected.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let (cause, incident, ns) = (injected.cause, injected.incident, injected.ns);
        write!(line, "{comma}{{\"cause\":\"{cause}\",\"incident\":{incident},\"ns\":{ns}}}")
            .unwrap_or_default();
    }
    let injected = timeline.injected.iter().max_by_key(|injected| injected.ns).map(|injected| injected.cause);
    let main = match observed {
        Observed::Refused(cause) => cause,
        _ => injected.unwrap_or_else(|| natural(timeline)),
    };
    let is_injected = injected.is_some();
    write!(
        line,
        "],\"main\":\"{main}\",\"injected\":{is_injected},\"observed\":\"{}\",\"identifiable\":{{",
        observed.letter()
    )
    .unwrap_or_default();
    for (at, (profile, lump)) in LUMPS.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // A refusal's code says it, whatever else is there.
        let alone = matches!(observed, Observed::Refused(_)) || !lump.contains(&main);
        let set = if alone { list(std::iter::once(main)) } else { list(lump.iter().copied()) };
        write!(line, "{comma}\"{profile}\":{set}").unwrap_or_default();
    }
    line.push_str("}}");
}

/// The cause that owns the largest excess over what is typical.
fn natural(timeline: &Timeline) -> &'static str {
    let excess = |segment: &Segment| {
        let part = timeline.part(*segment);
        part.ns - part.typical_ns
    };
    Segment::ALL.into_iter().max_by_key(excess).map_or("none", Segment::cause)
}

/// A JSON array of texts that need no escaping.
pub(crate) fn list<T: std::fmt::Display>(members: impl Iterator<Item = T>) -> String {
    let mut text = String::from("[");
    for (at, member) in members.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(text, "{comma}\"{member}\"").unwrap_or_default();
    }
    text.push(']');
    text
}
