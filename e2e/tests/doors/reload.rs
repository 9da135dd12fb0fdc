//! F17: the configuration is read again, by SIGHUP and when its file changes.
#![allow(clippy::print_stdout, reason = "the figures are told to whoever asks for them")]

use anyhow::Result;
use fanlight_e2e::lss::LogStream;
use fanlight_e2e::{LOOPBACK, PATIENCE, until};
use http::{Method, StatusCode};

use crate::load::{Load, post};
use crate::scene::{Scene, replace, with};

const RELOADS: u64 = 100;
const TOKEN: &str = "the-token-of-july-2";
const GOOD: &str = "fanlight_config_last_reload_successful";

/// Everything that can change does, in turns; whoever sends has the token that is always among those let in.
fn turn(number: u64) -> String {
    let door = "token_file = \"tokens\"\nallow = [\"127.0.0.0/8\"]";
    let service = format!("service-{number}");
    let more = match number % 4 {
        0 => "[store]\nseal_after = \"1m\"\n".to_owned(),
        1 => format!("[[correlate.association]]\nservice = \"{service}\"\nserver = \"192.0.2.10:8080\"\n"),
        2 => "[[export]]\nname = \"nowhere\"\nendpoint = \"http://127.0.0.1:9/v1/traces\"\n".to_owned(),
        _ => format!("[store]\nseal_after = \"{number}s\"\n"),
    };
    format!("{}{more}", with("intake.otlp_http", door))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reloads_under_load_fail_no_request() {
    check_reloads().await.expect("no request fails");
}

async fn check_reloads() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("tokens"), format!("{TOKEN}\n"))?;
    let mut scene = Scene::start_in(folder, &turn(0)).await?;
    let load = Load::start(scene.server.otlp()?, Some(TOKEN));
    for number in 1..=RELOADS {
        replace(&scene.path("tokens"), &format!("{TOKEN}\nanother-token-of-{number}\n"))?;
        scene.reload(&turn(number)).await?;
        load.goes_on(2).await?;
    }
    let (stored, rejected) = (scene.reloads("stored").await?, scene.reloads("rejected").await?);
    let taken = load.end().await?;
    println!("{stored} reloads, {taken} requests, none failed");
    assert!(stored >= RELOADS && rejected == 0, "{stored} and {rejected}");
    // What is acknowledged is durable; it is shown up to a second later.
    until("not every request was kept", PATIENCE, || async {
        let found = scene.server.sql("select count(*) as n from spans where service_name = 'load'").await?;
        let kept = found.first().and_then(|row| row["n"].as_str()?.parse().ok());
        Ok(kept.filter(|kept: &u64| *kept >= taken))
    })
    .await
    .and_then(|kept| {
        anyhow::ensure!(kept == taken, "{kept} spans of {taken} requests");
        Ok(())
    })?;
    scene.server.stop().await
}

/// A file that does not parse is put in place while requests come. The former configuration stays, and whoever asks is told where
/// the mistake is; mended, it is in force by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_under_load_keeps_the_former_configuration() {
    check_broken().await.expect("the former one stays");
}

async fn check_broken() -> Result<()> {
    let mut scene = Scene::start("").await?;
    let load = Load::start(scene.server.otlp()?, None);
    let first = scene.status().await?;
    assert_eq!((&first["last_error"], scene.gauge(GOOD).await?), (&serde_json::Value::Null, 1.0), "{first}");
    assert!(first["file"].as_str().is_some_and(|file| file.ends_with("/fanlight.toml")), "{first}");
    for (broken, says) in [
        ("version = 1\n[intake.otlp_http\n", "fanlight.toml:2:18: "),
        (
            "version = 1\n\n[intake.otlp_http]\nlisen = 1\n",
            "fanlight.toml:4:1: unknown key `intake.otlp_http.lisen`",
        ),
        ("[intake.otlp_http]\nlisten = \"0.0.0.0:0\"\n", "nothing says who may connect"),
        (
            "[api.tls]\ncertificate = \"a\"\nkey = \"b\"\n",
            "fanlight.toml:2:15: `api.tls.certificate`: cannot read",
        ),
    ] {
        let before = scene.reloads("rejected").await?;
        scene.write(broken)?;
        scene.hang_up()?;
        until("it is not refused", PATIENCE, || async {
            Ok((scene.reloads("rejected").await? > before).then_some(()))
        })
        .await?;
        let status = scene.status().await?;
        assert!(status["last_error"].as_str().is_some_and(|error| error.contains(says)), "{says}: {status}");
        assert_eq!((&status["loaded_at"], scene.gauge(GOOD).await?), (&first["loaded_at"], 0.0));
        load.goes_on(20).await?;
    }
    scene.write(LOOPBACK)?;
    until("the mended file is not in force", PATIENCE, || async {
        Ok((scene.status().await?["last_error"].is_null()).then_some(()))
    })
    .await?;
    assert_eq!(scene.gauge(GOOD).await?, 1.0);
    assert!(load.end().await? > 80);
    scene.server.stop().await
}

