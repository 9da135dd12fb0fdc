//! All export targets: each an exporter of its own, so that one comes, goes or changes while the others go on.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanlight_export::{ExportError, Exporter, QueueDepth};
use fanlight_log::{Disk, Position};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown};

use super::measures;
use crate::config::ExportTarget;

/// A target that changes gets this long for what is on its way; what is left is sent by its successor.
const CHANGE_DEADLINE: Duration = Duration::from_secs(1);

/// What every exporter needs of the process.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) folder: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) clock: Clock,
    pub(super) ledger: Ledger,
    pub(super) metrics: Metrics,
    pub(super) shutdown: Shutdown,
}

/// The targets of the moment; clones share them.
#[derive(Clone)]
pub(super) struct Exports {
    tools: Tools,
    running: Arc<Mutex<Running>>,
    /// What `/metrics` looks at. `running` is held while a target is closed, which takes the runtime's threads: none of them may
    /// wait for it.
    shown: Arc<Mutex<Vec<(String, Exporter)>>>,
}

#[derive(Default)]
struct Running {
    targets: Vec<(ExportTarget, Exporter)>,
    /// The last position that was handed out.
    last: Position,
}

impl Exports {
    /// Opens all queues. Blocks while they are read.
    pub(super) fn open(targets: &[ExportTarget], tools: Tools) -> Result<Self, ExportError> {
        let targets = targets
            .iter()
            .map(|target| Ok((target.clone(), open(&tools, target)?)))
            .collect::<Result<Vec<_>, ExportError>>()?;
        let names: Vec<String> = targets.iter().map(|(target, _)| target.target.name.clone()).collect();
        let running = Running { targets, last: Position::START };
        let exports = Self { tools, running: Arc::new(Mutex::new(running)), shown: Arc::default() };
        exports.show(&exports.running());
        names.iter().for_each(|name| exports.measure(name));
        Ok(exports)
    }

    fn measure(&self, name: &str) {
        let (weak, name_of) = (Arc::downgrade(&self.shown), name.to_owned());
        let depth = move || -> Option<QueueDepth> {
            let shown = weak.upgrade()?;
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            let (_, exporter) = shown.iter().find(|(name, _)| *name == name_of)?;
            exporter.depths().into_iter().next()
        };
        measures::of_export(&self.tools.metrics, name, depth, &self.tools.clock);
    }

