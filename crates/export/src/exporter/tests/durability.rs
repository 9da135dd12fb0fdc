//! Restarts, crashes, full and failing disks.

use fanlight_log::StdDisk;
use fanlight_log::fault::{Fault, Plan};

use super::*;

/// The process stops while the receiver is away, and the main log is replayed at the next start. Everything arrives, once.
#[tokio::test]
async fn a_restart_loses_and_repeats_nothing() {
    let folder = tempfile::tempdir().expect("temp dir");
    let site = || Site {
        disk: Arc::new(StdDisk),
        folder: folder.path().join("export"),
        ..Site::on(&FaultyDisk::default())
    };
    let down = Receiver::start(accept_all).await.stop().await;
    let exporter = site().open(vec![target("t", down)]);
    enqueue(&exporter, 1..=5);
    let left = Left { target: "t".to_owned(), spans: 15 };
    assert_eq!(exporter.drain(Duration::ZERO).await, Drained::Left(vec![left]));
    drop(exporter);

    let receiver = Receiver::start_at(down, accept_all).await;
    let again = site();
    let exporter = again.open(vec![target("t", down)]);
    assert_eq!(exporter.last_position(), Some(position(5)));
    assert_eq!(again.ledger.get("export", "span", Outcome::Received, "t"), 15);
    enqueue(&exporter, 1..=7);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().concat(), items(1..=7));
    drop(exporter);

    let exporter = site().open(vec![target("t", down)]);
    assert_eq!(exporter.last_position(), Some(position(7)), "the position outlives what it was of");
    enqueue(&exporter, 1..=8);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().concat(), items(1..=8));
}

/// The power goes. What was called durable is sent after the start; the rest comes again from the main log.
#[tokio::test]
async fn a_crash_keeps_what_was_durable() {
    let down = Receiver::start(accept_all).await.stop().await;
    let disk = FaultyDisk::default();
    let exporter = Site::on(&disk).open(vec![target("t", down)]);
    enqueue(&exporter, 1..=4);
    assert_eq!(exporter.durable_position(), Some(Position::START));
    until_durable(&exporter, 4).await;
    enqueue(&exporter, 5..=5);
    disk.crash(0);
    drop(exporter);

    let receiver = Receiver::start_at(down, accept_all).await;
    let exporter = Site::on(&disk).open(vec![target("t", down)]);
    assert_eq!(exporter.durable_position(), Some(position(4)));
    enqueue(&exporter, 1..=6);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().concat(), items(1..=6));
}

/// Everything was sent and its files are gone when the power goes. The position is known all the same, though the marks are
/// not synced one by one: what is left is synced before anything is removed.
#[tokio::test]
async fn the_position_survives_a_crash_when_all_was_sent() {
    let receiver = Receiver::start(accept_all).await;
    let disk = FaultyDisk::default();
    let small = || vec![Target { queue_bytes: 32 << 10, ..target("t", receiver.address) }];
    let exporter = Site::on(&disk).open(small());
    for number in 1..=3 {
        // Each item fills a file, so that its mark begins the next one.
        exporter.enqueue(position(number), 1, format!("[{number:0>5000}]").into());
        until(&exporter, "t", |counts| counts.exported == number).await;
    }
    disk.crash(0);
    drop(exporter);
    let exporter = Site::on(&disk).open(small());
    assert_eq!(exporter.last_position(), Some(position(3)));
    assert_eq!(exporter.counts("t"), Some(TargetCounts::default()));
}

/// Frames that give nothing to send still move the position, or the main log could never be cut.
#[tokio::test]
async fn nothing_to_send_moves_the_position() {
    let receiver = Receiver::start(accept_all).await;
    let site = Site::on(&FaultyDisk::default());
    assert_eq!(site.open(Vec::new()).durable_position(), None);
    let exporter = site.open(vec![target("t", receiver.address)]);
    exporter.enqueue(position(3), 0, Bytes::new());
    assert_eq!(exporter.durable_position(), Some(position(3)));
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies(), Vec::<String>::new());
}

/// The disk is full for a while: nothing is called durable, nothing is lost, and it goes on when there is room.
#[tokio::test]
async fn a_full_disk_holds_the_position_back() {
    let receiver = Receiver::start(accept_all).await;
    let disk = FaultyDisk::default();
    let exporter = Site::on(&disk).open(vec![target("t", receiver.address)]);
    disk.set_room(Some(10));
    enqueue(&exporter, 1..=3);
    let seen = disk.operations();
    while disk.operations() < seen + 6 {
        tokio::task::yield_now().await;
    }
    assert_eq!(exporter.durable_position(), Some(Position::START));
    disk.set_room(None);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().concat(), items(1..=3));
}

/// A disk that takes nothing at all must not take the memory instead: the oldest are dropped and counted.
#[tokio::test]
async fn memory_is_bounded_when_the_disk_takes_nothing() {
    let receiver = Receiver::start(accept_all).await;
    let disk = FaultyDisk::default();
    let site = Site::on(&disk);
    let exporter = site.open(vec![target("t", receiver.address)]);
    disk.set_room(Some(10));
    for number in 1..=12 {
        exporter.enqueue(position(number), 1, vec![b'x'; 1 << 20].into());
    }
    disk.set_room(None);
    drain_all(&exporter).await;
    let counts = exporter.counts("t").expect("configured");
    assert_eq!((counts.received, counts.exported, counts.dropped), (12, 8, 4));
    assert_eq!(site.ledger.get("export", "span", Outcome::Dropped, "export queue full"), 4);
}

