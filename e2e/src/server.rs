//! A running `fanlight serve`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::binary::fanlight;
use crate::http_client::{Answer, HttpClient};
use crate::process::Process;
use crate::wait::{PATIENCE, until};

/// Every listener on loopback, at a port that the system chooses.
pub const LOOPBACK: &str = r#"
version = 1
[intake.otlp_grpc]
listen = "127.0.0.1:0"
[intake.otlp_http]
listen = "127.0.0.1:0"
[intake.zpa_user_activity]
listen = "127.0.0.1:0"
[intake.zpa_user_status]
listen = "127.0.0.1:0"
[intake.zpa_browser_access]
listen = "127.0.0.1:0"
[intake.zpa_appprotection]
listen = "127.0.0.1:0"
[intake.zpa_app_connector_status]
listen = "127.0.0.1:0"
[intake.zpa_app_connector_metrics]
listen = "127.0.0.1:0"
[intake.zpa_audit]
listen = "127.0.0.1:0"
[intake.zia_web]
listen = "127.0.0.1:0"
[intake.zia_firewall]
listen = "127.0.0.1:0"
[intake.zia_dns]
listen = "127.0.0.1:0"
[api]
listen = "127.0.0.1:0"
"#;

static STARTS: AtomicU32 = AtomicU32::new(0);

/// One row of an answer, by column.
pub type Row = BTreeMap<String, Value>;

/// A server, and the means to ask it.
#[derive(Debug)]
pub struct Server {
    process: Process,
    data: PathBuf,
    listeners: BTreeMap<String, SocketAddr>,
    token: String,
    client: HttpClient,
}

/// `fanlight serve` with that configuration, data and ready file in `folder`, not started yet; and the ready file's path.
///
/// # Errors
/// Where the binary is not built, or the folder cannot be written.
pub fn serve_command(folder: &Path, configuration: &str) -> Result<(Command, PathBuf)> {
    let number = STARTS.fetch_add(1, Ordering::Relaxed);
    let config = folder.join("fanlight.toml");
    std::fs::write(&config, configuration)?;
    let ready = folder.join(format!("ready-{number}.json"));
    let mut command = Command::new(fanlight()?);
    command.arg("serve").arg("--config").arg(config).arg("--data").arg(folder.join("data"));
    command.arg("--ready-file").arg(&ready);
    Ok((command, ready))
}

/// Waits for `{name: address}` of a process that is to write it.
pub(crate) async fn ready_file(path: &Path, process: &mut Process) -> Result<BTreeMap<String, SocketAddr>> {
    let process = Mutex::new(process);
    let text = until("the ready file is not there", PATIENCE, || async {
        if let Ok(text) = std::fs::read_to_string(path) {
            return Ok(Some(Ok(text)));
        }
        let mut process = process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(process.check_alive().err().map(Err))
    })
    .await??;
    let addresses: BTreeMap<String, String> = serde_json::from_str(&text)?;
    addresses.into_iter().map(|(name, address)| Ok((name, address.parse()?))).collect()
}

impl Server {
    /// Starts it on `folder/data`, new or as the last server left it, and waits until all its listeners are up.
    ///
    /// # Errors
    /// Where it does not start, with what it said.
    pub async fn start(folder: &Path, configuration: &str) -> Result<Self> {
        let (command, ready) = serve_command(folder, configuration)?;
        let mut process = Process::start("serve", command, folder)?;
        let listeners = ready_file(&ready, &mut process).await?;
        let data = folder.join("data");
        let token = std::fs::read_to_string(data.join("admin.token")).context("there is no admin token")?;
        Ok(Self { process, data, listeners, token: token.trim().to_owned(), client: HttpClient::default() })
    }

