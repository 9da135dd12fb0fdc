//! All feeds through a whole server: pushed, streamed and followed, and what it says of their health.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]

use std::io::Write;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fanlight_e2e::{Answer, HttpClient, LOOPBACK, PATIENCE, Server, fanlight, until};
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const USER_STATUS: &str = include_str!("../../crates/intake/tests/golden/user_status.ndjson");
const AUDIT: &str = include_str!("../../crates/intake/tests/golden/audit_and_flows.ndjson");
const HEALTH: &str = include_str!("../../crates/intake/tests/golden/health.ndjson");
const ENVOY: &str = include_str!("../../crates/intake/tests/golden/zia/envoy.json.log");

/// A transaction as Cloud NSS sends it, with a time that is now and free text as it is.
fn web(record: u64, path: &str) -> String {
    let now = fanlight_runtime::Clock::system().now().as_nanos() / 1_000_000_000;
    format!(
        "{{\"sourcetype\":\"zscalernss-web\",\"event\":{{\"epochtime\":\"{now}\",\"login\":\"ana@example.com\",\"action\":\"Allowed\",\
         \"reason\":\"Allowed\",\"host\":\"shop.example.com\",\"url\":\"shop.example.com{path}\",\"reqmethod\":\"GET\",\
         \"respcode\":\"200\",\"cip\":\"192.0.2.9\",\"cintip\":\"198.51.100.7\",\"sip\":\"203.0.113.5\",\"urlcat\":\"Shopping\",\
         \"rulelabel\":\"None\",\"ruletype\":\"None\",\"urlfilterrulelabel\":\"Allow work\",\"recordid\":\"{record}\",\
         \"proto\":\"HTTPS\",\"totalsize\":\"100\",\"bwthrottle\":\"No\"}}}}"
    )
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

async fn push(server: &Server, feed: &str, body: impl Into<bytes::Bytes>) -> Result<Answer> {
    let url = format!("http://{}/intake/{feed}", server.address("api")?);
    HttpClient::default().send(Method::POST, &url, &[], body).await
}

async fn stream(server: &Server, feed: &str, text: &str) -> Result<()> {
    let mut stream = TcpStream::connect(server.address(feed)?).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_leads_to_its_table() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), LOOPBACK).await?;

    // Each shape of a body; one twice, as after a 200 that came too late, and one compressed without a word.
    let array =
        format!("[{},{}]", web(7_300_000_000_000_000_001, "/a"), web(7_300_000_000_000_000_002, "/b"));
    let lines =
        format!("{}\n{}\n", web(7_300_000_000_000_000_003, "/c"), web(7_300_000_000_000_000_002, "/b"));
    let glued = format!("{}{}", web(7_300_000_000_000_000_004, "/d"), web(7_300_000_000_000_000_005, "/e"));
    for body in [gzip(&array), array.clone().into(), array.into(), lines.into(), glued.into()] {
        let answer = push(&server, "zscaler/zia_web", body).await?;
        ensure!(answer.status == StatusCode::OK, "{}: {}", answer.status, answer.text());
    }
    let answer = push(&server, "zscaler/zia_web", "what nobody can read").await?;
    assert_eq!(answer.status, StatusCode::OK, "nothing answers 400 for content");
    let answer = push(&server, "zscaler/zia_wep", "x").await?;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("zia_web"), "the way out is named: {}", answer.text());
    let of_web = "select vendor_uid, path, rule, user_name, disposition from access_events where feed = 'zia_web' and parse_level <> 'raw' order by vendor_uid";
    let rows = server.rows(of_web, 5).await?;
    assert_eq!(rows.len(), 5, "duplicates are one: {rows:?}");
    assert_eq!(rows[1]["vendor_uid"], "7300000000000000002", "64 bits, whole");
    assert_eq!((&rows[1]["rule"], &rows[1]["disposition"]), (&"Allow work".into(), &"allowed".into()));
    let raw = server.rows("select reason, raw from access_events where parse_level = 'raw'", 1).await?;
    assert_eq!(raw[0]["raw"], "what nobody can read");

    stream(&server, "zpa_user_status", USER_STATUS).await?;
    stream(&server, "zpa_audit", AUDIT).await?;
    // On another feed's port, as happens.
    stream(&server, "zpa_user_activity", HEALTH).await?;
    ensure!(push(&server, "envoy", ENVOY).await?.status == StatusCode::OK);
    let facts = server.rows("select user_name, device, postures_hit from device_facts", 1).await?;
    assert!(facts.iter().any(|fact| fact["user_name"] == "ana@example.com"), "{facts:?}");
    let changes = server.rows("select operation, object_type from config_changes", 1).await?;
    assert!(changes.iter().any(|change| change["operation"] == "Create"), "{changes:?}");
    server.rows("select name, cpu_percent from connector_health", 1).await?;
    server.rows("select vendor_uid from access_events where feed = 'envoy'", 1).await?;
    server.rows("select feed, fields from feed_records", 1).await?;

    check_health(&server).await?;
    // All of it is there after a crash, once.
    server.process().kill()?;
    drop(server);
    let server = Server::start(folder.path(), LOOPBACK).await?;
    assert_eq!(server.rows(of_web, 5).await?.len(), 5);
    assert_eq!(
        server.rows("select user_name, device, postures_hit from device_facts", 1).await?.len(),
        facts.len()
    );
    server.stop().await
}

