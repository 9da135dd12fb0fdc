//! Bodies that know how fast they are: a request's has a lowest rate, an answer's tells the pulse of its connection.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::pulse::Ticket;
use crate::settings::Limits;

/// A request's body. After a grace it has to come with at least a thousand bytes a second; time counts only while it is waited
/// for.
#[derive(Debug)]
pub struct RequestBody {
    body: Incoming,
    grace: Duration,
    rate: u32,
    bytes: u64,
    waited: Duration,
    waits_since: Option<Instant>,
    deadline: Option<Pin<Box<Sleep>>>,
}

/// Why a body did not come.
#[derive(Debug)]
pub enum BodyError {
    /// Slower than the lowest rate.
    TooSlow,
    /// The peer went away, or broke the protocol.
    Broken(hyper::Error),
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooSlow => f.write_str("the body comes too slowly"),
            Self::Broken(_) => f.write_str("the body broke off"),
        }
    }
}

impl Error for BodyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooSlow => None,
            Self::Broken(cause) => Some(cause),
        }
    }
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, limits: &Limits) -> Self {
        Self {
            body,
            grace: limits.body_grace,
            rate: limits.body_rate,
            bytes: 0,
            waited: Duration::ZERO,
            waits_since: None,
            deadline: None,
        }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        let earned = Duration::from_millis(self.bytes.saturating_mul(1_000) / u64::from(self.rate.max(1)));
        let end = since + (self.grace + earned).saturating_sub(self.waited);
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if deadline.deadline() != end {
            deadline.as_mut().reset(end);
        }
        deadline.as_mut().poll(context)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                if let Some(since) = self.waits_since.take() {
                    self.waited += since.elapsed();
                }
                Poll::Ready(frame.map(|frame| {
                    let frame = frame.map_err(BodyError::Broken)?;
                    self.bytes += frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
                    Ok(frame)
                }))
            }
            Poll::Pending => {
                ready!(self.wait(context));
                Poll::Ready(Some(Err(BodyError::TooSlow)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, with its request's ticket.
#[derive(Debug)]
pub(crate) struct ResponseBody<B> {
    body: B,
    /// What of its last frame was not given yet.
    rest: Bytes,
    ticket: Ticket,
}

/// A large frame is given in pieces of this size. Of one that was given whole nobody could tell whether it is being taken: the connection
/// would look idle while the peer reads. At the slowest rate that is borne a piece takes half of the time that one may take.
const PIECE_BYTES: usize = 16 << 10;

impl<B: Body<Data = Bytes>> ResponseBody<B> {
    pub(crate) fn new(body: B, mut ticket: Ticket) -> Self {
        // Whoever opens no window for it asks for nothing, from the start.
        ticket.gave();
        if body.is_end_stream() {
            ticket.finish();
        }
        Self { body, rest: Bytes::new(), ticket }
    }

    fn is_over(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn piece(&mut self) -> Bytes {
        self.rest.split_to(self.rest.len().min(PIECE_BYTES))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        self.ticket.is_asked();
        let mut frame = None;
        if self.rest.is_empty() {
            frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            if let Some(Ok(data)) = frame {
                frame = match data.into_data() {
                    Ok(data) => {
                        self.rest = data;
                        None
                    }
                    Err(other) => Some(Ok(other)),
                };
            } else if frame.is_none() {
                self.ticket.finish();
                return Poll::Ready(None);
            }
        }
        let frame = frame.unwrap_or_else(|| Ok(Frame::data(self.piece())));
        match &frame {
            Ok(frame) => {
                let is_last = frame.is_trailers() || self.is_over();
                self.ticket.gave();
                if is_last {
                    self.ticket.finish();
                }
            }
            Err(_) => self.ticket.finish(),
        }
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over()
    }

    /// The body's own counts what was taken out of it as given.
    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
