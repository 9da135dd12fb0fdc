//! What is to be sent and where to: the manifest, checked against the folder and the targets.

use std::fs;
use std::path::{Component, Path, PathBuf};

use fanlight_model::{Feed, Product};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::error::ReplayError;
use super::{OtlpTarget, ReplaySettings, Targets};
use crate::transport::stream::StreamKind;

const FORMAT: &str = "fanlight-simulate/1";

/// All streams of a folder that hold anything.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) streams: Vec<PlannedStream>,
    /// SHA-256 of the manifest, which holds that of each file.
    pub(super) manifest: String,
}

/// One stream.
#[derive(Clone, Debug)]
pub(super) struct PlannedStream {
    pub(super) name: String,
    pub(super) kind: StreamKind,
    pub(super) path: PathBuf,
    pub(super) pieces: u64,
    pub(super) route: Route,
}

/// How a stream gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST /v1/traces`, a piece a request.
    OtlpHttp { url: String },
    /// `TraceService/Export`, a piece a call.
    OtlpGrpc { url: String },
    /// `POST`, several lines a request.
    Push { url: String },
    /// A connection.
    Stream { address: String },
}

#[derive(Debug, Deserialize)]
struct Manifest {
    format: String,
    wire: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    file: String,
    stream: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    pieces: u64,
    bytes: u64,
}

impl Plan {
    pub(super) fn read(settings: &ReplaySettings) -> Result<Self, ReplayError> {
        let path = settings.folder.join("manifest.json");
        let text = fs::read(&path).map_err(|cause| ReplayError::NoManifest { path: path.clone(), cause })?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|cause| ReplayError::BadManifest { path: path.clone(), cause })?;
        if manifest.format != FORMAT {
            return Err(ReplayError::UnknownFormat { path, found: manifest.format, known: FORMAT });
        }
        let mut streams = Vec::new();
        for entry in manifest.wire {
            let unknown = |what: String| ReplayError::UnknownStream { path: path.clone(), what };
            let file = Path::new(&entry.file);
            if !file.components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(unknown(format!("a file outside the folder, `{}`", entry.file)));
            }
            let file = settings.folder.join(file);
            check_size(&file, entry.bytes)?;
            // A stream without a piece needs no receiver.
            let (Some(name), true) = (entry.stream, entry.pieces > 0) else { continue };
            let kind = entry.kind.unwrap_or_default();
            let kind =
                kind_named(&kind).ok_or_else(|| unknown(format!("an unknown kind of stream, `{kind}`")))?;
            let route = route(&name, kind, &settings.targets)?;
            streams.push(PlannedStream { name, kind, path: file, pieces: entry.pieces, route });
        }
        let hash: [u8; 32] = Sha256::digest(&text).into();
        let manifest = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { streams, manifest })
    }
}

fn check_size(path: &Path, expected: u64) -> Result<(), ReplayError> {
    let read = fs::metadata(path).map_err(|cause| ReplayError::Read { path: path.to_owned(), cause })?;
    if read.len() == expected {
        return Ok(());
    }
    Err(ReplayError::WrongSize { path: path.to_owned(), expected, found: read.len() })
}

fn kind_named(kind: &str) -> Option<StreamKind> {
    if kind == "otlp" { Some(StreamKind::Otlp) } else { Feed::from_name(kind).map(StreamKind::Lines) }
}

/// Zscaler's feeds are streamed where a receiver for streams is known, else pushed as its cloud does; access logs of proxies
/// are always pushed.
fn route(name: &str, kind: StreamKind, targets: &Targets) -> Result<Route, ReplayError> {
    let missing = |wanted: String| ReplayError::NoTarget { stream: name.to_owned(), wanted };
    let feed = match kind {
        StreamKind::Otlp => {
            return match &targets.otlp {
                Some(OtlpTarget::Http(url)) => Ok(Route::OtlpHttp { url: below(url, "/v1/traces") }),
                Some(OtlpTarget::Grpc(url)) => Ok(Route::OtlpGrpc {
                    url: below(url, "/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
                }),
                None => Err(missing("an OTLP receiver".to_owned())),
            };
        }
        StreamKind::Lines(feed) => feed,
    };
    let is_proxy = feed.product() == Product::Envoy;
    if let Some(address) = targets.streams.get(&feed).filter(|_| !is_proxy) {
        return Ok(Route::Stream { address: address.clone() });
    }
    let path = if is_proxy { format!("/intake/{feed}") } else { format!("/intake/zscaler/{feed}") };
    match &targets.api {
        Some(api) => Ok(Route::Push { url: below(api, &path) }),
        None if is_proxy => Err(missing(format!("the API, whose `{path}` takes it"))),
        None => Err(missing(format!("a stream receiver for `{feed}`, or the API, whose `{path}` takes it"))),
    }
}

fn below(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: StreamKind, targets: &Targets, expected: Option<Route>) {
        assert_eq!(route("a", kind, targets).ok(), expected, "{kind:?} {targets:?}");
    }

    #[test]
    fn each_stream_goes_where_its_kind_says() {
        let none = Targets::default();
        let api = Targets { api: Some("http://a:1/".to_owned()), ..Targets::default() };
        let mut both = Targets { otlp: Some(OtlpTarget::Http("http://o:2".to_owned())), ..api.clone() };
        both.streams.insert(Feed::ZiaWeb, "s:3".to_owned());
        let push = |path: &str| Some(Route::Push { url: format!("http://a:1{path}") });
        check(StreamKind::Otlp, &none, None);
        check(StreamKind::Otlp, &both, Some(Route::OtlpHttp { url: "http://o:2/v1/traces".to_owned() }));
        check(StreamKind::Lines(Feed::Envoy), &none, None);
        check(StreamKind::Lines(Feed::Envoy), &both, push("/intake/envoy"));
        check(StreamKind::Lines(Feed::ZiaWeb), &api, push("/intake/zscaler/zia_web"));
        check(StreamKind::Lines(Feed::ZiaWeb), &both, Some(Route::Stream { address: "s:3".to_owned() }));
    }
}
