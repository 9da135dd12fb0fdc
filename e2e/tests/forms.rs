//! Every form of OTLP, as OpenTelemetry's own SDKs send it: JSON, gRPC, compressed, and to Lightstep's old paths.
//!
//! Each is joined as protobuf over HTTP is: the form must not cost a key.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use anyhow::Result;
use fanlight_e2e::connection::Connection;
use fanlight_e2e::{App, LOOPBACK, PATIENCE, Sending, Server, Sink, Stack, StandIn, StandInOptions, until};
use serde_json::Value;

const ANA: &str = "ana@example.com";
const REQUESTS: usize = 3;

const PLAIN: Sending = Sending { protocol: "http/protobuf", compression: "none", path: None };

/// Node's SDK sends JSON.
#[tokio::test(flavor = "multi_thread")]
async fn express_sends_json() {
    let sending = Sending { protocol: "http/json", ..PLAIN };
    check(Stack::Express, sending, "R3b", "otlp_http").await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_sends_json_in_gzip() {
    let sending = Sending { protocol: "http/json", compression: "gzip", ..PLAIN };
    check(Stack::Express, sending, "R3b", "otlp_http").await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_sends_over_grpc() {
    let sending = Sending { protocol: "grpc", ..PLAIN };
    check(Stack::Express, sending, "R3b", "otlp_grpc").await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_sends_over_grpc_in_gzip() {
    let sending = Sending { protocol: "grpc", compression: "gzip", ..PLAIN };
    check(Stack::Flask, sending, "R3", "otlp_grpc").await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_sends_to_a_path_of_lightsteps() {
    let sending = Sending { compression: "gzip", path: Some("/traces/otlp/v0.9"), ..PLAIN };
    check(Stack::Flask, sending, "R3", "otlp_http").await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_sends_json_to_a_path_of_lightsteps() {
    let sending = Sending { protocol: "http/json", path: Some("/api/v2/otel/trace"), ..PLAIN };
    check(Stack::Express, sending, "R3b", "otlp_http").await.expect("the peers play their parts");
}

/// Ana's requests through the edge: each server span is in the store whole, and linked on the rung of its stack. What the SDK really
/// sent is seen by a tee, and counted by the listener.
async fn check(stack: Stack, sending: Sending, rung: &str, listener: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let configuration =
        LOOPBACK.replace("[intake.otlp_grpc]", "[intake]\nlightstep = true\n[intake.otlp_grpc]");
    let server = Server::start(folder.path(), &configuration).await?;
    let tee = Sink::start(Some(server.otlp()?)).await?;
    let to = if sending.protocol == "grpc" { server.otlp_grpc()? } else { tee.address };
    let app = App::start_sending(stack, to, sending, "", folder.path()).await?;
    let options = StandInOptions { users: &[ANA], ..StandInOptions::default() };
    let stand_in = StandIn::start(app.address, server.lss()?, options, folder.path()).await?;
    let mut connection = Connection::open(stand_in.address(ANA)?).await?;
    for number in 1..=REQUESTS {
        assert_eq!(connection.get(&format!("/orders/{number}")).await?.as_u16(), 200);
    }
    let spans = server.rows("select * from spans where kind = 'server'", REQUESTS).await?;
    let links = server.rows("select * from links where state = 'asserted'", REQUESTS).await?;
    drop(connection);
    assert_eq!((spans.len(), links.len()), (REQUESTS, REQUESTS));
    assert!(links.iter().all(|link| link["rung"] == rung), "{links:#?}");
    for span in &spans {
        assert_eq!(span["service_name"], stack.as_str());
        assert_eq!(span["trace_id"].as_str().map(str::len), Some(32));
        let attributes = span["attributes"].as_object().map_or(0, serde_json::Map::len);
        assert!(attributes >= 5, "{span:#?}");
        let duration = span["duration_ns"].as_str().and_then(|text| text.parse::<u64>().ok());
        assert!(duration.is_some_and(|nanos| nanos > 0 && nanos < 60_000_000_000), "{span:#?}");
    }
    check_sent(&server, &tee, sending, listener).await?;
    server.stop().await
}

async fn check_sent(server: &Server, tee: &Sink, sending: Sending, listener: &str) -> Result<()> {
    let received =
        [("stage", "intake"), ("record", "request"), ("outcome", "received"), ("reason", listener)];
    assert!(server.counter(&received).await? > 0, "it came in over `{listener}`");
    let refused = [("stage", "intake"), ("record", "request"), ("outcome", "refused")];
    assert_eq!(server.counter(&refused).await?, 0, "nothing was refused");
    if sending.protocol == "grpc" {
        return Ok(());
    }
    for request in tee.received() {
        let header =
            |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let is_json = sending.protocol == "http/json";
        assert_eq!(header("content-type") == "application/json", is_json, "{:?}", request.headers);
        assert_eq!(
            header("content-encoding") == "gzip",
            sending.compression == "gzip",
            "{:?}",
            request.headers
        );
        assert_eq!(request.path, sending.path.unwrap_or("/v1/traces"));
        if is_json {
            let body: Value = serde_json::from_slice(&request.body)?;
            assert!(body["resourceSpans"].is_array(), "{body}");
        }
    }
    Ok(())
}

/// Fanlight's own work is traced into its own store; the export sees nothing of it; and when nobody asks for anything, nothing comes
/// of what was told.
#[tokio::test(flavor = "multi_thread")]
async fn self_tracing_does_not_feed_on_itself() {
    check_self_tracing().await.expect("the peers play their parts");
}

/// Spans are kept a second after they ended. Five times that without a new one is rest.
const REST: std::time::Duration = std::time::Duration::from_secs(5);

async fn check_self_tracing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let backend = Sink::start(None).await?;
    let configuration = format!(
        "{LOOPBACK}[telemetry]\nself_trace = true\n[[export]]\nname = \"b\"\nendpoint = \"http://{}/v1/traces\"\n",
        backend.address
    );
    let server = Server::start(folder.path(), &configuration).await?;
    let client = fanlight_e2e::HttpClient::default();
    for number in 1..=5_u8 {
        let span = fanlight_e2e::otlp::server_span([number; 16], [number; 8], "sound", vec![]);
        let body = fanlight_e2e::otlp::encode(&fanlight_e2e::otlp::request("shop", vec![], vec![span]));
        assert!(client.post_otlp(server.otlp()?, body).await?.status.is_success());
    }
    let own = "select distinct name from spans where service_name = 'fanlight'";
    let names = ["api.request", "export.request", "intake.append", "intake.request", "intake.scan"];
    let pipeline = ["pipeline.batch", "pipeline.correlate", "pipeline.decode", "pipeline.store"];
    let found = server.rows(own, names.len() + pipeline.len()).await?;
    let mut found: Vec<&str> = found.iter().filter_map(|row| row["name"].as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, [&names[..], &pipeline[..]].concat());
    let child = "select p.name from spans c join spans p on c.parent_span_id = p.span_id and c.trace_id = p.trace_id where c.name = 'pipeline.store'";
    assert!(server.rows(child, 1).await?.iter().all(|row| row["name"] == "pipeline.batch"));

    // `/metrics` is not traced, so that whoever looks changes nothing.
    let clock = fanlight_runtime::Clock::system();
    let last = std::sync::Mutex::new((0, clock.elapsed()));
    let made = [("stage", "telemetry"), ("record", "span"), ("outcome", "received")];
    let at_rest = until("spans about ourselves are made without an end", PATIENCE, || async {
        let count = server.counter(&made).await?;
        let mut last = last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.0 != count {
            *last = (count, clock.elapsed());
        }
        Ok((clock.elapsed() - last.1 >= REST).then_some(count))
    })
    .await?;
    assert!((20..=200).contains(&at_rest), "{at_rest} spans about a handful of requests");
    let stored = [("stage", "telemetry"), ("record", "span"), ("outcome", "stored")];
    assert_eq!(server.counter(&stored).await?, at_rest, "each was kept");
    let sent: Vec<_> = backend.requests()?.iter().flat_map(fanlight_e2e::otlp::spans).collect();
    assert_eq!(sent.len(), 5, "the backend gets what was sent, and nothing of ours: {sent:#?}");
    server.stop().await?;

    // They were in the log like anybody's.
    let server = Server::start(folder.path(), LOOPBACK).await?;
    server.rows(own, names.len() + pipeline.len()).await?;
    server.stop().await
}
