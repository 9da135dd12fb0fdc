//! How the stages stand together: sockets → log → decode → correlate → store and export, and the API beside them.
//!
//! Wired in code, not in configuration (docs/adr/0004): the flow is read here from top to bottom.

mod api;
mod doors;
mod exports;
mod feeds;
mod health_rows;
mod measures;
mod pipeline;
mod push;
mod recover;
mod reload;
mod seal;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fanlight_api::{NewCode, Readiness, ReadinessPart};
use fanlight_identity::PrincipalNamer;
use fanlight_intake::{OwnSpans, Payload, frame_kind};
use fanlight_listen::{Places, Tools};
use fanlight_log::{Appender, Disk, Frame, Logged, StdDisk};
use fanlight_model::Feed;
use fanlight_runtime::{Clock, Ledger, Metrics, Shutdown, own_span, own_trace};
use fanlight_store::Store;
use tokio::task::JoinHandle;
use tracing::Span;

use crate::config::{Origin, Settings};
use crate::folder::{DataFolder, write_listeners};
use crate::outcome::{Exit, Failure};
use crate::telemetry;
use exports::Exports;
use pipeline::Pipeline;

/// Requests and socket reads that wait for one sync of the log. A full queue refuses the sender.
pub(crate) const LOG_QUEUE_FRAMES: usize = 4_096;
/// Durable frames that wait for the pipeline. A full queue stops the log's thread, whose own queue then fills.
pub(crate) const PIPELINE_QUEUE_FRAMES: usize = 1_024;
/// A log file is closed at this size; the log is cut by whole files.
const LOG_FILE_BYTES: u64 = 64 << 20;
/// How often the log is looked at when nothing comes.
const LOG_CUT_EVERY: Duration = Duration::from_secs(1);
/// How long a stop waits for each step before it says what is left.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// A running server.
pub(crate) struct Server {
    listeners: BTreeMap<String, String>,
    greeting: String,
    appender: Appender<Payload>,
    store: Store,
    exports: Exports,
    intake: Vec<JoinHandle<()>>,
    pipeline: std::thread::JoinHandle<()>,
    seal: JoinHandle<()>,
    reload: JoinHandle<()>,
    api: Option<JoinHandle<()>>,
    pane: Option<doors::Pane>,
    shutdown: Shutdown,
    /// Held as long as the server runs.
    _lock: File,
}

impl Server {
    /// Opens the data folder, recovers, and listens. When it returns everything is up. `origin` is where the settings came from,
    /// to be read again.
    pub(crate) async fn start(
        settings: &Settings,
        folder: DataFolder,
        origin: Origin,
        own_spans: Option<telemetry::Made>,
    ) -> Result<Self, Failure> {
        let (ledger, metrics, shutdown) = (Ledger::default(), Metrics::default(), Shutdown::new());
        let tools = Tools { clock: Clock::system(), ledger, metrics, shutdown, places: Places::default() };
        let Tools { clock, ledger, metrics, shutdown, .. } = tools.clone();
        let disk: Arc<dyn Disk> = Arc::new(StdDisk);
        let lock = lock(&folder)?;
        let namer =
            PrincipalNamer::open(&folder.keys()).map_err(|error| Failure::new(Exit::Failed, error))?;
        let exports = Exports::open(&settings.export, export_tools(&folder, &disk, &tools))?;
        let recovering = recover::Tools {
            folder: folder.clone(),
            disk,
            namer,
            exports: exports.clone(),
            clock: clock.clone(),
            ledger: ledger.clone(),
        };
        let recovered = recover::run(settings, recovering).await?;
        let (forward, logged) = tokio::sync::mpsc::channel(PIPELINE_QUEUE_FRAMES);
        measures::of_pipeline(&metrics, &forward);
        let segments = recovered.segments;
        let appender =
            Appender::start_measured(segments, LOG_QUEUE_FRAMES, forward, clock.clone(), &metrics)?;
        let ready = Readiness::default();
        measures::of_log(&metrics, &ready, &appender, &clock);
        let store = recovered.store;
        let runs = ready.part("pipeline", "the pipeline to start");
        let listen = ready.part("listeners", "the listeners");
        let behind = doors::Behind {
            appender: appender.clone(),
            store: store.clone(),
            exports: exports.clone(),
            declaring: recovered.pipeline.declaring(),
            ready,
            health: recovered.pipeline.health(),
        };
        let pipeline = start_pipeline(recovered.pipeline, logged, appender.clone(), clock.clone(), runs)?;
        let seal = seal::start(store.clone(), shutdown.clone());
        if let Some(made) = own_spans {
            let door = OwnSpans::new(appender.clone(), clock.clone(), ledger.clone(), shutdown.clone());
            made.keep(door, ledger.clone(), shutdown.clone());
        }
        let doors = doors::open(settings, &folder, origin, behind, tools).await?;
        listen.reached();
        if let Err(cause) = write_listeners(&folder.listeners(), &doors.listeners) {
            tracing::warn!(name: "fanlight.listeners.unwritten", %cause, "clients on this machine have to be told the address with `--server`");
        }
        let greeting = greeting(&doors.listeners, folder.path(), clock.elapsed(), &recovered.report);
        Ok(Self {
            listeners: doors.listeners,
            greeting,
            appender,
            store,
            exports,
            intake: doors.intake,
            pipeline,
            seal,
            reload: doors.reload,
            api: doors.api,
            pane: doors.pane,
            shutdown,
            _lock: lock,
        })
    }

