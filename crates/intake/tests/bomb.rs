//! What a bomb of a few kilobytes costs. Alone in its process, because it looks at the whole process's memory.

#![cfg(test)]

#[path = "receive/support.rs"]
#[expect(dead_code, reason = "one test uses a part of what the others need")]
mod support;

use support::{PATIENCE, Server, empty_spans, gzip};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes that the process had in memory at most, so far.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

/// Sends a compressed body and gives the status of the answer.
async fn send(server: &Server, bomb: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\n\
         content-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    stream.write_all(&[head.as_bytes(), bomb].concat()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[9..12]).into_owned()
}

/// 32 MiB is the bar for two million empty spans, and for zeros up to the cap of a body.
#[tokio::test]
async fn a_bomb_costs_at_most_32_mib() {
    let server = Server::start().await;
    let spans = gzip(&empty_spans(2_000_000));
    let zeros = gzip(&vec![0; 64 << 20]);
    assert!(spans.len() < 20_000 && zeros.len() < 100_000);
    assert_eq!(send(&server, &gzip(b"")).await, "200");
    // The peak up to here is ours: making the bombs took more than a bomb may cost. From here on it must not rise by it again.
    for (bomb, status) in [(spans, "400"), (zeros, "413")] {
        let (held, before) = (resident_memory(), peak_memory());
        reset_peak();
        assert_eq!(send(&server, &bomb).await, status);
        let cost = peak_memory().saturating_sub(held);
        assert!(cost <= 32 << 20, "{cost} bytes over {held}, the peak before was {before}");
    }
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
