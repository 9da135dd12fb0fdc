//! What `/metrics` says, judged by Prometheus's own checker.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use fanlight_e2e::{HttpClient, KeyValue, LOOPBACK, Server, installed, otlp};
use http::Method;

/// A server that has taken spans, refused some, and answered queries has series of every kind.
#[tokio::test(flavor = "multi_thread")]
async fn promtool_finds_nothing_wrong() {
    check().await.expect("clean");
}

async fn check() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let client = HttpClient::default();
    let attributes = vec![KeyValue::text("http.route", "/orders")];
    let span = otlp::server_span([1; 16], [2; 8], "GET /orders", attributes);
    let body = otlp::encode(&otlp::request("shop", vec![], vec![span]));
    client.post_otlp(server.otlp()?, body).await?;
    client.post_otlp(server.otlp()?, "no protobuf".to_owned()).await?;
    server.rows("select trace_id from spans", 1).await?;

    let url = format!("http://{}/metrics", server.address("api")?);
    let text = client.send(Method::GET, &url, &[], "").await?.text();
    promtool(&text)?;
    let broken = promtool("# TYPE orders counter\norders{a=\"b\" 1\n");
    broken.err().context("the checker finds what is broken")?;
    server.stop().await
}

fn promtool(text: &str) -> Result<()> {
    let mut command = Command::new(installed("prometheus/promtool")?);
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut checker = command.spawn().context("cannot start promtool")?;
    let mut input = checker.stdin.take().context("no way in")?;
    input.write_all(text.as_bytes())?;
    drop(input);
    let output = checker.wait_with_output()?;
    let said = [output.stdout, output.stderr].concat();
    if !output.status.success() || !said.is_empty() {
        bail!("promtool said: {}\nof:\n{text}", String::from_utf8_lossy(&said));
    }
    Ok(())
}
