//! F18: many slow peers, and one that is not.
#![allow(clippy::print_stdout, reason = "the figures are told to whoever asks for them")]

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::{HttpClient, PATIENCE, Process, until};
use fanlight_runtime::{Clock, spawn};
use http::StatusCode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use crate::floods::peak_memory_bytes;
use crate::load::span;
use crate::scene::Scene;

/// design/reliability.md F18: so many slow peers, from as many addresses as it takes for each to stay within its share.
const SLOW: usize = 5_000;
const ADDRESSES: usize = 10;
/// One peer's share of a listener.
const SHARE: usize = 512;
/// What a slow peer may cost: far below what the program may use, and all of it for ten seconds only.
const MAX_GROWTH: u64 = 192 << 20;
const REQUESTS: u64 = 200;

/// Half a header; and every other one a whole header and half a body.
async fn slow(from: &str, to: SocketAddr, is_body: bool) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(format!("{from}:0").parse()?)?;
    let mut stream = socket.connect(to).await?;
    let head: &[u8] = match is_body {
        false => b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        true => {
            b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100000\r\n\r\nabc"
        }
    };
    stream.write_all(head).await?;
    Ok(stream)
}

/// A byte now and then, as slow peers do to look alive, for as long as anybody listens.
async fn trickle(mut attackers: Vec<TcpStream>) {
    let mut beat = interval(Duration::from_secs(1));
    while !attackers.is_empty() {
        beat.tick().await;
        let mut left = Vec::with_capacity(attackers.len());
        for mut attacker in attackers {
            if attacker.write_all(b"x").await.is_ok() {
                left.push(attacker);
            }
        }
        attackers = left;
    }
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

/// Five thousand connections send half a header or half a body, and a byte now and then. Another peer's requests are served all the
/// while, and the slow ones are gone after their ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn slow_peers_cost_the_others_nothing() {
    check().await.expect("the others are served");
}

async fn check() -> Result<()> {
    use_all_descriptors()?;
    let mut scene = Scene::start("").await?;
    let otlp = scene.server.otlp()?;
    let alone = slowest(otlp, 0).await?;
    let before = peak_memory_bytes(scene.server.process().id())?;
    let mut others = vec![
        slow("127.0.2.1", scene.server.address("api")?, false).await?,
        slow("127.0.2.1", scene.server.address("otlp_grpc")?, false).await?,
    ];
    let mut connecting = Vec::new();
    for address in 1..=ADDRESSES {
        connecting.push(spawn("e2e.attacker", async move {
            let mut attackers = Vec::new();
            for number in 0..SLOW / ADDRESSES {
                attackers.push(slow(&format!("127.0.1.{address}"), otlp, number % 2 == 0).await?);
            }
            anyhow::Ok(attackers)
        }));
    }
    let mut attackers = Vec::new();
    for connected in connecting {
        attackers.extend(connected.await??);
    }
    let open = "fanlight_connections{listener=\"otlp_http\"}";
    let inside = scene.gauge(open).await?;
    let attack = spawn("e2e.trickle", trickle(attackers));
    let among_slow = slowest(otlp, REQUESTS).await?;
    let grown = peak_memory_bytes(scene.server.process().id())?.saturating_sub(before);
    println!(
        "p99 of {REQUESTS} requests: {alone:?} alone, {among_slow:?} among {inside} slow peers, which hold {:.1} MiB",
        grown as f64 / f64::from(1 << 20)
    );
    assert!(grown < MAX_GROWTH, "{grown} bytes for {SLOW} slow peers");
    until("the slow peers are not gone", PATIENCE, || async {
        Ok((scene.gauge(open).await? < 5.0).then_some(()))
    })
    .await?;
    // The API and OTLP/gRPC have the same door.
    for other in &mut others {
        timeout(PATIENCE, other.read_to_end(&mut Vec::new())).await?.unwrap_or_default();
    }
    let dropped = |reason| [("stage", "listen"), ("record", "connection"), ("reason", reason)];
    // All were in; on a busy machine the first were gone when the last came.
    let (headers, bodies) = (SLOW as u64 / 2, SLOW as u64 / 2);
    scene.server.counted(&dropped("slow_header"), headers).await?;
    scene
        .server
        .counted(&[("stage", "intake"), ("record", "request"), ("reason", "too_slow")], bodies)
        .await?;
    timeout(PATIENCE, attack).await??;
    scene.server.stop().await
}

/// One address opens more than its share: past it each is closed at once, and other addresses are served.
#[tokio::test(flavor = "multi_thread")]
async fn one_peer_has_no_more_than_its_share() {
    check_share().await.expect("the others are served");
}

async fn check_share() -> Result<()> {
    let scene = Scene::start("").await?;
    let otlp = scene.server.otlp()?;
    let mut attackers = Vec::new();
    for _ in 0..SHARE + 100 {
        attackers.extend(slow("127.0.0.2", otlp, false).await.ok());
    }
    slowest(otlp, 0).await?;
    let refused = [("stage", "listen"), ("record", "connection"), ("reason", "too_many_of_one_peer")];
    scene.server.counted(&refused, 90).await?;
    drop(attackers);
    scene.server.stop().await
}

/// A well-known tool of the trade in its three ways, each with its own idea of what is slow. It reports itself that the server is
/// there for others, and its connections are closed on it.
#[tokio::test(flavor = "multi_thread")]
async fn slowhttptest_finds_the_server_there() {
    for mode in ["-H", "-B", "-X"] {
        check_tool(mode).await.expect("the server stays available");
    }
}

async fn check_tool(mode: &str) -> Result<()> {
    let scene = Scene::start("").await?;
    let otlp = scene.server.otlp()?;
    let url = format!("http://{otlp}/v1/traces");
    let mut command = Command::new("slowhttptest");
    command.args([
        mode, "-c", "400", "-r", "400", "-i", "2", "-l", "14", "-p", "3", "-w", "1", "-y", "2", "-u", &url,
    ]);
    let mut tool = Process::start("slowhttptest", command, scene.folder.path())
        .context("`cargo xtask setup` installs slowhttptest")?;
    slowest(otlp, 0).await?;
    tool.ended(PATIENCE).await?;
    let told = tool.output();
    let last = told.rsplit("service available:").next().unwrap_or_default();
    let is_available = last.split_whitespace().find(|word| word.contains("YES") || word.contains("NO"));
    println!("slowhttptest {mode}: available {is_available:?}");
    assert!(is_available.is_some_and(|word| word.contains("YES")), "{mode}: {told}");
    scene.server.stop().await
}

/// The usual soft limit on open files is below what this test opens.
fn use_all_descriptors() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(())
}