    /// `{listener: address}`.
    pub(crate) fn listeners(&self) -> &BTreeMap<String, String> {
        &self.listeners
    }

    /// Where a browser opens the pane, with a code that signs it in; `path` is a page of the pane, as in `/`. `None` where the
    /// API is switched off.
    pub(crate) fn pane_url(&self, path: &str) -> Result<Option<String>, Failure> {
        let Some(doors::Pane { origin, sign_in }) = &self.pane else { return Ok(None) };
        let code: NewCode = sign_in.new_code()?;
        Ok(Some(format!("{origin}{path}{}", code.fragment())))
    }

    /// What a person sees when it is up.
    pub(crate) fn greeting(&self) -> String {
        self.greeting.clone()
    }

    /// Stops receiving, lets every queue run dry in the order of the flow, seals, and says what was left after the deadline.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.begin();
        for task in self.intake {
            within("the listeners", async { drop(task.await) }).await;
        }
        within("the log", self.appender.close()).await;
        let pipeline = self.pipeline;
        let joined = fanlight_runtime::spawn_blocking("join the pipeline", move || pipeline.join().is_ok());
        within("the pipeline", async { drop(joined.await) }).await;
        within("the seal", async { drop(self.seal.await) }).await;
        within("a reload", async { drop(self.reload.await) }).await;
        let store = self.store;
        within("the last seal", async {
            match fanlight_runtime::spawn_blocking("seal", move || store.seal()).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(name: "fanlight.seal.failed", %error, "the last rows stay in the log and are read from there at the next start"),
                Err(error) => tracing::error!(name: "fanlight.seal.panicked", %error, "the last seal panicked; its rows stay in the log"),
            }
        })
        .await;
        self.exports.drain(STOP_DEADLINE).await;
        if let Some(api) = self.api {
            within("the api", async { drop(api.await) }).await;
        }
        Ok(())
    }
}

/// Waits for one step of the stop; at the deadline it says which and goes on.
async fn within(step: &'static str, done: impl Future<Output = ()>) {
    if tokio::time::timeout(STOP_DEADLINE, done).await.is_err() {
        tracing::error!(name: "fanlight.stop.late", step, seconds = STOP_DEADLINE.as_secs(), "a step of the stop took too long and was left");
    }
}

