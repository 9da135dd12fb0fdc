//! The log stream: one TCP connection, one record a line, no acknowledgement.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanlight_runtime::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// Records that wait while the receiver is away: about 20 MB. Then the oldest go, as the vendor's own buffer does.
const MAX_WAITING: usize = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Rendered records on their way out. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordQueue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    records: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Arc<str>>,
    dropped: u64,
    closed: bool,
}

impl RecordQueue {
    /// Takes a record with its newline; at the bound the oldest goes.
    pub(super) fn push(&self, line: String) {
        let mut records = self.records();
        if records.lines.len() >= MAX_WAITING {
            records.lines.pop_front();
            records.dropped += 1;
            if records.dropped == 1 {
                tracing::warn!(name: "simulate.lss.full", "the receiver takes no records: the oldest are dropped");
            }
        }
        records.lines.push_back(line.into());
        drop(records);
        self.shared.changed.notify_one();
    }

    /// No more records come: the sender ends when the last has left.
    pub(super) fn close(&self) {
        self.records().closed = true;
        self.shared.changed.notify_one();
    }

    /// Records not sent yet.
    pub(super) fn waiting(&self) -> usize {
        self.records().lines.len()
    }

    /// The next record, left in place until it is [`taken`](Self::taken); `None` when closed and empty.
    async fn next(&self) -> Option<Arc<str>> {
        loop {
            let changed = self.shared.changed.notified();
            {
                let records = self.records();
                if let Some(line) = records.lines.front() {
                    return Some(Arc::clone(line));
                }
                if records.closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// The record was written; unless it was dropped meanwhile, it goes now.
    fn taken(&self, line: &Arc<str>) {
        let mut records = self.records();
        if records.lines.front().is_some_and(|front| Arc::ptr_eq(front, line)) {
            records.lines.pop_front();
        }
    }

    fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.records().dropped)
    }

    fn records(&self) -> MutexGuard<'_, Waiting> {
        self.shared.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends until the queue is closed and empty; connects again, with growing pauses, for as long as it takes.
pub(super) async fn send(queue: RecordQueue, receiver: SocketAddr, clock: Clock) {
    let mut pause = FIRST_PAUSE;
    loop {
        match TcpStream::connect(receiver).await {
            Ok(stream) => {
                tracing::info!(name: "simulate.lss.connected", { server.address = %receiver }, "connected to the receiver");
                let since = clock.elapsed();
                match send_over(&queue, stream).await {
                    Ok(()) => return,
                    Err(cause) => {
                        tracing::warn!(name: "simulate.lss.lost", { server.address = %receiver, %cause }, "the receiver has gone");
                    }
                }
                // A receiver that takes connections and drops them at once is not hammered either.
                if clock.elapsed().saturating_sub(since) > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
            }
            Err(cause) => {
                tracing::debug!(name: "simulate.lss.refused", { server.address = %receiver, %cause }, "no receiver yet");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One connection's life. A record that was not wholly written is sent again over the next one: twice is better than never.
async fn send_over(queue: &RecordQueue, stream: TcpStream) -> io::Result<()> {
    let (mut read, mut write) = stream.into_split();
    loop {
        let line = tokio::select! {
            // The receiver never speaks: whatever comes of reading is the end of it, and is seen before a write gets lost.
            ended = hung_up(&mut read) => return Err(ended),
            line = queue.next() => line,
        };
        let Some(line) = line else { return finish(read, write).await };
        write.write_all(line.as_bytes()).await?;
        queue.taken(&line);
        let dropped = queue.take_dropped();
        if dropped > 0 {
            tracing::warn!(name: "simulate.lss.dropped", records = dropped, "records were dropped while the receiver was away");
        }
    }
}

async fn hung_up(read: &mut OwnedReadHalf) -> io::Error {
    let mut buffer = [0; 256];
    loop {
        match read.read(&mut buffer).await {
            Ok(0) => return io::ErrorKind::ConnectionAborted.into(),
            Ok(_) => {}
            Err(cause) => return cause,
        }
    }
}

/// Ends the stream in order and waits for the receiver's own end, so that the last records are not cut off by a reset.
async fn finish(mut read: OwnedReadHalf, mut write: OwnedWriteHalf) -> io::Result<()> {
    write.shutdown().await?;
    hung_up(&mut read).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn at_the_bound_the_oldest_record_goes_and_is_counted() {
        let queue = RecordQueue::default();
        for number in 0..=MAX_WAITING {
            queue.push(format!("{number}\n"));
        }
        assert_eq!(queue.waiting(), MAX_WAITING);
        assert_eq!(queue.next().await.as_deref(), Some("1\n"));
        assert_eq!(queue.take_dropped(), 1);
    }

    #[tokio::test]
    async fn a_closed_queue_ends_when_it_is_empty() {
        let queue = RecordQueue::default();
        queue.push("last\n".to_owned());
        queue.close();
        let last = queue.next().await.expect("one waits");
        queue.taken(&last);
        assert!(queue.next().await.is_none());
    }
}
