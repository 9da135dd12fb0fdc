//! A replay that ends early is gone on with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fanlight_model::Feed;
use fanlight_runtime::{Clock, Shutdown, spawn};
use fanlight_simulate::replay::replay;
use http::StatusCode;

use crate::folder::{Wire, lines, requests, settings, write};
use crate::sink::{Seen, Sink};

const OTLP: &str = "/v1/traces";

/// What the state says of a stream: its pieces from the start, and those beyond.
fn acknowledged(folder: &Path, stream: &str) -> BTreeSet<u64> {
    let state: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("replay.json")).unwrap()).unwrap();
    let stream = &state["streams"][stream];
    let beyond = stream["beyond"].as_array().into_iter().flatten().map(|piece| piece.as_u64().unwrap());
    (0..stream["pieces"].as_u64().unwrap()).chain(beyond).collect()
}

/// Which requests were taken, by their place in the file.
fn taken(seen: &Seen, wire: &Wire) -> Vec<u64> {
    let place = |body: &[u8]| wire.pieces.iter().position(|(_, piece)| piece == body).unwrap() as u64;
    let mut taken: Vec<u64> = seen.taken(OTLP).iter().map(|body| place(body)).collect();
    taken.sort_unstable();
    taken
}

fn whole_lines(seen: &Seen, feed: Feed) -> BTreeSet<Vec<u8>> {
    let connections = seen.streams.iter().filter(|(of, _)| *of == feed);
    connections
        .flat_map(|(_, bytes)| bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec))
        .filter(|line| line.ends_with(b"\n"))
        .collect()
}

/// Requests 30 and up are not answered, but for every fourth. The future is dropped; the next replay goes on.
/// What was acknowledged by the state file never comes again, all else does, and each line at least once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_what_was_acknowledged_is_not_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let wires = [requests(100), lines("zia_web.nss", "zia_web", 100)];
    write(directory.path(), &wires);
    let first = Sink::start(&[Feed::ZiaWeb]).await;
    first.answer(|at, _| (at < 30 || at % 4 == 0).then_some(StatusCode::OK));
    let set = settings(directory.path(), &first);
    let sending = spawn("test", async move { replay(&set, Clock::system(), Shutdown::new(), |_| ()).await });
    first.until(|seen| seen.requests.iter().filter(|came| came.status.is_none()).count() == 16).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());

    let before = acknowledged(directory.path(), "otlp.services");
    assert!(before.len() >= 30, "{before:?}");
    let answered = first.look(|seen| taken(seen, &wires[0]));
    assert!(before.iter().all(|piece| answered.contains(piece)), "{before:?} of {answered:?}");

    let second = Sink::start(&[Feed::ZiaWeb]).await;
    let set = settings(directory.path(), &second);
    let summary = replay(&set, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    assert!(summary.is_complete);
    assert_eq!(summary.streams[0].already, before.len() as u64);
    let again = second.look(|seen| taken(seen, &wires[0]));
    assert_eq!(again, (0..100).filter(|piece| !before.contains(piece)).collect::<Vec<_>>());
    let mut came = first.look(|seen| whole_lines(seen, Feed::ZiaWeb));
    came.extend(second.look(|seen| whole_lines(seen, Feed::ZiaWeb)));
    assert_eq!(came, wires[1].pieces.iter().map(|(_, line)| line.clone()).collect());
}

/// A replay is stopped while it waits, in order. The next one sends the rest; one more has nothing to do, unless it begins anew.
#[tokio::test]
async fn a_stopped_replay_is_gone_on_with_and_a_finished_one_is_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let wires = [requests(40)];
    write(directory.path(), &wires);
    let sink = Sink::start(&[]).await;
    sink.answer(|at, _| Some(if at < 10 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS }));
    let (mut set, shutdown) = (settings(directory.path(), &sink), Shutdown::new());
    let (stopped, stop) = (set.clone(), shutdown.clone());
    let sending = spawn("test", async move { replay(&stopped, Clock::system(), stop, |_| ()).await });
    sink.until(|seen| seen.requests.len() > 20).await;
    shutdown.begin();
    let summary = sending.await.unwrap().unwrap();
    assert!(!summary.is_complete);
    assert_eq!(summary.streams[0].sent, 10);

    sink.answer(|_, _| Some(StatusCode::OK));
    let summary = replay(&set, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    assert_eq!((summary.streams[0].already, summary.streams[0].sent), (10, 30));
    assert_eq!(sink.look(|seen| taken(seen, &wires[0])), (0..40).collect::<Vec<_>>(), "each once");

    let summary = replay(&set, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    assert!(summary.is_complete);
    assert_eq!(summary.streams[0].sent, 0);
    set.restart = true;
    let summary = replay(&set, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    assert_eq!((summary.streams[0].already, summary.streams[0].sent), (0, 40));
}
