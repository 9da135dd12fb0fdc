//! What it costs to move a million spans through Fanlight, beside processes that move them too, in one run on one machine.
//!
//! The figure is CPU seconds (user + system) of the process under test per million spans. Sender and sink are the same for
//! all; the sink counts spans by walking tags, and a round counts only if as many arrived as were sent. Fanlight is measured
//! with everything on: durable before acknowledged, joined, stored and exported; the peers only pass the bytes on.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod outage;
mod payload;
mod process;
mod sender;
mod sink;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use payload::{Payload, SPANS_PER_REQUEST};
use process::Peer;
use sink::Sink;

const ROUNDS: usize = 5;
const REQUESTS_PER_ROUND: usize = 400;
const CONNECTIONS: usize = 4;

fn main() -> Result<()> {
    let sink = Sink::start()?;
    let folder = tempfile::tempdir()?;
    let mut peers = Vec::new();
    for start in [Peer::fanlight, Peer::envoy, Peer::rotel] {
        match start(folder.path(), sink.address()) {
            Ok(peer) => peers.push(peer),
            Err(error) => println!("not measured: {error:#}"),
        }
    }
    ensure!(peers.iter().any(|peer| peer.name == "fanlight"), "Fanlight itself did not start");
    let payload = Payload::new();
    println!(
        "{} B a span, {SPANS_PER_REQUEST} spans a request, {CONNECTIONS} connections, {ROUNDS} interleaved rounds of {} spans each",
        payload.bytes_per_span(),
        REQUESTS_PER_ROUND * SPANS_PER_REQUEST
    );
    let mut rounds: BTreeMap<&'static str, Vec<Round>> = BTreeMap::new();
    for round in 0..=ROUNDS {
        for peer in &peers {
            let measured =
                measure(peer, &sink, &payload).with_context(|| format!("round {round} of {}", peer.name))?;
            if round > 0 {
                rounds.entry(peer.name).or_default().push(measured);
            }
        }
    }
    print_table(&peers, &rounds);
    acknowledged_rate(&peers, &sink, &payload)?;
    bomb(&peers)?;
    // The processes of the table take no share of what follows.
    drop(peers);
    outage::compare(folder.path(), &sink, &payload)
}

/// One round of one process.
struct Round {
    cpu_seconds_per_million: f64,
    spans_per_second: f64,
    p99_ms: f64,
}

fn measure(peer: &Peer, sink: &Sink, payload: &Payload) -> Result<Round> {
    let (before, seen, began) = (peer.cpu_seconds()?, sink.spans(), clock());
    let latencies = sender::send(peer.endpoint, payload, REQUESTS_PER_ROUND, CONNECTIONS)?;
    let sent = u64::try_from(REQUESTS_PER_ROUND * SPANS_PER_REQUEST)?;
    let acknowledged = began.elapsed().as_secs_f64();
    sink.wait_for(seen + sent)?;
    let cpu = peer.cpu_seconds()? - before;
    Ok(Round {
        cpu_seconds_per_million: cpu / sent as f64 * 1e6,
        spans_per_second: sent as f64 / acknowledged,
        p99_ms: percentile(latencies, 0.99) * 1e3,
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the machine's clock")]
fn clock() -> Instant {
    Instant::now()
}

fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(values.collect(), 0.5)
}

fn print_table(peers: &[Peer], rounds: &BTreeMap<&'static str, Vec<Round>>) {
    let cost = |name: &str| {
        rounds.get(name).map(|rounds| median(rounds.iter().map(|round| round.cpu_seconds_per_million)))
    };
    let own = cost("fanlight").unwrap_or(f64::NAN);
    println!(
        "\n| process | does | CPU s per million spans (median, min–max) | against Fanlight | spans/s acknowledged | p99 of an acknowledgement |\n|---|---|---|---|---|---|"
    );
    for peer in peers {
        let Some(rounds) = rounds.get(peer.name) else { continue };
        let costs: Vec<f64> = rounds.iter().map(|round| round.cpu_seconds_per_million).collect();
        let low = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let high = costs.iter().copied().fold(0.0, f64::max);
        println!(
            "| {} | {} | {:.2} ({low:.2}–{high:.2}) | {:.2}× | {:.0} | {:.1} ms |",
            peer.name,
            peer.does,
            median(costs.iter().copied()),
            median(costs.iter().copied()) / own,
            median(rounds.iter().map(|round| round.spans_per_second)),
            median(rounds.iter().map(|round| round.p99_ms)),
        );
    }
}

/// Fanlight alone, more connections: how fast it acknowledges what it has made durable.
fn acknowledged_rate(peers: &[Peer], sink: &Sink, payload: &Payload) -> Result<()> {
    let Some(peer) = peers.iter().find(|peer| peer.name == "fanlight") else { return Ok(()) };
    let requests = REQUESTS_PER_ROUND * 4;
    let (seen, began) = (sink.spans(), clock());
    let latencies = sender::send(peer.endpoint, payload, requests, 16)?;
    let seconds = began.elapsed().as_secs_f64();
    sink.wait_for(seen + u64::try_from(requests * SPANS_PER_REQUEST)?)?;
    println!(
        "\nacknowledged after the sync, 16 connections: {:.0} spans/s, p99 {:.0} ms; resident memory at its highest {} MiB",
        (requests * SPANS_PER_REQUEST) as f64 / seconds,
        percentile(latencies, 0.99) * 1e3,
        peer.high_water_kib()? >> 10,
    );
    Ok(())
}

/// Two million empty spans in a gzip body of 4 kB, into a server of its own.
fn bomb(peers: &[Peer]) -> Result<()> {
    let Some(peer) = peers.iter().find(|peer| peer.name == "fanlight") else { return Ok(()) };
    let fresh = peer.again()?;
    let body = payload::bomb()?;
    let before = fresh.high_water_kib()?;
    let (status, seconds) = sender::post_once(fresh.endpoint, &body, true)?;
    println!(
        "a bomb of {} B (2 000 000 empty spans): answered {status} after {:.0} ms, {} KiB more resident memory at its highest",
        body.len(),
        seconds * 1e3,
        fresh.high_water_kib()?.saturating_sub(before),
    );
    Ok(())
}
