//! `fanlight serve`.

use tokio::signal::unix::{SignalKind, signal};

use super::terminal::print;
use crate::command_line::Serve;
use crate::config;
use crate::folder::{DataFolder, write_listeners};
use crate::outcome::{Exit, Failure};
use crate::telemetry;
use crate::wiring::Server;

pub(super) fn run(serve: &Serve) -> Result<(), Failure> {
    let mut settings =
        config::load(serve.config.as_deref()).map_err(|error| Failure::new(Exit::Config, error))?;
    let own_spans = telemetry::start_server(false, settings.self_trace);
    settings.shift_ports(serve.listen_offset).map_err(|problem| Failure::text(Exit::Usage, problem))?;
    super::runtime()?.block_on(async {
        let mut stop = StopSignal::listen()?;
        let server = Server::start(&settings, DataFolder::new(&serve.data), own_spans).await?;
        print(&server.greeting());
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
