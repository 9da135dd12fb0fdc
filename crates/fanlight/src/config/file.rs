//! What was typed.

use std::collections::BTreeMap;
use std::fmt;

use fanlight_model::Feed;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The configuration file as typed: every key optional, texts not yet understood.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) version: Option<u64>,
    pub(super) intake: Intake,
    pub(super) correlate: Correlate,
    pub(super) store: Store,
    pub(super) export: Vec<Export>,
    pub(super) api: Api,
    pub(super) telemetry: Telemetry,
}

/// Beside its own keys it has a table for each feed, which is why it is read by hand.
#[derive(Debug, Default)]
pub(super) struct Intake {
    pub(super) in_flight: Option<String>,
    pub(super) lightstep: bool,
    pub(super) otlp_grpc: Listener,
    pub(super) otlp_http: Listener,
    pub(super) streams: BTreeMap<Feed, Listener>,
    pub(super) push: Push,
    pub(super) tail: Tail,
    pub(super) feed_output: Vec<FeedOutput>,
}

impl<'de> Deserialize<'de> for Intake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(IntakeKeys)
    }
}

struct IntakeKeys;

impl<'de> Visitor<'de> for IntakeKeys {
    type Value = Intake;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table `intake`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Intake, A::Error> {
        let mut intake = Intake::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "in_flight" => intake.in_flight = map.next_value()?,
                "lightstep" => intake.lightstep = map.next_value()?,
                "otlp_grpc" => intake.otlp_grpc = map.next_value()?,
                "otlp_http" => intake.otlp_http = map.next_value()?,
                "push" => intake.push = map.next_value()?,
                "tail" => intake.tail = map.next_value()?,
                "feed_output" => intake.feed_output = map.next_value()?,
                name => match Feed::ALL.iter().find(|feed| feed.as_str() == name) {
                    Some(feed) => {
                        intake.streams.insert(*feed, map.next_value()?);
                    }
                    // Unknown keys were told before, with what was meant.
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                },
            }
        }
        Ok(intake)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Push {
    pub(super) allow: Vec<String>,
    pub(super) token_file: Option<String>,
    pub(super) header: Option<String>,
    pub(super) oauth: Oauth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Oauth {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) jwks_file: Option<String>,
    pub(super) subjects: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tail {
    pub(super) files: Vec<TailFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TailFile {
    pub(super) path: Option<String>,
    pub(super) feed: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FeedOutput {
    pub(super) feed: Option<String>,
    pub(super) template_file: Option<String>,
    pub(super) zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listener {
    pub(super) listen: Option<String>,
    pub(super) allow: Vec<String>,
    pub(super) token_file: Option<String>,
    pub(super) tls: Tls,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tls {
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    pub(super) client_ca: Option<String>,
    pub(super) client_crl: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Correlate {
    pub(super) memory: Option<String>,
    pub(super) association: Vec<Association>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Association {
    pub(super) service: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) server: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Store {
    pub(super) seal_after: Option<String>,
    pub(super) seal_rows: Option<u64>,
    pub(super) hot_memory: Option<String>,
    pub(super) log_kept: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Export {
    pub(super) name: Option<String>,
    pub(super) preset: Option<String>,
    pub(super) protocol: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) token_file: Option<String>,
    pub(super) token_header: Option<String>,
    pub(super) header_files: BTreeMap<String, String>,
    pub(super) ca_file: Option<String>,
    pub(super) certificate_file: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) compression: Option<String>,
    pub(super) queue: Option<String>,
    pub(super) timeout: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Api {
    pub(super) listen: Option<String>,
    pub(super) allow: Vec<String>,
    pub(super) tls: Tls,
    pub(super) hosts: Vec<String>,
}

impl Api {
    /// Its door, which takes no tokens: the API has its own.
    pub(super) fn listener(&self) -> Listener {
        let Self { listen, allow, tls, .. } = self;
        Listener { listen: listen.clone(), allow: allow.clone(), token_file: None, tls: tls.clone() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Telemetry {
    pub(super) self_trace: bool,
}
