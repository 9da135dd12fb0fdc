use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use fanlight_log::FaultyDisk;
use fanlight_runtime::Outcome;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};

use super::*;
use crate::target::{ClientTls, Protocol};

mod books;
mod durability;
mod grpc;
mod grpc_receiver;
mod receiver;
use receiver::{Receiver, Reply, accept_all};

const FOLDER: &str = "/d/export";
const PACE: Pace = Pace { first: Duration::from_millis(4), longest: Duration::from_millis(20) };
/// Far above what any test takes: it bounds a failure.
const PATIENCE: Duration = Duration::from_secs(30);

fn target(name: &str, address: SocketAddr) -> Target {
    Target {
        name: name.to_owned(),
        endpoint: format!("http://{address}/v1/traces").parse().expect("a URI"),
        protocol: Protocol::Http,
        tls: ClientTls::default(),
        headers: Vec::new(),
        gzip: false,
        queue_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
    }
}

struct Site {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    ledger: Ledger,
    shutdown: Shutdown,
}

impl Site {
    fn on(disk: &FaultyDisk) -> Self {
        Self {
            disk: Arc::new(disk.clone()),
            folder: FOLDER.into(),
            ledger: Ledger::default(),
            shutdown: Shutdown::new(),
        }
    }

    fn open(&self, targets: Vec<Target>) -> Exporter {
        let (disk, ledger, shutdown) = (Arc::clone(&self.disk), self.ledger.clone(), self.shutdown.clone());
        Exporter::open_with_pace(&self.folder, targets, disk, Clock::system(), ledger, shutdown, PACE)
            .expect("opens")
    }
}

fn position(number: u64) -> Position {
    Position { file: 1, offset: number }
}

/// Item `n` has `n` spans and the bytes `[n]`; it came from position `n` of the main log.
fn enqueue(exporter: &Exporter, numbers: RangeInclusive<u64>) {
    for number in numbers {
        exporter.enqueue(position(number), number, format!("[{number}]").into());
    }
}

fn items(numbers: RangeInclusive<u64>) -> String {
    numbers.map(|number| format!("[{number}]")).collect()
}

/// Waits until all that was enqueued is on disk.
async fn until_durable(exporter: &Exporter, number: u64) {
    let durable = async {
        for queue in &exporter.inner.queues {
            let mut changes = queue.changes();
            while queue.durable_position() < Some(position(number)) {
                changes.changed().await.expect("the queue is there");
            }
        }
    };
    tokio::time::timeout(PATIENCE, durable).await.expect("on disk in time");
}

