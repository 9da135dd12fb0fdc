//! A connection's bytes: plain or under TLS, with a bound on how slowly a peer may take what it is sent.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use crate::pulse::Pulse;
use crate::settings::Limits;

/// The bytes of one connection.
#[derive(Debug)]
pub struct Stream {
    kind: Kind,
    /// Read before, and put back.
    unread: Bytes,
    /// Told of everything that is read.
    pulse: Option<Arc<Pulse>>,
}

#[derive(Debug)]
enum Kind {
    Plain(Paced),
    Tls(Box<TlsStream<Paced>>),
}

impl Stream {
    pub(crate) fn plain(stream: Paced) -> Self {
        Self { kind: Kind::Plain(stream), unread: Bytes::new(), pulse: None }
    }

    pub(crate) fn tls(stream: TlsStream<Paced>) -> Self {
        Self { kind: Kind::Tls(Box::new(stream)), unread: Bytes::new(), pulse: None }
    }

    /// Puts back what was read; it is read again first.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        self.unread = bytes;
    }

    /// Tells the pulse of all that is read from now on.
    pub(crate) fn tell(&mut self, pulse: Arc<Pulse>) {
        self.pulse = Some(pulse);
    }

    /// What ALPN agreed to.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Tls(stream) => stream.get_ref().1.alpn_protocol(),
        }
    }
}

/// A socket whose peer has to take what it is sent: nothing for `stall`, and from then on at least `rate` bytes a second.
///
/// Time counts only while something waits to be taken. What the kernel has in its own buffers is bounded by the kernel.
#[derive(Debug)]
pub(crate) struct Paced {
    stream: TcpStream,
    stall: Duration,
    rate: u32,
    /// Since when the peer takes less than it is sent, and how much it has taken since.
    backlog: Option<(Instant, u64)>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(crate) fn new(stream: TcpStream, limits: &Limits) -> Self {
        Self { stream, stall: limits.stall, rate: limits.body_rate, backlog: None, deadline: None }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Counts what was taken of `offered` bytes; an error where nothing was, for too long.
    fn taken(
        &mut self,
        taken: Poll<io::Result<usize>>,
        offered: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match taken {
            Poll::Ready(Ok(count)) => {
                self.backlog = match self.backlog {
                    Some((since, before)) if count < offered => Some((since, before + count as u64)),
                    _ => None,
                };
                Poll::Ready(Ok(count))
            }
            Poll::Pending => {
                let (since, before) = *self.backlog.get_or_insert_with(|| (Instant::now(), 0));
                let earned =
                    Duration::from_millis(before.saturating_mul(1_000) / u64::from(self.rate.max(1)));
                let end = since + self.stall + earned;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(end)));
                if deadline.deadline() != end {
                    deadline.as_mut().reset(end);
                }
                ready!(deadline.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the peer takes too slowly what it is sent",
                )))
            }
            failed @ Poll::Ready(Err(_)) => failed,
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(taken, bytes.len(), context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.taken(taken, slices.iter().map(|slice| slice.len()).sum(), context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let room = into.remaining().min(self.unread.len());
            into.put_slice(&self.unread.split_to(room));
            return Poll::Ready(Ok(()));
        }
        let before = into.filled().len();
        let read = match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Kind::Tls(stream) => Pin::new(stream).poll_read(context, into),
        };
        if let Some(pulse) = &self.pulse
            && into.filled().len() > before
        {
            pulse.read_some();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Kind::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Kind::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Plain(stream) => stream.is_write_vectored(),
            Kind::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(context),
            Kind::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Kind::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpSocket;
    use tokio::task::yield_now;
    use tokio::time::{advance, timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(200);

    /// Both ends of a connection that keeps little between them: some thousands of bytes.
    async fn pair() -> (Paced, TcpStream) {
        let (server, client) = (TcpSocket::new_v4().unwrap(), TcpSocket::new_v4().unwrap());
        server.set_send_buffer_size(4_096).unwrap();
        client.set_recv_buffer_size(4_096).unwrap();
        server.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = server.listen(1).unwrap();
        let peer = client.connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (Paced::new(stream, &Limits::DEFAULT), peer)
    }

    /// Writes without an end, in one way or the other; the seconds until it is given up, and why.
    async fn given_up(mut stream: Paced, is_vectored: bool) -> (u64, io::ErrorKind) {
        let (started, bytes) = (Instant::now(), [b'x'; 64 << 10]);
        let error = loop {
            let written = match is_vectored {
                false => stream.write(&bytes).await,
                true => stream.write_vectored(&[IoSlice::new(&bytes), IoSlice::new(&bytes)]).await,
            };
            if let Err(error) = written {
                break error;
            }
        };
        (started.elapsed().as_secs(), error.kind())
    }

    /// Takes so many bytes, however long they are under way: the clock stands still meanwhile, as the runtime is never idle.
    async fn take(peer: &mut TcpStream, mut bytes: usize) {
        while bytes > 0 {
            match peer.try_read(&mut vec![0; bytes]) {
                Ok(0) => panic!("it ended"),
                Ok(count) => bytes -= count,
                Err(_) => yield_now().await,
            }
        }
    }

    /// The peer takes `rate` bytes each second.
    async fn check(rate: usize, expected: Option<std::ops::RangeInclusive<u64>>) {
        for is_vectored in [false, true] {
            let (stream, mut peer) = pair().await;
            let taking = async {
                loop {
                    take(&mut peer, rate).await;
                    advance(Duration::from_secs(1)).await;
                }
            };
            let ended = tokio::select! {
                ended = timeout(LONG, given_up(stream, is_vectored)) => ended.ok(),
                () = taking => None,
            };
            match (&expected, ended) {
                (None, None) => {}
                (Some(within), Some((after, io::ErrorKind::TimedOut))) if within.contains(&after) => {}
                (_, ended) => panic!("at {rate} bytes a second, vectored {is_vectored}: {ended:?}"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_has_to_take_a_thousand_bytes_a_second_after_half_a_minute() {
        // What lies between the ends counts, or does not, as the system likes.
        check(0, Some(30..=40)).await;
        check(500, Some(40..=70)).await;
        check(2_000, None).await;
    }

    /// A peer was behind, and took all of it; when it is behind again much later, it has its half minute again.
    #[tokio::test(start_paused = true)]
    async fn what_was_made_good_is_forgotten() {
        let (mut stream, mut peer) = pair().await;
        for _ in 0..3 {
            let mut written = 0;
            while let Ok(count) = timeout(Duration::from_secs(20), stream.write(&[b'x'; 512])).await {
                written += count.unwrap();
            }
            let (wrote, ()) = tokio::join!(stream.write_all(b"x"), take(&mut peer, written + 1));
            wrote.unwrap();
            advance(Duration::from_secs(100)).await;
        }
    }
}
