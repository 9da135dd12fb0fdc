//! The stages joined, on a disk in memory and a clock that stands.

use fanlight_intake::{KeptLine, frame_kind};
use fanlight_log::{Appender, FaultyDisk, Logged, Segments};
use fanlight_model::{SpanId, SpanKind, TraceId};
use fanlight_otlp::{SpanDraft, encode_request};
use fanlight_runtime::Clock;
use fanlight_store::{Settings, Table};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_772_612_500);
const TRACE: TraceId = TraceId([7; 16]);

/// Stages that begin with nothing in memory, over a store that may hold something.
struct Stages {
    disk: FaultyDisk,
    store: Store,
    pipeline: Pipeline,
}

impl Stages {
    fn over(disk: FaultyDisk, kept_bytes: u64) -> Self {
        let (clock, ledger) = (Clock::manual(NOW), Ledger::default());
        let (store, _) =
            Store::open(Settings::new("/store"), clock, ledger.clone(), Arc::new(disk.clone())).unwrap();
        let limits = Limits::default();
        let namer = fanlight_identity::PrincipalNamer::for_tests();
        let pipeline = Pipeline::new(
            Decoder::new(limits, 1 << 20, namer, ledger.clone()),
            Correlator::new(fanlight_correlate::Settings::default()),
            store.clone(),
            None,
            Retention::new(kept_bytes),
            ledger,
        );
        Self { disk, store, pipeline }
    }

    fn apply(&mut self, offset: u64, kind: u8, bytes: impl Into<Bytes>) {
        let frame = Frame { kind, arrival: NOW, source_id: 1, encoding: 0, bytes: bytes.into() };
        self.pipeline.apply(Position { file: 1, offset }, &frame, None);
    }
}

fn spans() -> Bytes {
    let mut resource = Attributes::default();
    resource.push_str("service.name", "shop");
    resource.push_str("host.ip", "192.0.2.80");
    let mut attributes = Attributes::default();
    attributes.push_str("network.peer.address", "192.0.2.7");
    attributes.push_int("network.peer.port", 40_001);
    attributes.push_str("network.local.address", "192.0.2.80");
    attributes.push_int("network.local.port", 8_080);
    let start = Timestamp::from_seconds(1_772_612_445);
    let draft = SpanDraft {
        trace_id: TRACE,
        span_id: SpanId([7; 8]),
        name: "GET /orders".to_owned(),
        kind: SpanKind::Server,
        start,
        end: start.shifted(1_000_000),
        attributes,
        ..SpanDraft::default()
    };
    encode_request(&resource, "tests", &[draft])
}

/// A record of the one connection; `rule` tells which was the last.
fn record(status: &str, rule: &str) -> String {
    let end = if status == "close" { "1772612470101222" } else { "0" };
    let later = ["first", "second", "third"].iter().position(|known| *known == rule).unwrap_or(3);
    let logged = 1_772_612_470_500_123_usize + later;
    format!(
        concat!(
            r#"{{"fl":"zpa.ua/1","LogTimestamp":{logged},"Customer":"Example","SessionID":"s5","ConnectionID":"s5,c5","#,
            r#""InternalReason":"","ConnectionStatus":"{status}","IPProtocol":6,"Username":"ana@example.com","ServicePort":443,"#,
            r#""Policy":"{rule}","ConnectorIP":"192.0.2.7","ConnectorPort":40001,"ServerIP":"192.0.2.80","ServerPort":8080,"#,
            r#""TimestampConnectionStart":1772612442230117,"TimestampConnectionEnd":{end},"#,
            r#""TimestampConnectorZENSetupComplete":1772612442422514,"TimestampZENFirstTxConnector":1772612442424100}}"#,
            "\n"
        ),
        status = status,
        rule = rule,
        end = end,
        logged = logged,
    )
}