/// The process is told to end while a target waits out a long pause: it is asked once more, at once.
#[tokio::test]
async fn the_end_does_not_wait_for_a_pause() {
    let busy = Reply::status(503).with("retry-after", "600");
    let receiver =
        Receiver::start(move |request, _| if request == 0 { busy.clone() } else { Reply::ok() }).await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![target("t", receiver.address)]);
    enqueue(&exporter, 1..=2);
    receiver.until_requests(1).await;
    site.shutdown.begin();
    drain_all(&exporter).await;
}

/// A byte of the queue rots. It opens, the damaged part is set aside and counted, and what stands before it is sent.
#[tokio::test]
async fn a_damaged_queue_opens() {
    let down = Receiver::start(accept_all).await.stop().await;
    let disk = FaultyDisk::default();
    let exporter = Site::on(&disk).open(vec![target("t", down)]);
    enqueue(&exporter, 1..=4);
    exporter.drain(Duration::ZERO).await;
    drop(exporter);
    let path = Path::new(FOLDER).join("t/00000001.log");
    let mut bytes = disk.bytes_of(&path).expect("there");
    let at = bytes.windows(3).position(|three| three == b"[2]").expect("the second item");
    bytes[at] ^= 0x20;
    disk.put(&path, &bytes);

    let receiver = Receiver::start_at(down, accept_all).await;
    let site = Site::on(&disk);
    let exporter = site.open(vec![target("t", down)]);
    assert_eq!(site.ledger.get("export", "frame", Outcome::Quarantined, "t"), 1);
    assert_eq!(exporter.last_position(), Some(position(1)), "the main log gives the rest again");
    enqueue(&exporter, 1..=4);
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().concat(), items(1..=4));
    assert!(disk.paths().iter().any(|path| path.starts_with("/d/quarantine")));
}

/// A file rots while it waits to be sent. What cannot be read any more is counted as dropped, and the queue goes on.
#[tokio::test]
async fn a_queue_that_rots_while_it_waits_is_counted() {
    let down = Receiver::start(accept_all).await.stop().await;
    let disk = FaultyDisk::default();
    let site = Site::on(&disk);
    let exporter = site.open(vec![Target { queue_bytes: 1 << 30, ..target("t", down) }]);
    // The first is on its way while the second waits in the file: they do not fit into one request.
    for number in 1..=2 {
        exporter.enqueue(position(number), number, vec![b'x'; 3_000_000].into());
    }
    until(&exporter, "t", |counts| counts.retries > 0).await;
    let path = Path::new(FOLDER).join("t/00000001.log");
    let mut bytes = disk.bytes_of(&path).expect("there");
    bytes[4_000_000] ^= 1;
    disk.put(&path, &bytes);
    let receiver = Receiver::start_at(down, accept_all).await;
    drain_all(&exporter).await;
    assert_eq!(receiver.bodies().len(), 1);
    let counts = exporter.counts("t").expect("configured");
    assert_eq!((counts.received, counts.exported, counts.dropped), (3, 1, 2));
    assert_eq!(site.ledger.get("export", "span", Outcome::Dropped, "export queue damaged"), 2);
}

/// The k-th operation of the disk fails, for every k until none is hit; then the power goes. What was called durable was or
/// will be sent, and nothing panics.
#[tokio::test]
async fn no_failing_operation_loses_what_is_durable() {
    for fault in [Fault::Io, Fault::NoSpace, Fault::ShortNoSpace(30)] {
        for from in 1.. {
            let receiver = Receiver::start(accept_all).await;
            let disk = FaultyDisk::with_plans(&[Plan { operation: None, from, times: 1, fault }]);
            let site = Site::on(&disk);
            let targets = || vec![Target { queue_bytes: 1 << 20, ..target("t", receiver.address) }];
            let (folder, clock) = (Path::new(FOLDER), Clock::system());
            let opened = Exporter::open_with_pace(
                folder,
                targets(),
                Arc::clone(&site.disk),
                clock,
                site.ledger.clone(),
                Shutdown::new(),
                PACE,
            );
            let mut durable = Some(Position::START);
            if let Ok(exporter) = opened {
                enqueue(&exporter, 1..=3);
                until_durable(&exporter, 3).await;
                enqueue(&exporter, 4..=6);
                exporter.drain(Duration::from_millis(20)).await;
                durable = exporter.durable_position();
            }
            let was_hit = disk.operations() >= from;
            disk.set_plans(&[]);
            disk.crash(0);
            let exporter = site.open(targets());
            // The main log was cut at the durable position; it gives again what came after.
            let first_left = durable.map_or(1, |durable| durable.offset + 1);
            enqueue(&exporter, first_left..=6);
            drain_all(&exporter).await;
            let arrived = receiver.bodies().concat();
            for number in 1..=6 {
                assert!(
                    arrived.contains(&format!("[{number}]")),
                    "{fault:?} at {from}: {number} is lost: {arrived}"
                );
            }
            if !was_hit {
                break;
            }
        }
    }
}
