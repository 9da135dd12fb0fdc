//! The whole loop: a company is invented, sent over real sockets, joined, and what was found is held against its truth.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Result, ensure};
use fanlight_e2e::{LOOPBACK, PATIENCE, Server, fanlight, until};
use serde_json::{Value, json};

fn run(arguments: &[&str], folder: &Path) -> Result<Output> {
    let output = Command::new(fanlight()?).args(arguments).current_dir(folder).output()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{arguments:?}: {told}");
    Ok(output)
}

/// Everything arrives, a second replay has nothing to send, and no link is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_sent_and_no_link_is_wrong() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = folder.path();
    run(&["simulate", "--out", "company", "--minutes", "1", "--seed", "11"], at)?;
    let server = Server::start(at, LOOPBACK).await?;
    let api = format!("http://{}", server.address("api")?);
    // The other feeds are pushed: there are two ways in.
    let listeners: Value = ["otlp_http", "zpa_user_activity", "zpa_user_status"]
        .into_iter()
        .map(|name| Ok((name.to_owned(), json!(server.address(name)?.to_string()))))
        .collect::<Result<serde_json::Map<_, _>>>()?
        .into();
    std::fs::write(at.join("listeners.json"), listeners.to_string())?;
    let replay = ["replay", "company", "--to", &api, "--ready-file", "listeners.json"];
    let told = String::from_utf8(run(&replay, at)?.stdout)?;
    let pieces = told.split(' ').next().expect("it says how many").to_owned();
    assert!(told.starts_with(&format!("{pieces} of {pieces} pieces are there")), "{told}");

    let data = server.data().display().to_string();
    let score = ["score", "company", "--json", "--server", &api, "--data", &data];
    let found = until("the join has not found its links", PATIENCE, || async {
        let score: Value = serde_json::from_slice(&run(&score, at)?.stdout)?;
        Ok((score["links"]["right"].as_u64() > Some(300)).then_some(score))
    })
    .await?;
    assert_eq!(found["links"]["right"], found["links"]["asserted"], "{found:#}");

    let again = String::from_utf8(run(&replay, at)?.stdout)?;
    assert!(again.contains(" 0.0 MB and 0 requests in this run"), "{again}");
    server.stop().await
}
