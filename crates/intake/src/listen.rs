//! Binds every listener, then starts them all, or none.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use fanlight_listen::{Admission, Doorway, ListenError, Listener, Protocol, Tools, Visitor};
use fanlight_log::Appender;
use fanlight_runtime::{Budget, Histogram, Metrics, SECONDS, spawn};
use tokio::task::JoinHandle;

use crate::receive::door::{Door, Names};
use crate::receive::push::{self, Oauth, PushDoor};
use crate::receive::sink::Sink;
use crate::receive::stream::Streams;
use crate::receive::{otlp_grpc, otlp_http, stream, tail};
use crate::settings::{ListenerSettings, Payload, Settings, TailSettings};
use crate::source_id::SourceIds;

/// What listens.
#[derive(Debug)]
pub struct Listening {
    /// Each listener's name and the address that it really has.
    pub addresses: Vec<(&'static str, SocketAddr)>,
    /// Each listener's rules, to be changed while it runs.
    pub admissions: Vec<Admission>,
    /// Whose tokens may push, to be changed while it runs.
    pub oauth: Oauth,
    /// Takes what is pushed over HTTP, for whoever serves it.
    pub push: PushDoor,
    /// One task a listener and file; each ends after the shutdown, once its connections have ended or a deadline has.
    pub tasks: Vec<JoinHandle<()>>,
}

/// Starts the listeners that are switched on. All are bound before the first one takes a connection.
///
/// # Errors
/// [`ListenError`] with the listener, the address and the way out. Nothing listens then.
pub async fn listen(
    settings: Settings,
    appender: Appender<Payload>,
    tools: Tools,
) -> Result<Listening, ListenError> {
    let open = |name, listener: Option<ListenerSettings>, protocol, limits| {
        let tools = &tools;
        async move {
            let Some(ListenerSettings { listen, access }) = listener else { return Ok(None) };
            Doorway::open(Listener { name, listen, access, protocol, limits }, tools).await.map(Some)
        }
    };
    let bounds = settings.bounds;
    let grpc = open(otlp_grpc::NAME, settings.otlp_grpc, Protocol::Http2, bounds).await?;
    let http = open(otlp_http::NAME, settings.otlp_http, Protocol::Http1, bounds).await?;
    let mut streams = Vec::new();
    for (feed, listener) in settings.streams {
        let doorway = open(feed.as_str(), Some(listener), Protocol::Raw, settings.stream_bounds).await?;
        streams.push((feed, doorway));
    }
    let of_push = |cause| ListenError::Files { listener: push::NAME, cause };
    let admission = Admission::beside(push::NAME, settings.push.access, &tools).map_err(of_push)?;
    let oauth = Oauth::open(settings.push.oauth, &tools).map_err(of_push)?;

    let Tools { clock, ledger, metrics, shutdown, .. } = tools.clone();
    let budget = Budget::new(settings.in_flight_bytes);
    let acknowledged = measure(&metrics, &budget);
    let sink = Sink {
        appender: appender.clone(),
        clock: clock.clone(),
        ledger: ledger.clone(),
        shutdown: shutdown.clone(),
        budget: budget.clone(),
        sources: Arc::new(SourceIds::starting_at(clock.now())),
    };
    let push = PushDoor::new(
        &sink,
        acknowledged.clone(),
        settings.max_body_bytes,
        push::Senders { admission: admission.clone(), header: settings.push.header, oauth: oauth.clone() },
    );
    let door = Arc::new(Door {
        appender,
        clock,
        ledger,
        shutdown,
        lightstep: settings.lightstep,
        names: Names { hosts: settings.hosts, is_local: http.as_ref().is_some_and(is_local) },
        limits: settings.limits,
        budget,
        max_body_bytes: settings.max_body_bytes,
        acknowledged,
    });

    let mut listening =
        Listening { addresses: Vec::new(), admissions: vec![admission], oauth, push, tasks: Vec::new() };
    let for_grpc = Arc::clone(&door);
    listening.start(grpc, move |visitor| otlp_grpc::serve(visitor, Arc::clone(&for_grpc)));
    listening.start(http, move |visitor| otlp_http::serve(visitor, Arc::clone(&door)));
    let shared = Streams::new(sink.clone(), settings.stream_bounds.idle);
    for (feed, doorway) in streams {
        let shared = shared.clone();
        listening.start(doorway, move |visitor| stream::serve(visitor, feed, shared.clone()));
    }
    let TailSettings { files, folder, poll } = settings.tail;
    for file in files {
        let following = tail::follow(file, folder.clone(), poll, sink.clone());
        listening.tasks.push(spawn(tail::NAME, following));
    }
    Ok(listening)
}

fn is_local(doorway: &Doorway) -> bool {
    doorway.address().ip().to_canonical().is_loopback()
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

impl Listening {
    fn start<S, F>(&mut self, doorway: Option<Doorway>, serve: S)
    where
        S: Fn(Visitor) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(doorway) = doorway else { return };
        self.addresses.push((doorway.name(), doorway.address()));
        self.admissions.push(doorway.admission());
        self.tasks.push(spawn(doorway.name(), doorway.run(serve)));
    }
}
