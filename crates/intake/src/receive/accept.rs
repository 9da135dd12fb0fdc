//! The accept loop that every listener runs: it survives what a system can throw at it, and ends in order.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fanlight_runtime::{Ledger, Outcome, Shutdown, spawn};
use ipnet::IpNet;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::door::STAGE;

const CONNECTION: &str = "connection";

/// A dead peer is found out within a minute: 30 s of silence, then three unanswered probes.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_PROBES: u32 = 3;

/// After the shutdown signal, open connections get this long to finish what they do.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// When the system gives no socket (out of file descriptors), the loop waits this long, doubling to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// A bound socket and whom it is for.
#[derive(Debug)]
pub(crate) struct Doorway {
    pub(crate) name: &'static str,
    pub(crate) listener: TcpListener,
    pub(crate) allow: Vec<IpNet>,
    pub(crate) max_connections: usize,
    pub(crate) ledger: Ledger,
    pub(crate) shutdown: Shutdown,
}

/// A connection that was taken.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) stream: TcpStream,
    /// False where the peer is not on the list: it shall be told so and let go.
    pub(crate) is_allowed: bool,
}

impl Doorway {
    /// Serves each connection in a task of its own until the shutdown, then waits for them within a deadline.
    pub(crate) async fn run<S, F>(self, serve: S)
    where
        S: Fn(Visitor) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let slots = Arc::new(Semaphore::new(self.max_connections));
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.begun() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause = FIRST_PAUSE;
                    self.welcome(stream, peer, &slots, &serve);
                }
                Err(error) if is_of_the_peer(&error) => self.count(Outcome::Dropped, "aborted"),
                Err(error) => {
                    self.count(Outcome::Dropped, "accept_failed");
                    tracing::warn!(name: "intake.accept.failed", listener = self.name, %error, "no connection can be taken; trying again");
                    tokio::select! {
                        () = self.shutdown.begun() => break,
                        () = sleep(pause) => pause = (pause * 2).min(LAST_PAUSE),
                    }
                }
            }
        }
        let all = u32::try_from(self.max_connections).unwrap_or(u32::MAX);
        drop(self.listener);
        if timeout(DRAIN_DEADLINE, slots.acquire_many(all)).await.is_err() {
            tracing::warn!(name: "intake.drain.late", listener = self.name, "connections were still open at the deadline");
        }
    }

    fn welcome<S, F>(&self, stream: TcpStream, peer: SocketAddr, slots: &Arc<Semaphore>, serve: &S)
    where
        S: Fn(Visitor) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        self.count(Outcome::Received, self.name);
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
            self.count(Outcome::Refused, "too_many_connections");
            return;
        };
        let is_allowed = is_allowed(&self.allow, peer.ip());
        if !is_allowed {
            self.count(Outcome::Refused, "not_allowed");
            tracing::debug!(name: "intake.peer.refused", listener = self.name, "a peer outside `allow` was refused");
        }
        if let Err(error) = prepare(&stream) {
            tracing::debug!(name: "intake.socket.unprepared", %error, "a connection goes without keep-alive");
        }
        let served = serve(Visitor { stream, is_allowed });
        drop(spawn(self.name, async move {
            served.await;
            drop(slot);
        }));
    }

    fn count(&self, outcome: Outcome, reason: &str) {
        self.ledger.add(STAGE, CONNECTION, outcome, reason, 1);
    }
}

/// The peer hung up between its connect and our accept; the next one is as good as ever.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// An empty list is for everybody: the configuration grants it on loopback only.
fn is_allowed(allow: &[IpNet], peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    allow.is_empty() || allow.iter().any(|network| network.contains(&peer))
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that comes in over a dual-stack socket is judged by its IPv4 address.
    #[test]
    fn a_list_is_matched_on_the_canonical_address() {
        let allow: Vec<IpNet> = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        for (peer, expected) in [
            ("192.0.2.7", true),
            ("::ffff:192.0.2.7", true),
            ("198.51.100.7", false),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(is_allowed(&allow, peer.parse().unwrap()), expected, "{peer}");
        }
        assert!(is_allowed(&[], "127.0.0.1".parse().unwrap()));
    }
}
