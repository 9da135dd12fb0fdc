//! The lines of the truth's files, as far as they are scored.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fanlight_model::{SpanId, Timestamp, TraceId};
use serde::{Deserialize, Deserializer};

/// One line of `links.ndjson`.
#[derive(Deserialize)]
pub(crate) struct LinkLine<'a> {
    #[serde(deserialize_with = "id")]
    pub(crate) trace: TraceId,
    #[serde(deserialize_with = "id")]
    pub(crate) span: SpanId,
    #[serde(borrow)]
    pub(crate) feed: Cow<'a, str>,
    pub(crate) event_uid: Option<Cow<'a, str>>,
    pub(crate) session: Option<Cow<'a, str>>,
    pub(crate) rungs: Vec<Cow<'a, str>>,
}

/// One line of `losses.ndjson`.
#[derive(Deserialize)]
pub(crate) struct LossLine {
    pub(crate) what: String,
    #[serde(default)]
    pub(crate) span: String,
    #[serde(default)]
    pub(crate) feed: String,
    #[serde(default)]
    pub(crate) vendor_uid: String,
    #[serde(default)]
    pub(crate) status: String,
}

/// One line of `requests.ndjson`, as far as links need it.
#[derive(Deserialize)]
pub(crate) struct PathLine<'a> {
    #[serde(deserialize_with = "id")]
    pub(crate) trace: TraceId,
    #[serde(borrow)]
    pub(crate) path: Vec<Cow<'a, str>>,
    pub(crate) observed: Cow<'a, str>,
}

/// One line of `requests.ndjson`, as far as verdicts are scored.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RequestLine {
    #[serde(deserialize_with = "id")]
    pub(crate) trace: TraceId,
    pub(crate) kept: bool,
    pub(crate) main: String,
    pub(crate) injected: bool,
    pub(crate) observed: String,
    pub(crate) identifiable: BTreeMap<String, Vec<String>>,
}

/// One line of `incidents.ndjson`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct IncidentLine {
    #[serde(deserialize_with = "time")]
    pub(crate) start: Timestamp,
    #[serde(deserialize_with = "time")]
    pub(crate) end: Timestamp,
    pub(crate) scope: String,
}

/// One line of `clocks.ndjson`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ClockLine {
    pub(crate) host: String,
    pub(crate) offset_ns: i64,
    pub(crate) drift_ppb: i64,
    pub(crate) step: Option<StepLine>,
}

/// When a clock is set, and by how much.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StepLine {
    #[serde(deserialize_with = "time")]
    pub(crate) at: Timestamp,
    pub(crate) by_ns: i64,
}

fn id<'de, D: Deserializer<'de>, I: std::str::FromStr<Err: std::fmt::Display>>(
    from: D,
) -> Result<I, D::Error> {
    Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    Timestamp::parse_rfc3339(&Cow::<str>::deserialize(from)?).map_err(serde::de::Error::custom)
}