/// Waits until a target's counts are as wanted.
async fn until(exporter: &Exporter, target: &str, is_reached: impl Fn(TargetCounts) -> bool) {
    let queue = exporter.inner.queues.iter().find(|queue| queue.name == target).expect("configured");
    let mut changes = queue.changes();
    let reached = async {
        while !is_reached(queue.counts()) {
            changes.changed().await.expect("the queue is there");
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("reached in time");
}

/// Drains, and the deadline was not what ended it.
async fn drain_all(exporter: &Exporter) {
    let clock = Clock::system();
    assert_eq!(exporter.drain(PATIENCE).await, Drained::All);
    assert!(clock.elapsed() < PATIENCE);
}

/// Two targets, one compressed and with a secret header: each gets everything, in order, in one request.
#[tokio::test]
async fn every_target_gets_everything() {
    let plain = Receiver::start(accept_all).await;
    let zipped = Receiver::start(accept_all).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![
        target("plain", plain.address),
        Target {
            gzip: true,
            headers: vec![(AUTHORIZATION, HeaderValue::from_static("Bearer of-a-file"))],
            ..target("zipped", zipped.address)
        },
    ]);
    enqueue(&exporter, 1..=9);
    drain_all(&exporter).await;
    for receiver in [&plain, &zipped] {
        assert_eq!(receiver.bodies(), [items(1..=9)]);
        assert_eq!(receiver.requests()[0].path, "/v1/traces");
        assert_eq!(receiver.requests()[0].headers[CONTENT_TYPE], "application/x-protobuf");
    }
    assert_eq!(zipped.requests()[0].headers[AUTHORIZATION], "Bearer of-a-file");
    assert_eq!(zipped.requests()[0].headers[CONTENT_ENCODING], "gzip");
    assert!(!plain.requests()[0].headers.contains_key(AUTHORIZATION));
    let counts = exporter.counts("zipped").expect("configured");
    assert_eq!(counts, TargetCounts { received: 45, exported: 45, ..TargetCounts::default() });
    assert_eq!(site.ledger.get("export", "span", Outcome::Exported, "plain"), 45);
    assert_eq!(site.ledger.get("export", "span", Outcome::Received, "plain"), 45);
    assert_eq!(exporter.counts("other"), None);
}

/// What does not fit into one request goes into the next.
#[tokio::test]
async fn requests_are_bounded() {
    let receiver = Receiver::start(accept_all).await;
    let exporter = Site::on(&FaultyDisk::default())
        .open(vec![Target { queue_bytes: 1 << 30, ..target("t", receiver.address) }]);
    for number in 1..=5 {
        exporter.enqueue(position(number), 1, vec![b'x'; 1_500_000].into());
    }
    drain_all(&exporter).await;
    let lengths: Vec<usize> = receiver.bodies().iter().map(String::len).collect();
    assert_eq!(lengths, [3_000_000, 3_000_000, 1_500_000]);
}

/// A receiver that says nothing: what waits for it is told, in spans and bytes, and since when. Sent, nothing waits.
#[tokio::test]
async fn how_full_a_queue_is_is_told() {
    let silent = Receiver::start(|_, _| Reply::silence()).await;
    let disk = FaultyDisk::default();
    let exporter = Site::on(&disk).open(vec![target("t", silent.address)]);
    let began = Clock::system().now();
    enqueue(&exporter, 1..=3);
    until_durable(&exporter, 3).await;
    silent.until_requests(1).await;
    let depth = exporter.depths().remove(0);
    assert_eq!((depth.target.as_str(), depth.spans, depth.limit_bytes), ("t", 6, 1 << 20));
    assert!(depth.bytes >= 9, "{depth:?}");
    assert!(depth.oldest.is_some_and(|oldest| oldest >= began), "{depth:?}");
    drop(exporter);
    let taking = Receiver::start(accept_all).await;
    let exporter = Site::on(&disk).open(vec![target("t", taking.address)]);
    drain_all(&exporter).await;
    let depth = exporter.depths().remove(0);
    assert_eq!((depth.spans, depth.oldest), (0, None));
}

async fn is_retried(first: Reply) -> (Vec<Duration>, TargetCounts) {
    let receiver =
        Receiver::start(move |request, _| if request == 0 { first.clone() } else { Reply::ok() }).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![target("t", receiver.address)]);
    enqueue(&exporter, 1..=3);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies(), [items(1..=3), items(1..=3)]);
    assert_eq!(site.ledger.get("export", "request", Outcome::Retried, "t"), 1);
    (
        receiver.requests().iter().map(|request| request.at).collect(),
        exporter.counts("t").expect("configured"),
    )
}

/// The receiver is busy and says for how long: it is not asked before.
#[tokio::test]
async fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    for status in [429, 503] {
        let (at, counts) = is_retried(Reply::status(status).with("retry-after", "1")).await;
        assert!(at[1] - at[0] >= Duration::from_secs(1), "{at:?}");
        assert_eq!(counts, TargetCounts { received: 6, exported: 6, retries: 1, ..TargetCounts::default() });
    }
}

#[tokio::test]
async fn what_may_pass_is_sent_again() {
    for status in [408, 429, 500, 502, 503, 504, 401, 404] {
        is_retried(Reply::status(status)).await;
    }
}

/// A receiver that takes the request and says nothing is given up after the time-out, and asked again.
#[tokio::test]
async fn a_silent_receiver_is_asked_again() {
    let receiver =
        Receiver::start(|request, _| if request == 0 { Reply::silence() } else { Reply::ok() }).await;
    let exporter = Site::on(&FaultyDisk::default())
        .open(vec![Target { timeout: Duration::from_millis(50), ..target("t", receiver.address) }]);
    enqueue(&exporter, 1..=2);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().last(), Some(&items(1..=2)));
}

/// Nobody listens for a while. Everything arrives when somebody does, and a second target is not kept waiting.
#[tokio::test]
async fn a_receiver_may_come_later() {
    let down = Receiver::start(accept_all).await.stop().await;
    let up = Receiver::start(accept_all).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![target("down", down), target("up", up.address)]);
    enqueue(&exporter, 1..=5);
    up.until_requests(1).await;
    until(&exporter, "down", |counts| counts.retries >= 2).await;
    let down = Receiver::start_at(down, accept_all).await;
    drain_all(&exporter).await;
    assert_eq!(down.bodies().concat(), items(1..=5));
    assert_eq!(up.bodies().concat(), items(1..=5));
}