/// To a join that does not know the connection, and to one that does, a line that is read again is one row.
#[test]
fn a_joined_line_that_is_read_again_is_one_row() {
    let mut stages = Stages::over(FaultyDisk::default(), u64::MAX);
    let line = record("close", "first");
    let mut again = Vec::new();
    let kept = KeptLine {
        arrival: Timestamp::from_seconds(1_772_612_471),
        level: ParseLevel::Strict,
        line: line.trim_end(),
    };
    kept.write(&mut again);
    for (offset, rows) in [(1_000, 1), (2_000, 2)] {
        stages.apply(offset, frame_kind::reparsed(Feed::ZpaUserActivity), again.clone());
        assert_eq!(stages.store.snapshot().row_count(Table::AccessEvents), rows);
        assert_eq!(stages.store.snapshot().row_count(Table::RawLines), 1);
    }
}

/// The log was cut, so that a restart knows nothing of a connection that it once knew well. The first record that comes now is
/// newer than all that lie in parts, and is the one that is shown.
#[test]
fn revisions_rise_also_where_the_join_has_forgotten() {
    let mut stages = Stages::over(FaultyDisk::default(), u64::MAX);
    stages.apply(1_000, frame_kind::OTLP_TRACES, spans());
    for (offset, rule) in [(2_000, "first"), (3_000, "second"), (4_000, "third")] {
        stages.apply(offset, frame_kind::LSS_READ, record("active", rule));
    }
    let before = stages.store.trace(TRACE).unwrap();
    assert_eq!(before.events.iter().map(|event| event.rule.as_deref()).collect::<Vec<_>>(), [Some("third")]);
    assert_eq!(before.links.len(), 1);
    stages.store.seal().unwrap();

    let mut after = Stages::over(stages.disk, u64::MAX);
    after.apply(5_000, frame_kind::LSS_READ, record("close", "fourth"));
    let shown = after.store.trace(TRACE).unwrap();
    assert_eq!(shown.events.iter().map(|event| event.rule.as_deref()).collect::<Vec<_>>(), [Some("fourth")]);
    assert!(shown.events[0].revision > before.events[0].revision);
    assert_eq!(shown.links.len(), 1, "the link is still there, once");
}

/// The wait before the cut: the same frames in the same order give the same revisions, so that a replay doubles nothing.
#[test]
fn a_replay_gives_the_same_revisions() {
    let run = || {
        let mut stages = Stages::over(FaultyDisk::default(), u64::MAX);
        stages.apply(1_000, frame_kind::LSS_READ, record("open", "first"));
        stages.apply(2_000, frame_kind::OTLP_TRACES, spans());
        let rows = stages.store.trace(TRACE).unwrap();
        (rows.events[0].revision, rows.links[0].revision, rows.links[0].link_id)
    };
    assert_eq!(run(), run());
}

/// A line that nobody can read is kept, and the join does not hold it: a sender of garbage cannot fill its memory.
#[test]
fn unreadable_lines_are_kept_and_pass_the_join_by() {
    let mut stages = Stages::over(FaultyDisk::default(), u64::MAX);
    let garbage: String = (0..500).map(|number| format!("no record {number}\n")).collect();
    stages.apply(1_000, frame_kind::LSS_READ, garbage);
    assert_eq!(stages.store.snapshot().row_count(Table::AccessEvents), 500);
    let held = stages.pipeline.correlator.counts();
    assert_eq!((held.connections, held.pending_probes), (0, 0));
}

/// What a frame exports goes out in pieces that a receiver takes. Each has a place of its own behind the frame before, the last
/// one the frame's; nothing is lost between them.
#[test]
fn what_is_exported_goes_out_in_pieces() {
    let frame_end = Position { file: 3, offset: 9_000_000 };
    for (pushes, bytes, pieces) in [(1, 10, 1), (70, 1 << 20, MAX_CHUNKS), (9, 1 << 20, 3)] {
        let mut exported = Exported::default();
        for push in 0..pushes {
            exported.push(&vec![u8::try_from(push).unwrap(); bytes], 2);
        }
        let placed = exported.placed(frame_end);
        assert_eq!(placed.len(), pieces);
        assert_eq!(placed.iter().map(|(_, spans, _)| spans).sum::<u64>(), pushes * 2);
        assert_eq!(placed.iter().map(|(_, _, piece)| piece.len()).sum::<usize>(), pushes as usize * bytes);
        assert!(placed.is_sorted_by(|(one, ..), (next, ..)| one < next));
        assert_eq!(placed.last().map(|(place, ..)| *place), Some(frame_end));
        let shortest = fanlight_log::FRAME_OVERHEAD_BYTES as u64;
        let frame_before = Position { offset: frame_end.offset - shortest, ..frame_end };
        assert!(placed.iter().all(|(place, ..)| *place > frame_before), "inside the frame itself");
    }
    let nothing = Exported::default().placed(frame_end);
    assert_eq!(nothing, [(frame_end, 0, Bytes::new())], "the queues move on all the same");
}

