//! The truth folder, line by line, into what the scorer looks up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use fanlight_model::{EventUid, Feed, SpanId, Timestamp, TraceId};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::found::Rung;
use super::truth_line::{ClockLine, IncidentLine, LinkLine, LossLine, PathLine, RequestLine};
use crate::truth::TruthFile;

/// The truth could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// A file could not be opened or read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A line is not what the truth's description says.
    #[error("cannot understand `{}`, line {line}", path.display())]
    Line {
        /// Of which file.
        path: PathBuf,
        /// Which one, from 1.
        line: u64,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
}

/// A span and an access event.
pub(crate) type PairKey = (TraceId, SpanId, EventUid);

/// One line of `links.ndjson`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TruePair {
    pub(crate) key: PairKey,
    pub(crate) feed: Option<Feed>,
    /// The best rung that could find it.
    pub(crate) best: Option<Rung>,
    /// Both partners arrived.
    pub(crate) delivered: bool,
}

/// What a request came through, as places in [`Truth::names`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Through {
    pub(crate) service: Option<usize>,
    pub(crate) app_connector: Option<usize>,
    is_refused: bool,
}

/// What links are compared with.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) company: BTreeMap<String, String>,
    pub(crate) start: Timestamp,
    /// By key.
    pub(crate) pairs: Vec<TruePair>,
    pub(crate) names: Vec<String>,
    pub(crate) traces: HashMap<TraceId, Through>,
}

/// What never arrives.
#[derive(Default)]
struct Losses {
    spans: HashSet<SpanId>,
    events: HashMap<EventUid, BTreeSet<String>>,
}

impl Truth {
    /// Reads a company's folder.
    pub(crate) fn read(company: &Path) -> Result<Self, ScoreError> {
        let manifest = manifest(company)?;
        let text = |key: &str| match manifest.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let mut truth = Self {
            company: ["seed", "profile", "minutes", "scenario"].map(|key| (key.to_owned(), text(key))).into(),
            start: Timestamp::parse_rfc3339(&text("start")).unwrap_or_default(),
            ..Self::default()
        };
        let mut names = HashMap::new();
        each(company, TruthFile::Requests, |line| {
            let request: PathLine<'_> = serde_json::from_str(line)?;
            let through = truth.through(&request, &mut names);
            truth.traces.insert(request.trace, through);
            Ok(())
        })?;
        let losses = losses(company)?;
        let always_opens = text("activity_records") == "open_active_close";
        each(company, TruthFile::Links, |line| {
            let link: LinkLine<'_> = serde_json::from_str(line)?;
            truth.add(&link, &losses, always_opens);
            Ok(())
        })?;
        truth.pairs.sort_unstable_by_key(|pair| pair.key);
        Ok(truth)
    }

    /// The true pair of a key.
    pub(crate) fn find(&self, key: PairKey) -> Option<usize> {
        self.pairs.binary_search_by_key(&key, |pair| pair.key).ok()
    }

    fn through(&mut self, request: &PathLine<'_>, places: &mut HashMap<String, usize>) -> Through {
        let mut first = |prefix: &str| {
            let name = request.path.iter().find_map(|step| step.strip_prefix(prefix))?;
            Some(place(&mut self.names, places, name))
        };
        let (service, app_connector) = (first("service:"), first("app_connector:"));
        Through { service, app_connector, is_refused: request.observed == "refused" }
    }

    fn add(&mut self, link: &LinkLine<'_>, losses: &Losses, always_opens: bool) {
        let event = match (&link.event_uid, &link.session) {
            (Some(uid), _) => uid.parse().unwrap_or_default(),
            (None, session) => session_key(session.as_deref().unwrap_or_default()),
        };
        let is_refused = self.traces.get(&link.trace).is_some_and(|through| through.is_refused);
        // Records of the states that every connection has: without them there is no access event.
        let is_lost = losses.events.get(&event).is_some_and(|lost| {
            let has = |status: &str| lost.contains(status);
            has("request") || has("close") && (is_refused || !always_opens || has("open"))
        });
        self.pairs.push(TruePair {
            key: (link.trace, link.span, event),
            feed: Feed::from_name(&link.feed),
            best: link.rungs.iter().filter_map(|name| Rung::from_name(name)).min(),
            delivered: !is_lost && !losses.spans.contains(&link.span),
        });
    }
}

/// What stands for a ZPA session where the truth names no event.
pub(crate) fn session_key(session: &str) -> EventUid {
    EventUid::of_vendor_uid("zpa", "session", session)
}

/// All requests, for verdicts.
pub(crate) fn requests(company: &Path) -> Result<Vec<RequestLine>, ScoreError> {
    all(company, TruthFile::Requests)
}

/// All incidents.
pub(crate) fn incidents(company: &Path) -> Result<Vec<IncidentLine>, ScoreError> {
    all(company, TruthFile::Incidents)
}

/// All clocks.
pub(crate) fn clocks(company: &Path) -> Result<Vec<ClockLine>, ScoreError> {
    all(company, TruthFile::Clocks)
}

fn place(names: &mut Vec<String>, places: &mut HashMap<String, usize>, name: &str) -> usize {
    if let Some(place) = places.get(name) {
        return *place;
    }
    names.push(name.to_owned());
    places.insert(name.to_owned(), names.len() - 1);
    names.len() - 1
}

fn losses(company: &Path) -> Result<Losses, ScoreError> {
    let mut losses = Losses::default();
    each(company, TruthFile::Losses, |line| {
        let loss: LossLine = serde_json::from_str(line)?;
        if loss.what == "span" {
            losses.spans.extend(loss.span.parse::<SpanId>());
            return Ok(());
        }
        // A connection is named by the vendor's id, a request by the event's own.
        let uid = match loss.status.as_str() {
            "request" => loss.vendor_uid.parse().unwrap_or_default(),
            _ => EventUid::of_vendor_uid("zpa", &loss.feed, &loss.vendor_uid),
        };
        losses.events.entry(uid).or_default().insert(loss.status);
        Ok(())
    })?;
    Ok(losses)
}

fn manifest(company: &Path) -> Result<Value, ScoreError> {
    let path = company.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(|cause| ScoreError::Read { path: path.clone(), cause })?;
    serde_json::from_str(&text).map_err(|cause| ScoreError::Line { path, line: cause.line() as u64, cause })
}

fn all<T: DeserializeOwned>(company: &Path, file: TruthFile) -> Result<Vec<T>, ScoreError> {
    let mut lines = Vec::new();
    each(company, file, |line| {
        lines.push(serde_json::from_str(line)?);
        Ok(())
    })?;
    Ok(lines)
}

fn each(
    company: &Path,
    file: TruthFile,
    mut apply: impl FnMut(&str) -> Result<(), serde_json::Error>,
) -> Result<(), ScoreError> {
    let path = company.join("truth").join(file.name());
    let failed = |cause| ScoreError::Read { path: path.clone(), cause };
    let mut reader = BufReader::with_capacity(1 << 16, File::open(&path).map_err(failed)?);
    let (mut line, mut number) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        number += 1;
        apply(line.trim_end()).map_err(|cause| ScoreError::Line {
            path: path.clone(),
            line: number,
            cause,
        })?;
    }
}
