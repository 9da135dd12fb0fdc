//! Sends what `fanlight simulate` wrote.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;

use fanlight_intake::stream_port;
use fanlight_model::Feed;
use fanlight_runtime::{Clock, Shutdown, spawn};
use fanlight_simulate::replay::{
    OtlpTarget, ReplayProgress, ReplaySettings, ReplaySummary, Speed, Targets, replay,
};

use crate::command_line::Replay;
use crate::commands::serve::StopSignal;
use crate::commands::terminal::print;
use crate::outcome::{Exit, Failure};

/// The API's default port, which all others lie around.
const API_PORT: u16 = 8080;
const OTLP_PORT: u16 = 4318;

pub(super) fn run(typed: &Replay) -> Result<(), Failure> {
    if let Some(option) = typed.of_kept_lines() {
        return Err(Failure::text(Exit::Usage, format!("`{option}` is about kept lines"))
            .with_hint("add `--reparse`, or leave it away"));
    }
    let settings = ReplaySettings {
        speed: speed(&typed.speed)?,
        targets: targets(typed)?,
        restart: typed.restart,
        ..ReplaySettings::new(typed.folder.clone())
    };
    let is_watched = stderr().is_terminal();
    let summary = crate::commands::runtime()?.block_on(async {
        let shutdown = Shutdown::new();
        let (mut stop, told) = (StopSignal::listen()?, shutdown.clone());
        let _stopping = spawn("replay.stop", async move {
            stop.given().await;
            told.begin();
        });
        let summary = replay(&settings, Clock::system(), shutdown, |progress| {
            if is_watched {
                tell(&progress);
            }
        });
        Ok::<_, Failure>(summary.await?)
    })?;
    if is_watched {
        // It is for whoever waits; where it cannot be written nobody does.
        drop(writeln!(stderr().lock()));
    }
    print(&said(&summary));
    Ok(())
}

fn speed(typed: &str) -> Result<Speed, Failure> {
    if typed == "max" {
        return Ok(Speed::Max);
    }
    let times = typed.parse().ok().filter(|times: &f64| times.is_finite() && *times > 0.0);
    times.map(Speed::Times).ok_or_else(|| {
        Failure::text(Exit::Usage, format!("`--speed {typed}` is no speed"))
            .with_hint("write `max`, or how many times as fast as the clock, for example `60`")
    })
}

/// Where the server's listeners are: as its ready file has them, else at their defaults beside the API.
fn targets(typed: &Replay) -> Result<Targets, Failure> {
    let token = typed.token_file.as_deref().map(token).transpose()?;
    let api = typed.server.trim_end_matches('/').to_owned();
    let no_server = || {
        Failure::text(Exit::Usage, format!("`--to {api}` is not an http URL with a port"))
            .with_hint("write it like `--to http://127.0.0.1:8080`")
    };
    let (host, port) =
        api.strip_prefix("http://").and_then(|rest| rest.rsplit_once(':')).ok_or_else(no_server)?;
    let port: u16 = port.parse().map_err(|_| no_server())?;
    let listeners = typed.ready_file.as_deref().map(listeners).transpose()?;
    let address = |name: &str, default: Option<u16>| match &listeners {
        Some(listeners) => listeners.get(name).cloned(),
        None => {
            let offset = port.checked_sub(API_PORT)?;
            Some(format!("{host}:{}", default?.checked_add(offset)?))
        }
    };
    let otlp = address("otlp_http", Some(OTLP_PORT)).ok_or_else(|| {
        Failure::text(Exit::Usage, "it is not known where the server takes spans").with_hint(
            "name the file that `fanlight serve --ready-file F` writes with `--ready-file F`: the API is not on its default port, or OTLP/HTTP is off",
        )
    })?;
    let stream = |feed: &Feed| Some((*feed, address(feed.as_str(), stream_port(*feed))?));
    Ok(Targets {
        otlp: Some(OtlpTarget::Http(format!("http://{otlp}"))),
        streams: Feed::ALL.iter().filter_map(stream).collect(),
        api: Some(api),
        otlp_token: token.clone(),
        push_token: token,
    })
}

fn listeners(file: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let whole = || format!("cannot read `{}`", file.display());
    let text = std::fs::read(file).map_err(|cause| anyhow::Error::new(cause).context(whole()))?;
    serde_json::from_slice(&text).map_err(|cause| {
        Failure::new(Exit::Usage, anyhow::Error::new(cause).context(whole()))
            .with_hint("name the file that `fanlight serve --ready-file F` writes")
    })
}

fn token(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|cause| anyhow::Error::new(cause).context(format!("cannot read `{}`", file.display())))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

fn tell(progress: &ReplayProgress) {
    let ReplayProgress { time, pieces, of_pieces, behind, retries, .. } = progress;
    let line = format!(
        "{pieces} of {of_pieces} pieces  {time}  {:.1} s behind  {retries} retries",
        behind.as_secs_f64()
    );
    drop(write!(stderr().lock(), "\r{line}\u{1b}[K"));
}

fn said(summary: &ReplaySummary) -> String {
    let ReplayProgress { pieces, of_pieces, bytes, requests, retries, rejected_spans, .. } = summary.progress;
    let mut said = format!(
        "{pieces} of {of_pieces} pieces are there: {:.1} MB and {requests} requests in this run, {retries} tries again, {rejected_spans} spans rejected",
        bytes as f64 / 1e6
    );
    for stream in &summary.streams {
        said.push_str(&format!("\n  {} {} of {}", stream.name, stream.already + stream.sent, stream.pieces));
    }
    if !summary.is_complete {
        said.push_str("\nstopped; the same command goes on from here");
    }
    said
}
