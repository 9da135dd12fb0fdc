//! What a backend that is gone costs the senders (design/reliability.md F9): Fanlight with a sink that answers beside two whose sink
//! does not, in interleaved rounds.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use anyhow::Result;

use crate::payload::{Payload, SPANS_PER_REQUEST};
use crate::process::Peer;
use crate::sink::Sink;
use crate::{CONNECTIONS, median, percentile, sender};

const ROUNDS: usize = 7;
const REQUESTS: usize = 300;

/// Prints the 99th percentile of an acknowledgement with each backend, and how it compares with the living one's.
pub(crate) fn compare(folder: &Path, sink: &Sink, payload: &Payload) -> Result<()> {
    // Takes connections, up to the system's queue of them, and never reads a byte.
    let silent = TcpListener::bind(("127.0.0.1", 0))?;
    let closed: SocketAddr = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let backends =
        [("answers", sink.address()), ("refuses connections", closed), ("is silent", silent.local_addr()?)];
    let mut peers = Vec::new();
    for (name, address) in backends {
        peers.push((name, Peer::fanlight(folder, address)?, Vec::new()));
    }
    for round in 0..=ROUNDS {
        for (name, peer, p99s) in &mut peers {
            let seen = sink.spans();
            let latencies = sender::send(peer.endpoint, payload, REQUESTS, CONNECTIONS)?;
            if *name == "answers" {
                sink.wait_for(seen + u64::try_from(REQUESTS * SPANS_PER_REQUEST)?)?;
            }
            if round > 0 {
                p99s.push(percentile(latencies, 0.99) * 1e3);
            }
        }
    }
    println!(
        "\n| the backend | p99 of an acknowledgement, ms (median, min–max of {ROUNDS} rounds) | against one that answers |\n|---|---|---|"
    );
    let living = peers.first().map_or(f64::NAN, |(_, _, p99s)| median(p99s.iter().copied()));
    for (name, _, p99s) in &peers {
        let low = p99s.iter().copied().fold(f64::INFINITY, f64::min);
        let high = p99s.iter().copied().fold(0.0, f64::max);
        let middle = median(p99s.iter().copied());
        println!("| {name} | {middle:.1} ({low:.1}–{high:.1}) | {:+.0} % |", (middle / living - 1.0) * 100.0);
    }
    Ok(())
}
