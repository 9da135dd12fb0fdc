//! Small folders in a company's format, written by hand.

use std::fs;
use std::path::{Path, PathBuf};

use fanlight_simulate::replay::{OtlpTarget, ReplaySettings};

use crate::sink::Sink;

/// When hand-made companies begin, in seconds.
const BEGIN: i64 = 1_772_629_200;

/// One stream: its pieces, each with the second in which it arrives.
pub(crate) struct Wire {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) pieces: Vec<(i64, Vec<u8>)>,
}

/// OTLP requests, one a second: bytes that only look like it.
pub(crate) fn requests(count: u32) -> Wire {
    let pieces = (0..count).map(|at| (i64::from(at), format!("request {at}").repeat(9).into_bytes()));
    Wire { name: "otlp.services", kind: "otlp", pieces: pieces.collect() }
}

/// Lines of a feed, one a second.
pub(crate) fn lines(name: &'static str, kind: &'static str, count: u32) -> Wire {
    let pieces = (0..count).map(|at| (i64::from(at), format!("{{\"{kind}\":{at}}}\n").into_bytes()));
    Wire { name, kind, pieces: pieces.collect() }
}

/// The file's bytes: of requests each with its length.
fn bytes(wire: &Wire) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (_, piece) in &wire.pieces {
        if wire.kind == "otlp" {
            bytes.extend_from_slice(&(piece.len() as u32).to_le_bytes());
        }
        bytes.extend_from_slice(piece);
    }
    bytes
}

/// Writes a folder as a company has it.
pub(crate) fn write(folder: &Path, wires: &[Wire]) {
    fs::create_dir_all(folder.join("wire")).unwrap();
    let mut entries = Vec::new();
    for wire in wires {
        let name = format!("wire/{}.{}", wire.name, if wire.kind == "otlp" { "pb" } else { "ndjson" });
        let (bytes, mut last) = (bytes(wire), None);
        let mut arrivals = String::new();
        for (second, _) in &wire.pieces {
            let nanos = second * 1_000_000_000;
            let added = last.map_or(BEGIN * 1_000_000_000 + nanos, |last| nanos - last);
            arrivals.push_str(&format!("{added}\n"));
            last = Some(nanos);
        }
        fs::write(folder.join(&name), &bytes).unwrap();
        fs::write(folder.join(format!("{name}.arrivals")), &arrivals).unwrap();
        entries.push(format!(
            r#"{{"file":"{name}","stream":"{}","kind":"{}","pieces":{},"records":1,"bytes":{}}}"#,
            wire.name,
            wire.kind,
            wire.pieces.len(),
            bytes.len()
        ));
        entries.push(format!(r#"{{"file":"{name}.arrivals","bytes":{}}}"#, arrivals.len()));
    }
    let manifest = format!(r#"{{"format":"fanlight-simulate/1","wire":[{}]}}"#, entries.join(","));
    fs::write(folder.join("manifest.json"), manifest).unwrap();
}

/// From the folder to the sink.
pub(crate) fn settings(folder: &Path, sink: &Sink) -> ReplaySettings {
    let mut settings = ReplaySettings::new(PathBuf::from(folder));
    settings.targets.otlp = Some(OtlpTarget::Http(sink.url()));
    settings.targets.api = Some(sink.url());
    settings.targets.streams = sink.streams();
    settings
}
