//! OTLP requests that cannot be taken, or not wholly.

use std::io::Write;

use anyhow::{Context, Result};
use fanlight_e2e::otlp::{encode, request, server_span};
use fanlight_e2e::{Answer, HttpClient, KeyValue, LOOPBACK, Server};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Method, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;

/// What the bomb may cost, design/reliability.md F20.
const BOMB_HEAP_BYTES: u64 = 32 << 20;

/// A request of `count` sound spans, each with its number.
fn sound(service: &str, count: u64) -> Vec<u8> {
    let span = |number: u64| {
        let mut trace_id = [7; 16];
        trace_id[8..].copy_from_slice(&number.to_be_bytes());
        server_span(trace_id, (number + 1).to_be_bytes(), "sound", vec![])
    };
    encode(&request(service, vec![], (0..count).map(span).collect()))
}

/// Sends something between two sound requests: both of those are kept, whatever becomes of it.
async fn between_sound_requests(
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Result<(Server, Answer, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let client = HttpClient::default();
    let before = client.post_otlp(server.otlp()?, sound("before", 3)).await?;
    assert_eq!(before.status, StatusCode::OK, "{}", before.text());
    let url = format!("http://{}/v1/traces", server.otlp()?);
    let answer = client.send(Method::POST, &url, headers, body).await?;
    let after = client.post_otlp(server.otlp()?, sound("after", 3)).await?;
    assert_eq!(after.status, StatusCode::OK, "{}", after.text());
    server.rows("select * from spans where service_name in ('before', 'after')", 6).await?;
    Ok((server, answer, folder))
}

async fn check_refused(
    headers: &[(&str, &str)],
    body: Vec<u8>,
    status: StatusCode,
    says: &str,
    counted_as: &str,
) -> Result<()> {
    let (server, answer, _folder) = between_sound_requests(headers, body).await?;
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(says), "the sender is told `{says}`: {}", answer.text());
    let labels = [("stage", "intake"), ("record", "request"), ("outcome", "refused"), ("reason", counted_as)];
    assert_eq!(server.counted(&labels, 1).await?, 1);
    server.stop().await
}

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_content_type_is_refused_with_the_right_one() {
    let headers = [("content-type", "text/plain")];
    check_refused(
        &headers,
        sound("wrong", 3),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "application/x-protobuf",
        "unknown_content_type",
    )
    .await
    .expect("it is refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_request_is_refused_whole() {
    let mut body = sound("truncated", 3);
    body.truncate(body.len() - 5);
    check_refused(&[PROTOBUF], body, StatusCode::BAD_REQUEST, "cannot read the framing", "unreadable")
        .await
        .expect("it is refused");
}

/// Two million empty spans are 4 kB of gzip. They are counted before anything is allocated.
#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_costs_little_memory() {
    check_bomb().await.expect("it is refused");
}

async fn check_bomb() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), LOOPBACK).await?;
    let client = HttpClient::default();
    let (otlp, sound_before) = (server.otlp()?, sound("before", 3));
    assert_eq!(client.post_otlp(otlp, sound_before).await?.status, StatusCode::OK);
    server.rows("select * from spans", 3).await?;

    let bomb = bomb()?;
    assert!(bomb.len() < 5_000, "{} bytes on the wire", bomb.len());
    let before = peak_memory_bytes(server.process().id())?;
    let headers = [PROTOBUF, ("content-encoding", "gzip")];
    let answer = client.send(Method::POST, &format!("http://{otlp}/v1/traces"), &headers, bomb).await?;
    let after = peak_memory_bytes(server.process().id())?;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    assert!(answer.text().contains("send smaller batches"), "{}", answer.text());
    assert!(after - before <= BOMB_HEAP_BYTES, "the bomb took {} bytes", after - before);

    assert_eq!(client.post_otlp(otlp, sound("after", 3)).await?.status, StatusCode::OK);
    server.rows("select * from spans where service_name in ('before', 'after')", 6).await?;
    let labels =
        [("stage", "intake"), ("record", "request"), ("outcome", "refused"), ("reason", "unreadable")];
    assert_eq!(server.counted(&labels, 1).await?, 1);
    server.stop().await
}

