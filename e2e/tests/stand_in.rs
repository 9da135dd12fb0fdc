//! The stand-in as a process of its own, against the vendor's published samples and against the server.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fanlight_e2e::{App, LOOPBACK, Server, Stack, StandIn, StandInOptions, curl, samples_folder};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

const ANA: &str = "ana@example.com";
const SAMPLE: &str = "zpa_user_activity.lss.failed-setup.ndjson";

/// The sample is a record of the default template as a tenant of today sends it. Ours has its keys, in its order, each with a
/// value of the same kind. Where the samples are not beside the project, the same is checked against the template as written
/// down in `crates/simulate/tests`.
#[tokio::test(flavor = "multi_thread")]
async fn records_look_like_the_vendors_sample() {
    let Some(samples) = samples_folder() else {
        println!("the vendor's samples are not at hand: not compared with them");
        return;
    };
    let sample = sample(&samples).expect("the sample can be read");
    let record = record_of_an_unreachable_app().await.expect("a record comes");
    let (ours, theirs) = (shape(&record), shape(&sample));
    assert_eq!(ours, theirs, "ours: {record}\ntheirs: {sample}");
}

fn sample(folder: &Path) -> Result<String> {
    let text = std::fs::read_to_string(folder.join(SAMPLE))?;
    Ok(text.lines().next().context("an empty sample")?.to_owned())
}

/// What the sample tells of: a connection whose set-up failed.
async fn record_of_an_unreachable_app() -> Result<String> {
    let folder = tempfile::tempdir()?;
    let receiver = TcpListener::bind("127.0.0.1:0").await?;
    let nowhere = "127.0.0.1:1".parse()?;
    let options = StandInOptions { users: &[ANA], ..StandInOptions::default() };
    let stand_in = StandIn::start(nowhere, receiver.local_addr()?, options, folder.path()).await?;
    assert_eq!(curl(&format!("http://{}/", stand_in.address(ANA)?)).await?, None);
    let reading = async {
        let (stream, _) = receiver.accept().await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        anyhow::Ok(line)
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await?
}

/// Keys and kinds of values, and every character between them.
fn shape(record: &str) -> Vec<String> {
    let inside = record.trim_end().trim_start_matches('{').trim_end_matches('}');
    let mut shapes = Vec::new();
    let mut rest = inside;
    while let Some((key, after)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        let (separator, value) =
            after.split_at(after.find(|c: char| c != ':' && c != ' ').unwrap_or(after.len()));
        let (kind, length) = match value.strip_prefix('"') {
            Some(text) => ("text", text.find('"').map_or(value.len(), |end| end + 2)),
            None => {
                let end = value.find(',').unwrap_or(value.len());
                let decimals = value
                    .get(..end)
                    .and_then(|number| number.split_once('.'))
                    .map(|(_, decimals)| decimals.len());
                (if decimals == Some(6) { "number with six decimals" } else { "number" }, end)
            }
        };
        let (_, after) = value.split_at(length);
        let end: String = after.chars().take_while(|c| *c == ',' || *c == ' ').collect();
        rest = after.trim_start_matches([',', ' ']);
        shapes.push(format!("{key}{separator}{kind}{end}"));
    }
    shapes
}

/// The app connector takes 200 ms for its set-up: a trace through it has that segment.
/// The same request through a stand-in that does not wait has no such time.
#[tokio::test(flavor = "multi_thread")]
async fn removing_the_real_sleep_removes_its_segment() {
    for template in ["default", "superset"] {
        let with = connector_setup_ns("200ms", template).await.expect("the peers play their parts");
        let without = connector_setup_ns("", template).await.expect("the peers play their parts");
        assert!(with >= 199_000_000, "{template}: {with} ns with the sleep");
        assert!(without < 100_000_000, "{template}: {without} ns without it");
    }
}

async fn connector_setup_ns(setup_delay: &str, template: &str) -> Result<i64> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let app = App::start(Stack::Flask, server.otlp()?, "", folder.path()).await?;
    let options = StandInOptions { users: &[ANA], setup_delay, template, ..StandInOptions::default() };
    let stand_in = StandIn::start(app.address, server.lss()?, options, folder.path()).await?;
    assert_eq!(curl(&format!("http://{}/orders/1", stand_in.address(ANA)?)).await?, Some(200));
    let links = server.rows("select trace_id from links where state = 'asserted'", 1).await?;
    let trace_id = links[0]["trace_id"].as_str().context("no trace id")?.to_owned();
    let trace = server.trace(&trace_id).await?;
    let of_link =
        trace["segments"].as_array().and_then(|list| list.first()).context("the link has no segments")?;
    let measured = of_link["measured"].as_array().context("nothing was measured")?;
    let segment = measured.iter().find(|segment| segment["name"] == "connector_setup");
    let duration = segment.map(|segment| segment["duration_ns"].as_str().unwrap_or_default().to_owned());
    server.stop().await?;
    // Stamps a millisecond fine may show none at all.
    duration.map_or(Ok(0), |duration| duration.parse().context("not a number"))
}
