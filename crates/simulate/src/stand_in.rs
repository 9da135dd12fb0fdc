//! A stand-in for the edge: a TCP forwarder that logs as a ZPA app connector does.
//!
//! For each user it listens at an address of that user's own, opens the upstream connection from its own address, copies both
//! ways, and writes User Activity records with that real 4-tuple and real stamps over one LSS connection. The one thing that
//! is made up are the names.

mod connection;
mod forward;
mod lss;
mod record;
mod settings;
mod stopwatch;
mod template;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use fanlight_model::hash_parts;
use fanlight_runtime::{Clock, Shutdown, spawn};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use connection::{Edge, Visitor};
use lss::RecordQueue;
pub use settings::{ParseRecordsError, Records, Settings, Template, User};

/// Connections open at once; a further one waits in the listener's backlog.
const MAX_CONNECTIONS: usize = 4_096;
/// How long the open connections have to end, and then the records to leave, once the stand-in is told to stop.
const DRAIN: Duration = Duration::from_secs(3);
/// After a failed accept (no file descriptor left, for one) the next try waits this long, lest the loop spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why a stand-in could not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StandInError {
    /// There is nobody to stand between.
    #[error("no user to listen for: give at least one `NAME=ADDRESS`")]
    NoUser,
    /// A denied name that no listener has would deny nobody.
    #[error("`{name}` is to be denied, but no user has that name")]
    UnknownDenied {
        /// The name as given.
        name: String,
    },
    /// A user's address cannot be had.
    #[error(
        "cannot listen at `{address}` for `{user}`: give that user another address, or port 0 for any free one"
    )]
    Listen {
        /// Whose address.
        user: Arc<str>,
        /// Which address.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The app connector's own address is not one of this machine's, or of another family than the upstream.
    #[error(
        "cannot connect from `{address}`: it must be an address of this machine, of the upstream's family"
    )]
    ConnectorAddress {
        /// Which address.
        address: IpAddr,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

/// A stand-in whose listeners are up and which has not begun to accept.
#[derive(Debug)]
pub struct StandIn {
    listeners: Vec<(User, SocketAddr, TcpListener)>,
    settings: Settings,
    clock: Clock,
}

/// Binds and runs until the shutdown begins: [`StandIn::bind`] and [`StandIn::run`] in one.
///
/// # Errors
/// Where an address cannot be had.
pub async fn run(settings: Settings, clock: Clock, shutdown: Shutdown) -> Result<(), StandInError> {
    StandIn::bind(settings, clock).await?.run(shutdown).await;
    Ok(())
}

impl StandIn {
    /// Opens a listener for each user, and checks that the app connector's own address can be used.
    ///
    /// # Errors
    /// Where an address cannot be had, or the settings name nobody.
    pub async fn bind(settings: Settings, clock: Clock) -> Result<Self, StandInError> {
        if settings.users.is_empty() {
            return Err(StandInError::NoUser);
        }
        if let Some(name) =
            settings.denied.iter().find(|name| settings.users.iter().all(|user| *user.name != ***name))
        {
            return Err(StandInError::UnknownDenied { name: name.clone() });
        }
        let address = settings.connector_address();
        connection::socket_from(address)
            .map_err(|cause| StandInError::ConnectorAddress { address, cause })?;
        let mut listeners = Vec::new();
        for user in &settings.users {
            let refused =
                |cause| StandInError::Listen { user: Arc::clone(&user.name), address: user.listen, cause };
            let listener = TcpListener::bind(user.listen).await.map_err(refused)?;
            let bound = listener.local_addr().map_err(refused)?;
            listeners.push((user.clone(), bound, listener));
        }
        Ok(Self { listeners, settings, clock })
    }

    /// Where each user is listened for, in the order given; the real port where 0 was asked for.
    pub fn addresses(&self) -> Vec<(Arc<str>, SocketAddr)> {
        self.listeners.iter().map(|(user, bound, _)| (Arc::clone(&user.name), *bound)).collect()
    }

    /// Forwards until the shutdown begins; then ends the open connections with their close records and sends what waits.
    pub async fn run(self, shutdown: Shutdown) {
        let queue = RecordQueue::default();
        let sender = spawn("stand_in.lss", lss::send(queue.clone(), self.settings.lss, self.clock.clone()));
        let started = self.clock.now().as_nanos().to_be_bytes();
        let edge = Arc::new(Edge::new(self.settings, self.clock, queue.clone(), shutdown.clone()));
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        // Each task holds a sender of this channel: it is closed when the last of them has ended.
        let (alive, mut all_ended) = mpsc::channel::<()>(1);
        for (user, bound, listener) in self.listeners {
            let session = hash_parts(&[user.name.as_bytes(), bound.to_string().as_bytes(), &started]);
            let visitor = Arc::new(Visitor::new(user, &session));
            spawn(
                "stand_in.accept",
                accept(Arc::clone(&edge), visitor, listener, Arc::clone(&room), alive.clone()),
            );
        }
        drop(alive);
        shutdown.begun().await;
        if tokio::time::timeout(DRAIN, all_ended.recv()).await.is_err() {
            tracing::warn!(name: "simulate.stand_in.cut", "connections were still open and are cut without a record");
        }
        queue.close();
        let ended = tokio::time::timeout(DRAIN, sender).await.is_ok();
        let unsent = queue.waiting();
        if !ended && unsent > 0 {
            tracing::warn!(name: "simulate.stand_in.unsent", records = unsent, "the receiver did not take all records");
        }
    }
}

async fn accept(
    edge: Arc<Edge>,
    visitor: Arc<Visitor>,
    listener: TcpListener,
    room: Arc<Semaphore>,
    alive: mpsc::Sender<()>,
) {
    loop {
        let (client, peer, permit) = tokio::select! {
            () = edge.shutdown().begun() => return,
            accepted = next(&listener, &room) => match accepted {
                Ok(accepted) => accepted,
                Err(cause) => {
                    tracing::warn!(name: "simulate.stand_in.accept_failed", %cause, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (edge, visitor, alive) = (Arc::clone(&edge), Arc::clone(&visitor), alive.clone());
        spawn("stand_in.connection", async move {
            connection::serve(&edge, &visitor, client, peer).await;
            drop((permit, alive));
        });
    }
}

async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (client, peer) = listener.accept().await?;
    Ok((client, peer, permit))
}
