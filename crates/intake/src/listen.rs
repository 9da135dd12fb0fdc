//! Binds every listener, then starts them all, or none.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use fanlight_log::Appender;
use fanlight_runtime::{Budget, Clock, Histogram, Ledger, Metrics, SECONDS, Shutdown, spawn};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::receive::accept::Doorway;
use crate::receive::door::Door;
use crate::receive::zpa_lss::Sink;
use crate::receive::{otlp_grpc, otlp_http, zpa_lss};
use crate::settings::{ListenerSettings, Payload, Settings};
use crate::source_id::SourceIds;

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
         (such as `allow = [\"10.0.0.0/8\"]`), or listen on `127.0.0.1`"
    )]
    Exposed {
        /// Which listener.
        listener: &'static str,
        /// On which address.
        address: SocketAddr,
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

/// What listens.
#[derive(Debug)]
pub struct Listening {
    /// Each listener's name and the address that it really has.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    /// One task a listener; each ends after the shutdown, once its connections have ended or a deadline has.
    pub tasks: Vec<JoinHandle<()>>,
}

/// Starts the listeners that are switched on. All are bound before the first one takes a connection.
///
/// # Errors
/// [`ListenError`] with the listener, the address and the way out. Nothing listens then.
pub async fn listen(
    settings: Settings,
    appender: Appender<Payload>,
    clock: Clock,
    ledger: Ledger,
    shutdown: Shutdown,
) -> Result<Listening, ListenError> {
    let doorway = |name, listener: Option<ListenerSettings>| {
        let (ledger, shutdown, max_connections) =
            (ledger.clone(), shutdown.clone(), settings.max_connections);
        async move {
            let Some(ListenerSettings { listen, allow }) = listener else { return Ok(None) };
            let listener = bind(name, listen, !allow.is_empty()).await?;
            Ok::<_, ListenError>(Some(Doorway { name, listener, allow, max_connections, ledger, shutdown }))
        }
    };
    let grpc = doorway(otlp_grpc::NAME, settings.otlp_grpc).await?;
    let http = doorway(otlp_http::NAME, settings.otlp_http).await?;
    let lss = doorway(zpa_lss::NAME, settings.zpa_user_activity).await?;

    let mut addresses = Vec::new();
    for doorway in [&grpc, &http, &lss].into_iter().flatten() {
        let address = doorway.listener.local_addr().map_err(|cause| ListenError::Bind {
            listener: doorway.name,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            cause,
        })?;
        addresses.push((doorway.name, address));
        tracing::info!(name: "intake.listener.started", listener = doorway.name, %address, "listening");
    }

    let budget = Budget::new(settings.in_flight_bytes);
    let acknowledged = measure(&settings.metrics, &budget);
    let sink = Sink {
        appender: appender.clone(),
        clock: clock.clone(),
        ledger: ledger.clone(),
        shutdown: shutdown.clone(),
        budget: budget.clone(),
        sources: Arc::new(SourceIds::starting_at(clock.now())),
    };
    let door = Arc::new(Door {
        appender,
        clock,
        ledger,
        shutdown,
        limits: settings.limits,
        budget,
        max_body_bytes: settings.max_body_bytes,
        acknowledged,
    });

    let mut tasks = Vec::new();
    if let Some(doorway) = grpc {
        let door = Arc::clone(&door);
        tasks.push(spawn(
            doorway.name,
            doorway.run(move |visitor| otlp_grpc::serve(visitor, Arc::clone(&door))),
        ));
    }
    if let Some(doorway) = http {
        tasks.push(spawn(
            doorway.name,
            doorway.run(move |visitor| otlp_http::serve(visitor, Arc::clone(&door))),
        ));
    }
    if let Some(doorway) = lss {
        tasks.push(spawn(doorway.name, doorway.run(move |visitor| zpa_lss::serve(visitor, sink.clone()))));
    }
    Ok(Listening { addresses, tasks })
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn measure(metrics: &Metrics, budget: &Budget) -> Histogram {
    let (used, limit) = (budget.clone(), budget.limit() as f64);
    let help = "Bytes that are received and not yet through the pipeline.";
    metrics.gauge("fanlight_intake_in_flight_bytes", help, &[], move || used.used() as f64);
    let help = "Bytes that may be in flight; past them senders are told to wait.";
    metrics.gauge("fanlight_intake_in_flight_limit_bytes", help, &[], move || limit);
    let help = "From a whole request to its bytes being durable, which is when it is acknowledged.";
    metrics.histogram("fanlight_intake_acknowledge_duration_seconds", help, &[], SECONDS)
}

async fn bind(
    listener: &'static str,
    address: SocketAddr,
    has_allow: bool,
) -> Result<TcpListener, ListenError> {
    if !address.ip().to_canonical().is_loopback() && !has_allow {
        return Err(ListenError::Exposed { listener, address });
    }
    TcpListener::bind(address).await.map_err(|cause| ListenError::Bind { listener, address, cause })
}
