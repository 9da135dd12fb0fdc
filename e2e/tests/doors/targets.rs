//! Export targets that come, change and go while the server runs.

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
