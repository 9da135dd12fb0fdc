//! The demo's apps: real ones, under OpenTelemetry's own auto-instrumentation.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::command_line::Demo;
use crate::outcome::{Exit, Failure};

/// How long an app may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to send its last spans when it is told to end.
const GRACE: Duration = Duration::from_secs(3);

/// Which framework.
#[derive(Clone, Copy)]
pub(super) enum AppKind {
    Flask,
    Express,
}

/// A running app; it ends with this value.
pub(super) struct App {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    child: Child,
}

impl App {
    /// Starts it and waits until it prints its port.
    pub(super) async fn start(
        kind: AppKind,
        name: &'static str,
        otlp: &str,
        demo: &Demo,
    ) -> Result<Self, Failure> {
        let mut command = command(kind, demo)?;
        for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("OTEL_")) {
            command.env_remove(variable);
        }
        command
            .env("OTEL_SERVICE_NAME", name)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{otlp}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
            .env("OTEL_TRACES_EXPORTER", "otlp")
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_BSP_SCHEDULE_DELAY", "1000")
            // The other detectors ask cloud providers' addresses who they are.
            .env("OTEL_NODE_RESOURCE_DETECTORS", "env,host,process")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|cause| {
            anyhow::Error::new(cause).context(format!("cannot start the demo's app `{name}`"))
        })?;
        let output =
            child.stdout.take().ok_or_else(|| Failure::text(Exit::Failed, "the app has no output"))?;
        let line = tokio::time::timeout(PATIENCE, BufReader::new(output).lines().next_line()).await;
        let port = line.ok().and_then(Result::ok).flatten().and_then(|line| line.trim().parse::<u16>().ok());
        let Some(port) = port else {
            return Err(Failure::text(
                Exit::Failed,
                format!("the demo's app `{name}` did not say its port within {} s", PATIENCE.as_secs()),
            )
            .with_hint("run `cargo xtask setup`, which installs what it needs"));
        };
        Ok(Self { name, address: SocketAddr::from(([127, 0, 0, 1], port)), child })
    }

    /// Waits until it has ended by itself.
    pub(super) async fn ended(&mut self) {
        let status = self.child.wait().await;
        tracing::error!(name: "fanlight.demo.app_ended", app = self.name, ?status, "an app of the demo ended by itself");
    }

    /// Ends it, by its id.
    pub(super) async fn stop(mut self) {
        if tokio::time::timeout(GRACE, self.child.kill()).await.is_err() {
            tracing::warn!(name: "fanlight.demo.app_stays", app = self.name, "an app of the demo did not end in time");
        }
    }
}

fn command(kind: AppKind, demo: &Demo) -> Result<Command, Failure> {
    match kind {
        AppKind::Flask => {
            let mut command = Command::new(existing(&demo.apps_set_up, "venv/bin/opentelemetry-instrument")?);
            command
                .arg(existing(&demo.apps_set_up, "venv/bin/python")?)
                .arg(existing(&demo.apps, "flask/app.py")?);
            Ok(command)
        }
        AppKind::Express => {
            let modules = existing(&demo.apps_set_up, "express/node_modules")?;
            let mut command = Command::new("node");
            command
                .arg("--require")
                .arg(existing(&modules, "@opentelemetry/auto-instrumentations-node/build/src/register.js")?)
                .arg(existing(&demo.apps, "express/app.js")?)
                .env("NODE_PATH", &modules);
            Ok(command)
        }
    }
}

/// An absolute path that exists, or the command that makes it.
fn existing(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(folder.join(name))?;
    if path.exists() {
        return Ok(path);
    }
    Err(Failure::text(Exit::Failed, format!("`{}` is missing", path.display())).with_hint(
        "the demo's apps are in the source tree: run `cargo xtask demo` there, which sets them up",
    ))
}
