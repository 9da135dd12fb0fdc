//! One target's durable queue.

use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use fanlight_log::{Disk, LogError, MAX_FRAME_BYTES, Position, Segments};
use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, Ledger, Outcome};
use tokio::sync::watch;

use crate::item::{Item, Record, item_frame, read, sent_frame};

/// The stage's name in the ledger.
pub(crate) const STAGE: &str = "export";

/// One request carries about this much: large enough that requests do not count, below the usual 20 MiB caps of receivers.
const MAX_REQUEST_BYTES: usize = 4 << 20;
/// What may wait in memory for the disk. Beyond it whoever enqueues writes it himself.
const MAX_PENDING_BYTES: u64 = 8 << 20;
/// A queue is dropped and cut by whole files: an eighth of its budget each, within these bounds.
const MIN_FILE_BYTES: u64 = 4 << 10;
const MAX_FILE_BYTES: u64 = 16 << 20;
/// An item's head takes some of a frame.
const MAX_ITEM_BYTES: usize = MAX_FRAME_BYTES - 64;

const FULL: &str = "export queue full";
const DAMAGED: &str = "export queue damaged";
const REMOVED: &str = "export target removed";
const TOO_LARGE: &str = "larger than an export frame";

/// What became of one target's spans since the start.
///
/// `received = exported + refused + parked + dropped + waiting`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetCounts {
    /// Enqueued, or found waiting at the start.
    pub received: u64,
    /// Taken by the receiver.
    pub exported: u64,
    /// Rejected by the receiver in a partial success.
    pub refused: u64,
    /// Refused by the receiver and put into the dead letters.
    pub parked: u64,
    /// Given up: the queue was over its budget or damaged.
    pub dropped: u64,
    /// In the queue.
    pub waiting: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

/// How full one target's queue is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// The target's name.
    pub target: String,
    /// Spans that wait.
    pub spans: u64,
    /// Bytes on disk and in memory.
    pub bytes: u64,
    /// At how many the oldest are dropped.
    pub limit_bytes: u64,
    /// When the oldest item that is on its way was queued; `None` where none is.
    pub oldest: Option<Timestamp>,
}

/// An item on its way to the receiver.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    /// Where its frame ends in the queue.
    pub(crate) end: Position,
    pub(crate) spans: u64,
    pub(crate) bytes: Bytes,
}

/// What became of items that left the queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    pub(crate) items: u64,
    pub(crate) exported: u64,
    pub(crate) refused: u64,
    pub(crate) parked: u64,
}

/// The queue. Whoever needs both locks takes `segments` first.
pub(crate) struct Queue {
    pub(crate) name: String,
    queue_bytes: u64,
    segments: Mutex<Segments>,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    clock: Clock,
    pub(crate) ledger: Ledger,
}

#[derive(Debug, Default)]
struct State {
    /// Not yet on disk.
    pending: VecDeque<Item>,
    pending_bytes: u64,
    /// Some are being written now.
    is_writing: bool,
    /// The last position of the main log that was seen, and that of the last item on disk.
    last_main: Option<Position>,
    written_main: Option<Position>,
    /// Everything up to here is done with.
    sent: Position,
    /// Everything up to here was handed to the sender.
    taken: Position,
    /// The main log's position of the last item handed to the sender.
    taken_main: Position,
    /// Items that wait, on disk or not, or are on their way.
    items: u64,
    /// Bytes on disk when last looked at: whoever asks for it must not wait for the disk.
    disk_bytes: u64,
    /// When the first of the items that the sender has was queued.
    oldest: Option<Timestamp>,
    counts: TargetCounts,
}

impl State {
    /// The main log's position up to which all is on disk.
    fn durable(&self) -> Option<Position> {
        if self.pending.is_empty() && !self.is_writing { self.last_main } else { self.written_main }
    }

    fn drop_items(&mut self, items: u64, spans: u64) {
        self.items = self.items.saturating_sub(items);
        self.counts.waiting = self.counts.waiting.saturating_sub(spans);
        self.counts.dropped += spans;
    }
}

impl Queue {
    pub(crate) fn open(
        name: &str,
        folder: &Path,
        quarantine: &Path,
        queue_bytes: u64,
        disk: Arc<dyn Disk>,
        clock: Clock,
        ledger: Ledger,
    ) -> Result<Self, LogError> {
        let file_bytes = (queue_bytes / 8).clamp(MIN_FILE_BYTES, MAX_FILE_BYTES);
        let (segments, report) = Segments::open_with_quarantine(folder, quarantine, file_bytes, disk)?;
        for damage in &report.quarantined {
            tracing::error!(name: "export.queue.damaged", target = name, %damage, "part of a queue could not be read");
            ledger.add(STAGE, "frame", Outcome::Quarantined, name, 1);
        }
        let state = State { disk_bytes: segments.bytes(), ..recover(&segments)? };
        Ok(Self {
            name: name.to_owned(),
            queue_bytes,
            segments: Mutex::new(segments),
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            clock,
            ledger,
        })
    }

