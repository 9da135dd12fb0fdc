use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use fanlight_runtime::{MetricValue, spawn};

use super::*;
use crate::fault::{Fault, FaultyDisk, Operation, Plan};

const FOLDER: &str = "/d/log";
const MAX_FILE_BYTES: u64 = 4_096;

fn frame(number: u64) -> Frame {
    Frame { source_id: number, bytes: format!("payload {number}").into(), ..Frame::default() }
}

fn open(disk: &FaultyDisk) -> Segments {
    Segments::open(FOLDER.as_ref(), MAX_FILE_BYTES, Arc::new(disk.clone())).expect("opens").0
}

fn start(disk: &FaultyDisk, queue: usize, forward: usize) -> (Appender<u64>, mpsc::Receiver<Logged<u64>>) {
    let (sender, receiver) = mpsc::channel(forward);
    (Appender::start(open(disk), queue, sender).expect("started"), receiver)
}

fn replayed(disk: &FaultyDisk) -> Vec<(Position, u64)> {
    let mut found = Vec::new();
    open(disk)
        .replay(Position::START, &mut |position, frame| {
            found.push((position, frame.source_id));
            ControlFlow::Continue(())
        })
        .expect("replays");
    found
}

/// Waits until this many commands wait in the queue, which only the test's own tasks fill.
async fn until_queued(appender: &Appender<u64>, commands: usize) {
    while appender.queue.max_capacity() - appender.queue.capacity() < commands {
        tokio::task::yield_now().await;
    }
}

/// Many tasks append at once, then the power goes. Each acknowledged frame is found at its position, and what was forwarded
/// came in the order of the log.
#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_frames_survive_and_are_forwarded_in_order() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 64, 16);
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let appender = appender.clone();
            spawn("test", async move {
                let mut acknowledged = Vec::new();
                for number in task * 100..task * 100 + 25 {
                    let position = appender.append_when_free(frame(number), number).await.expect("safe");
                    acknowledged.push((position, number));
                }
                acknowledged
            })
        })
        .collect();
    let mut in_order = Vec::new();
    while in_order.len() < 400 {
        let logged = forwarded.recv().await.expect("forwarded");
        assert_eq!(logged.frame, frame(logged.payload));
        in_order.push((logged.position, logged.payload));
    }
    disk.crash(0);
    let found = replayed(&disk);
    assert_eq!(in_order, found);
    for task in tasks {
        for acknowledged in task.await.expect("ended") {
            assert!(found.contains(&acknowledged), "{acknowledged:?}");
        }
    }
}

/// Twenty wait while the thread is held up: one write and one sync serve them all.
#[tokio::test(flavor = "multi_thread")]
async fn one_sync_serves_all_who_wait() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 32, 1);
    // The second of these fills the queue behind the log, and the third holds the thread up.
    for number in 0..2 {
        appender.append(frame(number), number).await.expect("safe");
    }
    let before = (disk.operations_of(Operation::SyncData), disk.operations_of(Operation::Append));
    let tasks: Vec<_> = (2..22)
        .map(|number| {
            let appender = appender.clone();
            spawn("test", async move { appender.append(frame(number), number).await })
        })
        .collect();
    until_queued(&appender, 20).await;
    for _ in 0..22 {
        forwarded.recv().await.expect("forwarded");
    }
    for task in tasks {
        task.await.expect("ended").expect("safe");
    }
    let after = (disk.operations_of(Operation::SyncData), disk.operations_of(Operation::Append));
    assert_eq!(after, (before.0 + 1, before.1 + 1));
}

/// Nobody takes what was logged: the queue fills, and the next sender is told at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_busy() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 2, 1);
    for number in 0..2 {
        appender.append(frame(number), number).await.expect("safe");
    }
    let tasks: Vec<_> = (2..4)
        .map(|number| {
            let appender = appender.clone();
            spawn("test", async move { appender.append(frame(number), number).await })
        })
        .collect();
    until_queued(&appender, 2).await;
    assert_eq!(appender.append(frame(9), 9).await, Err(AppendError::Busy));
    for _ in 0..4 {
        forwarded.recv().await.expect("forwarded");
    }
    for task in tasks {
        task.await.expect("ended").expect("safe");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_says_so_and_works_again_with_room() {
    let disk = FaultyDisk::default();
    let (appender, _forwarded) = start(&disk, 8, 8);
    appender.append(frame(0), 0).await.expect("safe");
    disk.set_room(Some(7));
    assert_eq!(appender.append(frame(1), 1).await, Err(AppendError::Full));
    disk.set_room(None);
    appender.append(frame(2), 2).await.expect("safe");
    disk.crash(0);
    assert_eq!(replayed(&disk).into_iter().map(|(_, number)| number).collect::<Vec<_>>(), [0, 2]);
}

/// Each write is measured, and a refusal is seen in the status until a frame is taken again.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_does_is_told() {
    let (disk, metrics) = (FaultyDisk::default(), Metrics::default());
    let (forward, _forwarded) = mpsc::channel(8);
    let appender =
        Appender::start_measured(open(&disk), 8, forward, Clock::system(), &metrics).expect("started");
    appender.append(frame(0), 0).await.expect("safe");
    assert_eq!((appender.status().refused, appender.waiting()), (None, (0, 8)));
    disk.set_room(Some(7));
    appender.append(frame(1), 1).await.expect_err("there is no room");
    let refused = tokio::time::timeout(Duration::from_secs(20), async {
        while appender.status().refused.is_none() {
            tokio::task::yield_now().await;
        }
        appender.status().refused
    });
    assert_eq!(refused.await.expect("in time").map(|(_, error)| error), Some(AppendError::Full));
    disk.set_room(None);
    appender.append(frame(2), 2).await.expect("safe");
    assert_eq!(appender.status().refused, None);
    let families = metrics.families();
    let syncs = families.iter().find(|family| family.name == "fanlight_log_sync_duration_seconds");
    let MetricValue::Buckets { buckets, .. } = &syncs.expect("measured").samples[0].value else {
        panic!("a histogram has buckets");
    };
    assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 3);
}

