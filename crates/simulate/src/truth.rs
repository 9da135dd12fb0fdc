//! What only the scorer may see: requests, links, incidents, clocks, and what was lost on the way.

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
