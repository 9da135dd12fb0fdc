//! F18: many slow peers, and one that is not.
#![allow(clippy::print_stdout, reason = "the figures are told to whoever asks for them")]

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use fanlight_e2e::{HttpClient, PATIENCE, until};
use fanlight_runtime::Clock;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::load::span;
use crate::scene::Scene;

/// More than one peer's share of the listener.
const SLOW: usize = 700;
const REQUESTS: u64 = 200;

async fn slow(to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.2:0".parse()?)?;
    let mut stream = socket.connect(to).await?;
    stream.write_all(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\nx-slow: ").await?;
    Ok(stream)
}

/// The 99th percentile of so many requests, each on a connection of its own.
async fn slowest(to: SocketAddr, first: u64) -> Result<Duration> {
    let clock = Clock::system();
    let mut took = Vec::new();
    for number in first..first + REQUESTS {
        let began = clock.elapsed();
        let answer = HttpClient::default().post_otlp(to, span(number)).await?;
        if answer.status != StatusCode::OK {
            bail!("request {number}: {}", answer.status);
        }
        took.push(clock.elapsed() - began);
    }
    took.sort_unstable();
    Ok(took[took.len() * 99 / 100])
}

/// Seven hundred connections from one address send half a header. Another peer's requests are served all the while, and the slow
/// ones are gone after ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn slow_peers_cost_the_others_nothing() {
    check().await.expect("the others are served");
}

async fn check() -> Result<()> {
    let scene = Scene::start("").await?;
    let otlp = scene.server.otlp()?;
    let alone = slowest(otlp, 0).await?;
    let mut attackers =
        vec![slow(scene.server.address("api")?).await?, slow(scene.server.address("otlp_grpc")?).await?];
    for _ in 0..SLOW {
        // Past its share a peer is closed at once.
        attackers.extend(slow(otlp).await.ok());
    }
    let open = "fanlight_connections{listener=\"otlp_http\"}";
    let inside = scene.gauge(open).await?;
    let among_slow = slowest(otlp, REQUESTS).await?;
    println!("p99 of {REQUESTS} requests: {alone:?} alone, {among_slow:?} among {inside} slow peers");
    assert!((500.0..=520.0).contains(&inside), "{inside} of {SLOW} are in");
    until("the slow peers are not gone", PATIENCE, || async {
        Ok((scene.gauge(open).await? < 5.0).then_some(()))
    })
    .await?;
    // The API and OTLP/gRPC have the same door.
    for attacker in attackers.iter_mut().take(2) {
        timeout(PATIENCE, attacker.read_to_end(&mut Vec::new())).await?.unwrap_or_default();
    }
    let dropped = |reason| [("stage", "listen"), ("record", "connection"), ("reason", reason)];
    assert!(scene.server.counter(&dropped("slow_header")).await? >= 500);
    assert!(scene.server.counter(&dropped("too_many_of_one_peer")).await? >= 150);
    drop(attackers);
    scene.server.stop().await
}
