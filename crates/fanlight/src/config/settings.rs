//! What the configuration means.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fanlight_export::Target;
use fanlight_intake::{FeedSettings, OauthSettings, TailFile};
use fanlight_listen::{Access, Protocol};
use fanlight_model::{Endpoint, Feed};
use http::HeaderName;

use super::access::Place;
use super::check::{ConfigError, Source};
use super::export;
use super::file::{self, File};
use super::intake;
use super::units;

/// The settings of a server, understood and checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) in_flight_bytes: u64,
    pub(crate) lightstep: bool,
    pub(crate) otlp_grpc: Option<Listener>,
    pub(crate) otlp_http: Option<Listener>,
    /// Every feed's stream listener, on or off.
    pub(crate) streams: Vec<(Feed, Option<Listener>)>,
    /// Who may push records to the API, beside what its door asks for.
    pub(crate) push_access: Access,
    pub(crate) push_header: Option<HeaderName>,
    /// Whose tokens may push beside those of `push_access`.
    pub(crate) push_oauth: Option<OauthSettings>,
    pub(crate) tail: Vec<TailFile>,
    /// What the lines of feeds do not say.
    pub(crate) feed_output: FeedSettings,
    pub(crate) correlate_bytes: u64,
    pub(crate) associations: Vec<Association>,
    pub(crate) seal_after: Duration,
    pub(crate) seal_rows: u64,
    pub(crate) hot_bytes: u64,
    pub(crate) log_kept_bytes: u64,
    pub(crate) export: Vec<ExportTarget>,
    pub(crate) api: Option<Listener>,
    pub(crate) api_hosts: Vec<String>,
    pub(crate) self_trace: bool,
}

/// Where to listen, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) listen: SocketAddr,
    pub(crate) access: Access,
}

/// A service whose server address was declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Association {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) environment: String,
    pub(crate) server: Endpoint,
}

/// A backend for the enriched spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExportTarget {
    pub(crate) target: Target,
    /// The files that its secrets and certificates were read from.
    pub(crate) files: Vec<PathBuf>,
}

impl Settings {
    pub(super) fn from_file(file: &File, source: &Source<'_>, folder: &Path) -> Result<Self, ConfigError> {
        if let Some(version) = file.version.filter(|version| *version != 1) {
            return Err(source.error(
                "version",
                format!("version {version} is not known to this Fanlight"),
                Some("write `version = 1`".to_owned()),
            ));
        }
        let reader = Reader { source };
        let listener = |section, typed: &file::Listener, default_port, protocol| {
            let takes_tokens = matches!(protocol, Protocol::Http1 | Protocol::Http2);
            let default_port = Some(default_port);
            reader.listener(Place { section, default_port, protocol, takes_tokens }, typed, folder)
        };
        Ok(Self {
            in_flight_bytes: reader.size("intake.in_flight", file.intake.in_flight.as_deref(), 128 << 20)?,
            lightstep: file.intake.lightstep,
            otlp_grpc: listener("intake.otlp_grpc", &file.intake.otlp_grpc, 4317, Protocol::Http2)?,
            otlp_http: listener("intake.otlp_http", &file.intake.otlp_http, 4318, Protocol::Http1)?,
            streams: intake::streams(&reader, &file.intake.streams, folder)?,
            push_access: intake::push_access(&reader, &file.intake.push, folder)?,
            push_header: intake::push_header(&reader, &file.intake.push)?,
            push_oauth: intake::push_oauth(&reader, &file.intake.push.oauth, folder)?,
            tail: intake::tail(&reader, &file.intake.tail, folder)?,
            feed_output: intake::feed_output(&reader, &file.intake.feed_output, folder)?,
            correlate_bytes: reader.size("correlate.memory", file.correlate.memory.as_deref(), 256 << 20)?,
            associations: reader.associations(&file.correlate.association)?,
            seal_after: reader.duration(
                "store.seal_after",
                file.store.seal_after.as_deref(),
                Duration::from_secs(300),
            )?,
            seal_rows: file.store.seal_rows.unwrap_or(1_000_000).max(1),
            hot_bytes: reader.size("store.hot_memory", file.store.hot_memory.as_deref(), 256 << 20)?,
            log_kept_bytes: reader.size("store.log_kept", file.store.log_kept.as_deref(), 1 << 30)?,
            export: export::targets(&reader, &file.export, folder)?,
            api: listener("api", &file.api.listener(), 8080, Protocol::Web)?,
            api_hosts: file.api.hosts.clone(),
            self_trace: file.telemetry.self_trace,
        })
    }

