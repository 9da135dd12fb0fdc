//! What a bomb of a few kilobytes costs. Each is sent to a server in a process of its own, because what is looked at is the whole
//! process's memory, and what it took to make the bombs would hide what they take.

#![cfg(test)]

#[path = "receive/support.rs"]
#[expect(dead_code, reason = "one test uses a part of what the others need")]
mod support;

use std::process::Command;

use support::{PATIENCE, Server, empty_spans, gzip, zstd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that the process had in memory at most, so far.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

/// Sends a compressed body and gives the status of the answer.
async fn send(server: &Server, content_type: &str, encoding: &str, bomb: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: {content_type}\r\n\
         content-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    stream.write_all(&[head.as_bytes(), bomb].concat()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[9..12]).into_owned()
}

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

struct Bomb {
    content_type: &'static str,
    encoding: &'static str,
    status: &'static str,
    bytes: Vec<u8>,
}

fn bombs() -> Vec<Bomb> {
    let json = |head: &str, piece: &str, count: usize| [head, &piece.repeat(count)].concat().into_bytes();
    let around = "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[";
    let named = format!("{{\"name\":\"{}\"}},", "n".repeat(60_000));
    let plain = [
        (PROTOBUF, "400", empty_spans(2_000_000)),
        (PROTOBUF, "413", vec![0; 64 << 20]),
        (JSON, "400", json(around, "{},", 2_000_000)),
        (JSON, "400", json("", "[", 15 << 20)),
        // Below the cap of a body, above that of what it becomes.
        (JSON, "413", json(around, &named, (15 << 20) / named.len())),
        (JSON, "413", vec![b' '; 64 << 20]),
    ];
    let both = plain.into_iter().flat_map(|(content_type, status, body)| {
        [("gzip", gzip(&body)), ("zstd", zstd(&body))].map(|(encoding, bytes)| Bomb {
            content_type,
            encoding,
            status,
            bytes,
        })
    });
    both.collect()
}

/// Tells a child where its bomb lies, and how it is to be sent.
const BOMB: &str = "INTAKE_BOMB";

/// 32 MiB is the bar for two million empty spans, for zeros up to the cap of a body, and for the same as JSON, where what comes out
/// stands beside what it is made from.
#[test]
fn a_bomb_costs_at_most_32_mib() {
    if let Ok(told) = std::env::var(BOMB) {
        return measure(&told);
    }
    let folder = tempfile::tempdir().unwrap();
    let (this, file) = (std::env::current_exe().unwrap(), folder.path().join("bomb"));
    for Bomb { content_type, encoding, status, bytes } in bombs() {
        assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
        std::fs::write(&file, &bytes).unwrap();
        let told = format!("{content_type} {encoding} {status} {}", file.display());
        let output = Command::new(&this).arg("--nocapture").env(BOMB, &told).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{}", printed.lines().find(|line| line.contains("answered")).unwrap_or_default());
        assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::main]
async fn measure(told: &str) {
    let [content_type, encoding, status, file] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let bomb = std::fs::read(file).unwrap();
    let server = Server::start().await;
    assert_eq!(send(&server, PROTOBUF, "gzip", &gzip(b"")).await, "200");
    let held = resident_memory();
    reset_peak();
    assert_eq!(send(&server, content_type, encoding, &bomb).await, status);
    let cost = peak_memory().saturating_sub(held);
    println!("{} bytes of {encoding} {content_type}, answered with {status}: {cost} bytes", bomb.len());
    assert!(cost <= 32 << 20, "{cost} bytes over {held}");
}

fn resident_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

/// Linux sets the peak back to what is held now.
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}
