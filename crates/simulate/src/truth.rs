//! What only the scorer may see, as a JSON object a line. Times are true times, not those of any machine's clock: nanoseconds since
//! 1970 as text where the key ends in `_ns` and holds a moment, RFC 3339 elsewhere; lengths of time are numbers of nanoseconds.
//!
//! `requests.ndjson`: the requests of traces that are kept, and those that an incident refused; of the others the manifest has counts.
//!
//! | key | what |
//! |---|---|
//! | `request`, `trace`, `kept` | a number, the trace's id, whether its spans are sent |
//! | `spans`, `sender` | ids of all its spans in the order in which they began, and of the sender's own, or `null` |
//! | `connection` | ZPA's `ConnectionID`; `null` through ZIA |
//! | `principal`, `who`, `status` | the name; `person`, `agent`, `machine`; the status that the sender got, 0 for none |
//! | `start_ns`, `total_ns` | from the sender's start to the sender's end |
//! | `path` | what it came through: `service_edge:`, `app_connector:`, `service:`, `pod:`, `database:` |
//! | `segments` | name to `[ns, typical_ns]`; they sum to `total_ns`. `connector_transit` is owned by `connector` |
//! | `entry` | the server span that the edge's connection ends in: `span`, `start_ns`, `ns`, and `inside`, which sums to `ns` |
//! | `causes` | what incidents added: `cause`, `incident`, `ns` |
//! | `main`, `injected` | the cause that a verdict should name: the largest injected, else the owner of the largest excess over typical |
//! | `observed` | the profile that it is observed by: `A` to `F` of the design's table, or `refused` |
//! | `identifiable` | for each profile, the causes that even an oracle could not tell from `main` |
//!
//! `links.ndjson`: `trace`, `span`, `feed`, `event_uid`, `relation` (`same_request`, `same_connection`, `same_context`), and `rungs`, those
//! that could find the pair by what was really sent; none where nothing is left to join by. A `same_context` link has `session`
//! in place of an id.
//!
//! `incidents.ndjson`: `incident`, `kind`, `label`, `start`, `end`, `scope`, `intensity`, `trap`.
//!
//! `clocks.ndjson`: `kind`, `host`, `offset_ns` (what it shows less the truth, when the company begins), `drift_ppb`, `step`.
//!
//! `losses.ndjson`: what never arrives: `what` is `span` with its id, or `record` with `feed`, `vendor_uid` and `status`. A span that is in
//! neither wire nor losses does not exist; what was sent twice is not told.

pub(crate) mod begin;
pub(crate) mod link;
pub(crate) mod request;

use fanlight_model::{Feed, SpanId};

/// The truth's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TruthFile {
    /// `requests.ndjson`
    Requests,
    /// `links.ndjson`
    Links,
    /// `incidents.ndjson`
    Incidents,
    /// `clocks.ndjson`
    Clocks,
    /// `losses.ndjson`
    Losses,
}

impl TruthFile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Requests, Self::Links, Self::Incidents, Self::Clocks, Self::Losses];

    /// Its name below `truth/`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests.ndjson",
            Self::Links => "links.ndjson",
            Self::Incidents => "incidents.ndjson",
            Self::Clocks => "clocks.ndjson",
            Self::Losses => "losses.ndjson",
        }
    }
}

/// Lines that nobody has fetched yet.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    lines: [String; 5],
    counts: [u64; 5],
    requests: u64,
}

impl Truth {
    /// Adds a line.
    pub(crate) fn line(&mut self, file: TruthFile, arguments: std::fmt::Arguments<'_>) {
        use std::fmt::Write;
        if let (Some(lines), Some(count)) =
            (self.lines.get_mut(file as usize), self.counts.get_mut(file as usize))
        {
            // Writing into a string cannot fail.
            lines.write_fmt(arguments).unwrap_or_default();
            lines.push('\n');
            *count += 1;
        }
    }

    /// Takes the lines of a file.
    pub(crate) fn take(&mut self, file: TruthFile) -> String {
        self.lines.get_mut(file as usize).map(std::mem::take).unwrap_or_default()
    }

    /// How many lines a file has had.
    pub(crate) fn count(&self, file: TruthFile) -> u64 {
        self.counts.get(file as usize).copied().unwrap_or(0)
    }

    /// A batch of spans that never arrives.
    pub(crate) fn lost_spans(&mut self, spans: &[SpanId]) {
        for span in spans {
            self.line(TruthFile::Losses, format_args!("{{\"what\":\"span\",\"span\":\"{span}\"}}"));
        }
    }

    /// A record that no receiver gets.
    pub(crate) fn lost_record(&mut self, feed: Feed, vendor_uid: &str, status: &str) {
        self.line(
            TruthFile::Losses,
            format_args!(
                "{{\"what\":\"record\",\"feed\":\"{feed}\",\"vendor_uid\":\"{vendor_uid}\",\"status\":\"{status}\"}}"
            ),
        );
    }
}
