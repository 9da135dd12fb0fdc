//! What the configuration means.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use fanlight_export::Target;
use fanlight_model::Endpoint;
use ipnet::IpNet;

use super::check::{ConfigError, Source};
use super::export;
use super::file::{self, File};
use super::units;

/// The settings of a server, understood and checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) in_flight_bytes: u64,
    pub(crate) lightstep: bool,
    pub(crate) otlp_grpc: Option<Listener>,
    pub(crate) otlp_http: Option<Listener>,
    pub(crate) zpa_user_activity: Option<Listener>,
    pub(crate) correlate_bytes: u64,
    pub(crate) associations: Vec<Association>,
    pub(crate) seal_after: Duration,
    pub(crate) seal_rows: u64,
    pub(crate) hot_bytes: u64,
    pub(crate) log_kept_bytes: u64,
    pub(crate) export: Vec<Target>,
    pub(crate) api: Option<Listener>,
    pub(crate) api_hosts: Vec<String>,
    pub(crate) self_trace: bool,
}

/// Where to listen, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) listen: SocketAddr,
    pub(crate) allow: Vec<IpNet>,
}

/// A service whose server address was declared.
#[derive(Clone, Debug)]
pub(crate) struct Association {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) environment: String,
    pub(crate) server: Endpoint,
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
        let listener = |section: &str, typed: &file::Listener, default| {
            reader.listener(section, typed.listen.as_deref(), &typed.allow, default)
        };
        Ok(Self {
            in_flight_bytes: reader.size("intake.in_flight", file.intake.in_flight.as_deref(), 128 << 20)?,
            lightstep: file.intake.lightstep,
            otlp_grpc: listener("intake.otlp_grpc", &file.intake.otlp_grpc, 4317)?,
            otlp_http: listener("intake.otlp_http", &file.intake.otlp_http, 4318)?,
            zpa_user_activity: listener("intake.zpa_user_activity", &file.intake.zpa_user_activity, 9015)?,
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
            api: reader.listener("api", file.api.listen.as_deref(), &file.api.allow, 8080)?,
            api_hosts: file.api.hosts.clone(),
            self_trace: file.telemetry.self_trace,
        })
    }

    /// Adds `offset` to every port that is not 0, so that several servers can run on one machine.
    pub(crate) fn shift_ports(&mut self, offset: u16) -> Result<(), String> {
        let listeners =
            [&mut self.otlp_grpc, &mut self.otlp_http, &mut self.zpa_user_activity, &mut self.api];
        for listener in listeners.into_iter().flatten() {
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

    fn listener(
        &self,
        section: &str,
        listen: Option<&str>,
        allow: &[String],
        default_port: u16,
    ) -> Result<Option<Listener>, ConfigError> {
        if listen == Some("off") {
            return Ok(None);
        }
        let path = format!("{section}.listen");
        let listen = match listen {
            None => SocketAddr::from(([127, 0, 0, 1], default_port)),
            Some(text) => text.parse().map_err(|_| {
                self.source.error(
                    &path,
                    format!("`{text}` is not an address and port"),
                    Some("write it like `\"127.0.0.1:4317\"` or `\"[::1]:4317\"`, or `\"off\"`".to_owned()),
                )
            })?,
        };
        let allow = allow
            .iter()
            .enumerate()
            .map(|(index, text)| self.network(&format!("{section}.allow.{index}"), text))
            .collect::<Result<Vec<_>, _>>()?;
        if !listen.ip().to_canonical().is_loopback() && allow.is_empty() {
            return Err(self.source.error(
                &path,
                format!("`{listen}` is reachable from other machines, and nothing says who may connect"),
                Some(format!("list the senders' networks: `allow = [\"192.0.2.0/24\"]` under `[{section}]`, or listen on `127.0.0.1`")),
            ));
        }
        Ok(Some(Listener { listen, allow }))
    }

    fn network(&self, path: &str, text: &str) -> Result<IpNet, ConfigError> {
        text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
            self.source.error(
                path,
                format!("`{text}` is not a network"),
                Some("write it like `\"192.0.2.0/24\"` or `\"192.0.2.7\"`".to_owned()),
            )
        })
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
