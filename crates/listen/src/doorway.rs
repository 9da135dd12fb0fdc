//! The accept loop that every listener runs: it survives what a system can throw at it, and ends in order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown, spawn};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::STAGE;
use crate::access::AccessError;
use crate::admission::Admission;
use crate::guard::Guard;
use crate::handshake::{self, Turns};
use crate::identity::PeerIdentity;
use crate::peers::{Peers, Place};
use crate::places::Places;
use crate::seldom::Seldom;
use crate::settings::{Limits, Listener, Protocol};
use crate::socket;
use crate::stream::{Paced, Stream};

const CONNECTION: &str = "connection";

/// After the shutdown signal, open connections get this long to finish what they do.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// When the system gives no socket (out of file descriptors), the loop waits this long, doubling to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Peers outside `allow` that are told so at one time; the next is closed unheard. They take no place from those who are let in.
const STRANGERS: usize = 16;

/// What every listener needs of the process.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Tells when a certificate ends.
    pub clock: Clock,
    /// Counts connections, and what became of them.
    pub ledger: Ledger,
    /// Shows how many are open, and when a certificate ends.
    pub metrics: Metrics,
    /// Ends it.
    pub shutdown: Shutdown,
    /// How many connections all listeners together may have.
    pub places: Places,
}

/// Why a listener could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The system did not give the address.
    #[error("listener `{listener}` cannot listen on `{address}`: {}", way_out(cause))]
    Bind {
        /// Which listener.
        listener: &'static str,
        /// On which address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It would be open to everybody.
    #[error(
        "listener `{listener}` on `{address}` would be open to everybody: list who may connect in `allow` \
         (such as `allow = [\"10.0.0.0/8\"]`){}, or listen on `127.0.0.1`",
        other_ways(*takes_tokens)
    )]
    Exposed {
        /// Which listener.
        listener: &'static str,
        /// On which address.
        address: SocketAddr,
        /// Whether a `token_file` would do.
        takes_tokens: bool,
    },
    /// Its files cannot be used.
    #[error("listener `{listener}` cannot be as configured")]
    Files {
        /// Which listener.
        listener: &'static str,
        /// Which file, and why.
        #[source]
        cause: AccessError,
    },
}

fn way_out(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "another process has this port; stop it, set another `listen`, or move all ports with `--listen-offset N`"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; set `listen` to one that it has"
        }
        io::ErrorKind::PermissionDenied => "ports below 1024 need a privilege; set `listen` to a higher port",
        _ => "the system refused",
    }
}

fn other_ways(takes_tokens: bool) -> &'static str {
    if takes_tokens {
        ", name a `token_file`, want client certificates (`client_ca` under `tls`)"
    } else {
        ", want client certificates (`client_ca` under `tls`)"
    }
}

/// A bound socket, and whom it is for. Nothing is taken until it runs.
#[derive(Debug)]
pub struct Doorway {
    name: &'static str,
    protocol: Protocol,
    limits: Limits,
    address: SocketAddr,
    listener: TcpListener,
    admission: Admission,
    tools: Tools,
}

/// A connection that was taken, its handshake done.
#[derive(Debug)]
pub struct Visitor {
    /// Its bytes.
    pub stream: Stream,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Judges its requests. A peer that is not let in comes this far, so that it can be told in its own protocol's words.
    pub guard: Guard,
    /// Who it showed to be; nothing where no certificate was asked for.
    pub identity: Option<PeerIdentity>,
    /// True under TLS.
    pub is_secure: bool,
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) limits: Limits,
    pub(crate) tools: Tools,
}

impl Doorway {
    /// Binds the address and reads the files; takes nothing yet.
    ///
    /// # Errors
    /// [`ListenError`] with the listener and the way out.
    pub async fn open(listener: Listener, tools: &Tools) -> Result<Self, ListenError> {
        let Listener { name, listen, protocol, limits, .. } = listener;
        if !listen.ip().to_canonical().is_loopback() && !listener.access.is_restricted() {
            let takes_tokens = protocol.takes_tokens();
            return Err(ListenError::Exposed { listener: name, address: listen, takes_tokens });
        }
        let admission = Admission::open(&listener, tools)
            .map_err(|cause| ListenError::Files { listener: name, cause })?;
        let bind = |cause| ListenError::Bind { listener: name, address: listen, cause };
        let socket = TcpListener::bind(listen).await.map_err(bind)?;
        let address = socket.local_addr().map_err(bind)?;
        Ok(Self { name, protocol, limits, address, listener: socket, admission, tools: tools.clone() })
    }

    /// The listener's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The address that it really has.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its rules, to be changed while it runs.
    pub fn admission(&self) -> Admission {
        self.admission.clone()
    }

