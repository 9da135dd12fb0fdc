//! What ends a replay names its thing and the way out.

use std::fs;
use std::path::Path;

use fanlight_runtime::{Clock, Shutdown, error_chain};
use fanlight_simulate::replay::{ReplaySettings, Speed, replay};
use http::StatusCode;

use crate::folder::{requests, settings, write};
use crate::sink::Sink;

/// Spoils a good folder or its settings; the replay ends with an error that has each of the words.
async fn check(spoil: impl FnOnce(&Path, &mut ReplaySettings), words: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &[requests(5)]);
    let sink = Sink::start(&[]).await;
    sink.answer(|at, _| Some(if at == 3 { StatusCode::BAD_REQUEST } else { StatusCode::OK }));
    let mut settings = settings(directory.path(), &sink);
    settings.otlp_in_flight = 1;
    spoil(directory.path(), &mut settings);
    let error = replay(&settings, Clock::system(), Shutdown::new(), |_| ()).await.unwrap_err();
    let told = error_chain(&error);
    for word in words {
        assert!(told.contains(word), "`{word}` is not in: {told}");
    }
}

#[tokio::test]
async fn a_folder_that_is_none_is_told() {
    check(
        |folder, _| fs::remove_file(folder.join("manifest.json")).unwrap(),
        &["manifest.json", "simulate --out"],
    )
    .await;
    check(|folder, _| fs::write(folder.join("manifest.json"), "{").unwrap(), &["manifest.json", "anew"])
        .await;
    let other = r#"{"format":"fanlight-simulate/9","wire":[]}"#;
    check(
        |folder, _| fs::write(folder.join("manifest.json"), other).unwrap(),
        &["fanlight-simulate/9", "anew"],
    )
    .await;
    let outside = r#"{"format":"fanlight-simulate/1","wire":[{"file":"../a","bytes":1}]}"#;
    check(|folder, _| fs::write(folder.join("manifest.json"), outside).unwrap(), &["outside the folder"])
        .await;
}

#[tokio::test]
async fn a_file_of_another_length_is_told_before_anything_is_sent() {
    let name = "wire/otlp.services.pb";
    check(|folder, _| fs::write(folder.join(name), "short").unwrap(), &[name, "has 5 bytes", "anew"]).await;
    check(|folder, _| fs::remove_file(folder.join(name)).unwrap(), &["cannot read", name]).await;
}

#[tokio::test]
async fn a_damaged_piece_is_told() {
    let damage = |name: &'static str| {
        move |folder: &Path, _: &mut ReplaySettings| {
            let path = folder.join(name);
            let length = fs::metadata(&path).unwrap().len() as usize;
            fs::write(path, vec![0xff; length]).unwrap();
        }
    };
    check(damage("wire/otlp.services.pb"), &["piece 0", "otlp.services.pb", "damaged"]).await;
    check(damage("wire/otlp.services.pb.arrivals"), &["piece 0", "pb.arrivals", "damaged"]).await;
}

#[tokio::test]
async fn a_state_that_cannot_be_used_is_told_with_the_way_out() {
    let wrong = |text: &'static str| {
        move |folder: &Path, _: &mut ReplaySettings| fs::write(folder.join("replay.json"), text).unwrap()
    };
    check(wrong("{\"form"), &["replay.json", "--restart"]).await;
    let other = r#"{"format":"fanlight-replay/1","manifest_sha256":"00","streams":{}}"#;
    check(wrong(other), &["replay.json", "another manifest", "--restart"]).await;
}

#[tokio::test]
async fn what_was_asked_wrongly_is_told() {
    check(|_, settings| settings.speed = Speed::Times(0.0), &["`0` is no speed"]).await;
    check(|_, settings| settings.targets.otlp = None, &["otlp.services", "an OTLP receiver"]).await;
    let https = |_: &Path, settings: &mut ReplaySettings| {
        settings.targets.otlp =
            Some(fanlight_simulate::replay::OtlpTarget::Http("https://example.com".to_owned()));
    };
    check(https, &["https://example.com", "http://127.0.0.1:4318"]).await;
}

#[tokio::test]
async fn a_refusal_names_the_piece() {
    check(|_, _| (), &["piece 3", "otlp.services", "400"]).await;
    let gone = |_: &Path, settings: &mut ReplaySettings| {
        settings.tries = 2;
        settings.targets.otlp =
            Some(fanlight_simulate::replay::OtlpTarget::Http("http://127.0.0.1:1".to_owned()));
    };
    check(gone, &["piece 0", "2 tries", "start the same command again"]).await;
}
