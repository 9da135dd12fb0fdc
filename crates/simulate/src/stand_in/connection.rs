//! The life of one connection: policy, dispatch, set-up, traffic, end; a real stamp at each step.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fanlight_runtime::{Clock, Shutdown};
use tokio::net::{TcpSocket, TcpStream};

use super::forward::{EndedBy, Traffic, forward, lock};
use super::lss::RecordQueue;
pub(super) use super::record::Visitor;
use super::record::{ConnectionState, SetUp};
use super::settings::Settings;
use super::stopwatch::{Stopwatch, micros_between};

/// An app that does not answer for this long is not reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const DENIED: &str = "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY";
const NOT_CONNECTED: &str = "AST_MT_SETUP_ERR_OPEN_SERVER_CONN";
const NOT_ANSWERED: &str = "AST_MT_SETUP_ERR_OPEN_SERVER_TIMEOUT";
const NO_PORT_LEFT: &str = "AST_MT_SETUP_ERR_NO_EPHEMERAL_PORT";

/// What all connections share.
#[derive(Debug)]
pub(super) struct Edge {
    settings: Settings,
    clock: Clock,
    queue: RecordQueue,
    shutdown: Shutdown,
    connections: AtomicU64,
}

impl Edge {
    pub(super) fn new(settings: Settings, clock: Clock, queue: RecordQueue, shutdown: Shutdown) -> Self {
        Self { settings, clock, queue, shutdown, connections: AtomicU64::new(0) }
    }

    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The access policy: everyone whose name is not denied.
    fn allows(&self, visitor: &Visitor) -> bool {
        !self.settings.denied.contains(&*visitor.user.name)
    }

    /// The dispatcher's choice: which app connector, by its address. There is one.
    fn dispatch(&self) -> IpAddr {
        self.settings.connector_address()
    }
}

/// Serves one accepted connection to its end.
pub(super) async fn serve(edge: &Edge, visitor: &Visitor, client: TcpStream, peer: SocketAddr) {
    let mut watch = Stopwatch::start(&edge.clock);
    let number = edge.connections.fetch_add(1, Ordering::Relaxed);
    let mut state = ConnectionState::new(visitor, number, peer, watch.started());

    let began = watch.step();
    let allowed = edge.allows(visitor);
    state.phases.policy_us = micros_between(began, watch.step());
    if !allowed {
        drop(client);
        close(edge, visitor, state, &watch, DENIED);
        return;
    }
    match set_up(edge, &mut state, &mut watch).await {
        Ok(server) => carry(edge, visitor, state, &watch, client, server).await,
        Err(reason) => {
            drop(client);
            close(edge, visitor, state, &watch, reason);
        }
    }
}

/// From the dispatcher's question to the open upstream connection; the reason's code where it fails.
async fn set_up(
    edge: &Edge,
    state: &mut ConnectionState,
    watch: &mut Stopwatch,
) -> Result<TcpStream, &'static str> {
    state.set_up = SetUp::Failed;
    let ca_tx = watch.step();
    let connector = edge.dispatch();
    let ca_rx = watch.step();
    state.ca_tx = Some(ca_tx);
    state.ca_rx = Some(ca_rx);
    state.phases.ca_us = micros_between(ca_tx, ca_rx);

    let asked = watch.step();
    if !edge.settings.setup_delay.is_zero() {
        tokio::time::sleep(edge.settings.setup_delay).await;
    }
    let connecting = watch.step();
    let server = connect(connector, edge.settings.upstream).await?;
    let connected = watch.step();
    state.tuple = server.local_addr().and_then(|local| Ok((local, server.peer_addr()?))).ok();
    let complete = watch.step();
    state.phases.server_us = micros_between(connecting, connected);
    state.phases.connector_us = micros_between(asked, complete);
    state.phases.setup_us = micros_between(state.start, complete);
    state.setup_complete = Some(complete);
    state.set_up = SetUp::Complete;
    Ok(server)
}

/// A socket whose connections come from that address; the port is the system's choice.
pub(super) fn socket_from(address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(address, 0))?;
    Ok(socket)
}

async fn connect(from: IpAddr, upstream: SocketAddr) -> Result<TcpStream, &'static str> {
    let connecting = async { socket_from(from)?.connect(upstream).await };
    let server = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(Ok(server)) => server,
        Ok(Err(cause)) => {
            tracing::debug!(name: "simulate.stand_in.not_connected", { server.address = %upstream, %cause }, "the app was not reached");
            let no_port = matches!(cause.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse);
            return Err(if no_port { NO_PORT_LEFT } else { NOT_CONNECTED });
        }
        Err(_) => return Err(NOT_ANSWERED),
    };
    // A forwarder that waits to fill packets would add its own delay to what it measures.
    server.set_nodelay(true).map_err(|_| NOT_CONNECTED)?;
    Ok(server)
}

/// Forwards, with a record at the start, every so often, and at the end.
async fn carry(
    edge: &Edge,
    visitor: &Visitor,
    mut state: ConnectionState,
    watch: &Stopwatch,
    client: TcpStream,
    server: TcpStream,
) {
    if client.set_nodelay(true).is_err() {
        tracing::debug!(name: "simulate.stand_in.gone", "the client left during the set-up");
    }
    let settings = &edge.settings;
    if settings.records.open {
        edge.queue.push(state.render(settings, visitor, "open", "", watch.now()));
    }
    let traffic = Mutex::new(Traffic::default());
    let tick = || {
        if settings.records.active {
            state.traffic = *lock(&traffic);
            edge.queue.push(state.render(settings, visitor, "active", "", watch.now()));
            state.told = state.traffic;
        }
    };
    let ended_by =
        forward(client, server, watch, &traffic, settings.active_every, &edge.shutdown, tick).await;
    state.traffic = *lock(&traffic);
    let reason = match ended_by {
        EndedBy::Client => "BRK_MT_CLOSED_FROM_CLIENT",
        EndedBy::Server => "BRK_MT_CLOSED_FROM_ASSISTANT",
        EndedBy::ServerReset => "BRK_MT_RESET_FROM_SERVER",
        EndedBy::Us => "BRK_MT_TERMINATED",
    };
    close(edge, visitor, state, watch, reason);
}

fn close(edge: &Edge, visitor: &Visitor, mut state: ConnectionState, watch: &Stopwatch, reason: &str) {
    let now = watch.now().max(state.setup_complete.unwrap_or(state.start));
    state.end = Some(now);
    if edge.settings.records.close {
        edge.queue.push(state.render(&edge.settings, visitor, "close", reason, now));
    }
}
