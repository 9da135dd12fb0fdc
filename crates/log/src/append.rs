//! Group commit: one write and one sync for all who wait.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fanlight_runtime::{Clock, Histogram, Metrics, SECONDS};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::{AppendError, LogError};
use crate::frame::{Frame, MAX_FRAME_BYTES};
use crate::position::Position;
use crate::segments::Segments;

/// A frame that is durable, on its way to whoever works on it, in the order of the log.
#[derive(Debug)]
pub struct Logged<T> {
    /// The frame's end.
    pub position: Position,
    /// What is in the log.
    pub frame: Frame,
    /// What its sender gave along, which is not in the log.
    pub payload: T,
}

/// Where a log stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogStatus {
    /// The last group was refused, at this time of the appender's clock and for this reason.
    pub refused: Option<(Duration, AppendError)>,
    /// The end of the last frame.
    pub end: Position,
    /// Before the first frame that is still there.
    pub oldest: Position,
    /// Bytes of all frames.
    pub bytes: u64,
}

/// The way into a log for many tasks; clones share it. Its thread ends with [`Appender::close`] or the last clone.
pub struct Appender<T> {
    queue: mpsc::Sender<Command<T>>,
    shared: Arc<Shared>,
    /// Closes when the thread has ended.
    ended: watch::Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    cut: Mutex<Option<Position>>,
    status: Mutex<LogStatus>,
}

enum Command<T> {
    Append(Waiting<T>),
    /// Look at `Shared::cut`.
    Cut,
    Close,
}

struct Waiting<T> {
    frame: Frame,
    payload: T,
    answer: oneshot::Sender<Result<Position, AppendError>>,
}

/// A group ends at this many bytes, which bounds the encoding buffer and the time of one sync …
const MAX_GROUP_BYTES: usize = 8 << 20;
/// … and at this many frames.
const MAX_GROUP_FRAMES: usize = 1_024;

impl<T: Send + 'static> Appender<T> {
    /// Starts the log's thread. `queue_frames` bounds who waits; what is durable goes to `forward`, and where that is full
    /// the thread waits, so that the queue before it fills and pushes back.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        segments: Segments,
        queue_frames: usize,
        forward: mpsc::Sender<Logged<T>>,
    ) -> Result<Self, LogError> {
        Self::start_measured(segments, queue_frames, forward, Clock::system(), &Metrics::default())
    }

    /// As [`Appender::start`], and its syncs are measured.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start_measured(
        segments: Segments,
        queue_frames: usize,
        forward: mpsc::Sender<Logged<T>>,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, LogError> {
        let syncs = metrics.histogram(
            "fanlight_log_sync_duration_seconds",
            "How long one write and sync of the log took.",
            &[],
            SECONDS,
        );
        let (queue, commands) = mpsc::channel(queue_frames.max(1));
        let (end, ended) = watch::channel(());
        let shared = Arc::new(Shared { cut: Mutex::new(None), status: Mutex::new(status_of(&segments)) });
        let folder = format!("{segments:?}");
        let shared_too = Arc::clone(&shared);
        let writer = Writer {
            segments,
            commands,
            forward,
            shared: shared_too,
            is_failing: false,
            refused: None,
            clock,
            syncs,
        };
        fanlight_runtime::spawn_thread("log", move || {
            writer.run();
            drop(end);
        })
        .map_err(|cause| LogError::io("start the thread of", folder.as_ref(), cause))?;
        Ok(Self { queue, shared, ended })
    }

    /// Appends a frame and waits until it is durable. It never waits for room in the queue.
    ///
    /// # Errors
    /// [`AppendError::Busy`] where the queue is full, else why the frame is not known to be safe.
    pub async fn append(&self, frame: Frame, payload: T) -> Result<Position, AppendError> {
        let (waiting, answer) = waiting(frame, payload)?;
        self.queue.try_send(waiting).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Busy,
            mpsc::error::TrySendError::Closed(_) => AppendError::Closed,
        })?;
        answer.await.unwrap_or(Err(AppendError::Closed))
    }

    /// As [`Appender::append`], but waits for room in the queue: for senders that understand nothing but a pause.
    ///
    /// # Errors
    /// Why the frame is not known to be safe; never [`AppendError::Busy`].
    pub async fn append_when_free(&self, frame: Frame, payload: T) -> Result<Position, AppendError> {
        let (waiting, answer) = waiting(frame, payload)?;
        self.queue.send(waiting).await.map_err(|_| AppendError::Closed)?;
        answer.await.unwrap_or(Err(AppendError::Closed))
    }

    /// Lets the log forget what ends at or before `position`, soon.
    pub fn truncate_before(&self, position: Position) {
        let mut cut = self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner);
        *cut = (*cut).max(Some(position));
        drop(cut);
        // A full queue has work, and the thread looks at the cut after each group.
        if let Err(mpsc::error::TrySendError::Closed(_)) = self.queue.try_send(Command::Cut) {
            tracing::debug!(name: "log.append.closed", "the log is closed and stays as it is");
        }
    }

    /// Frames that wait for the log's thread, and how many may.
    pub fn waiting(&self) -> (usize, usize) {
        let capacity = self.queue.max_capacity();
        (capacity.saturating_sub(self.queue.capacity()), capacity)
    }

    /// Where the log stands.
    pub fn status(&self) -> LogStatus {
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes nothing more, makes durable and forwards what waits, ends the thread, and returns when it has ended. Clones get
    /// [`AppendError::Closed`].
    pub async fn close(self) {
        let mut ended = self.ended.clone();
        if self.queue.send(Command::Close).await.is_err() {
            tracing::debug!(name: "log.append.closed", "the log was closed before");
        }
        while ended.changed().await.is_ok() {}
    }
}