async fn check_health(server: &Server) -> Result<()> {
    let answer = server.api(Method::GET, "/api/v1/feeds", String::new()).await?;
    ensure!(answer.status == StatusCode::OK, "{}", answer.text());
    let told: Value = serde_json::from_slice(&answer.body)?;
    let feeds = told["feeds"].as_array().context("no feeds")?;
    let of = |name: &str| feeds.iter().find(|feed| feed["feed"] == name);
    let web = of("zia_web").context("zia_web is not told of")?;
    assert_eq!(web["source"], "pushed", "{web}");
    assert!(
        web["missing"].as_array().is_some_and(|missing| missing.contains(&"zpa_app_seg_name".into())),
        "{web}"
    );
    assert!(
        of("zia_dns").is_some_and(|dns| dns["state"] == "never"),
        "a feed that has a port is missed: {told}"
    );
    let metrics = server.api(Method::GET, "/metrics", String::new()).await?.text();
    assert!(metrics.contains("fanlight_feed_records_total{feed=\"zia_web\""), "{metrics}");
    let doctor = Command::new(fanlight()?).args(["doctor", "--data"]).arg(server.data()).output()?;
    let text = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.status.success(), "{text}{}", String::from_utf8_lossy(&doctor.stderr));
    assert!(text.contains("zia_web") && text.contains("zpa_user_status"), "{text}");
    Ok(())
}

/// A file that a proxy writes is followed through rotation, and from where it was left after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_log_file_is_followed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("access.log");
    let line = |number: u32| {
        format!(
            "{{\"start_time\":\"2026-03-04T08:20:42.{number:03}Z\",\"method\":\"GET\",\"path\":\"/{number}\",\"authority\":\"shop.example.com\",\
             \"response_code\":200,\"duration\":5,\"request_id\":\"r-{number}\",\"downstream_remote_address\":\"192.0.2.7:{}\"}}\n",
            40_000 + number
        )
    };
    std::fs::write(&log, line(1))?;
    let config = format!("{LOOPBACK}[[intake.tail.files]]\npath = \"{}\"\nfeed = \"envoy\"\n", log.display());
    let server = Server::start(folder.path(), &config).await?;
    let paths = "select path from access_events where feed = 'envoy'";
    server.rows(paths, 1).await?;
    std::fs::rename(&log, folder.path().join("access.log.1"))?;
    std::fs::write(&log, line(2))?;
    server.rows(paths, 2).await?;
    server.stop().await?;
    std::fs::OpenOptions::new().append(true).open(&log)?.write_all(line(3).as_bytes())?;
    let server = Server::start(folder.path(), &config).await?;
    server.rows(paths, 3).await?;
    let counted = until("the lines are not counted", PATIENCE, || async {
        let rows = server.sql(paths).await?;
        Ok((rows.len() == 3).then_some(rows.len()))
    });
    assert_eq!(counted.await?, 3);
    server.stop().await
}