    fn show(&self, running: &Running) {
        let targets = running.targets.iter();
        let shown =
            targets.map(|(target, exporter)| (target.target.name.clone(), exporter.clone())).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// Gives one request to every target.
    pub(super) fn enqueue(&self, position: Position, spans: u64, bytes: &Bytes) {
        let mut running = self.running();
        running.last = running.last.max(position);
        for (_, exporter) in &running.targets {
            exporter.enqueue(position, spans, bytes.clone());
        }
    }

    /// Up to where all targets have on disk what they were given, and at most `committed`.
    pub(super) fn durable(&self, committed: Position) -> Position {
        let running = self.running();
        let durable = |exporter: &Exporter| exporter.durable_position().unwrap_or(Position::START);
        running.targets.iter().map(|(_, exporter)| durable(exporter)).fold(committed, Position::min)
    }

    /// The last position that any target was given.
    pub(super) fn last_position(&self) -> Option<Position> {
        self.running().targets.iter().filter_map(|(_, exporter)| exporter.last_position()).max()
    }

    /// Brings the targets in line with these; the names of those that want a restart for it. Blocks, and holds up the flow while
    /// a target that changes is closed and opened again: nothing of what passes may miss its queue.
    pub(super) fn change(&self, wanted: &[ExportTarget]) -> Vec<String> {
        let mut running = self.running();
        // Until all is done `/metrics` shows them as they were.
        let before = std::mem::take(&mut running.targets);
        let (kept, touched): (Vec<_>, Vec<_>) = before.into_iter().partition(|(old, _)| wanted.contains(old));
        running.targets.extend(kept);
        self.close(touched.iter().map(|(_, exporter)| exporter.clone()).collect());
        let mut left = Vec::new();
        for (old, exporter) in touched {
            match wanted.iter().find(|new| new.target.name == old.target.name) {
                Some(new) => {
                    let held = self.change_one(old, exporter, new);
                    if held.as_ref().is_none_or(|(held, _)| held != new) {
                        left.push(new.target.name.clone());
                    }
                    running.targets.extend(held);
                }
                None => {
                    let waiting = exporter.leave();
                    tracing::info!(name: "fanlight.export.removed", target = old.target.name, waiting, "a target is no longer sent to; the spans that waited for it are counted as dropped, stay on disk, and are sent should a target of this name come again");
                }
            }
        }
        for new in wanted {
            if left.contains(&new.target.name)
                || running.targets.iter().any(|(held, _)| held.target.name == new.target.name)
            {
                continue;
            }
            match open(&self.tools, new) {
                // It was ahead of the log once, and would skip what comes until the log is there: a start moves the log.
                Ok(exporter) if exporter.last_position() > Some(running.last) => {
                    left.push(new.target.name.clone())
                }
                Ok(exporter) => {
                    tracing::info!(name: "fanlight.export.added", target = new.target.name, "a target is sent to from now on");
                    running.targets.push((new.clone(), exporter));
                    self.measure(&new.target.name);
                }
                Err(error) => {
                    let why = crate::outcome::chain(&error.into());
                    tracing::error!(name: "fanlight.export.unopened", target = new.target.name, why, "a target cannot be opened");
                    left.push(new.target.name.clone());
                }
            }
        }
        self.show(&running);
        left
    }

    /// Opens the queue of a closed target for the new settings; where that fails, for the old ones.
    fn change_one(
        &self,
        old: ExportTarget,
        exporter: Exporter,
        new: &ExportTarget,
    ) -> Option<(ExportTarget, Exporter)> {
        let name = &old.target.name;
        let waiting = exporter.counts(name).map_or(0, |counts| counts.waiting);
        drop(exporter);
        match open_again(&self.tools, new, waiting) {
            Ok(exporter) => {
                tracing::info!(name: "fanlight.export.changed", target = new.target.name, "a target has new settings");
                Some((new.clone(), exporter))
            }
            Err(error) => {
                let why = crate::outcome::chain(&error.into());
                tracing::error!(name: "fanlight.export.unopened", target = new.target.name, why, "a target cannot be opened with its new settings");
                let reopened = open_again(&self.tools, &old, waiting);
                if reopened.is_err() {
                    self.tools.ledger.add(
                        "export",
                        "span",
                        Outcome::Dropped,
                        "export target unopened",
                        waiting,
                    );
                }
                reopened.ok().map(|exporter| (old, exporter))
            }
        }
    }

    /// All at once: the flow waits for the slowest, not for their sum.
    fn close(&self, exporters: Vec<Exporter>) {
        tokio::runtime::Handle::current().block_on(drain_all(exporters, CHANGE_DEADLINE));
    }

    /// Waits until everything was sent, at most until the deadline. What is left is on disk.
    pub(super) async fn drain(&self, deadline: Duration) {
        let exporters = self.running().targets.iter().map(|(_, exporter)| exporter.clone()).collect();
        drain_all(exporters, deadline).await;
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn drain_all(exporters: Vec<Exporter>, deadline: Duration) {
    let draining: Vec<_> = exporters
        .into_iter()
        .map(|exporter| {
            fanlight_runtime::spawn("export.drain", async move { exporter.drain(deadline).await })
        })
        .collect();
    for drained in draining {
        if drained.await.is_err() {
            tracing::debug!(name: "fanlight.export.undrained", "a drain did not end as it should");
        }
    }
}

fn open_again(tools: &Tools, target: &ExportTarget, waiting: u64) -> Result<Exporter, ExportError> {
    let Tools { folder, disk, clock, ledger, shutdown, .. } = tools.clone();
    Exporter::open_again(&folder, target.target.clone(), waiting, disk, clock, ledger, shutdown)
}

fn open(tools: &Tools, target: &ExportTarget) -> Result<Exporter, ExportError> {
    let Tools { folder, disk, clock, ledger, shutdown, .. } = tools.clone();
    Exporter::open(&folder, vec![target.target.clone()], disk, clock, ledger, shutdown)
}
