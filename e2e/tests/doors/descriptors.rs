//! F43: a server that may have few files open.

use anyhow::Result;
use fanlight_e2e::{LOOPBACK, PATIENCE, Server, until};
use http::StatusCode;
use rustix::process::{Resource, Rlimit};
use tokio::net::TcpStream;

use crate::load::post;

const DESCRIPTORS: u64 = 64;

/// Peers take every descriptor that the server may have. It goes on trying, says so, and serves as soon as some are free.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_descriptors_recovers() {
    check().await.expect("it recovers");
}

async fn check() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), LOOPBACK).await?;
    let otlp = server.otlp()?;
    assert_eq!(post(otlp, None, 1).await?, StatusCode::OK);
    let process = rustix::process::Pid::from_raw(i32::try_from(server.process().id())?);
    let few = Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) };
    rustix::process::prlimit(process, Resource::Nofile, few)?;
    let mut peers = Vec::new();
    for _ in 0..2 * DESCRIPTORS {
        peers.push(TcpStream::connect(otlp).await?);
    }
    until("it says nothing", PATIENCE, || async {
        Ok(server.process_errors().contains("no connection can be taken; trying again").then_some(()))
    })
    .await?;
    drop(peers);
    until("it does not recover", PATIENCE, || async {
        Ok((post(otlp, None, 2).await? == StatusCode::OK).then_some(()))
    })
    .await?;
    let labels = [("stage", "listen"), ("record", "connection"), ("reason", "accept_failed")];
    assert!(server.counter(&labels).await? >= 1);
    server.stop().await
}
