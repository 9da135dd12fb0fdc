//! `fanlight serve`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::terminal::print;
use crate::command_line::Serve;
use crate::config::{self, Origin};
use crate::folder::{DataFolder, write_listeners};
use crate::outcome::{Exit, Failure};
use crate::telemetry;
use crate::wiring::Server;

pub(super) fn run(serve: &Serve) -> Result<(), Failure> {
    let mut settings =
        config::load(serve.config.as_deref()).map_err(|error| Failure::new(Exit::Config, error))?;
    let own_spans = telemetry::start_server(false, settings.self_trace);
    settings.shift_ports(serve.listen_offset).map_err(|problem| Failure::text(Exit::Usage, problem))?;
    use_all_descriptors();
    super::runtime()?.block_on(async {
        let mut stop = StopSignal::listen()?;
        let origin = Origin { file: serve.config.clone(), offset: serve.listen_offset };
        let server = Server::start(&settings, DataFolder::new(&serve.data), origin, own_spans).await?;
        print(&server.greeting());
        if let Some(url) = server.pane_url("/")? {
            print(&opening(&url));
        }
        if let Some(file) = &serve.ready_file {
            write_listeners(file, server.listeners()).map_err(|cause| anyhow::Error::new(cause).context(format!("cannot write the ready file `{}`", file.display())))?;
        }
        stop.given().await;
        print("stopping: no new connections, what was taken is being finished; a second signal ends at once");
        tokio::select! {
            result = server.stop() => result.map_err(Failure::from),
            () = stop.given() => Err(Failure::text(Exit::Failed, "ended at once by a second signal; what was acknowledged is in the log and comes back at the next start")),
        }
    })
}

/// How to open the pane.
pub(super) fn opening(url: &str) -> String {
    format!(
        "open {url}\n  in a browser: it signs you in once, within ten minutes; `fanlight url` prints another"
    )
}

/// The usual soft limit on open files is below what the listeners let in; a process may raise it to the hard one by itself.
fn use_all_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(cause) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(name: "fanlight.descriptors.unraised", %cause, "the limit on open files stays as it is");
    }
}

/// Ctrl-C, or the signal that a service manager sends.
pub(super) struct StopSignal {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl StopSignal {
    pub(super) fn listen() -> Result<Self, Failure> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn given(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
