//! A request's body, read under a cap, a share of the bytes in flight, and a deadline.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanlight_runtime::{Budget, Permit};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::time::{Sleep, sleep};

use super::refusal::Refusal;

/// From the header to the body's end. A body at the cap then needs 1.1 Mbit/s.
const BODY_DEADLINE: Duration = Duration::from_secs(120);

/// What a request holds before its body comes. What it announces is a word, not bytes: a few peers that announce much and send nothing
/// would leave nothing for the others.
const FIRST_SHARE: u64 = 16 << 10;

/// What is set aside for the rest of a body at one time, as a multiple of what has come.
const AHEAD: usize = 4;

/// Copying less than this costs less than the buffer that it would keep.
const SMALL_BODY_BYTES: usize = 64 << 10;

/// A refused body is read away this far, so that the answer reaches a sender that reads only after it has written.
const MAX_DRAINED_BYTES: usize = 4 << 20;
const DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// A request's share of the bytes in flight, from before its body is read until it is through the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Share(Arc<Mutex<Option<Permit>>>);

impl Share {
    /// Takes a first share for a body of `announced` bytes, or of a length that is not told. It grows as the body comes.
    pub(crate) fn of(budget: &Budget, announced: Option<u64>) -> Result<Self, Refusal> {
        let first = announced.unwrap_or(FIRST_SHARE).min(FIRST_SHARE);
        let permit = budget.try_acquire(first).ok_or(Refusal::Busy)?;
        Ok(Self(Arc::new(Mutex::new(Some(permit)))))
    }

    /// Makes the share at least `bytes` large.
    pub(crate) fn cover(&self, bytes: usize) -> Result<(), Refusal> {
        let mut permit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(permit) = permit.as_mut() else { return Ok(()) };
        let more = (bytes as u64).saturating_sub(permit.bytes());
        if more == 0 || permit.try_grow(more) { Ok(()) } else { Err(Refusal::Busy) }
    }

    /// Gives back what is no longer held.
    pub(crate) fn shrink_to(&self, bytes: usize) {
        if let Some(permit) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            permit.shrink_to(bytes as u64);
        }
    }

    /// Takes the permit out, to travel with the frame.
    pub(crate) fn take(&self) -> Option<Permit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A body that ends in a [`Refusal`] where it passes a bound.
pub(crate) struct Metered<B> {
    body: B,
    share: Share,
    limit: usize,
    read: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<B> Metered<B> {
    pub(crate) fn new(body: B, share: Share, limit: usize) -> Self {
        Self { body, share, limit, read: 0, deadline: Box::pin(sleep(BODY_DEADLINE)) }
    }

    fn check(&mut self, frame: &Frame<Bytes>) -> Result<(), Refusal> {
        self.read += frame.data_ref().map_or(0, Bytes::len);
        if self.read > self.limit {
            return Err(Refusal::TooLarge { limit: self.limit });
        }
        self.share.cover(self.read)
    }
}

impl<B: Body<Data = Bytes, Error: Into<Refusal>> + Unpin> Body for Metered<B> {
    type Data = Bytes;
    type Error = Refusal;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Refusal>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(self.check(&frame).map(|()| frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.deadline.as_mut().poll(context).map(|()| Some(Err(Refusal::TooSlow))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

impl<B: Body<Data = Bytes, Error: Into<Refusal>> + Unpin> Metered<B> {
    /// Reads all of it. One large frame is handed on as it is; several are put together.
    pub(crate) async fn read_whole(mut self) -> Result<Bytes, Refusal> {
        let expected = self.body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let mut first = Bytes::new();
        let mut whole: Option<BytesMut> = None;
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            match whole.as_mut() {
                Some(whole) => whole.extend_from_slice(&data),
                None if first.is_empty() => first = data,
                None => {
                    let come = first.len() + data.len();
                    let room = expected.unwrap_or(0).min(self.limit).min(AHEAD * come).max(come);
                    let mut joined = BytesMut::with_capacity(room);
                    joined.extend_from_slice(&first);
                    joined.extend_from_slice(&data);
                    whole = Some(joined);
                }
            }
        }
        Ok(whole.map_or_else(|| unshared(first), BytesMut::freeze))
    }
}

/// A body lives as long as its spans do in memory: a small one must not keep the connection's whole buffer for that long.
fn unshared(bytes: Bytes) -> Bytes {
    if bytes.len() < SMALL_BODY_BYTES { Bytes::copy_from_slice(&bytes) } else { bytes }
}

/// Reads a refused body away, within bounds. A sender that waits for `100 Continue` has sent nothing.
pub(crate) async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let read_away = async {
        let mut drained = 0;
        while drained < MAX_DRAINED_BYTES {
            match body.frame().await {
                Some(Ok(frame)) => drained += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => return,
            }
        }
    };
    if tokio::time::timeout(DRAIN_DEADLINE, read_away).await.is_err() {
        tracing::debug!(name: "intake.body.undrained", "a refused body did not end in time");
    }
}
