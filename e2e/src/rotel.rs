//! rotel: somebody else's OTLP pipeline, as a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::binary::installed;
use crate::process::Process;
use crate::wait::{PATIENCE, until};

/// A running rotel.
#[derive(Debug)]
pub struct Rotel {
    /// Where it takes OTLP over HTTP.
    pub address: SocketAddr,
    /// Where it takes OTLP over gRPC.
    pub grpc_address: SocketAddr,
    process: Process,
}

impl Rotel {
    /// Starts it, passing traces on to `target`, and waits until it listens.
    ///
    /// # Errors
    /// Where it is not installed, or does not start.
    pub async fn start(target: SocketAddr, folder: &Path) -> Result<Self> {
        let (http, grpc) = (free_address().await?, free_address().await?);
        let mut command = Command::new(agent()?);
        command
            .arg("start")
            .args(["--otlp-http-endpoint", &http.to_string(), "--otlp-grpc-endpoint", &grpc.to_string()])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
            .args(["--otlp-exporter-endpoint", &format!("http://{target}")])
            .args(["--batch-timeout", "50ms"])
            .arg("--pid-file")
            .arg(folder.join("rotel.pid"))
            .arg("--log-file")
            .arg(folder.join("rotel.log"));
        let mut process = Process::start("rotel", command, folder)?;
        let watched = std::sync::Mutex::new(&mut process);
        until("rotel does not listen", PATIENCE, || async {
            if TcpStream::connect(http).await.is_ok() && TcpStream::connect(grpc).await.is_ok() {
                return Ok(Some(Ok(())));
            }
            let mut process = watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(process.check_alive().err().map(Err))
        })
        .await??;
        Ok(Self { address: http, grpc_address: grpc, process })
    }

    /// Fails, with what it printed, if it has ended.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        self.process.check_alive()
    }
}

/// rotel cannot be told to take any free port and say which; the moment between the two is short.
async fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

/// The binary inside the Python package, without the wrapper that would put it into the background.
fn agent() -> Result<PathBuf> {
    let libraries = installed("venv/lib")?;
    let mut folders = std::fs::read_dir(&libraries)?.filter_map(|entry| Some(entry.ok()?.path()));
    folders
        .find_map(|folder| {
            Some(folder.join("site-packages/rotel/rotel-agent")).filter(|agent| agent.exists())
        })
        .context("rotel is not in the Python environment: run `cargo xtask test`, which installs it")
}
