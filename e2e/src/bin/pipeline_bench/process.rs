//! The processes under test: started, watched by `/proc`, and ended by their id.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::clock;
use crate::payload::{CONNECTIONS_KNOWN, CONNECTOR_ADDRESS, FIRST_PORT, process_time};

/// How long a process may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// One process that takes OTLP/HTTP and passes it on to the sink.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) does: &'static str,
    pub(crate) endpoint: SocketAddr,
    child: Child,
    folder: PathBuf,
    sink: SocketAddr,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing of it stays.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Feeds that have a port by default and none here.
const UNUSED_STREAMS: [&str; 9] = [
    "zpa_user_status",
    "zpa_browser_access",
    "zpa_appprotection",
    "zpa_app_connector_status",
    "zpa_app_connector_metrics",
    "zpa_audit",
    "zia_web",
    "zia_firewall",
    "zia_dns",
];

impl Peer {
    /// Fanlight with everything on, and connections for it to join with.
    pub(crate) fn fanlight(folder: &Path, sink: SocketAddr) -> Result<Self> {
        let folder = folder.join(format!("fanlight-{}", process_time()));
        fs::create_dir_all(&folder)?;
        // Listeners of its own ports would be in the way of the next one's.
        let unused: String =
            UNUSED_STREAMS.iter().map(|feed| format!("[intake.{feed}]\nlisten = \"off\"\n")).collect();
        let config = format!(
            "version = 1\n[intake.otlp_grpc]\nlisten = \"off\"\n[intake.otlp_http]\nlisten = \"127.0.0.1:0\"\n[intake.zpa_user_activity]\nlisten = \"127.0.0.1:0\"\n{unused}[api]\nlisten = \"127.0.0.1:0\"\n[[export]]\nname = \"sink\"\nendpoint = \"http://{sink}/v1/traces\"\ncompression = \"none\"\n"
        );
        fs::write(folder.join("fanlight.toml"), config)?;
        let ready = folder.join("ready.json");
        let binary = beside_this("fanlight")?;
        let child = Command::new(&binary)
            .args(["serve", "--config"])
            .arg(folder.join("fanlight.toml"))
            .arg("--data")
            .arg(folder.join("fanlight-data"))
            .arg("--ready-file")
            .arg(&ready)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start `{}`", binary.display()))?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut peer = Self {
            name: "fanlight",
            does: "durable, joined, stored, exported",
            endpoint: unknown,
            child,
            folder,
            sink,
        };
        let listeners = peer.wait(|| fs::read(&ready).ok())?;
        let listeners: serde_json::Value = serde_json::from_slice(&listeners)?;
        let address = |name: &str| -> Result<SocketAddr> {
            Ok(listeners
                .get(name)
                .and_then(|address| address.as_str())
                .context("no such listener")?
                .parse()?)
        };
        peer.endpoint = address("otlp_http")?;
        preload(address("zpa_user_activity")?)?;
        Ok(peer)
    }

    /// A second one of the same kind with a folder of its own.
    pub(crate) fn again(&self) -> Result<Self> {
        Self::fanlight(&self.folder, self.sink)
    }

    pub(crate) fn rotel(folder: &Path, sink: SocketAddr) -> Result<Self> {
        let binary = python_peer("lib/python3*/site-packages/rotel/rotel-agent")?;
        let (http, grpc) = (free_port()?, free_port()?);
        let child = Command::new(binary)
            .arg("start")
            .args([
                "--otlp-http-endpoint",
                &http.to_string(),
                "--otlp-grpc-endpoint",
                &grpc.to_string(),
                "--exporter",
                "otlp",
            ])
            .args([
                "--otlp-exporter-endpoint",
                &format!("http://{sink}"),
                "--otlp-exporter-protocol",
                "http",
                "--otlp-exporter-compression",
                "none",
            ])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut peer = Self {
            name: "rotel",
            does: "passes through; gzip out, which this version cannot switch off",
            endpoint: http,
            child,
            folder: folder.to_owned(),
            sink,
        };
        peer.wait(|| TcpStream::connect(http).ok())?;
        Ok(peer)
    }

    pub(crate) fn envoy(folder: &Path, sink: SocketAddr) -> Result<Self> {
        let binary = python_peer("bin/envoy")?;
        let listen = free_port()?;
        let config = folder.join("envoy.yaml");
        fs::File::create(&config)?.write_all(envoy_config(listen, sink).as_bytes())?;
        let child = Command::new(binary)
            .args(["--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id", "--config-path"])
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut peer = Self {
            name: "envoy",
            does: "copies unread bytes",
            endpoint: listen,
            child,
            folder: folder.to_owned(),
            sink,
        };
        peer.wait(|| TcpStream::connect(listen).ok())?;
        Ok(peer)
    }

    /// Polls for a state until the process has it, or has ended, or patience has.
    fn wait<T>(&mut self, state: impl Fn() -> Option<T>) -> Result<T> {
        let began = clock();
        loop {
            if let Some(found) = state() {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended by itself with {status}", self.name);
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "{} did not listen within {} s",
                self.name,
                PATIENCE.as_secs()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// User and system seconds of the process so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit(')').next().unwrap_or("");
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap_or(0))
            .sum();
        Ok(ticks as f64 / TICKS_PER_SECOND)
    }

    /// The most memory that was ever resident.
    pub(crate) fn high_water_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
    }
}