fn bomb() -> Result<Vec<u8>> {
    const EMPTY_SPAN: [u8; 2] = [0x12, 0x00];
    let spans = EMPTY_SPAN.repeat(2_000_000);
    let mut group = vec![0x12];
    prost::encode_length_delimiter(spans.len(), &mut group)?;
    group.extend_from_slice(&spans);
    let mut body = vec![0x0a];
    prost::encode_length_delimiter(group.len(), &mut body)?;
    body.extend_from_slice(&group);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&body)?;
    Ok(gzip.finish()?)
}

/// The most that a process has ever held.
fn peak_memory_bytes(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes << 10)
}

/// One of five hundred spans has no trace id. It is refused, and the sender told so; its siblings are kept.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_span_among_five_hundred_is_refused_alone() {
    check_one_bad_span().await.expect("the others are kept");
}

async fn check_one_bad_span() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let mut bad = request("batch", vec![], vec![]);
    let spans = &mut bad.resource_spans[0].scope_spans[0].spans;
    for number in 0..500_u64 {
        let mut trace_id = [7; 16];
        trace_id[8..].copy_from_slice(&number.to_be_bytes());
        spans.push(server_span(trace_id, (number + 1).to_be_bytes(), "sound", vec![]));
    }
    spans[250].trace_id = vec![0; 16];
    spans[250].name = "bad".to_owned();
    let answer = HttpClient::default().post_otlp(server.otlp()?, encode(&bad)).await?;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let partial =
        ExportTraceServiceResponse::decode(answer.body)?.partial_success.context("no partial success")?;
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("trace id"), "{}", partial.error_message);
    let kept = server.rows("select name from spans", 499).await?;
    assert!(kept.len() == 499 && kept.iter().all(|span| span["name"] == "sound"), "{} spans", kept.len());
    let labels = [("stage", "intake"), ("record", "span"), ("outcome", "refused"), ("reason", "no_trace_id")];
    assert_eq!(server.counted(&labels, 1).await?, 1);
    server.stop().await
}

/// A name that is not UTF-8 is mended and marked; its batch is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_name_is_mended_and_marked() {
    check_mended().await.expect("all are kept");
}

async fn check_mended() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let broken = server_span([9; 16], [9; 8], "BROKEN", vec![KeyValue::text("a", "b")]);
    let other = server_span([8; 16], [8; 8], "whole", vec![]);
    let mut body = encode(&request("mended", vec![], vec![broken, other]));
    let at = body.windows(6).position(|six| six == b"BROKEN").context("the name is in the body")?;
    body[at] = 0xff;
    let answer = HttpClient::default().post_otlp(server.otlp()?, body).await?;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let spans = server.rows("select name, attributes from spans order by name", 2).await?;
    assert_eq!(spans[0]["name"], "?ROKEN");
    assert_eq!(spans[0]["attributes"]["fanlight.repaired"], "true");
    assert_eq!(
        (&spans[1]["name"], &spans[1]["attributes"]["fanlight.repaired"]),
        (&"whole".into(), &serde_json::Value::Null)
    );
    assert_eq!(server.counted(&[("record", "span"), ("outcome", "repaired")], 1).await?, 1);
    server.stop().await
}

/// Logs and metrics are not collected, and the sender is told so in words.
#[tokio::test(flavor = "multi_thread")]
async fn other_signals_are_told_that_they_are_not_collected() {
    check_other_signals().await.expect("they are refused");
}

async fn check_other_signals() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    for signal in ["logs", "metrics"] {
        let url = format!("http://{}/v1/{signal}", server.otlp()?);
        let answer = HttpClient::default().send(Method::POST, &url, &[PROTOBUF], "").await?;
        assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", answer.status);
        assert!(answer.text().contains("not collected"), "{}", answer.text());
    }
    let labels = [("record", "request"), ("outcome", "refused"), ("reason", "not_collected")];
    assert_eq!(server.counted(&labels, 2).await?, 2);
    server.stop().await
}
