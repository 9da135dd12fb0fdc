//! A person at the pane: Debian's Chromium opens what the server serves, against real spans and records.
//!
//! The tests themselves are JavaScript, in `e2e/pane/`; here they get a server, and a code to sign in with. Where
//! `FANLIGHT_PANE_SHOTS` names a folder, they leave their screenshots there.
#![allow(clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::print_stdout, reason = "each test of the browser is told")]

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::{LOOPBACK, Process, Server, installed};
use http::{Method, StatusCode};
use serde_json::Value;

/// A slow machine needs two minutes.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn a_person_finds_what_they_look_for() {
    check().await.expect("the browser's tests hold");
}

async fn check() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let answer = server.api(Method::POST, "/api/v1/codes", String::new()).await?;
    if !answer.status.is_success() {
        bail!("no code was given: {} {}", answer.status, answer.text());
    }
    let code: Value = serde_json::from_slice(&answer.body)?;
    let code = code.get("code").and_then(Value::as_str).context("an answer without a code")?;
    let page = server.api(Method::GET, "/", String::new()).await?;
    if page.status != StatusCode::OK || !page.text().contains("/assets/") {
        bail!(
            "the pane is not built into the server: `cargo xtask pane`, then `cargo build --workspace --bins`"
        );
    }
    let mut command = Command::new("node");
    command.arg(installed("pane/run.mjs")?);
    command.arg("--url").arg(format!("http://{}/#code={code}", server.address("api")?));
    command.arg("--otlp").arg(format!("http://{}", server.otlp()?));
    command.arg("--lss").arg(server.lss()?.to_string());
    if let Ok(shots) = std::env::var("FANLIGHT_PANE_SHOTS") {
        command.arg("--shots").arg(shots);
    }
    let mut browser = Process::start("pane", command, folder.path())?;
    let status = browser.ended(PATIENCE).await?;
    println!("{}{}", browser.output(), browser.errors());
    if !status.success() {
        bail!("the browser's tests ended with {status}");
    }
    server.stop().await
}
