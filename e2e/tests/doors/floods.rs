//! F19: floods of HTTP/2 frames cost a whole server no memory.
#![allow(clippy::print_stdout, reason = "the figures are told to whoever asks for them")]

use std::net::SocketAddr;

use anyhow::{Context, Result};
use fanlight_e2e::PATIENCE;
use fanlight_runtime::spawn;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::post;
use crate::scene::Scene;

/// design/reliability.md F19.
const MAX_GROWTH: u64 = 64 << 20;
const ATTACKERS: usize = 16;
const ROUNDS: usize = 20;
const FRAMES: u32 = 2_000;

const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// `POST / http x`.
const FIELDS: &[u8] = &[0x83, 0x86, 0x84, 0x01, 1, b'x'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// One of: rapid reset, continuation of a header without end, data without data.
fn attack(kind: usize) -> Vec<u8> {
    let mut bytes = HELLO.to_vec();
    match kind % 3 {
        0 => (0..FRAMES).for_each(|number| {
            bytes.extend(frame(1, 5, 2 * number + 1, FIELDS));
            bytes.extend(frame(3, 0, 2 * number + 1, &[0, 0, 0, 8]));
        }),
        1 => {
            bytes.extend(frame(1, 1, 1, FIELDS));
            let field = [&b"\0\x05x-abc\x7f\x81\x01"[..], &[b'x'; 256]].concat();
            (0..FRAMES).for_each(|_| bytes.extend(frame(9, 0, 1, &field)));
        }
        _ => {
            bytes.extend(frame(1, 4, 1, FIELDS));
            (0..FRAMES).for_each(|_| bytes.extend(frame(0, 0, 1, b"")));
        }
    }
    bytes
}

/// Writes it all, or as much as is taken, and reads until the other side ends the connection.
async fn is_cut_off(to: SocketAddr, bytes: Vec<u8>) -> Result<()> {
    let (mut from, mut into) = TcpStream::connect(to).await?.into_split();
    let writing = spawn("e2e.flood", async move {
        into.write_all(&bytes).await.unwrap_or_default();
        into
    });
    let mut scratch = [0; 4_096];
    let ended = async { while from.read(&mut scratch).await.unwrap_or(0) > 0 {} };
    timeout(PATIENCE, ended).await.context("it is not cut off")?;
    writing.await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_frames_cost_no_memory() {
    check().await.expect("all are cut off");
}

async fn check() -> Result<()> {
    let mut scene = Scene::start("").await?;
    let (grpc, otlp) = (scene.server.address("otlp_grpc")?, scene.server.otlp()?);
    assert_eq!(post(otlp, None, 0).await?, StatusCode::OK);
    let before = peak_memory_bytes(scene.server.process().id())?;
    for round in 0..ROUNDS {
        let attackers: Vec<_> = (0..ATTACKERS)
            .map(|attacker| spawn("e2e.attacker", is_cut_off(grpc, attack(round + attacker))))
            .collect();
        assert_eq!(post(otlp, None, round as u64 + 1).await?, StatusCode::OK, "others are served");
        for attacker in attackers {
            attacker.await??;
        }
    }
    let growth = peak_memory_bytes(scene.server.process().id())?.saturating_sub(before);
    println!("{} floods: {growth} bytes more at the peak", ROUNDS * ATTACKERS);
    assert!(growth <= MAX_GROWTH, "{growth} bytes more");
    scene.server.stop().await
}

/// The most that a process has ever held.
pub(crate) fn peak_memory_bytes(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes << 10)
}
