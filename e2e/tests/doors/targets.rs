//! Export targets that come, change and go while the server runs.
#![allow(clippy::print_stdout, reason = "the figures are told to whoever asks for them")]

use anyhow::Result;
use fanlight_e2e::{LOOPBACK, PATIENCE, Sink, until};
use http::StatusCode;

use crate::load::post;
use crate::scene::{Scene, replace};

fn target(sink: &Sink) -> String {
    let headers = "header_files = { \"x-token\" = \"token\" }\n";
    format!(
        "{LOOPBACK}[[export]]\nname = \"sink\"\nendpoint = \"http://{}/v1/traces\"\n{headers}",
        sink.address
    )
}

/// Waits until the sink has that many spans more, and says with which tokens they came.
async fn arrived(sink: &Sink, spans: usize) -> Result<String> {
    until(&format!("not {spans} spans have arrived"), PATIENCE, || async {
        let found: usize =
            sink.requests()?.iter().map(|request| fanlight_e2e::otlp::spans(request).len()).sum();
        let received = sink.received();
        let tokens = received.iter().filter_map(|one| one.headers.get("x-token")?.to_str().ok());
        let tokens: Vec<String> = tokens.map(str::to_owned).collect();
        Ok((found == spans).then(|| tokens.join(", ")))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_come_change_and_go() {
    check().await.expect("nothing is lost on the way");
}

async fn check() -> Result<()> {
    let mut scene = Scene::start("").await?;
    let (first, second) = (Sink::start(None).await?, Sink::start(None).await?);
    let otlp = scene.server.otlp()?;
    assert_eq!(post(otlp, None, 1).await?, StatusCode::OK);
    // What is stored has passed the export: it is not for a target that comes later.
    scene.server.rows("select * from spans", 1).await?;
    std::fs::write(scene.path("token"), "one\n")?;
    scene.reload(&target(&first)).await?;
    assert_eq!(post(otlp, None, 2).await?, StatusCode::OK);
    assert_eq!(arrived(&first, 1).await?, "one");

    let before = scene.reloads("stored").await?;
    replace(&scene.path("token"), "two\n")?;
    until("the header's file is not read again", PATIENCE, || async {
        Ok((scene.reloads("stored").await? > before).then_some(()))
    })
    .await?;
    assert_eq!(post(otlp, None, 3).await?, StatusCode::OK);
    assert_eq!(arrived(&first, 2).await?, "one, two");

    scene.reload(&target(&second)).await?;
    assert_eq!(post(otlp, None, 4).await?, StatusCode::OK);
    arrived(&second, 1).await?;
    scene.reload(LOOPBACK).await?;
    assert_eq!(post(otlp, None, 5).await?, StatusCode::OK);
    scene.server.rows("select * from spans", 5).await?;
    scene.reload(&target(&second)).await?;
    assert_eq!(post(otlp, None, 6).await?, StatusCode::OK);
    arrived(&second, 2).await?;
    assert_eq!(first.requests()?.len(), 2, "the first sink got nothing more");
    assert_eq!(scene.status().await?["wants_restart"], serde_json::json!([]));
    scene.server.stop().await
}

/// INV-1 of the export: what was received is exported, dropped for a reason, or waits.
async fn books(scene: &Scene, target: &str) -> Result<(u64, u64, u64, u64)> {
    let of = |outcome| [("stage", "export"), ("record", "span"), ("outcome", outcome)];
    let waiting = scene.gauge(&format!("fanlight_exporter_queue_spans{{target=\"{target}\"}}")).await?;
    Ok((
        scene.server.counter(&of("received")).await?,
        scene.server.counter(&of("exported")).await?,
        scene.server.counter(&of("dropped")).await?,
        waiting as u64,
    ))
}

/// A target that is down has a backlog while its settings change again and again, and when it is removed. The books balance at each
/// step, and the server ends without waiting for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_books_balance_while_a_dead_target_changes() {
    check_books().await.expect("they balance");
}

async fn check_books() -> Result<()> {
    let sink = Sink::start(None).await?;
    let dead = target(&sink).replace(&sink.address.to_string(), "127.0.0.1:9");
    let mut scene = Scene::start("").await?;
    std::fs::write(scene.path("token"), "one\n")?;
    scene.reload(&dead).await?;
    let otlp = scene.server.otlp()?;
    for number in 1..=5 {
        assert_eq!(post(otlp, None, number).await?, StatusCode::OK);
    }
    let is = async |expected: (u64, u64, u64, u64)| {
        until(&format!("the books are not {expected:?}"), PATIENCE, || async {
            Ok((books(&scene, "sink").await? == expected).then_some(()))
        })
        .await
    };
    is((5, 0, 0, 5)).await?;
    for token in ["two\n", "three\n", "four\n"] {
        let before = scene.reloads("stored").await?;
        replace(&scene.path("token"), token)?;
        until("the header's file is not read again", PATIENCE, || async {
            Ok((scene.reloads("stored").await? > before).then_some(()))
        })
        .await?;
    }
    is((5, 0, 0, 5)).await?;
    scene.reload(LOOPBACK).await?;
    let removed = [("stage", "export"), ("record", "span"), ("outcome", "dropped")];
    assert_eq!(scene.server.counter(&removed).await?, 5, "what waited has left the books");
    scene.reload(&target(&sink)).await?;
    arrived(&sink, 5).await?;
    let exported = [("stage", "export"), ("record", "span"), ("outcome", "exported")];
    scene.server.counted(&exported, 5).await?;
    assert_eq!(books(&scene, "sink").await?, (10, 5, 5, 0));
    scene.server.stop().await
}

/// SIGTERM while a target is down: the server does not hang on it, and the next one sends what waited.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_dead_target() {
    check_stop().await.expect("it stops");
}

async fn check_stop() -> Result<()> {
    let sink = Sink::start(None).await?;
    let dead = target(&sink).replace(&sink.address.to_string(), "127.0.0.1:9");
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("token"), "one\n")?;
    let mut scene = Scene::start_in(folder, &dead).await?;
    assert_eq!(post(scene.server.otlp()?, None, 1).await?, StatusCode::OK);
    scene.server.counted(&[("stage", "export"), ("record", "span"), ("outcome", "received")], 1).await?;
    let clock = fanlight_runtime::Clock::system();
    scene.server.process().stop(PATIENCE).await?;
    println!("stopped after {:?}", clock.elapsed());
    assert!(
        clock.elapsed() < std::time::Duration::from_secs(20),
        "a dead target held it up: {:?}",
        clock.elapsed()
    );
    let Scene { folder, server } = scene;
    drop(server);
    let scene = Scene::start_in(folder, &target(&sink)).await?;
    arrived(&sink, 1).await?;
    scene.server.stop().await
}