/// One sync fails: the frames are written once more, to a new file, and the acknowledgement is true.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_moves_to_a_new_file() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 8, 8);
    appender.append(frame(0), 0).await.expect("safe");
    let plan = Plan { operation: Some(Operation::SyncData), from: 2, times: 1, fault: Fault::Io };
    disk.set_plans(&[plan]);
    let position = appender.append(frame(1), 1).await.expect("safe in the new file");
    assert_eq!(position.file, 2);
    disk.crash(0);
    assert_eq!(replayed(&disk).into_iter().map(|(_, number)| number).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(forwarded.recv().await.map(|logged| logged.payload), Some(0));
    assert_eq!(forwarded.recv().await.map(|logged| logged.position), Some(position));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_every_sync_acknowledges_nothing() {
    let disk = FaultyDisk::default();
    disk.set_plans(&[Plan {
        operation: Some(Operation::SyncData),
        from: 1,
        times: u64::MAX,
        fault: Fault::Io,
    }]);
    let (appender, mut forwarded) = start(&disk, 8, 8);
    assert_eq!(appender.append(frame(0), 0).await, Err(AppendError::Failed));
    disk.set_plans(&[]);
    appender.append(frame(1), 1).await.expect("safe");
    assert_eq!(forwarded.recv().await.map(|logged| logged.payload), Some(1), "what failed is not forwarded");
}

/// The log closes while senders wait: they are served, later ones are refused, and the thread is gone at the end.
#[tokio::test(flavor = "multi_thread")]
async fn closing_serves_all_who_wait() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 16, 1);
    for number in 0..2 {
        appender.append(frame(number), number).await.expect("safe");
    }
    let tasks: Vec<_> = (2..8)
        .map(|number| {
            let appender = appender.clone();
            spawn("test", async move { appender.append(frame(number), number).await })
        })
        .collect();
    until_queued(&appender, 6).await;
    let late = appender.clone();
    let closing = spawn("test", appender.close());
    let mut payloads = Vec::new();
    while let Some(logged) = forwarded.recv().await {
        payloads.push(logged.payload);
    }
    closing.await.expect("closed");
    for task in tasks {
        task.await.expect("ended").expect("safe");
    }
    payloads.sort_unstable();
    assert_eq!(payloads, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(late.append(frame(9), 9).await, Err(AppendError::Closed));
    late.close().await;
}

/// Whoever works on the frames is gone. The log takes nothing more rather than fill the disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_closes() {
    let disk = FaultyDisk::default();
    let (appender, forwarded) = start(&disk, 8, 8);
    drop(forwarded);
    appender.append(frame(0), 0).await.expect("it is durable all the same");
    let late = appender.clone();
    appender.close().await;
    assert_eq!(late.append(frame(1), 1).await, Err(AppendError::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_files_go_when_they_may() {
    let disk = FaultyDisk::default();
    let (appender, mut forwarded) = start(&disk, 8, 1);
    let mut last = Position::START;
    while last.file < 4 {
        last = appender.append(frame(last.offset), 0).await.expect("safe");
        forwarded.recv().await.expect("forwarded");
    }
    appender.truncate_before(last);
    // The cut is done at the latest after the next group.
    appender.append(frame(1), 0).await.expect("safe");
    forwarded.recv().await.expect("forwarded");
    let status = appender.clone();
    appender.close().await;
    assert_eq!(disk.paths(), [Path::new(FOLDER).join("00000004.log")]);
    assert_eq!(status.status().oldest.file, 4);
}

#[tokio::test]
async fn a_frame_over_the_cap_is_refused() {
    let (appender, _forwarded) = start(&FaultyDisk::default(), 8, 8);
    let huge = Frame { bytes: vec![0; MAX_FRAME_BYTES + 1].into(), ..Frame::default() };
    assert_eq!(appender.append(huge, 0).await, Err(AppendError::TooLarge));
}

/// The k-th operation of the disk fails, for every k until none is hit. All that was acknowledged is found after a crash, and
/// only what was acknowledged was forwarded.
#[tokio::test(flavor = "multi_thread")]
async fn no_failing_operation_makes_a_false_acknowledgement() {
    for fault in [Fault::Io, Fault::NoSpace, Fault::ShortNoSpace(9)] {
        for from in 3.. {
            let disk = FaultyDisk::with_plans(&[Plan { operation: None, from, times: 2, fault }]);
            let (appender, mut forwarded) = start(&disk, 8, 16);
            let mut acknowledged = Vec::new();
            for number in 0..10 {
                if let Ok(position) = appender.append(frame(number), number).await {
                    acknowledged.push((position, number));
                }
            }
            appender.close().await;
            let mut seen = Vec::new();
            while let Some(logged) = forwarded.recv().await {
                seen.push((logged.position, logged.payload));
            }
            let was_hit = disk.operations() >= from;
            disk.set_plans(&[]);
            disk.crash(0);
            let found = replayed(&disk);
            assert_eq!(seen, acknowledged);
            assert!(acknowledged.iter().all(|each| found.contains(each)), "{fault:?} at {from}");
            if !was_hit {
                break;
            }
        }
    }
}
