//! LSS streams that break their own format.

use anyhow::Result;
use fanlight_e2e::lss::{Connection, LogStream};
use fanlight_e2e::{LOOPBACK, Server};
use fanlight_runtime::Clock;
use std::net::SocketAddr;

fn record(number: u16) -> String {
    let now = Clock::system().now();
    let connection = Connection {
        connection_id: format!("session,{number}"),
        user: "ana@example.com".to_owned(),
        connector: SocketAddr::from(([127, 0, 1, 1], 20_000 + number)),
        server: SocketAddr::from(([127, 0, 0, 1], 8_080)),
        start: now,
        end: now,
    };
    connection.close_record()
}

/// A line that is no record stands between two that are. It is kept as it came, and counted; the others are read.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_line_costs_no_other() {
    check_malformed_line().await.expect("the others are read");
}

async fn check_malformed_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let mut stream = LogStream::open(server.lss()?).await?;
    let malformed = "{\"LogTimestamp\": \"Tue Dec  1 00:00:00 2026\",\"Customer\" \"Example\", oops";
    stream.write(format!("{}{malformed}\n{}", record(1), record(2)).as_bytes()).await?;
    let events =
        server.rows("select parse_level, vendor_uid, raw from access_events order by vendor_uid", 3).await?;
    let of_level = |level: &str| events.iter().filter(|event| event["parse_level"] == level).count();
    assert_eq!((of_level("strict"), of_level("raw")), (2, 1), "{events:#?}");
    let raw = events.iter().find(|event| event["parse_level"] == "raw").expect("it is there");
    assert_eq!(raw["raw"], malformed, "the line is kept as it came");
    let rejected = [("stage", "intake"), ("record", "line"), ("outcome", "rejected")];
    assert_eq!(server.counted(&rejected, 1).await?, 1);
    assert_eq!(server.counter(&[("stage", "intake"), ("record", "line"), ("outcome", "received")]).await?, 3);
    server.stop().await
}

/// An app connector sends a record and a half, and is gone. The half is kept and counted; the next app connector's first line is
/// not taken for its other half.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_line_then_a_disconnect_costs_only_the_half() {
    check_half_a_line().await.expect("the others are read");
}

async fn check_half_a_line() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let mut stream = LogStream::open(server.lss()?).await?;
    let half = record(2);
    let (half, _) = half.split_at(half.len() / 2);
    stream.write(format!("{}{half}", record(1)).as_bytes()).await?;
    stream.close().await?;
    let rejected = [("stage", "intake"), ("record", "line"), ("outcome", "rejected"), ("reason", "cut_off")];
    assert_eq!(server.counted(&rejected, 1).await?, 1);
    let mut next = LogStream::open(server.lss()?).await?;
    next.write(record(3).as_bytes()).await?;
    let events = server.rows("select vendor_uid from access_events where parse_level = 'strict'", 2).await?;
    let mut ids: Vec<&str> = events.iter().filter_map(|event| event["vendor_uid"].as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["session,1", "session,3"]);
    let raw = server.sql("select raw from access_events where parse_level = 'raw'").await?;
    assert_eq!(raw.len(), 1);
    assert_eq!(raw[0]["raw"], half);
    server.stop().await
}

/// A record comes while the one before it is being made durable, and then the app connector is silent. It does not wait for the
/// next record to be taken in.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_before_a_silence_is_not_held_back() {
    check_silence().await.expect("all are read");
}

async fn check_silence() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let mut stream = LogStream::open(server.lss()?).await?;
    for round in 1..=20_u16 {
        stream.write(record(2 * round).as_bytes()).await?;
        // A little longer each round, so that in some the first is on its way to the disk and not there yet.
        for _ in 0..u32::from(round) * 25 {
            tokio::task::yield_now().await;
        }
        stream.write(record(2 * round + 1).as_bytes()).await?;
        server.rows("select vendor_uid from access_events", usize::from(2 * round)).await?;
    }
    server.stop().await
}
