//! What is sent, where to and how fast.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fanlight_model::Feed;

/// Requests of one OTLP stream that are on their way at once: its processes do not wait for each other either.
const OTLP_IN_FLIGHT: usize = 16;
/// Tries of one request or chunk: about ten minutes.
const TRIES: u32 = 120;

/// What is sent, where to and how fast.
#[derive(Clone, Debug)]
pub struct ReplaySettings {
    /// The folder, as [`write`](crate::write()) makes it.
    pub folder: PathBuf,
    /// Where it goes.
    pub targets: Targets,
    /// How fast.
    pub speed: Speed,
    /// Where the state is kept; `replay.json` in the folder where nobody says otherwise.
    pub state_file: Option<PathBuf>,
    /// Begin anew, whatever an earlier replay has sent.
    pub restart: bool,
    /// Requests of one OTLP stream that are on their way at once, each begun in its order; 1 keeps a strict order.
    pub otlp_in_flight: usize,
    /// How often a request or a connection is tried before the replay gives up.
    pub tries: u32,
}

impl ReplaySettings {
    /// As fast as it goes, and nowhere yet.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            targets: Targets::default(),
            speed: Speed::Max,
            state_file: None,
            restart: false,
            otlp_in_flight: OTLP_IN_FLIGHT,
            tries: TRIES,
        }
    }
}

/// Where a company's streams go. What the folder has no stream for needs no target.
#[derive(Clone, Default)]
pub struct Targets {
    /// The receiver of spans.
    pub otlp: Option<OtlpTarget>,
    /// The API, for pushes: `http://127.0.0.1:8080`.
    pub api: Option<String>,
    /// Receivers of log streams, as `host:port`. A feed of Zscaler's that has none is pushed.
    pub streams: BTreeMap<Feed, String>,
    /// A token for the receiver of spans.
    pub otlp_token: Option<String>,
    /// A token for pushes.
    pub push_token: Option<String>,
}

impl std::fmt::Debug for Targets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { otlp, api, streams, otlp_token: _, push_token: _ } = self;
        let mut told = f.debug_struct("Targets");
        told.field("otlp", otlp).field("api", api).field("streams", streams).finish_non_exhaustive()
    }
}

/// A receiver of spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtlpTarget {
    /// Protobuf over HTTP/1.1: `http://127.0.0.1:4318`, to which `/v1/traces` is added.
    Http(String),
    /// gRPC: `http://127.0.0.1:4317`.
    Grpc(String),
}

/// How fast a company's time runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times as fast as the clock.
    Times(f64),
    /// As fast as the receivers take it.
    Max,
}
