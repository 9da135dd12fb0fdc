//! How many appends a second are acknowledged, with a sync before each acknowledgement, and how fast a log is read back; on
//! the disk of the build folder.
#![expect(clippy::expect_used, reason = "a benchmark, not an interface")]

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fanlight_log::{Appender, Frame, Position, Segments, StdDisk};
use tokio::sync::mpsc;

/// One request of about fifty spans.
const PAYLOAD_BYTES: usize = 50 * 1_024;
const APPENDS_PER_SENDER: u64 = 8;

fn acknowledged(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("runtime");
    let mut group = criterion.benchmark_group("acknowledged_appends");
    group.sample_size(10);
    for senders in [1_u64, 16, 64] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("temp dir");
        let (segments, _) =
            Segments::open(&folder.path().join("log"), 64 << 20, Arc::new(StdDisk)).expect("opens");
        let (forward, mut forwarded) = mpsc::channel(1_024);
        let appender = Appender::start(segments, 1_024, forward).expect("started");
        let cutter = appender.clone();
        fanlight_runtime::spawn_thread("bench", move || {
            while let Some(logged) = forwarded.blocking_recv() {
                cutter.truncate_before(logged.position);
            }
        })
        .expect("thread");
        let payload = Bytes::from(vec![7; PAYLOAD_BYTES]);
        group.throughput(Throughput::Elements(senders * APPENDS_PER_SENDER));
        group.bench_function(BenchmarkId::new("senders", senders), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let tasks: Vec<_> = (0..senders)
                        .map(|_| {
                            let (appender, payload) = (appender.clone(), payload.clone());
                            fanlight_runtime::spawn("sender", async move {
                                for _ in 0..APPENDS_PER_SENDER {
                                    let frame = Frame { bytes: payload.clone(), ..Frame::default() };
                                    appender.append_when_free(frame, ()).await.expect("safe");
                                }
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.expect("ended");
                    }
                });
            });
        });
        runtime.block_on(appender.close());
    }
    group.finish();
}

/// Reading back: the floor of every start after a crash.
fn replayed(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("temp dir");
    let disk = || Arc::new(StdDisk);
    let dir = folder.path().join("log");
    let (mut segments, _) = Segments::open(&dir, 64 << 20, disk()).expect("opens");
    let frame = Frame { bytes: Bytes::from(vec![7; PAYLOAD_BYTES]), ..Frame::default() };
    for _ in 0..100 {
        segments.append(&vec![frame.clone(); 50]).expect("appends");
    }
    segments.sync().expect("syncs");
    let mut group = criterion.benchmark_group("read_back");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(segments.bytes()));
    group.bench_function("open", |bencher| {
        bencher.iter(|| Segments::open(&dir, 64 << 20, disk()).expect("opens"));
    });
    group.bench_function("replay", |bencher| {
        bencher.iter(|| {
            let report = segments.replay(Position::START, &mut |_, _| ControlFlow::Continue(()));
            report.expect("replays").frames
        });
    });
    group.finish();
}

criterion_group!(benches, acknowledged, replayed);
criterion_main!(benches);