/// The feed of a name, or which there are.
pub(crate) fn feed_named(name: &str) -> Result<Feed, Failure> {
    let known: Vec<String> = Feed::ALL.iter().map(|feed| format!("`{feed}`")).collect();
    let known = known.join(", ");
    Feed::from_name(name).ok_or_else(|| {
        Failure::text(Exit::Usage, format!("`{name}` is not a feed that this version reads"))
            .with_hint(format!("known: {known}"))
    })
}

/// Makes the folder, and what is missing above it, for this user alone: names of people lie in it.
fn private_folder(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Two servers on one folder would write the same files.
fn lock(folder: &DataFolder) -> Result<File, Failure> {
    let open = || -> std::io::Result<File> {
        private_folder(folder.path())?;
        File::options().create(true).truncate(false).write(true).read(true).open(folder.lock())
    };
    let file = open().map_err(|cause| {
        anyhow::Error::new(cause).context(format!("cannot use the data folder `{}`", folder.path().display()))
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::text(Exit::Failed, format!("another server uses the data folder `{}`", folder.path().display()))
            .with_hint("stop that one, or give this one a folder of its own with `--data DIR`, and other ports with `--listen-offset N`")),
        Err(TryLockError::Error(cause)) => Err(cause.into()),
    }
}

fn start_pipeline(
    mut pipeline: Pipeline,
    mut logged: tokio::sync::mpsc::Receiver<Logged<Payload>>,
    appender: Appender<Payload>,
    clock: Clock,
    ready: ReadinessPart,
) -> Result<std::thread::JoinHandle<()>, Failure> {
    let runtime = tokio::runtime::Handle::current();
    ready.reached();
    let run = move || {
        let _ends = ReadyWhileItRuns(ready);
        loop {
            match runtime.block_on(async { tokio::time::timeout(LOG_CUT_EVERY, logged.recv()).await }) {
                Ok(Some(Logged { position, frame, payload: Payload { batch, permit, span } })) => {
                    batch_span(&frame, &span).in_scope(|| pipeline.apply(position, &frame, batch));
                    drop(permit);
                }
                Ok(None) => return,
                // Nothing comes, perhaps because the disk is full: all the more is what is no longer needed let go.
                Err(_) => {}
            }
            if let Some(cut) = pipeline.log_cut(clock.now()) {
                appender.truncate_before(cut);
            }
        }
    };
    Ok(fanlight_runtime::spawn_thread("pipeline", run)?)
}

/// The span about what becomes of a frame: under that of its request where it has one; a stream's read begins a trace. Our own spans
/// have none.
fn batch_span(frame: &Frame, request: &Span) -> Span {
    if frame.kind == frame_kind::OTLP_TRACES || frame.kind == frame_kind::OWN_TRACES {
        own_span!(*request, "pipeline.batch", bytes = frame.bytes.len())
    } else {
        own_trace!("pipeline.batch", bytes = frame.bytes.len())
    }
}

/// Without its pipeline, panicked or ended, a server only refuses: `/readyz` says so.
struct ReadyWhileItRuns(ReadinessPart);

impl Drop for ReadyWhileItRuns {
    fn drop(&mut self) {
        self.0.wait_for("the pipeline, which has ended: the server has to be started again");
    }
}

fn export_tools(folder: &DataFolder, disk: &Arc<dyn Disk>, tools: &Tools) -> exports::Tools {
    let Tools { clock, ledger, metrics, shutdown, .. } = tools.clone();
    exports::Tools { folder: folder.export(), disk: Arc::clone(disk), clock, ledger, metrics, shutdown }
}

fn greeting(listeners: &BTreeMap<String, String>, data: &Path, took: Duration, recovery: &str) -> String {
    let mut text =
        format!("fanlight is ready after {:.1} s; its data is in `{}`", took.as_secs_f64(), data.display());
    if !recovery.is_empty() {
        text.push_str(&format!("\n{recovery}"));
    }
    for (listener, address) in listeners {
        text.push_str(&format!("\n  {listener:<18} {address}"));
    }
    text
}