    /// Serves each connection in a task of its own until the shutdown, then waits for them within a deadline.
    pub async fn run<S, F>(self, serve: S)
    where
        S: Fn(Visitor) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { name, protocol, limits, address, listener, admission, tools } = self;
        tracing::info!(name: "listen.listener.started", listener = name, %address, "listening");
        let house = Arc::new(House {
            name,
            protocol,
            limits,
            admission,
            slots: Arc::new(Semaphore::new(limits.connections)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            handshakes: Arc::new(Semaphore::new(limits.handshakes)),
            open: shown(name, &tools.metrics),
            peers: Peers::new(limits.connections_per_peer, limits.handshakes_per_peer),
            seldom: Seldom::default(),
            tools,
            serve,
        });
        let mut pause = FIRST_PAUSE;
        loop {
            let accepted = tokio::select! {
                () = house.tools.shutdown.begun() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    pause = FIRST_PAUSE;
                    House::welcome(&house, stream, peer);
                }
                Err(error) if is_of_the_peer(&error) => house.count(Outcome::Dropped, "aborted"),
                Err(error) => {
                    house.count(Outcome::Dropped, "accept_failed");
                    tracing::warn!(name: "listen.accept.failed", listener = name, %error, "no connection can be taken; trying again");
                    tokio::select! {
                        () = house.tools.shutdown.begun() => break,
                        () = sleep(pause) => pause = (pause * 2).min(LAST_PAUSE),
                    }
                }
            }
        }
        drop(listener);
        let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        if timeout(DRAIN_DEADLINE, house.slots.acquire_many(all)).await.is_err() {
            tracing::warn!(name: "listen.drain.late", listener = name, "connections were still open at the deadline");
        }
    }
}

/// What the connections of one listener share.
struct House<S> {
    name: &'static str,
    protocol: Protocol,
    limits: Limits,
    admission: Admission,
    slots: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    open: Arc<AtomicU32>,
    peers: Peers,
    seldom: Seldom,
    tools: Tools,
    serve: S,
}

/// What a connection holds as long as it is open.
struct Held {
    place: Place,
    _slot: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    _shown: Shown,
}

/// One of the open connections.
struct Shown(Arc<AtomicU32>);

impl Shown {
    fn new(open: &Arc<AtomicU32>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many connections are open, for everybody to see.
fn shown(listener: &'static str, metrics: &Metrics) -> Arc<AtomicU32> {
    let open = Arc::new(AtomicU32::new(0));
    let read = Arc::clone(&open);
    metrics.gauge(
        "fanlight_connections",
        "Connections that are open.",
        &[("listener", listener)],
        move || f64::from(read.load(Ordering::Relaxed)),
    );
    open
}

impl<S, F> House<S>
where
    S: Fn(Visitor) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    fn welcome(house: &Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        house.count(Outcome::Received, house.name);
        match house.admit(peer) {
            Ok(held) => {
                if let Err(error) = socket::prepare(&stream, &house.limits) {
                    tracing::debug!(name: "listen.socket.unprepared", %error, "a connection goes without keep-alive");
                }
                let house = Arc::clone(house);
                drop(spawn(house.name, async move {
                    if let Some(visitor) = house.receive(stream, peer, &held).await {
                        (house.serve)(visitor).await;
                    }
                    drop(held);
                }));
            }
            Err(reason) => house.count(Outcome::Refused, reason),
        }
    }

    fn admit(&self, peer: SocketAddr) -> Result<Held, &'static str> {
        let is_allowed = self.admission.rules().borrow().allow(peer.ip());
        let (slots, none_left) = match is_allowed {
            true => (&self.slots, "too_many_connections"),
            false => (&self.strangers, "too_many_strangers"),
        };
        let slot = Arc::clone(slots).try_acquire_owned().map_err(|_| none_left)?;
        let all = self.tools.places.take().ok_or("too_few_descriptors")?;
        let place = self.peers.enter(peer.ip()).ok_or("too_many_of_one_peer")?;
        if !is_allowed {
            self.count(Outcome::Refused, "not_allowed");
            tracing::debug!(name: "listen.peer.refused", listener = self.name, "a peer outside `allow` was refused");
        }
        Ok(Held { place, _slot: slot, _all: all, _shown: Shown::new(&self.open) })
    }

    /// Shakes hands where the listener speaks TLS.
    async fn receive(&self, stream: TcpStream, peer: SocketAddr, held: &Held) -> Option<Visitor> {
        let rules = self.admission.rules();
        let tls = rules.borrow().tls.as_ref().map(|tls| Arc::clone(&tls.config));
        let guard = Guard::new(rules, peer);
        let (name, protocol, limits) = (self.name, self.protocol, self.limits);
        let tools = self.tools.clone();
        let stream = Paced::new(stream, &limits);
        let Some(config) = tls else {
            let (stream, identity, is_secure) = (Stream::plain(stream), None, false);
            return Some(Visitor { stream, peer, guard, identity, is_secure, name, protocol, limits, tools });
        };
        let turns = Turns { all: Arc::clone(&self.handshakes), own: Arc::clone(&held.place.handshakes) };
        let shaken = tokio::select! {
            shaken = handshake::shake(stream, config, protocol, &limits, turns) => shaken,
            () = self.tools.shutdown.begun() => return None,
        };
        match shaken {
            Ok((stream, identity)) => {
                let is_secure = true;
                Some(Visitor { stream, peer, guard, identity, is_secure, name, protocol, limits, tools })
            }
            Err(failed) => {
                self.count(Outcome::Refused, failed.word);
                if let Some(untold) = self.seldom.is_due(&self.tools.clock) {
                    tracing::warn!(name: "listen.handshake.failed", listener = self.name, client.address = %peer.ip(), reason = failed.word, why = failed.why, untold, "a peer was not let in");
                }
                None
            }
        }
    }
}

impl<S> House<S> {
    fn count(&self, outcome: Outcome, reason: &str) {
        self.tools.ledger.add(STAGE, CONNECTION, outcome, reason, 1);
    }
}

/// The peer hung up between its connect and our accept; the next one is as good as ever.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
