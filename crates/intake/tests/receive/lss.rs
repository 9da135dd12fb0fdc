//! ZPA LSS over TCP, as an app connector sends it.

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Decoded, Decoder, Settings, frame_kind};
use fanlight_model::{AccessEvent, Feed, FeedRecord, ParseLevel};
use fanlight_runtime::{Ledger, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Server};

fn line(connection: &str) -> String {
    format!(
        "{{\"ConnectionID\": \"s,{connection}\",\"ConnectorIP\": \"192.0.2.7\",\"ConnectorPort\": 40001,\"Username\": \"ana@example.com\"}}\n"
    )
}

struct Reader {
    decoder: Decoder,
    events: Vec<AccessEvent>,
    source_ids: Vec<u64>,
}

impl Reader {
    fn new() -> Self {
        let settings = Settings::default();
        let namer = PrincipalNamer::for_tests();
        let decoder = Decoder::new(settings.limits, settings.max_line_bytes, namer, Ledger::default());
        Self { decoder, events: Vec::new(), source_ids: Vec::new() }
    }

    /// Takes frames from the log until so many streams have ended.
    async fn read_streams(&mut self, server: &mut Server, streams: usize) {
        let mut ended = 0;
        while ended < streams {
            let frame = server.next().await.frame;
            if frame.kind == frame_kind::LSS_CLOSED {
                ended += 1;
            } else {
                assert_eq!(frame.kind, frame_kind::stream_read(Feed::ZpaUserActivity));
            }
            self.source_ids.push(frame.source_id);
            if let Decoded::Records(records) = self.decoder.apply(&frame, None) {
                self.events.extend(records.into_iter().filter_map(FeedRecord::into_access_event));
            }
        }
        self.source_ids.sort_unstable();
        self.source_ids.dedup();
    }
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address("zpa_user_activity")).await.unwrap()
}

#[tokio::test]
async fn two_connections_at_once_are_two_sources() {
    let mut server = Server::start().await;
    let (mut a, mut b) = (connect(&server).await, connect(&server).await);
    let (first, second) = (line("1"), line("2"));
    let (front, back) = first.split_at(30);
    a.write_all(front.as_bytes()).await.unwrap();
    b.write_all(second.as_bytes()).await.unwrap();
    a.write_all(back.as_bytes()).await.unwrap();
    drop((a, b));
    let mut reader = Reader::new();
    reader.read_streams(&mut server, 2).await;
    assert_eq!(reader.source_ids.len(), 2);
    let mut uids: Vec<&str> = reader.events.iter().filter_map(|event| event.vendor_uid.as_deref()).collect();
    uids.sort_unstable();
    assert_eq!(uids, ["s,1", "s,2"]);
    server.check_ledger("frame").await;
}

/// Half a line, then the connection ends: the lines before it are whole, the half is kept raw with the reason; a last line without
/// a newline is whole too.
#[tokio::test]
async fn half_a_line_at_the_end_is_kept_with_the_reason() {
    let mut server = Server::start().await;
    for last in [&line("2")[..40], line("3").trim_end()] {
        let mut stream = connect(&server).await;
        stream.write_all(format!("{}{last}", line("1")).as_bytes()).await.unwrap();
        drop(stream);
    }
    let mut reader = Reader::new();
    reader.read_streams(&mut server, 2).await;
    let mut read: Vec<_> = reader
        .events
        .iter()
        .map(|event| (event.parse_level, event.vendor_uid.as_deref(), event.reason.as_deref()))
        .collect();
    read.sort_unstable();
    assert_eq!(
        read,
        [
            (ParseLevel::Strict, Some("s,1"), None),
            (ParseLevel::Strict, Some("s,1"), None),
            (ParseLevel::Strict, Some("s,3"), None),
            (ParseLevel::Raw, None, Some("cut_off")),
        ]
    );
}

/// Reading stops while the disk is full; once there is room everything that was sent is there, in order.
#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let mut server = Server::start().await;
    server.disk.set_room(Some(0));
    let mut stream = connect(&server).await;
    let lines: Vec<String> = (0..2_000).map(|at| line(&at.to_string())).collect();
    let text = lines.concat();
    let sender = fanlight_runtime::spawn("test.sender", async move {
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    server.wait_for_count("frame", Outcome::Retried, "disk_full", 1).await;
    server.disk.set_room(None);
    let mut reader = Reader::new();
    reader.read_streams(&mut server, 1).await;
    sender.await.unwrap();
    let uids: Vec<String> =
        reader.events.iter().filter_map(|event| event.vendor_uid.as_deref().map(str::to_owned)).collect();
    let expected: Vec<String> = (0..2_000).map(|at| format!("s,{at}")).collect();
    assert_eq!(uids, expected);
    server.check_ledger("frame").await;
}

/// Nobody takes what was logged: the sender is slowed by its socket and by nothing else, and loses nothing.
#[tokio::test]
async fn a_slow_pipeline_slows_the_sender() {
    let mut server = Server::start_with(|settings| settings.in_flight_bytes = 1 << 20).await;
    let mut stream = connect(&server).await;
    let text = line("x").repeat(100_000);
    let sent = text.len();
    let sender = fanlight_runtime::spawn("test.sender", async move {
        stream.write_all(text.as_bytes()).await.unwrap();
    });
    server.wait_for_count("frame", Outcome::Retried, "busy", 1).await;
    let mut received = 0;
    while received < sent {
        received += server.next().await.frame.bytes.len();
    }
    assert_eq!(received, sent);
    sender.await.unwrap();
}

#[tokio::test]
async fn a_peer_outside_the_list_is_let_go() {
    let server = Server::start_with(|settings| {
        settings.streams[0].1.access.allow = vec!["192.0.2.0/24".parse().unwrap()];
    })
    .await;
    let mut stream = connect(&server).await;
    let mut nothing = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut nothing)).await.unwrap().unwrap();
    assert!(nothing.is_empty());
    assert_eq!(server.count("connection", Outcome::Refused, "not_allowed"), 1);
}

/// Stop receiving, make durable what was read, tell that each source has ended.
#[tokio::test]
async fn a_shutdown_ends_each_stream_in_the_log() {
    let mut server = Server::start().await;
    let mut stream = connect(&server).await;
    stream.write_all(line("1").as_bytes()).await.unwrap();
    let first = server.next().await.frame;
    assert_eq!(first.kind, frame_kind::stream_read(Feed::ZpaUserActivity));
    server.shutdown.begin();
    let last = server.next().await.frame;
    assert_eq!((last.kind, last.source_id), (3, first.source_id));
    for task in std::mem::take(&mut server.listening.tasks) {
        tokio::time::timeout(PATIENCE, task).await.expect("the listener ends").unwrap();
    }
    server.check_ledger("frame").await;
}