impl<T> Clone for Appender<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), shared: Arc::clone(&self.shared), ended: self.ended.clone() }
    }
}

impl<T> fmt::Debug for Appender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender").field("shared", &self.shared).finish_non_exhaustive()
    }
}

type Answer = oneshot::Receiver<Result<Position, AppendError>>;

fn waiting<T>(frame: Frame, payload: T) -> Result<(Command<T>, Answer), AppendError> {
    if frame.bytes.len() > MAX_FRAME_BYTES {
        return Err(AppendError::TooLarge);
    }
    let (answer, answered) = oneshot::channel();
    Ok((Command::Append(Waiting { frame, payload, answer }), answered))
}

fn status_of(segments: &Segments) -> LogStatus {
    LogStatus { refused: None, end: segments.end(), oldest: segments.oldest(), bytes: segments.bytes() }
}

struct Writer<T> {
    segments: Segments,
    commands: mpsc::Receiver<Command<T>>,
    forward: mpsc::Sender<Logged<T>>,
    shared: Arc<Shared>,
    /// The last group failed; said once, not once a group.
    is_failing: bool,
    refused: Option<(Duration, AppendError)>,
    clock: Clock,
    syncs: Histogram,
}

impl<T> Writer<T> {
    fn run(mut self) {
        while let Some(first) = self.commands.blocking_recv() {
            let group = self.group(first);
            if self.commit(group).is_err() {
                tracing::error!(name: "log.append.unheard", "nobody takes what was logged; the log closes");
                return;
            }
            self.cut();
            self.tell();
        }
    }

    /// Shows where the log stands.
    fn tell(&self) {
        let status = LogStatus { refused: self.refused, ..status_of(&self.segments) };
        *self.shared.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// All who wait now, up to the bounds of a group.
    fn group(&mut self, first: Command<T>) -> Vec<Waiting<T>> {
        let mut group = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Append(waiting) => {
                    bytes += waiting.frame.encoded_bytes();
                    group.push(waiting);
                }
                Command::Cut => {}
                // What waits behind it is still handed out; nothing more is let in.
                Command::Close => self.commands.close(),
            }
            if bytes >= MAX_GROUP_BYTES || group.len() >= MAX_GROUP_FRAMES {
                break;
            }
            next = self.commands.try_recv().ok();
        }
        group
    }

    /// Writes and syncs a group, answers all in it, then forwards it. `Err` where nobody takes it any more.
    fn commit(&mut self, group: Vec<Waiting<T>>) -> Result<(), ()> {
        if group.is_empty() {
            return Ok(());
        }
        let frames: Vec<Frame> = group.iter().map(|waiting| waiting.frame.clone()).collect();
        let began = self.clock.elapsed();
        let written = self.write(&frames);
        self.syncs.observe_duration(&[], self.clock.elapsed().saturating_sub(began), None);
        let positions = match written {
            Ok(positions) => {
                self.refused = None;
                positions
            }
            Err(error) => {
                self.refuse(group, &error);
                return Ok(());
            }
        };
        if std::mem::take(&mut self.is_failing) {
            tracing::info!(name: "log.append.recovered", "the log takes frames again");
        }
        // Before the answers: whoever has one sees a log that holds its frame.
        self.tell();
        let mut forwarded = Vec::with_capacity(group.len());
        for (waiting, position) in group.into_iter().zip(positions) {
            // A sender that went away meanwhile does not undo its frame.
            if waiting.answer.send(Ok(position)).is_err() {
                tracing::trace!(name: "log.append.abandoned", "a sender did not wait for its answer");
            }
            forwarded.push(Logged { position, frame: waiting.frame, payload: waiting.payload });
        }
        forwarded.into_iter().try_for_each(|logged| self.forward.blocking_send(logged).map_err(|_| ()))
    }

    /// Appends and syncs. A sync that failed has cost its file: the frames are written once more, to a new one.
    fn write(&mut self, frames: &[Frame]) -> Result<Vec<Position>, LogError> {
        let positions = self.segments.append(frames)?;
        let Err(error) = self.segments.sync() else { return Ok(positions) };
        if error.is_full() {
            return Err(error);
        }
        tracing::error!(name: "log.append.sync_failed", %error, "a sync failed; the frames go to a new file");
        let positions = self.segments.append(frames)?;
        self.segments.sync()?;
        Ok(positions)
    }

    fn refuse(&mut self, group: Vec<Waiting<T>>, error: &LogError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(name: "log.append.failed", %error, cause, "the log takes no frames");
        }
        let answer = if error.is_full() { AppendError::Full } else { AppendError::Failed };
        self.refused = Some((self.clock.elapsed(), answer));
        for waiting in group {
            if waiting.answer.send(Err(answer)).is_err() {
                tracing::trace!(name: "log.append.abandoned", "a sender did not wait for its answer");
            }
        }
    }

    fn cut(&mut self) {
        let cut = self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(position) = cut
            && let Err(error) = self.segments.truncate_before(position)
        {
            tracing::warn!(name: "log.append.uncut", %error, "old files of the log stay for now");
        }
    }
}

#[cfg(test)]
mod tests;
