//! All targets together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanlight_log::{Disk, Position};
use fanlight_runtime::{Clock, Ledger, Shutdown, spawn, spawn_blocking};
use tokio::task::JoinHandle;

use crate::channel::Channel;
use crate::dead_letter::DeadLetters;
use crate::item::Item;
use crate::queue::{Queue, QueueDepth, TargetCounts};
use crate::retry::{Backoff, Pace};
use crate::send::Sender;
use crate::target::{ExportError, Target, check};

/// The way out for spans. Clones share it; the last one that goes ends its tasks, what waits stays on disk.
#[derive(Clone, Debug)]
pub struct Exporter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queues: Vec<Arc<Queue>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    stop: Shutdown,
}

/// What a drain has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Everything was sent.
    All,
    /// These did not take everything in time. It stays on disk for the next start.
    Left(Vec<Left>),
}

/// What waits for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The target's name.
    pub target: String,
    /// How many spans.
    pub spans: u64,
}

/// The last write and sync of a drain may take this long: the loss of a disk that hangs must not hang the process.
const LAST_WRITE: Duration = Duration::from_secs(10);

/// A drain waits for a target that takes something now and then. One that is down would hold up the end of the process, and what waits
/// for it is safe.
const STUCK_AFTER: Duration = Duration::from_secs(5);

impl Exporter {
    /// Opens each target's queue in `directory/<target>/` and starts its tasks, which needs a tokio runtime. Damage is cut
    /// away and set aside in `quarantine` beside `directory`. Blocks while the queues are read.
    ///
    /// # Errors
    /// Where a target cannot work as configured, or its folder is out of reach.
    pub fn open(
        directory: &Path,
        targets: Vec<Target>,
        disk: Arc<dyn Disk>,
        clock: Clock,
        ledger: Ledger,
        shutdown: Shutdown,
    ) -> Result<Self, ExportError> {
        Self::open_with_pace(directory, targets, disk, clock, ledger, shutdown, Pace::default())
    }

    pub(crate) fn open_with_pace(
        directory: &Path,
        targets: Vec<Target>,
        disk: Arc<dyn Disk>,
        clock: Clock,
        ledger: Ledger,
        shutdown: Shutdown,
        pace: Pace,
    ) -> Result<Self, ExportError> {
        let exporter = Self::assemble(directory, targets, disk, clock, ledger, shutdown, pace)?;
        exporter.inner.queues.iter().for_each(|queue| queue.enter(0));
        Ok(exporter)
    }

    /// Opens one target again in the same process: `waiting` spans of it are in the ledger already.
    ///
    /// # Errors
    /// As [`Exporter::open`].
    pub fn open_again(
        directory: &Path,
        target: Target,
        waiting: u64,
        disk: Arc<dyn Disk>,
        clock: Clock,
        ledger: Ledger,
        shutdown: Shutdown,
    ) -> Result<Self, ExportError> {
        let pace = Pace::default();
        let exporter = Self::assemble(directory, vec![target], disk, clock, ledger, shutdown, pace)?;
        exporter.inner.queues.iter().for_each(|queue| queue.enter(waiting));
        Ok(exporter)
    }

    /// Takes out of the ledger what waits, once drained: its targets are no longer sent to. It stays on disk, and counts as received
    /// should a target of that name come again. How many spans.
    pub fn leave(&self) -> u64 {
        self.inner.queues.iter().map(|queue| queue.leave()).sum()
    }

    fn assemble(
        directory: &Path,
        targets: Vec<Target>,
        disk: Arc<dyn Disk>,
        clock: Clock,
        ledger: Ledger,
        shutdown: Shutdown,
        pace: Pace,
    ) -> Result<Self, ExportError> {
        check(&targets)?;
        let quarantine = directory.parent().unwrap_or(directory).join("quarantine");
        let stop = Shutdown::new();
        let mut senders = Vec::new();
        for target in targets {
            let folder = directory.join(&target.name);
            let queue = Queue::open(
                &target.name,
                &folder,
                &quarantine,
                target.queue_bytes,
                Arc::clone(&disk),
                clock.clone(),
                ledger.clone(),
            )
            .map_err(|cause| ExportError::Queue { name: target.name.clone(), cause })?;
            senders.push(Sender {
                channel: Channel::open(&target, clock.clone())?,
                queue: Arc::new(queue),
                backoff: Backoff::new(pace, seed(&target.name, &clock)),
                dead_letters: Arc::new(DeadLetters::new(folder.join("dead-letter"), Arc::clone(&disk))),
                shutdown: shutdown.clone(),
                has_hurried: false,
                stop: stop.clone(),
                target: target.name,
            });
        }
        // Only when all targets are open does any of them start.
        let queues: Vec<_> = senders.iter().map(|sender| Arc::clone(&sender.queue)).collect();
        let writers = queues
            .iter()
            .map(|queue| spawn("export.write", write(Arc::clone(queue), stop.clone(), pace.first)));
        let mut tasks: Vec<_> = writers.collect();
        tasks.extend(senders.into_iter().map(|sender| spawn("export.send", sender.run())));
        Ok(Self { inner: Arc::new(Inner { queues, tasks: Mutex::new(tasks), stop }) })
    }

