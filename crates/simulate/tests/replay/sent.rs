//! What arrives is what lies in the folder, when it is due.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use fanlight_model::{Feed, Timestamp};
use fanlight_runtime::{Clock, Shutdown, spawn};
use fanlight_simulate::replay::{OtlpTarget, Speed, replay};
use fanlight_simulate::{Scenario, Settings};
use http::StatusCode;

use crate::folder::{lines, requests, settings, write};
use crate::sink::{Seen, Sink};

const OTLP: &str = "/v1/traces";
const GRPC: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The pieces of an OTLP stream's file.
fn pieces(path: &Path) -> Vec<Bytes> {
    let mut bytes = Bytes::from(fs::read(path).unwrap());
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_le_bytes(bytes.split_to(4)[..].try_into().unwrap());
        pieces.push(bytes.split_to(length as usize));
    }
    pieces
}

fn sorted(mut all: Vec<Bytes>) -> Vec<Bytes> {
    all.sort();
    all
}

/// Each stream of the folder came as its file has it: lines in their order, requests each once.
fn check_all(folder: &Path, seen: &Seen) {
    let mut expected_requests = Vec::new();
    for entry in fs::read_dir(folder.join("wire")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let feed = Feed::from_name(name.split('.').next().unwrap());
        match (path.extension().unwrap().to_str().unwrap(), feed) {
            ("arrivals", _) => {}
            ("pb", _) => expected_requests.extend(pieces(&path)),
            (_, Some(Feed::Envoy)) => {
                assert_eq!(seen.taken("/intake/envoy").concat(), fs::read(&path).unwrap(), "{name}");
            }
            (_, Some(feed)) => assert_eq!(seen.streamed(feed), fs::read(&path).unwrap(), "{name}"),
            (_, None) => panic!("{name}"),
        }
    }
    assert_eq!(sorted(seen.taken(OTLP)), sorted(expected_requests));
}

/// A company of one minute is sent at full speed, then once more at ten thousand times.
/// Every stream comes byte for byte, over one connection each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_gets_there_byte_for_byte_at_any_speed() {
    let directory = tempfile::tempdir().unwrap();
    let made = Settings { minutes: 1, scenario: Scenario::Quiet, ..Settings::default() };
    fanlight_simulate::write(&made, directory.path(), |_| ()).unwrap();
    let feeds: Vec<Feed> = Feed::ALL.iter().copied().filter(|feed| *feed != Feed::Envoy).collect();
    for speed in [Speed::Max, Speed::Times(10_000.0)] {
        let sink = Sink::start(&feeds).await;
        let mut settings = settings(directory.path(), &sink);
        (settings.speed, settings.restart) = (speed, true);
        let summary = replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
        assert!(summary.is_complete && summary.progress.pieces > 100, "{summary:?}");
        sink.look(|seen| {
            check_all(directory.path(), seen);
            let mut connections = BTreeMap::<Feed, u32>::new();
            seen.streams.iter().for_each(|(feed, _)| *connections.entry(*feed).or_default() += 1);
            assert!(connections.values().all(|count| *count == 1), "{connections:?}");
        });
    }
}

/// Every third answer is a 503. All is sent until it is taken, once each; one request at a time keeps the order.
#[tokio::test]
async fn what_is_refused_for_now_is_sent_again_and_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[requests(50), lines("envoy.proxies", "envoy", 50)]);
    let sink = Sink::start(&[]).await;
    sink.answer(|at, _| Some(if at % 3 == 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }));
    let mut settings = settings(directory.path(), &sink);
    settings.otlp_in_flight = 1;
    settings.targets.otlp_token = Some("for spans".to_owned());
    let summary = replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    assert!(summary.progress.retries > 10, "{summary:?}");
    sink.look(|seen| {
        check_all(directory.path(), seen);
        assert_eq!(seen.taken(OTLP), pieces(&directory.path().join("wire/otlp.services.pb")), "in order");
        for came in &seen.requests {
            let expected = (came.path == OTLP).then_some("Bearer for spans");
            assert_eq!(came.token.as_deref(), expected, "a token goes where it belongs");
        }
    });
}