fn letters(disk: &FaultyDisk) -> Vec<(String, String)> {
    let text = |path: &PathBuf| String::from_utf8(disk.bytes_of(path).expect("there")).expect("text");
    let folder = Path::new(FOLDER).join("t/dead-letter");
    let (reasons, letters): (Vec<_>, Vec<_>) = disk
        .paths()
        .into_iter()
        .filter(|path| path.starts_with(&folder))
        .partition(|path| path.to_string_lossy().ends_with(".reason.txt"));
    letters.iter().map(text).zip(reasons.iter().map(text)).collect()
}

/// Items 5 and 12 of twenty are poison. They are found by halving and parked with the reason; all others arrive, in order.
#[tokio::test]
async fn poison_is_found_and_parked() {
    for status in [400, 500] {
        let receiver = Receiver::start(move |_, body| {
            let is_poison = body.contains("[5]") || body.contains("[12]");
            if is_poison { Reply::status(status).saying("what is this?") } else { Reply::ok() }
        })
        .await;
        let disk = FaultyDisk::default();
        let site = Site::on(&disk);
        let exporter = site.open(vec![target("t", receiver.address)]);
        enqueue(&exporter, 1..=20);
        drain_all(&exporter).await;
        let expected = [items(1..=4), items(6..=11), items(13..=20)].concat();
        assert_eq!(receiver.accepted().concat(), expected);
        let tries = if status == 500 { 3 } else { 1 };
        let refused = receiver.requests().len() - receiver.accepted().len();
        assert!(refused <= 10 * tries, "{refused} requests to find two of twenty");
        let reason = format!("status {status}: what is this?\n");
        assert_eq!(letters(&disk), [("[5]".to_owned(), reason.clone()), ("[12]".to_owned(), reason)]);
        let counts = exporter.counts("t").expect("configured");
        assert_eq!((counts.received, counts.exported, counts.parked, counts.waiting), (210, 193, 17, 0));
        assert_eq!(site.ledger.get("export", "span", Outcome::Rejected, "t"), 17);
    }
}

/// The receiver takes a request but for two of its spans.
#[tokio::test]
async fn a_partial_success_is_counted() {
    let receiver = Receiver::start(|_, _| Reply::ok().saying("\x0a\x0b\x08\x02\x12\x07too old")).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![target("t", receiver.address)]);
    enqueue(&exporter, 10..=10);
    drain_all(&exporter).await;
    let expected = TargetCounts { received: 10, exported: 8, refused: 2, ..TargetCounts::default() };
    assert_eq!(exporter.counts("t"), Some(expected));
    assert_eq!(site.ledger.get("export", "span", Outcome::Refused, "t"), 2);
}

/// The receiver is away and the queue passes its budget. The oldest go, by whole files, and each of their spans is counted;
/// the rest arrives.
#[tokio::test]
async fn over_the_budget_the_oldest_are_dropped_and_counted() {
    let down = Receiver::start(accept_all).await.stop().await;
    let disk = FaultyDisk::default();
    let site = Site::on(&disk);
    let budget = 64 << 10;
    let exporter = site.open(vec![Target { queue_bytes: budget, ..target("t", down) }]);
    for number in 1..=400 {
        exporter.enqueue(position(number), 1, format!("[{number:0>1000}]").into());
        until_durable(&exporter, number).await;
    }
    let on_disk: usize =
        disk.paths().iter().filter_map(|path| disk.bytes_of(path)).map(|bytes| bytes.len()).sum();
    assert!(on_disk as u64 <= budget, "{on_disk} bytes on disk");
    let receiver = Receiver::start_at(down, accept_all).await;
    drain_all(&exporter).await;
    let arrived: Vec<u64> = receiver
        .bodies()
        .concat()
        .split(['[', ']'])
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().expect("a number"))
        .collect();
    assert!(arrived.is_sorted());
    // What was on its way when its file was dropped is in memory and may still arrive; the rest is the newest, without a gap.
    let newest: Vec<u64> = arrived.iter().rev().zip((1..=400).rev()).map(|(a, _)| *a).take(50).collect();
    assert_eq!(newest, (351..=400).rev().collect::<Vec<_>>());
    let counts = exporter.counts("t").expect("configured");
    assert_eq!(counts.exported, arrived.len() as u64);
    assert_eq!((counts.received, counts.exported + counts.dropped, counts.waiting), (400, 400, 0));
    assert!(counts.dropped > 300);
    assert_eq!(site.ledger.get("export", "span", Outcome::Dropped, "export queue full"), counts.dropped);
    assert_eq!(site.ledger.get("export", "span", Outcome::Dropped, "export queue damaged"), 0);
}