/// Linux counts CPU time for user space in hundredths on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// One `open` record a connection, in the vendor's default template as far as the join reads it.
fn preload(lss: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(lss)?;
    let now = fanlight_time(process_time() - 30_000_000_000);
    for number in 0..CONNECTIONS_KNOWN {
        let port = FIRST_PORT + number;
        writeln!(
            stream,
            r#"{{"LogTimestamp": "Mon Nov 30 12:00:00 2026","Customer": "Example","SessionID": "s{number}","ConnectionID": "s{number},c{number}","InternalReason": "OPEN_OR_ACTIVE_CONNECTION","ConnectionStatus": "open","IPProtocol": 6,"Username": "user{number}@example.com","ServicePort": 8080,"ClientPublicIP": "192.0.2.1","ClientZEN": "EU-1","Policy": "Staff","Connector": "dc1-a","ConnectorIP": "{CONNECTOR_ADDRESS}","ConnectorPort": {port},"Host": "shop.example.com","Application": "shop","AppGroup": "shops","Server": "0","ServerIP": "198.51.100.8","ServerPort": 8080,"PolicyProcessingTime": 28,"ServerSetupTime": 465,"TimestampConnectionStart": "{now}","TimestampConnectionEnd": "","TimestampZENFirstTxConnector": "{now}"}}"#
        )?;
    }
    stream.flush()?;
    Ok(())
}

/// RFC 3339 in UTC with milliseconds.
fn fanlight_time(nanos: u64) -> String {
    let time = fanlight_model::Timestamp::from_unix_nanos(nanos).to_rfc3339();
    format!("{}Z", time.get(..23).unwrap_or(&time))
}

fn beside_this(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(path.exists(), "`{}` is missing: run `cargo build --release --package fanlight`", path.display());
    Ok(path)
}

/// A file in the virtual environment that `cargo xtask setup` makes; `*` stands for one version.
fn python_peer(pattern: &str) -> Result<PathBuf> {
    let venv = Path::new("target/e2e/venv");
    let mut path = venv.to_owned();
    for part in pattern.split('/') {
        path = match part.strip_suffix('*') {
            Some(prefix) => fs::read_dir(&path)
                .ok()
                .and_then(|entries| {
                    entries.flatten().find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
                })
                .map_or(path.join(part), |entry| entry.path()),
            None => path.join(part),
        };
    }
    ensure!(path.exists(), "`{}` is missing: run `cargo xtask setup`", path.display());
    Ok(std::path::absolute(path)?)
}

fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn envoy_config(listen: SocketAddr, sink: SocketAddr) -> String {
    format!(
        r#"static_resources:
  listeners:
  - address: {{ socket_address: {{ address: {}, port_value: {} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{ "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{ prefix: "/" }}
                route: {{ cluster: sink }}
  clusters:
  - name: sink
    type: STATIC
    load_assignment:
      cluster_name: sink
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: {}, port_value: {} }} }} }}
"#,
        listen.ip(),
        listen.port(),
        sink.ip(),
        sink.port()
    )
}