/// Frames came, were put into parts, and nothing comes any more: the log is cut all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_cut_also_when_nothing_comes() {
    let Stages { disk, store, pipeline } = Stages::over(FaultyDisk::default(), 1);
    let (segments, _) = Segments::open("/log".as_ref(), 256, Arc::new(disk)).unwrap();
    let (forward, logged) = tokio::sync::mpsc::channel::<Logged<_>>(16);
    let appender = Appender::start(segments, 16, forward).unwrap();
    let ready = fanlight_api::Readiness::default().part("pipeline", "the test");
    let running =
        super::super::start_pipeline(pipeline, logged, appender.clone(), Clock::system(), ready).unwrap();
    let mut end = Position::START;
    for _ in 0..8 {
        let frame = Frame { kind: frame_kind::OTLP_TRACES, arrival: NOW, bytes: spans(), ..Frame::default() };
        end = appender.append(frame, fanlight_intake::Payload::default()).await.unwrap();
    }
    wait_until("all frames are in the store", || store.snapshot().row_count(Table::Spans) > 0).await;
    let before = appender.status().oldest;
    wait_until("a seal covers the log", || store.seal().is_ok() && store.committed() == end).await;
    wait_until("the log is cut", || appender.status().oldest > before).await;
    appender.close().await;
    fanlight_runtime::spawn_blocking("join", move || running.join().is_ok()).await.unwrap();
}

/// When the pipeline has ended the server can only refuse, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_pipeline_is_not_ready() {
    let Stages { disk, pipeline, .. } = Stages::over(FaultyDisk::default(), 1);
    let (segments, _) = Segments::open("/log".as_ref(), 1 << 20, Arc::new(disk)).unwrap();
    let (forward, _kept) = tokio::sync::mpsc::channel::<Logged<fanlight_intake::Payload>>(1);
    let appender = Appender::start(segments, 1, forward).unwrap();
    let (ends, logged) = tokio::sync::mpsc::channel(1);
    let ready = fanlight_api::Readiness::default();
    let part = ready.part("pipeline", "the test");
    let running = super::super::start_pipeline(pipeline, logged, appender, Clock::system(), part).unwrap();
    drop(ends);
    fanlight_runtime::spawn_blocking("join", move || running.join().is_ok()).await.unwrap();
    let reason = ready.waits_for().expect("not ready");
    assert!(reason.contains("pipeline"), "{reason}");
}

/// The edge names a virtual address that the service's spans know nothing of. It is declared while the stages run: the next span
/// is linked, and the one before it was not.
#[test]
fn a_declaration_that_changes_holds_from_the_next_frame_on() {
    let check = |declared: Option<&str>| {
        let mut stages = Stages::over(FaultyDisk::default(), 1 << 20);
        let record =
            record("open", "first").replace(r#""ServerIP":"192.0.2.80""#, r#""ServerIP":"192.0.2.99""#);
        stages.apply(1_000, frame_kind::LSS_READ, record);
        let declaring = stages.pipeline.declaring();
        *declaring.lock().unwrap() = declared.map(|address| {
            let service = fanlight_intake::service_id("", "shop", "");
            let server = fanlight_model::Endpoint::new(address.parse().unwrap(), 8_080).unwrap();
            vec![fanlight_correlate::Declared { service, server }]
        });
        stages.apply(2_000, frame_kind::OTLP_TRACES, spans());
        assert!(declaring.lock().unwrap().is_none(), "it was taken");
        stages.store.snapshot().row_count(Table::Links)
    };
    assert_eq!((check(None), check(Some("192.0.2.99")), check(Some("192.0.2.98"))), (0, 1, 0));
}

async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let seen = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), seen).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