    /// Queues one OTLP request of `spans` spans for every target; called in the order of the main log, once a position.
    /// A target skips what is at or before the last position it was given, so that a replay changes nothing. Without bytes
    /// only the position moves: do that too, or the main log waits for a target that nothing is meant for. It does not wait
    /// for a receiver, and for the disk only while 8 MiB wait to be written.
    pub fn enqueue(&self, position: Position, spans: u64, bytes: Bytes) {
        for queue in &self.inner.queues {
            queue.enqueue(Item { main: position, spans, bytes: bytes.clone() });
        }
    }

    /// Up to here every target has on disk what it was given; the main log may be cut there. `None` without targets.
    pub fn durable_position(&self) -> Option<Position> {
        self.inner.queues.iter().map(|queue| queue.durable_position().unwrap_or(Position::START)).min()
    }

    /// The last position that any target was given. The main log must go on behind it
    /// ([`fanlight_log::Segments::continue_after`]), for what came before it is skipped.
    pub fn last_position(&self) -> Option<Position> {
        self.inner.queues.iter().filter_map(|queue| queue.last_position()).max()
    }

    /// What became of a target's spans; `None` for a name that is not configured.
    pub fn counts(&self, target: &str) -> Option<TargetCounts> {
        self.inner.queues.iter().find(|queue| queue.name == target).map(|queue| queue.counts())
    }

    /// How full each target's queue is. It never waits for a disk.
    pub fn depths(&self) -> Vec<QueueDepth> {
        self.inner.queues.iter().map(|queue| queue.depth()).collect()
    }

    /// Waits until everything was sent, at most until the deadline, then ends the tasks. What is left is on disk. A target that takes
    /// nothing for five seconds is not waited for.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        let all_empty = async {
            for queue in &self.inner.queues {
                until_empty_or_stuck(queue).await;
            }
        };
        if tokio::time::timeout(deadline, all_empty).await.is_err() {
            tracing::warn!(name: "export.drain.late", "some targets did not take everything before the deadline");
        }
        self.inner.stop.begin();
        let tasks = std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = async {
            for task in tasks {
                if task.await.is_err() {
                    tracing::debug!(name: "export.drain.broken", "a task of the export had ended before");
                }
            }
        };
        if tokio::time::timeout(LAST_WRITE, ended).await.is_err() {
            tracing::error!(name: "export.drain.stuck", "the disk does not take the last items of the export");
        }
        let left: Vec<_> = self
            .inner
            .queues
            .iter()
            .filter(|queue| !queue.is_empty())
            .map(|queue| Left { target: queue.name.clone(), spans: queue.counts().waiting })
            .collect();
        if left.is_empty() { Drained::All } else { Drained::Left(left) }
    }
}

/// Waits for a queue as long as it gets shorter.
async fn until_empty_or_stuck(queue: &Queue) {
    let mut changes = queue.changes();
    let mut left = queue.counts().waiting;
    let mut patience = pin!(tokio::time::sleep(STUCK_AFTER));
    while !queue.is_empty() {
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = patience.as_mut() => return,
        }
        let waiting = queue.counts().waiting;
        if waiting < left {
            patience.as_mut().reset(tokio::time::Instant::now() + STUCK_AFTER);
        }
        left = waiting;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.begin();
    }
}

/// Writes what is pending, as soon as there is some; at the stop, once more. A disk that takes nothing is tried again after
/// `pause`.
async fn write(queue: Arc<Queue>, stop: Shutdown, pause: Duration) {
    let mut changes = queue.changes();
    let mut is_failing = false;
    while !stop.is_begun() {
        changes.borrow_and_update();
        if !queue.has_pending() {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = stop.begun() => {}
            }
            continue;
        }
        let flushing = Arc::clone(&queue);
        let Ok(flushed) = spawn_blocking("export.flush", move || flushing.flush()).await else { return };
        match flushed {
            Ok(()) if std::mem::take(&mut is_failing) => {
                tracing::info!(name: "export.queue.recovered", target = queue.name, "a queue is written again");
            }
            Ok(()) => {}
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(name: "export.queue.unwritten", target = queue.name, %error, "a queue cannot be written");
                }
                queue.trim_pending();
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.begun() => {}
                }
            }
        }
    }
    let closing = Arc::clone(&queue);
    if let Ok(Err(error)) = spawn_blocking("export.close", move || closing.close()).await {
        tracing::error!(name: "export.queue.unwritten", target = queue.name, %error, "the last items of a queue are not on disk; the main log has them");
    }
}

/// Senders that started together must not pause together.
fn seed(name: &str, clock: &Clock) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, clock.now()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
