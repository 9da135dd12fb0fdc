//! Senders that write spans and records until the server is gone, and keep what was acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::KeyValue;
use fanlight_e2e::lss::{Connection, LogStream};
use fanlight_e2e::otlp::{OtlpSpan, encode, hex, request, server_span};
use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::random::Random;

const SENDERS: u64 = 3;
const SPANS_PER_REQUEST: u64 = 8;
/// One connection a request; ports of one round never meet again in another.
const FIRST_PORT: u16 = 10_000;
const SLOWEST: Duration = Duration::from_millis(20);

/// One span that the server has acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) sequence: u64,
    pub(crate) span_id: String,
    pub(crate) connection_id: String,
}

/// How far a sender's current request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    HalfSent,
    Unanswered,
}

/// One server's life.
pub(crate) struct Round {
    number: u64,
    otlp: SocketAddr,
    lss: SocketAddr,
    seed: u64,
    next: AtomicU64,
    acknowledged: Mutex<Vec<Acknowledged>>,
    stages: Mutex<Vec<Stage>>,
}

pub(crate) fn service(round: u64) -> String {
    format!("kill-{round}")
}

pub(crate) fn user(round: u64) -> String {
    format!("kill-{round}@example.com")
}

impl Round {
    pub(crate) fn new(number: u64, otlp: SocketAddr, lss: SocketAddr, seed: u64) -> Self {
        let stages = (0..SENDERS).map(|_| Stage::Idle).collect();
        Self {
            number,
            otlp,
            lss,
            seed,
            next: AtomicU64::new(0),
            acknowledged: Mutex::new(Vec::new()),
            stages: Mutex::new(stages),
        }
    }

    pub(crate) fn acknowledged(&self) -> Vec<Acknowledged> {
        lock(&self.acknowledged).clone()
    }

    /// Requests that were begun and never answered: half sent, and wholly sent.
    pub(crate) fn in_flight(&self) -> (usize, usize) {
        let stages = lock(&self.stages);
        let count = |stage| stages.iter().filter(|one| **one == stage).count();
        (count(Stage::HalfSent), count(Stage::Unanswered))
    }

    fn enter(&self, sender: u64, stage: Stage) {
        if let Some(one) = lock(&self.stages).get_mut(usize::try_from(sender).unwrap_or(usize::MAX)) {
            *one = stage;
        }
    }
}

/// Each runs until the server no longer answers.
pub(crate) fn start(round: &Arc<Round>) -> Vec<JoinHandle<()>> {
    (0..SENDERS)
        .map(|sender| {
            let round = Arc::clone(round);
            // It always ends in an error: the server is killed.
            spawn("e2e.sender", async move { write(&round, sender).await.unwrap_or_default() })
        })
        .collect()
}

async fn write(round: &Round, sender: u64) -> Result<()> {
    let mut random = Random::new(round.seed ^ sender);
    let mut stream = TcpStream::connect(round.otlp).await?;
    let mut records = LogStream::open(round.lss).await?;
    loop {
        let batch = Batch::new(round);
        let record = batch.connection.close_record();
        let record_first = random.next().is_multiple_of(2);
        if record_first {
            records.write(record.as_bytes()).await?;
        }
        // A slow network, now and then: the server holds half a request for a while.
        let pause = if random.next().is_multiple_of(4) { random.up_to(SLOWEST) } else { Duration::ZERO };
        batch.post(round, sender, &mut stream, pause).await?;
        lock(&round.acknowledged).extend(batch.spans.iter().map(|(sequence, span)| Acknowledged {
            sequence: *sequence,
            span_id: hex(&span.span_id),
            connection_id: batch.connection.connection_id.clone(),
        }));
        if !record_first {
            records.write(record.as_bytes()).await?;
        }
    }
}

/// The spans of one connection.
struct Batch {
    service: String,
    connection: Connection,
    spans: Vec<(u64, OtlpSpan)>,
}

impl Batch {
    fn new(round: &Round) -> Self {
        let number = round.next.fetch_add(1, Ordering::Relaxed);
        let now = Clock::system().now();
        let ago = |millis: i64| now.shifted(-millis * 1_000_000);
        let connector = SocketAddr::from((
            [127, 0, 1, u8::try_from(round.number).unwrap_or(u8::MAX)],
            FIRST_PORT.saturating_add(u16::try_from(number).unwrap_or(u16::MAX)),
        ));
        let connection = Connection {
            connection_id: format!("kill-{},{number}", round.number),
            user: user(round.number),
            connector,
            server: SocketAddr::from(([127, 0, 0, 1], 8_080)),
            start: ago(100),
            end: ago(10),
        };
        let spans = (0..SPANS_PER_REQUEST)
            .map(|place| {
                let sequence = number * SPANS_PER_REQUEST + place;
                (sequence, span(round.number, sequence, connector, ago(90), ago(50)))
            })
            .collect();
        Self { service: service(round.number), connection, spans }
    }

    /// Over a connection of its own making, so that it can stop half-way.
    async fn post(&self, round: &Round, sender: u64, stream: &mut TcpStream, pause: Duration) -> Result<()> {
        let resource = vec![KeyValue::text("host.ip", "127.0.0.1")];
        let spans = self.spans.iter().map(|(_, span)| span.clone()).collect();
        let body = encode(&request(&self.service, resource, spans));
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
            round.otlp,
            body.len()
        );
        let (first, rest) = body.split_at(body.len() / 2);
        round.enter(sender, Stage::HalfSent);
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(first).await?;
        tokio::time::sleep(pause).await;
        stream.write_all(rest).await?;
        round.enter(sender, Stage::Unanswered);
        let status = answer(stream).await?;
        round.enter(sender, Stage::Idle);
        if status != 200 {
            bail!("answered with {status}");
        }
        Ok(())
    }
}

fn span(round: u64, sequence: u64, connector: SocketAddr, start: Timestamp, end: Timestamp) -> OtlpSpan {
    let mut trace_id = [1; 16];
    trace_id[..8].copy_from_slice(&round.to_be_bytes());
    trace_id[8..].copy_from_slice(&(sequence + 1).to_be_bytes());
    let span_id = ((round << 32) | (sequence + 1)).to_be_bytes();
    let attributes = vec![
        KeyValue::text("sequence", &sequence.to_string()),
        KeyValue::text("network.peer.address", &connector.ip().to_string()),
        KeyValue::number("network.peer.port", connector.port().into()),
        KeyValue::number("network.local.port", 8_080),
    ];
    let mut span = server_span(trace_id, span_id, "GET /orders/{order}", attributes);
    span.start_time_unix_nano = start.as_unix_nanos();
    span.end_time_unix_nano = end.as_unix_nanos();
    span
}

/// The status of an HTTP/1.1 answer with a content length, read to its end.
async fn answer(stream: &mut TcpStream) -> Result<u16> {
    let mut read = Vec::new();
    let head = loop {
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the server has gone");
        }
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
    while read.len() < head + length.unwrap_or(0) {
        if stream.read_buf(&mut read).await? == 0 {
            bail!("the server has gone");
        }
    }
    Ok(status)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
