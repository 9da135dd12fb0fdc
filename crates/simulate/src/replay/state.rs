//! How far each stream came, in memory and in the state file.
//!
//! A piece of a request counts when the request is acknowledged, a line of a connection when it is written: nobody acknowledges
//! a log stream.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_model::Timestamp;
use fanlight_runtime::error_chain;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::cursor::Chunk;
use super::error::ReplayError;
use super::plan::Plan;

const FORMAT: &str = "fanlight-replay/1";

/// How far a stream came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// So many from the start are there.
    pub(super) pieces: u64,
    /// Further ones that were acknowledged before one in front of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) beyond: BTreeSet<u64>,
}

impl Position {
    fn done(&mut self, first: u64, pieces: u64) {
        if first > self.pieces {
            self.beyond.extend(first..first + pieces);
            return;
        }
        self.pieces = self.pieces.max(first + pieces);
        while self.beyond.remove(&self.pieces) {
            self.pieces += 1;
        }
    }

    /// All that are there.
    pub(super) fn count(&self) -> u64 {
        self.pieces + self.beyond.len() as u64
    }
}

/// What the lanes have done. Shared by all.
#[derive(Debug)]
pub(super) struct Tally {
    positions: Mutex<Vec<Position>>,
    pub(super) changed: Notify,
    bytes: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    rejected: AtomicU64,
    time: AtomicI64,
    late_ms: AtomicU64,
}

impl Tally {
    pub(super) fn new(positions: Vec<Position>) -> Self {
        Self {
            positions: Mutex::new(positions),
            changed: Notify::new(),
            bytes: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            time: AtomicI64::new(0),
            late_ms: AtomicU64::new(0),
        }
    }

    /// A chunk is there.
    pub(super) fn done(&self, chunk: &Chunk) {
        if let Some(position) = self.positions().get_mut(chunk.stream) {
            position.done(chunk.first, chunk.pieces);
        }
        self.bytes.fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
        self.changed.notify_one();
    }

    pub(super) fn acknowledged(&self, rejected_spans: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.rejected.fetch_add(rejected_spans, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// The company's time is now this, and the clock further by so much.
    pub(super) fn passes(&self, time: Timestamp, late: Duration) {
        self.time.store(time.as_nanos(), Ordering::Relaxed);
        self.late_ms.store(u64::try_from(late.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.time.load(Ordering::Relaxed))
    }

    pub(super) fn late(&self) -> Duration {
        Duration::from_millis(self.late_ms.load(Ordering::Relaxed))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    pub(super) fn positions(&self) -> MutexGuard<'_, Vec<Position>> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    manifest_sha256: String,
    streams: BTreeMap<String, Position>,
}

/// The state file; written once more when it is dropped, whatever ended the replay.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    manifest: String,
    names: Vec<String>,
    tally: Arc<Tally>,
}

impl StateFile {
    pub(super) fn new(path: PathBuf, plan: &Plan, tally: Arc<Tally>) -> Self {
        let names = plan.streams.iter().map(|stream| stream.name.clone()).collect();
        Self { path, manifest: plan.manifest.clone(), names, tally }
    }

    /// Replaces the file as a whole: it is never half written.
    pub(super) fn save(&self) -> Result<(), ReplayError> {
        let streams = self.names.iter().cloned().zip(self.tally.positions().iter().cloned()).collect();
        let written = Written { format: FORMAT.to_owned(), manifest_sha256: self.manifest.clone(), streams };
        let mut draft = self.path.clone().into_os_string();
        draft.push(".new");
        let saved = serde_json::to_vec_pretty(&written)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&draft, text))
            .and_then(|()| fs::rename(&draft, &self.path));
        saved.map_err(|cause| ReplayError::State { verb: "write", path: self.path.clone(), cause })
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        if let Err(error) = self.save() {
            tracing::warn!(name: "simulate.replay.unsaved", error = error_chain(&error), "the last second is sent again next time");
        }
    }
}

/// Where an earlier replay ended; the beginning where there was none.
pub(super) fn read(path: &Path, plan: &Plan) -> Result<Vec<Position>, ReplayError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Ok(vec![Position::default(); plan.streams.len()]);
        }
        Err(cause) => return Err(ReplayError::State { verb: "read", path: path.to_owned(), cause }),
    };
    let mut written: Written = serde_json::from_slice(&text)
        .map_err(|cause| ReplayError::BadState { path: path.to_owned(), cause })?;
    let other = |what: String| ReplayError::OtherState { path: path.to_owned(), what };
    if written.format != FORMAT {
        return Err(other(format!("the format `{}`", written.format)));
    }
    if written.manifest_sha256 != plan.manifest {
        return Err(other("another manifest".to_owned()));
    }
    let mut positions = Vec::new();
    for stream in &plan.streams {
        let position = written.streams.remove(&stream.name).unwrap_or_default();
        if position.pieces.max(position.beyond.last().map_or(0, |last| last + 1)) > stream.pieces {
            return Err(other(format!("more pieces than stream `{}` has", stream.name)));
        }
        positions.push(position);
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_grows_over_what_came_before_its_turn() {
        let mut position = Position::default();
        position.done(1, 1);
        position.done(3, 1);
        assert_eq!((position.pieces, position.count()), (0, 2));
        position.done(0, 1);
        assert_eq!((position.pieces, position.count()), (2, 3));
        position.done(2, 1);
        assert_eq!(position, Position { pieces: 4, beyond: BTreeSet::new() });
    }
}
