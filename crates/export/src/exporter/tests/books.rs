//! The ledger while targets change in one process, and how long a dead target holds up its end.

use fanlight_log::StdDisk;

use super::*;

struct Books {
    received: u64,
    exported: u64,
    dropped: u64,
}

fn books(ledger: &Ledger) -> Books {
    let of = |outcome| {
        let rows = ledger.rows();
        rows.iter().filter(|row| row.record == "span" && row.outcome == outcome).map(|row| row.count).sum()
    };
    Books { received: of(Outcome::Received), exported: of(Outcome::Exported), dropped: of(Outcome::Dropped) }
}

fn on_disk(folder: &tempfile::TempDir) -> Site {
    Site { disk: Arc::new(StdDisk), folder: folder.path().join("export"), ..Site::on(&FaultyDisk::default()) }
}

fn open_again(site: &Site, target: Target, waiting: u64) -> Exporter {
    let (disk, ledger) = (Arc::clone(&site.disk), site.ledger.clone());
    Exporter::open_again(&site.folder, target, waiting, disk, Clock::system(), ledger, Shutdown::new())
        .expect("opens")
}

/// A target gets new settings while spans wait for it: they were received once, and are exported once.
#[tokio::test]
async fn a_target_opened_again_counts_its_backlog_once() {
    let folder = tempfile::tempdir().expect("temp dir");
    let site = on_disk(&folder);
    let down = Receiver::start(accept_all).await.stop().await;
    let mut exporter = site.open(vec![target("t", down)]);
    enqueue(&exporter, 1..=5);
    for _ in 0..3 {
        exporter.drain(Duration::ZERO).await;
        let waiting = exporter.counts("t").expect("configured").waiting;
        drop(exporter);
        exporter = open_again(&site, target("t", down), waiting);
    }
    let Books { received, exported, dropped } = books(&site.ledger);
    assert_eq!((received, exported, dropped), (15, 0, 0));
    let _receiver = Receiver::start_at(down, accept_all).await;
    drain_all(&exporter).await;
    let Books { received, exported, dropped } = books(&site.ledger);
    assert_eq!((received, exported, dropped), (15, 15, 0));
}

/// What waited in files that are gone is counted as dropped, not forgotten.
#[tokio::test]
async fn what_is_not_found_again_is_dropped() {
    let folder = tempfile::tempdir().expect("temp dir");
    let site = on_disk(&folder);
    let down = Receiver::start(accept_all).await.stop().await;
    let exporter = site.open(vec![target("t", down)]);
    enqueue(&exporter, 1..=5);
    exporter.drain(Duration::ZERO).await;
    drop(exporter);
    std::fs::remove_dir_all(site.folder.join("t")).expect("removed");
    let _exporter = open_again(&site, target("t", down), 15);
    let Books { received, dropped, .. } = books(&site.ledger);
    assert_eq!((received, dropped), (15, 15));
}

/// A target that is removed leaves the books with what waits for it; one of its name finds it again.
#[tokio::test]
async fn a_removed_target_leaves_the_books() {
    let folder = tempfile::tempdir().expect("temp dir");
    let site = on_disk(&folder);
    let down = Receiver::start(accept_all).await.stop().await;
    let exporter = site.open(vec![target("t", down)]);
    enqueue(&exporter, 1..=5);
    exporter.drain(Duration::ZERO).await;
    assert_eq!(exporter.leave(), 15);
    drop(exporter);
    assert_eq!(site.ledger.get("export", "span", Outcome::Dropped, "export target removed"), 15);
    let _receiver = Receiver::start_at(down, accept_all).await;
    let exporter = site.open(vec![target("t", down)]);
    drain_all(&exporter).await;
    let Books { received, exported, dropped } = books(&site.ledger);
    assert_eq!((received, exported, dropped), (30, 15, 15));
}

/// The end of the process does not wait half a minute for a target that is down; it does for one that is slow.
#[tokio::test(start_paused = true)]
async fn a_drain_waits_only_for_what_moves() {
    let down = Receiver::start(accept_all).await.stop().await;
    let site = Site::on(&FaultyDisk::default());
    let exporter = site.open(vec![target("t", down)]);
    enqueue(&exporter, 1..=5);
    let began = tokio::time::Instant::now();
    assert!(matches!(exporter.drain(Duration::from_secs(30)).await, Drained::Left(_)));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
}