    /// All listeners by name, on or off.
    pub(crate) fn listeners(&self) -> Vec<(&'static str, Option<&Listener>)> {
        let Self { otlp_grpc, otlp_http, streams, api, .. } = self;
        let mut all = vec![("otlp_grpc", otlp_grpc.as_ref()), ("otlp_http", otlp_http.as_ref())];
        all.extend(streams.iter().map(|(feed, listener)| (feed.as_str(), listener.as_ref())));
        all.push(("api", api.as_ref()));
        all
    }

    /// The same, in the same order, to be changed.
    pub(crate) fn listeners_mut(&mut self) -> Vec<(&'static str, &mut Option<Listener>)> {
        let Self { otlp_grpc, otlp_http, streams, api, .. } = self;
        let mut all = vec![("otlp_grpc", otlp_grpc), ("otlp_http", otlp_http)];
        all.extend(streams.iter_mut().map(|(feed, listener)| (feed.as_str(), listener)));
        all.push(("api", api));
        all
    }

    /// The rules of a listener, or of a part of one that has its own.
    pub(crate) fn access(&self, name: &str) -> Option<&Access> {
        if name == "push" {
            return Some(&self.push_access);
        }
        let (_, listener) = self.listeners().into_iter().find(|(listener, _)| *listener == name)?;
        listener.map(|listener| &listener.access)
    }

    /// Adds `offset` to every port that is not 0, so that several servers can run on one machine.
    pub(crate) fn shift_ports(&mut self, offset: u16) -> Result<(), String> {
        for listener in self.listeners_mut().into_iter().filter_map(|(_, listener)| listener.as_mut()) {
            if listener.listen.port() != 0 {
                let port = listener.listen.port().checked_add(offset).ok_or_else(|| {
                    format!(
                        "`--listen-offset {offset}` moves port {} beyond 65535; take a smaller offset",
                        listener.listen.port()
                    )
                })?;
                listener.listen.set_port(port);
            }
        }
        Ok(())
    }
}

/// Reads values and says where the wrong ones stand.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source<'a>,
}

impl Reader<'_> {
    pub(super) fn size(&self, path: &str, text: Option<&str>, default: u64) -> Result<u64, ConfigError> {
        text.map_or(Ok(default), |text| {
            units::size(text).map_err(|problem| self.source.error(path, problem, None))
        })
    }

    pub(super) fn duration(
        &self,
        path: &str,
        text: Option<&str>,
        default: Duration,
    ) -> Result<Duration, ConfigError> {
        text.map_or(Ok(default), |text| {
            units::duration(text).map_err(|problem| self.source.error(path, problem, None))
        })
    }

    pub(super) fn required<'t>(&self, path: &str, text: Option<&'t str>) -> Result<&'t str, ConfigError> {
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.source.error(path, "is missing", None))
    }

    fn associations(&self, typed: &[file::Association]) -> Result<Vec<Association>, ConfigError> {
        let one = |(index, association): (usize, &file::Association)| {
            let path = format!("correlate.association.{index}.server");
            let text = self.required(&path, association.server.as_deref())?;
            let server = text
                .parse::<SocketAddr>()
                .ok()
                .and_then(|server| Endpoint::new(server.ip(), server.port()))
                .ok_or_else(|| {
                    self.source.error(
                        &path,
                        format!("`{text}` is not an address and port"),
                        Some(
                            "write what ZPA logs as `ServerIP` and `ServerPort`, like `\"192.0.2.10:8080\"`"
                                .to_owned(),
                        ),
                    )
                })?;
            let service = self.required(
                &format!("correlate.association.{index}.service"),
                association.service.as_deref(),
            )?;
            Ok(Association {
                namespace: association.namespace.clone().unwrap_or_default(),
                service: service.to_owned(),
                environment: association.environment.clone().unwrap_or_default(),
                server,
            })
        };
        typed.iter().enumerate().map(one).collect()
    }
}
