//! A server whose configuration is changed, and what it says of itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fanlight_e2e::{LOOPBACK, PATIENCE, Server, until};
use http::{Method, StatusCode};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Scene {
    // Before its folder, which is gone when the server is.
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl Scene {
    /// Starts on this configuration, beside `LOOPBACK`.
    pub(crate) async fn start(more: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        Self::start_in(folder, &format!("{LOOPBACK}{more}")).await
    }

    /// Starts in a folder that has files already.
    pub(crate) async fn start_in(folder: TempDir, configuration: &str) -> Result<Self> {
        let server = Server::start(folder.path(), configuration).await?;
        Ok(Self { server, folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts another configuration in the place of the first, at once, as editors do.
    pub(crate) fn write(&self, configuration: &str) -> Result<()> {
        replace(&self.path("fanlight.toml"), configuration)
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&mut self) -> Result<()> {
        self.server.process().signal(Signal::HUP)
    }

    /// How many reloads came to this.
    pub(crate) async fn reloads(&self, outcome: &str) -> Result<u64> {
        self.server.counter(&[("stage", "fanlight"), ("record", "reload"), ("outcome", outcome)]).await
    }

    /// Another configuration by SIGHUP, and in force.
    pub(crate) async fn reload(&mut self, configuration: &str) -> Result<()> {
        let before = self.reloads("stored").await?;
        self.write(configuration)?;
        self.hang_up()?;
        until("the configuration is not in force", PATIENCE, || async {
            Ok((self.reloads("stored").await? > before).then_some(()))
        })
        .await
    }

    /// What the status says of the configuration.
    pub(crate) async fn status(&self) -> Result<Value> {
        let answer = self.server.api(Method::GET, "/api/v1/status", String::new()).await?;
        let status: Value = serde_json::from_slice(&answer.body)?;
        Ok(status["config"].clone())
    }

    /// A gauge's value.
    pub(crate) async fn gauge(&self, series: &str) -> Result<f64> {
        let answer = self.server.api(Method::GET, "/metrics", String::new()).await?;
        let text = answer.text();
        let line = text
            .lines()
            .find(|line| line.starts_with(series))
            .with_context(|| format!("no `{series}`: {text}"))?;
        line.rsplit(' ').next().and_then(|value| value.parse().ok()).context("not a number")
    }

    /// `/readyz` says this, and that it is ready.
    pub(crate) async fn remarks(&self, says: &str) -> Result<()> {
        until(&format!("`/readyz` does not say `{says}`"), PATIENCE, || async {
            let answer = self.server.api(Method::GET, "/readyz", String::new()).await?;
            if answer.status != StatusCode::OK {
                bail!("it is not ready: {}", answer.text());
            }
            Ok(answer.text().contains(says).then_some(()))
        })
        .await
    }
}

pub(crate) fn replace(file: &Path, text: &str) -> Result<()> {
    let draft = file.with_extension("draft");
    std::fs::write(&draft, text)?;
    Ok(std::fs::rename(draft, file)?)
}

/// `LOOPBACK` with more keys in one of its sections.
pub(crate) fn with(section: &str, keys: &str) -> String {
    let head = format!("[{section}]\n");
    assert!(LOOPBACK.contains(&head), "{section}");
    LOOPBACK.replacen(&head, &format!("{head}{keys}\n"), 1)
}