/// A template that was not declared, and lines of it that nobody could read: declared later, they are read again from what was kept, as
/// of when they came, and what stood for them is gone. Once more changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn kept_lines_are_read_again_by_who_knows_more() -> Result<()> {
    const RECORD: &str = "7300000000000000077";
    let folder = tempfile::tempdir()?;
    let sealing = format!("{LOOPBACK}[store]\nseal_after = \"1s\"\n");
    let server = Server::start(folder.path(), &sealing).await?;
    let line = format!(
        "\"Tue Dec  1 07:00:00 2026\",\"ana@example.com\",\"{RECORD}\",\"shop.example.com/a\",\"Allowed\""
    );
    ensure!(push(&server, "zscaler/zia_web", line.clone()).await?.status == StatusCode::OK);
    ensure!(
        push(&server, "zscaler/zia_web", web(7_300_000_000_000_000_078, "/b")).await?.status
            == StatusCode::OK
    );
    let all = "select vendor_uid, parse_level, raw, arrival_time from access_events order by vendor_uid";
    let before = server.rows(all, 2).await?;
    let unread = before.iter().find(|row| row["parse_level"] == "raw").context("it could be read")?;
    assert_eq!(unread["raw"], line);
    until("the lines are in no part", PATIENCE, || async {
        let status = server.api(Method::GET, "/api/v1/status", String::new()).await?;
        let status: Value = serde_json::from_slice(&status.body)?;
        let tables = status["tables"].as_array().context("no tables")?;
        Ok(tables.iter().any(|table| table["name"] == "raw_lines" && table["parts"] == 1).then_some(()))
    })
    .await?;
    server.stop().await?;

    std::fs::write(
        folder.path().join("web.txt"),
        r#""%s{time}","%s{login}","%d{recordid}","%s{eurl}","%s{action}"\n"#,
    )?;
    let knowing = format!(
        "{sealing}[[intake.feed_output]]\nfeed = \"zia_web\"\ntemplate_file = \"{}\"\n",
        folder.path().join("web.txt").display()
    );
    let server = Server::start(folder.path(), &knowing).await?;
    assert_eq!(server.rows(all, 2).await?, before, "a restart alone changes nothing");
    for _ in 0..2 {
        let replay = Command::new(fanlight()?)
            .arg("replay")
            .arg(server.data())
            .args(["--reparse", "--to", &format!("http://{}", server.address("api")?)])
            .output()?;
        let told = String::from_utf8_lossy(&replay.stdout);
        assert!(replay.status.success(), "{told}{}", String::from_utf8_lossy(&replay.stderr));
        assert!(told.starts_with("2 lines sent to be read again, in 1 requests: zia_web 2\n"), "{told}");
        let after = until("the line is not read", PATIENCE, || async {
            let rows = server.sql(all).await?;
            Ok(rows.iter().all(|row| row["parse_level"] != "raw").then_some(rows))
        })
        .await?;
        assert_eq!(after.len(), 2, "{after:?}");
        let read = after.iter().find(|row| row["vendor_uid"] == RECORD).context("not there")?;
        assert_eq!((&read["raw"], &read["arrival_time"]), (&unread["raw"], &unread["arrival_time"]));
    }
    // What came later stands, though the older line is read once more.
    let newer = web(7_300_000_000_000_000_078, "/newer");
    ensure!(push(&server, "zscaler/zia_web", newer).await?.status == StatusCode::OK);
    let path = "select path from access_events where vendor_uid = '7300000000000000078'";
    until("the newer is not there", PATIENCE, || async {
        Ok((server.sql(path).await?[0]["path"] == "/newer").then_some(()))
    })
    .await?;
    let again = Command::new(fanlight()?)
        .arg("replay")
        .arg(server.data())
        .args(["--reparse", "--to", &format!("http://{}", server.address("api")?)])
        .output()?;
    assert!(again.status.success());
    server.counted(&[("stage", "intake"), ("record", "line_again"), ("outcome", "received")], 6).await?;
    assert_eq!(server.sql(path).await?[0]["path"], "/newer");
    let lines = server.sql("select count(*) as lines from raw_lines").await?;
    assert_eq!(lines[0]["lines"], "3", "what is read again is not kept again");
    server.stop().await
}

/// Who names no data folder, or sends what is no kept line, is told so.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_again_is_refused_in_words() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let answer = push(&server, "reparse/zia_web", "anything").await?;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("byte 0 begins no kept line"), "{}", answer.text());
    let to = format!("http://{}", server.address("api")?);
    for (arguments, way_out) in [
        (vec!["replay", ".", "--to", &to, "--reparse"], "it has no `raw_lines`"),
        (vec!["replay", ".", "--to", &to, "--feed", "zia_web"], "add `--reparse`"),
        (vec!["replay", ".", "--to", &to, "--speed", "0"], "is no speed"),
        (vec!["replay", ".", "--to", "x"], "is not an http URL"),
        (vec!["replay", ".", "--to", &to, "--reparse", "--speed", "2"], "leave `--speed` away"),
        (vec!["replay", ".", "--to", "ftp://x", "--reparse"], "`."),
    ] {
        let refused = Command::new(fanlight()?).current_dir(folder.path()).args(&arguments).output()?;
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && told.contains(way_out), "{arguments:?}: {told}");
    }
    server.stop().await
}
