//! The apps: three web frameworks under OpenTelemetry's own auto-instrumentation.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::binary::{fixture, installed};
use crate::process::Process;
use crate::wait::PATIENCE;

/// Which framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    /// Python, WSGI, old semantic conventions.
    Flask,
    /// Python, ASGI, old semantic conventions.
    FastApi,
    /// Node.
    Express,
}

/// How an app's SDK sends its spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub protocol: &'static str,
    /// `OTEL_EXPORTER_OTLP_COMPRESSION`.
    pub compression: &'static str,
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`'s path, where the protocol's own is not wanted.
    pub path: Option<&'static str>,
}

impl Default for Sending {
    fn default() -> Self {
        Self { protocol: "http/protobuf", compression: "none", path: None }
    }
}

/// A running app.
#[derive(Debug)]
pub struct App {
    /// Where it listens.
    pub address: SocketAddr,
    process: Process,
}

impl Stack {
    /// Its name in files and services.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flask => "flask",
            Self::FastApi => "fastapi",
            Self::Express => "express",
        }
    }

    fn command(self) -> Result<Command> {
        match self {
            Self::Flask => python("flask/app.py"),
            Self::FastApi => python("fastapi/app.py"),
            Self::Express => {
                let modules = installed("express/node_modules")?;
                let register =
                    modules.join("@opentelemetry/auto-instrumentations-node/build/src/register.js");
                let mut command = Command::new("node");
                command
                    .arg("--require")
                    .arg(register)
                    .arg(fixture("express/app.js"))
                    .env("NODE_PATH", modules);
                // The other detectors ask cloud providers' addresses who they are.
                command.env("OTEL_NODE_RESOURCE_DETECTORS", "env,host,process");
                Ok(command)
            }
        }
    }
}

fn python(app: &str) -> Result<Command> {
    let mut command = Command::new(installed("venv/bin/opentelemetry-instrument")?);
    command.arg(installed("venv/bin/python")?).arg(fixture(app)).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

impl App {
    /// Starts it, with its spans going to `otlp` as protobuf over HTTP, and waits until it accepts requests.
    ///
    /// # Errors
    /// Where it is not installed, or does not start.
    pub async fn start(
        stack: Stack,
        otlp: SocketAddr,
        resource_attributes: &str,
        folder: &Path,
    ) -> Result<Self> {
        Self::start_sending(stack, otlp, Sending::default(), resource_attributes, folder).await
    }

    /// The same, with its spans going there in another form.
    ///
    /// # Errors
    /// Where it is not installed, or does not start.
    pub async fn start_sending(
        stack: Stack,
        otlp: SocketAddr,
        sending: Sending,
        resource_attributes: &str,
        folder: &Path,
    ) -> Result<Self> {
        let mut command = stack.command()?;
        for (name, _) in std::env::vars()
            .filter(|(name, _)| name.starts_with("OTEL_") && name != "OTEL_NODE_RESOURCE_DETECTORS")
        {
            command.env_remove(name);
        }
        command
            .env("OTEL_SERVICE_NAME", stack.as_str())
            .env("OTEL_RESOURCE_ATTRIBUTES", resource_attributes)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{otlp}"))
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", sending.protocol)
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", sending.compression)
            .env("OTEL_TRACES_EXPORTER", "otlp")
            .env("OTEL_METRICS_EXPORTER", "none")
            .env("OTEL_LOGS_EXPORTER", "none")
            .env("OTEL_BSP_SCHEDULE_DELAY", "200");
        if let Some(path) = sending.path {
            command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("http://{otlp}{path}"));
        }
        let mut process = Process::start(stack.as_str(), command, folder)?;
        let line = process.first_line(PATIENCE).await?;
        let port: u16 = line.trim().parse().with_context(|| format!("not a port: `{line}`"))?;
        Ok(Self { address: SocketAddr::from(([127, 0, 0, 1], port)), process })
    }

    /// Fails, with what it printed, if it has ended.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        self.process.check_alive()
    }
}
