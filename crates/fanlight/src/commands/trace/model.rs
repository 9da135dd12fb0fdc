//! The API's answer about a trace, as far as the drawing needs it.

use serde::{Deserialize, Deserializer};

use fanlight_model::Timestamp;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trace {
    pub(super) trace_id: String,
    pub(super) spans: Vec<Span>,
    pub(super) access_events: Vec<AccessEvent>,
    pub(super) links: Vec<Link>,
    pub(super) segments: Vec<Segments>,
    pub(super) missing: Vec<Missing>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Span {
    pub(super) span_id: String,
    pub(super) parent_span_id: Option<String>,
    pub(super) name: String,
    pub(super) service_name: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(deserialize_with = "integer")]
    pub(super) duration_ns: Option<i64>,
    pub(super) status_code: Option<String>,
    pub(super) synthetic: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AccessEvent {
    pub(super) event_uid: String,
    pub(super) product: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub(super) end_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub(super) stamp_setup_complete: Option<Timestamp>,
    pub(super) principal_id: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) device: Option<String>,
    pub(super) client_address: Option<String>,
    pub(super) service_edge: Option<String>,
    pub(super) app_connector: Option<String>,
    pub(super) app: Option<String>,
    pub(super) disposition: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) link_id: String,
    pub(super) span_id: String,
    pub(super) event_uid: String,
    pub(super) rung: String,
    pub(super) relation: String,
    pub(super) confidence: f64,
    pub(super) runner_up: f64,
    pub(super) residual_ms: f64,
    pub(super) late_by_ms: f64,
    pub(super) state: String,
    pub(super) first_on_connection: bool,
}

/// The time of one linked request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Segments {
    pub(super) link_id: String,
    pub(super) measured: Vec<Segment>,
    pub(super) portions: Vec<Portion>,
    pub(super) missing: Vec<Missing>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Segment {
    pub(super) name: String,
    #[serde(deserialize_with = "integer")]
    pub(super) duration_ns: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Portion {
    pub(super) of: String,
    pub(super) name: String,
    #[serde(deserialize_with = "integer")]
    pub(super) duration_ns: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Missing {
    pub(super) name: String,
    pub(super) why: String,
}

impl Span {
    pub(super) fn start(&self) -> Timestamp {
        self.start_time.unwrap_or_default()
    }

    pub(super) fn end(&self) -> Timestamp {
        self.start().shifted(self.duration_ns.unwrap_or(0))
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| Timestamp::parse_rfc3339(&text).map_err(serde::de::Error::custom)).transpose()
}

/// The API writes 64-bit numbers as text.
fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