    /// Enters into the books what was found waiting. `known` spans of it are in them from an opening before, in this process: what of
    /// these was not found is lost.
    pub(crate) fn enter(&self, known: u64) {
        let found = self.state().counts.received;
        self.ledger.add(STAGE, "span", Outcome::Received, &self.name, found.saturating_sub(known));
        self.ledger.add(STAGE, "span", Outcome::Dropped, DAMAGED, known.saturating_sub(found));
    }

    /// Takes out of the books what waits: its target is one no more. It stays on disk. How many spans.
    pub(crate) fn leave(&self) -> u64 {
        let waiting = self.state().counts.waiting;
        self.ledger.add(STAGE, "span", Outcome::Dropped, REMOVED, waiting);
        waiting
    }

    /// Takes an item, unless it was enqueued before; one without bytes only moves the position.
    pub(crate) fn enqueue(&self, item: Item) {
        let mut state = self.state();
        if state.last_main.is_some_and(|last| item.main <= last) {
            return;
        }
        state.last_main = Some(item.main);
        if item.bytes.is_empty() {
            return;
        }
        state.counts.received += item.spans;
        self.ledger.add(STAGE, "span", Outcome::Received, &self.name, item.spans);
        if item.bytes.len() > MAX_ITEM_BYTES {
            state.counts.dropped += item.spans;
            self.ledger.add(STAGE, "span", Outcome::Dropped, TOO_LARGE, item.spans);
            return;
        }
        state.items += 1;
        state.counts.waiting += item.spans;
        state.pending_bytes += item.bytes.len() as u64;
        state.pending.push_back(item);
        let is_over = state.pending_bytes > MAX_PENDING_BYTES;
        drop(state);
        self.tell();
        if is_over && self.flush().is_err() {
            self.trim_pending();
        }
    }

    /// Writes and syncs what is pending. Blocks.
    pub(crate) fn flush(&self) -> Result<(), LogError> {
        let mut segments = self.segments();
        let items = {
            let mut state = self.state();
            state.pending_bytes = 0;
            state.is_writing = true;
            std::mem::take(&mut state.pending)
        };
        let now = self.clock.now();
        let frames: Vec<_> = items.iter().map(|item| item_frame(item, now)).collect();
        let written =
            if frames.is_empty() { Ok(()) } else { segments.append(&frames).and_then(|_| segments.sync()) };
        let mut state = self.state();
        state.is_writing = false;
        if let Err(error) = written {
            // They are not in the queue; the next flush writes them again.
            state.pending_bytes += items.iter().map(|item| item.bytes.len() as u64).sum::<u64>();
            items.into_iter().rev().for_each(|item| state.pending.push_front(item));
            return Err(error);
        }
        if let Some(last) = items.back() {
            state.written_main = Some(last.main);
        }
        drop(state);
        self.shrink(&mut segments);
        self.state().disk_bytes = segments.bytes();
        drop(segments);
        self.tell();
        Ok(())
    }

    /// Writes what is pending and makes the last marks durable. Blocks.
    pub(crate) fn close(&self) -> Result<(), LogError> {
        self.flush()?;
        self.segments().sync()
    }

    /// The next items for the sender, about a request's worth. Blocks.
    pub(crate) fn next_batch(&self) -> Result<Vec<Queued>, LogError> {
        let segments = self.segments();
        let (from, mut main) = {
            let state = self.state();
            (state.taken, state.taken_main)
        };
        let (mut batch, mut bytes, mut taken, mut oldest) = (Vec::new(), 0, from, None);
        segments.replay(from, &mut |end, frame| {
            if let Some(Record::Item(item)) = read(&frame)
                && item.main > main
            {
                if !batch.is_empty() && bytes + item.bytes.len() > MAX_REQUEST_BYTES {
                    return ControlFlow::Break(());
                }
                bytes += item.bytes.len();
                main = item.main;
                oldest.get_or_insert(frame.arrival);
                batch.push(Queued { end, spans: item.spans, bytes: item.bytes });
            }
            taken = end;
            ControlFlow::Continue(())
        })?;
        let mut state = self.state();
        (state.taken, state.taken_main) = (taken, main);
        state.oldest = oldest;
        if batch.is_empty() && state.pending.is_empty() && state.items > 0 {
            // All was handed out and more should be there: the file went bad under us.
            let (items, spans) = (state.items, state.counts.waiting);
            state.drop_items(items, spans);
            self.ledger.add(STAGE, "span", Outcome::Dropped, DAMAGED, spans);
            self.tell();
        }
        Ok(batch)
    }

    /// Items up to `end` are done with. The mark is not synced: should it be lost in a crash, they are sent again. Blocks.
    pub(crate) fn done(&self, end: Position, fate: Fate) {
        let mut segments = self.segments();
        let mut state = self.state();
        let Fate { items, exported, refused, parked } = fate;
        state.sent = state.sent.max(end);
        state.items = state.items.saturating_sub(items);
        state.counts.waiting = state.counts.waiting.saturating_sub(exported + refused + parked);
        state.counts.exported += exported;
        state.counts.refused += refused;
        state.counts.parked += parked;
        let mark = state.durable().map(|main| sent_frame(state.sent, main, self.clock.now()));
        drop(state);
        for (outcome, spans) in
            [(Outcome::Exported, exported), (Outcome::Refused, refused), (Outcome::Rejected, parked)]
        {
            self.ledger.add(STAGE, "span", outcome, &self.name, spans);
        }
        let marked = mark.map_or(Ok(Vec::new()), |mark| segments.append(&[mark]));
        if let Err(error) = marked.and_then(|_| forget(&mut segments, end)) {
            tracing::debug!(name: "export.queue.unmarked", target = self.name, %error, "a restart will send again what was sent");
        }
        let mut state = self.state();
        state.disk_bytes = segments.bytes();
        if state.sent >= state.taken {
            state.oldest = None;
        }
        drop(state);
        drop(segments);
        self.tell();
    }