    /// Where a listener is, by the contract's name.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn address(&self, listener: &str) -> Result<SocketAddr> {
        self.listeners
            .get(listener)
            .copied()
            .with_context(|| format!("the server has no listener `{listener}`"))
    }

    /// OTLP over HTTP.
    ///
    /// # Errors
    /// Where there is no such listener.
    pub fn otlp(&self) -> Result<SocketAddr> {
        self.address("otlp_http")
    }

    /// OTLP over gRPC.
    ///
    /// # Errors
    /// Where there is no such listener.
    pub fn otlp_grpc(&self) -> Result<SocketAddr> {
        self.address("otlp_grpc")
    }

    /// ZPA User Activity.
    ///
    /// # Errors
    /// Where there is no such listener.
    pub fn lss(&self) -> Result<SocketAddr> {
        self.address("zpa_user_activity")
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process, to end it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// What it has logged so far.
    pub fn process_errors(&self) -> String {
        self.process.errors()
    }

    /// Something of the API, as the administrator.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn api(&self, method: Method, path: &str, body: String) -> Result<Answer> {
        let url = format!("http://{}{path}", self.address("api")?);
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.client.send(method, &url, &headers, body).await
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn sql(&self, sql: &str) -> Result<Vec<Row>> {
        let answer = self.api(Method::POST, "/api/v1/sql", json!({ "sql": sql }).to_string()).await?;
        if answer.status != StatusCode::OK {
            bail!("`{sql}` was answered with {}: {}", answer.status, answer.text());
        }
        let answer: Value = serde_json::from_slice(&answer.body)?;
        let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned();
        let columns = list("columns").context("an answer without columns")?;
        let names: Vec<String> =
            columns.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
        let rows = list("rows").context("an answer without rows")?;
        rows.iter()
            .map(|row| {
                let values = row.as_array().context("a row that is no list")?;
                Ok(names.iter().cloned().zip(values.iter().cloned()).collect())
            })
            .collect()
    }

    /// Waits until a query has at least that many rows, and gives them.
    ///
    /// # Errors
    /// Where they do not come in time.
    pub async fn rows(&self, sql: &str, at_least: usize) -> Result<Vec<Row>> {
        let what = format!("`{sql}` has fewer than {at_least} rows");
        until(&what, PATIENCE, || async {
            let rows = self.sql(sql).await?;
            if rows.len() < at_least {
                bail!("it has {}: {rows:#?}", rows.len());
            }
            Ok(Some(rows))
        })
        .await
    }

    /// One trace, as `GET /api/v1/traces/{id}` gives it.
    ///
    /// # Errors
    /// Where the server does not know it.
    pub async fn trace(&self, trace_id: &str) -> Result<Value> {
        let answer = self.api(Method::GET, &format!("/api/v1/traces/{trace_id}"), String::new()).await?;
        if answer.status != StatusCode::OK {
            bail!("trace `{trace_id}` was answered with {}: {}", answer.status, answer.text());
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The sum of the counters whose labels have all of these values.
    ///
    /// # Errors
    /// Where `/metrics` does not answer.
    pub async fn counter(&self, labels: &[(&str, &str)]) -> Result<u64> {
        let url = format!("http://{}/metrics", self.address("api")?);
        let answer = self.client.send(Method::GET, &url, &[], "").await?;
        let wanted: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let text = answer.text();
        let counts = text
            .lines()
            .filter(|line| line.starts_with("fanlight_records"))
            .filter(|line| wanted.iter().all(|label| line.contains(label)));
        Ok(counts
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .map(|count| count as u64)
            .sum())
    }

    /// Waits until a counter is at least that high.
    ///
    /// # Errors
    /// Where it is not in time.
    pub async fn counted(&self, labels: &[(&str, &str)], at_least: u64) -> Result<u64> {
        until(&format!("the counter {labels:?} is below {at_least}"), PATIENCE, || async {
            let count = self.counter(labels).await?;
            Ok((count >= at_least).then_some(count))
        })
        .await
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// Where it does not end, or not well.
    pub async fn stop(mut self) -> Result<()> {
        let status = self.process.stop(Duration::from_secs(20)).await?;
        if !status.success() {
            bail!("the server ended with {status}: {}", self.process.errors());
        }
        Ok(())
    }

    /// Ends it at once, and gives what is needed to start it again on the same data.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()
    }
}