/// Over gRPC each piece is a message in its frame.
#[tokio::test]
async fn spans_go_over_grpc_too() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[requests(20)]);
    let sink = Sink::start(&[]).await;
    let mut settings = settings(directory.path(), &sink);
    settings.targets.otlp = Some(OtlpTarget::Grpc(sink.url()));
    replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await.unwrap();
    let bodies = sink.look(|seen| seen.taken(GRPC)).into_iter().map(|mut body| {
        assert_eq!(&body.split_to(5)[..], [&[0][..], &(body.len() as u32).to_be_bytes()].concat());
        body
    });
    assert_eq!(sorted(bodies.collect()), sorted(pieces(&directory.path().join("wire/otlp.services.pb"))));
}

/// A folder begins at its own time, and the clock stands. Turned by ten seconds at twice the speed it lets twenty seconds
/// of pieces out, and none that is not due.
#[tokio::test]
async fn pieces_go_out_as_the_clock_is_turned() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[requests(61), lines("zia_web.nss", "zia_web", 61)]);
    let (sink, clock) = (Sink::start(&[Feed::ZiaWeb]).await, Clock::manual(Timestamp::from_seconds(9)));
    let mut settings = settings(directory.path(), &sink);
    settings.speed = Speed::Times(2.0);
    let turned = clock.clone();
    let sending = spawn("test", async move { replay(&settings, turned, Shutdown::new(), |_| ()).await });
    for seconds in [0, 10, 20, 30] {
        let due = 2 * seconds + 1;
        sink.until(|seen| {
            let came =
                (seen.requests.len(), seen.streamed(Feed::ZiaWeb).split(|byte| *byte == b'\n').count() - 1);
            assert!(came.0 <= due && came.1 <= due, "{came:?} came, {due} are due");
            came == (due, due)
        })
        .await;
        clock.advance(Duration::from_secs(10));
    }
    assert!(sending.await.unwrap().unwrap().is_complete);
}

/// The first request is not answered. A feed of an hour does not run away from it, and all comes once it is.
#[tokio::test]
async fn a_feed_does_not_run_away_from_the_spans() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[requests(1), lines("zpa_audit.group-1", "zpa_audit", 3_600)]);
    let sink = Sink::start(&[Feed::ZpaAudit]).await;
    sink.answer(|_, _| None);
    let settings = settings(directory.path(), &sink);
    let sending =
        spawn("test", async move { replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await });
    let came = |seen: &Seen| seen.streamed(Feed::ZpaAudit).split(|byte| *byte == b'\n').count() - 1;
    sink.until(|seen| came(seen) >= 25).await;
    assert!(sink.look(came) <= 31, "{}", sink.look(came));
    sink.answer(|_, _| Some(StatusCode::OK));
    assert!(sending.await.unwrap().unwrap().is_complete);
    sink.look(|seen| check_all(directory.path(), seen));
}

/// The receiver is not there yet. Once it is, all lines come.
#[tokio::test]
async fn a_receiver_that_comes_late_gets_everything() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[lines("zia_dns.nss", "zia_dns", 10)]);
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let sink = Sink::start(&[]).await;
    let mut settings = settings(directory.path(), &sink);
    settings.targets.streams.insert(Feed::ZiaDns, address.to_string());
    let (told, mut retried) = tokio::sync::watch::channel(0);
    let sending = spawn("test", async move {
        let progress = |progress: fanlight_simulate::replay::ReplayProgress| {
            told.send_replace(progress.retries);
        };
        replay(&settings, Clock::system(), Shutdown::new(), progress).await
    });
    retried.wait_for(|retries| *retries > 0).await.unwrap();
    sink.listen(Feed::ZiaDns, address).await;
    assert!(sending.await.unwrap().unwrap().is_complete);
    sink.look(|seen| check_all(directory.path(), seen));
}