/// Keys that cannot change while the server runs are named until they are as they were, or it is started again.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_want_a_restart_are_named() {
    check_restart_keys().await.expect("they are named");
}

async fn check_restart_keys() -> Result<()> {
    let mut scene = Scene::start("").await?;
    let other = LOOPBACK.replacen(
        "[intake.otlp_http]\nlisten = \"127.0.0.1:0\"",
        "[intake.otlp_http]\nlisten = \"127.0.0.1:1\"",
        1,
    );
    let off = other.replacen(
        "[intake.otlp_grpc]\nlisten = \"127.0.0.1:0\"",
        "[intake.otlp_grpc]\nlisten = \"off\"",
        1,
    );
    scene.reload(&format!("{off}[correlate]\nmemory = \"1GiB\"\n[store]\nlog_kept = \"2GiB\"\n")).await?;
    let wants = scene.status().await?["wants_restart"].clone();
    let expected =
        ["correlate.memory", "store.log_kept", "intake.otlp_grpc.listen", "intake.otlp_http.listen"];
    assert_eq!(wants, serde_json::json!(expected));
    assert_eq!(post(scene.server.otlp()?, None, 1).await?, StatusCode::OK, "it listens where it did");
    scene.reload(LOOPBACK).await?;
    assert_eq!(scene.status().await?["wants_restart"], serde_json::json!([]));
    scene.server.stop().await
}

/// `allow` is narrowed: requests on connections that stand are refused, and a log stream is ended; then it is widened again. The
/// API's names change likewise.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_changes_for_those_who_are_in() {
    check_allow().await.expect("it holds at once");
}

async fn check_allow() -> Result<()> {
    let mut scene = Scene::start("").await?;
    let (otlp, lss) = (scene.server.otlp()?, scene.server.lss()?);
    let client = fanlight_e2e::HttpClient::default();
    assert_eq!(client.post_otlp(otlp, crate::load::span(1)).await?.status, StatusCode::OK);
    let mut stream = LogStream::open(lss).await?;
    stream.write(b"{}\n").await?;
    scene.server.counted(&[("stage", "intake"), ("record", "line"), ("outcome", "received")], 1).await?;
    let elsewhere = "allow = [\"192.0.2.0/24\"]";
    let narrow = with("intake.otlp_http", elsewhere).replacen(
        "[intake.zpa_user_activity]",
        &format!("[intake.zpa_user_activity]\n{elsewhere}"),
        1,
    );
    scene.reload(&narrow.replacen("[api]", "[api]\nhosts = [\"traces.example.com\"]", 1)).await?;
    assert_eq!(client.post_otlp(otlp, crate::load::span(2)).await?.status, StatusCode::FORBIDDEN);
    until("the log stream is not ended", PATIENCE, || async {
        Ok((scene.gauge("fanlight_connections{listener=\"zpa_user_activity\"}").await? == 0.0).then_some(()))
    })
    .await?;
    let named = async || -> Result<StatusCode> {
        let url = format!("http://{}/livez", scene.server.address("api")?);
        Ok(client.send(Method::GET, &url, &[("host", "traces.example.com")], "").await?.status)
    };
    assert_eq!(named().await?, StatusCode::OK);
    scene.reload(LOOPBACK).await?;
    assert_eq!(client.post_otlp(otlp, crate::load::span(3)).await?.status, StatusCode::OK);
    let url = format!("http://{}/livez", scene.server.address("api")?);
    let answer = client.send(Method::GET, &url, &[("host", "traces.example.com")], "").await?;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    scene.server.stop().await
}

/// The token file alone changes: no signal is needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_exchanged_is_in_force_by_itself() {
    check_token().await.expect("it is in force");
}

async fn check_token() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("tokens"), "the-token-of-june-1\n")?;
    let scene = Scene::start_in(folder, &with("intake.otlp_http", "token_file = \"tokens\"")).await?;
    let otlp = scene.server.otlp()?;
    assert_eq!(post(otlp, Some("the-token-of-june-1"), 1).await?, StatusCode::OK);
    assert_eq!(post(otlp, Some(TOKEN), 2).await?, StatusCode::UNAUTHORIZED);
    assert_eq!(post(otlp, None, 3).await?, StatusCode::UNAUTHORIZED);
    replace(&scene.path("tokens"), &format!("{TOKEN}\n"))?;
    until("the new token is not let in", PATIENCE, || async {
        Ok((post(otlp, Some(TOKEN), 4).await? == StatusCode::OK).then_some(()))
    })
    .await?;
    assert_eq!(post(otlp, Some("the-token-of-june-1"), 5).await?, StatusCode::UNAUTHORIZED);
    let refused = |reason| [("record", "request"), ("outcome", "refused"), ("reason", reason)];
    assert!(scene.server.counter(&refused("token_wrong")).await? >= 2);
    assert_eq!(scene.server.counter(&refused("token_missing")).await?, 1);
    scene.server.stop().await
}