    /// Counts a request that is sent again.
    pub(crate) fn count_retry(&self) {
        self.state().counts.retries += 1;
        self.ledger.add(STAGE, "request", Outcome::Retried, &self.name, 1);
        self.tell();
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.state().pending.is_empty()
    }

    /// Nothing waits and nothing is on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().items == 0
    }

    pub(crate) fn durable_position(&self) -> Option<Position> {
        self.state().durable()
    }

    pub(crate) fn last_position(&self) -> Option<Position> {
        self.state().last_main
    }

    pub(crate) fn counts(&self) -> TargetCounts {
        self.state().counts
    }

    pub(crate) fn depth(&self) -> QueueDepth {
        let state = self.state();
        QueueDepth {
            target: self.name.clone(),
            spans: state.counts.waiting,
            bytes: state.disk_bytes.saturating_add(state.pending_bytes),
            limit_bytes: self.queue_bytes,
            oldest: state.oldest,
        }
    }

    /// Wakes at each change; what was seen before does not wake.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The disk takes nothing: beyond the bound the oldest go.
    pub(crate) fn trim_pending(&self) {
        let mut state = self.state();
        while state.pending_bytes > MAX_PENDING_BYTES
            && let Some(oldest) = state.pending.pop_front()
        {
            state.pending_bytes = state.pending_bytes.saturating_sub(oldest.bytes.len() as u64);
            state.drop_items(1, oldest.spans);
            self.ledger.add(STAGE, "span", Outcome::Dropped, FULL, oldest.spans);
        }
        self.tell();
    }

    /// Drops the oldest files while the queue is over its budget, and counts what nobody has taken from them.
    fn shrink(&self, segments: &mut Segments) {
        while segments.bytes() > self.queue_bytes {
            let mut ends = segments.file_ends();
            let (Some(end), Some(_)) = (ends.next(), ends.next()) else { break };
            drop(ends);
            let (from, mut main) = {
                let state = self.state();
                (state.taken, state.taken_main)
            };
            let (mut items, mut spans) = (0, 0);
            let counted = segments.replay(from, &mut |at, frame| {
                if at > end {
                    return ControlFlow::Break(());
                }
                if let Some(Record::Item(item)) = read(&frame)
                    && item.main > main
                {
                    (items, spans, main) = (items + 1, spans + item.spans, item.main);
                }
                ControlFlow::Continue(())
            });
            if let Err(error) = counted.and_then(|_| segments.truncate_before(end)) {
                tracing::warn!(name: "export.queue.over", target = self.name, %error, "a queue stays over its budget");
                break;
            }
            let mut state = self.state();
            state.taken = state.taken.max(end);
            state.taken_main = main;
            state.drop_items(items, spans);
            drop(state);
            self.ledger.add(STAGE, "span", Outcome::Dropped, FULL, spans);
        }
    }

    fn tell(&self) {
        self.changes.send_modify(|version| *version = version.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments(&self) -> MutexGuard<'_, Segments> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Removes the files that end at or before `end`. What is left must tell the position, so it is synced before.
fn forget(segments: &mut Segments, end: Position) -> Result<(), LogError> {
    let oldest = segments.file_ends().next();
    if oldest.is_some_and(|oldest| oldest <= end && oldest < segments.end()) {
        segments.sync()?;
        segments.truncate_before(end)?;
    }
    Ok(())
}

/// What the files say: how far they were sent, how far the main log was seen, what waits.
fn recover(segments: &Segments) -> Result<State, LogError> {
    let mut state = State::default();
    segments.replay(Position::START, &mut |_, frame| {
        match read(&frame) {
            Some(Record::Item(item)) => state.last_main = state.last_main.max(Some(item.main)),
            Some(Record::Sent { queue, main }) => {
                state.sent = state.sent.max(queue);
                state.last_main = state.last_main.max(Some(main));
            }
            None => {}
        }
        ControlFlow::Continue(())
    })?;
    state.taken = state.sent;
    state.written_main = state.last_main;
    // A file that could not be cut after a failed sync may hold items that were written again behind it.
    let mut main = Position::START;
    segments.replay(state.sent, &mut |_, frame| {
        if let Some(Record::Item(item)) = read(&frame)
            && item.main > main
        {
            main = item.main;
            state.items += 1;
            state.counts.waiting += item.spans;
        }
        ControlFlow::Continue(())
    })?;
    state.counts.received = state.counts.waiting;
    Ok(state)
}
