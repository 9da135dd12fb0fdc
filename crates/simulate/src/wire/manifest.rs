//! `manifest.json`: what was made, from what, and what is absent.

use std::fmt::Write;

use fanlight_model::Timestamp;

use super::Summary;
use super::absent::ABSENT;
use crate::settings::Settings;
use crate::transport::stream::{Stream, StreamKind};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its name below the folder, with `/`.
    pub name: String,
    /// Which stream it holds; `None` for arrivals and truth.
    pub stream: Option<Stream>,
    /// Its pieces: lines or requests.
    pub pieces: u64,
    /// Its records or spans.
    pub records: u64,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// When its first piece arrives.
    pub first_arrival: Option<Timestamp>,
    /// When its last one does.
    pub last_arrival: Option<Timestamp>,
}

/// The manifest's text. Nothing in it depends on the machine or the day.
pub(super) fn text(settings: &Settings, summary: &Summary) -> String {
    let mut text = String::with_capacity(16_384);
    let Settings { seed, profile, minutes, scenario, start, visits_per_hour, .. } = settings;
    let put =
        |text: &mut String, arguments: std::fmt::Arguments<'_>| text.write_fmt(arguments).unwrap_or_default();
    put(
        &mut text,
        format_args!(
            "{{\n  \"format\": \"fanlight-simulate/1\",\n  \"seed\": \"{seed}\",\n  \"profile\": \"{profile}\",\n  \
             \"minutes\": {minutes},\n  \"scenario\": \"{scenario}\",\n  \"start\": \"{start}\",\n  \
             \"visits_per_hour\": {visits_per_hour},\n  \"zpa\": \"{}\",\n  \"zia\": \"{}\",\n  \
             \"activity_records\": \"{}\",\n  \"lists\": \"{}\",\n  \"pad_days\": {},\n  \"two_receivers\": {},\n  \
             \"obfuscated\": {},\n  \"raw_quotes\": {},\n  \"policy_inside_ca\": {},\n  \"counts\": {{",
            settings.zpa.as_str(),
            settings.zia.as_str(),
            settings.activity_records.as_str(),
            settings.lists.as_str(),
            settings.pad_days,
            settings.two_receivers,
            settings.obfuscated,
            settings.raw_quotes,
            settings.policy_inside_ca
        ),
    );
    for (at, (what, count)) in summary.counts.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        put(&mut text, format_args!("{comma}\n    \"{what}\": {count}"));
    }
    text.push_str("\n  },\n  \"wire\": [");
    files(&summary.wire, &mut text);
    text.push_str("\n  ],\n  \"truth\": [");
    files(&summary.truth, &mut text);
    text.push_str("\n  ],\n  \"absent\": [");
    for (at, what) in ABSENT.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        put(&mut text, format_args!("{comma}\n    \"{what}\""));
    }
    text.push_str("\n  ]\n}\n");
    text
}

fn files(files: &[WrittenFile], text: &mut String) {
    for (at, file) in files.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(text, "{comma}\n    {{\"file\": \"{}\"", file.name).unwrap_or_default();
        if let Some(stream) = &file.stream {
            let kind = match stream.kind {
                StreamKind::Otlp => "otlp".to_owned(),
                StreamKind::Lines(feed) => feed.to_string(),
            };
            let (name, pieces, records) = (&stream.name, file.pieces, file.records);
            let arrival = |time: Option<Timestamp>| {
                time.map_or_else(|| "null".to_owned(), |time| format!("\"{time}\""))
            };
            write!(
                text,
                ", \"stream\": \"{name}\", \"kind\": \"{kind}\", \"pieces\": {pieces}, \"records\": {records}, \
                 \"first_arrival\": {}, \"last_arrival\": {}",
                arrival(file.first_arrival),
                arrival(file.last_arrival)
            )
            .unwrap_or_default();
        } else if file.pieces > 0 {
            write!(text, ", \"lines\": {}", file.pieces).unwrap_or_default();
        }
        write!(text, ", \"bytes\": {}, \"sha256\": \"{}\"}}", file.bytes, file.sha256).unwrap_or_default();
    }
}
