//! TLS as other people's clients meet it: curl and OpenSSL.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use fanlight_e2e::{Authority, PATIENCE, until};
use fanlight_model::Timestamp;
use fanlight_runtime::{Clock, spawn};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use crate::scene::{Scene, with};

const TLS: &str = "tls = { certificate = \"server.crt\", key = \"server.key\" }";
const MUTUAL_TLS: &str =
    "tls = { certificate = \"server.crt\", key = \"server.key\", client_ca = \"ca.crt\" }";

/// Many more than a client that means well asks for.
const KEY_UPDATES: usize = 200;

fn in_years(years: u64) -> Timestamp {
    Clock::system().now().after(Duration::from_secs(years * 365 * 86_400))
}

/// A server with a certificate that is good until then, and a section of its configuration that uses it.
async fn scene(authority: &Authority, until: Timestamp, section: &str, tls: &str) -> Result<Scene> {
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name);
    authority.issue(&file("server.crt"), &file("server.key"), until)?;
    authority.write(&file("ca.crt"))?;
    Scene::start_in(folder, &with(section, tls)).await
}

/// The status that `curl` gets from an address over TLS; an error says what it did not like.
async fn curl(to: SocketAddr, authority: &Path, path: &str) -> Result<String> {
    curl_told(to, authority, path, "%{http_code}").await
}

async fn curl_told(to: SocketAddr, authority: &Path, path: &str, told: &str) -> Result<String> {
    let url = format!("https://localhost:{}{path}", to.port());
    let resolve = format!("localhost:{}:{}", to.port(), to.ip());
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--resolve",
            &resolve,
            "--cacert",
        ])
        .arg(authority)
        .args(["--output", "/dev/null", "--write-out", told, &url])
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run `curl`")?;
    let told = if output.status.success() { output.stdout } else { output.stderr };
    Ok(String::from_utf8_lossy(&told).into_owned())
}

/// Where curl has the choice.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_speaks_http2_over_tls() {
    check_http2().await.expect("it is spoken");
}

async fn check_http2() -> Result<()> {
    let authority = Authority::new()?;
    let scene = scene(&authority, in_years(1), "api", TLS).await?;
    let ca = scene.path("ca.crt");
    assert_eq!(
        curl_told(scene.server.address("api")?, &ca, "/livez", "%{http_code} %{http_version}").await?,
        "200 2"
    );
    scene.server.stop().await
}

/// An app connector that shows a certificate of the authority is let in and read; one without is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_stream_over_mutual_tls_is_read() {
    check_log_stream().await.expect("it is read");
}

async fn check_log_stream() -> Result<()> {
    let authority = Authority::new()?;
    let scene = scene(&authority, in_years(1), "intake.zpa_user_activity", MUTUAL_TLS).await?;
    let lss = scene.server.lss()?;
    authority.issue(&scene.path("client.crt"), &scene.path("client.key"), in_years(1))?;
    let mut stranger = OpenSsl::connect(lss, &["-tls1_3"])?;
    assert!(stranger.says("alert certificate required", 1).await?, "{}", stranger.said());
    let (certificate, key) = (scene.path("client.crt"), scene.path("client.key"));
    let shown = ["-cert", &certificate.to_string_lossy(), "-key", &key.to_string_lossy()].map(str::to_owned);
    let mut connector = OpenSsl::connect(lss, &shown.each_ref().map(String::as_str))?;
    assert!(connector.says("Verify return code", 1).await?, "{}", connector.said());
    connector.command("{\"ConnectionID\": \"s,c\"}").await?;
    let log = scene.path("data").join("log");
    until("the record is not in the log", PATIENCE, || async {
        let files = std::fs::read_dir(&log)?.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
        let has_it = |bytes: Vec<u8>| bytes.windows(12).any(|twelve| twelve == b"ConnectionID");
        Ok(files.into_iter().any(has_it).then_some(()))
    })
    .await?;
    scene.server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_expires_is_told_of_and_exchanged_by_its_files_alone() {
    check_expiry().await.expect("it is exchanged");
}

/// The certificate lives for five seconds.
async fn check_expiry() -> Result<()> {
    let authority = Authority::new()?;
    let scene =
        scene(&authority, Clock::system().now().after(Duration::from_secs(5)), "intake.otlp_http", TLS)
            .await?;
    let (otlp, ca) = (scene.server.otlp()?, scene.path("ca.crt"));
    scene.remarks("expires at").await?;
    scene.remarks("serves a certificate that expired at").await?;
    let refused = curl(otlp, &ca, "/v1/traces").await?;
    assert!(refused.contains("certificate has expired"), "{refused}");
    std::fs::write(scene.path("server.crt"), "half a certif")?;
    scene.remarks("has files that are not in force").await?;
    assert_eq!(scene.gauge("fanlight_listener_files_successful{listener=\"otlp_http\"}").await?, 0.0);
    authority.issue(&scene.path("server.crt"), &scene.path("server.key"), in_years(1))?;
    until("the new certificate is not served", PATIENCE, || async {
        let answer = curl(otlp, &ca, "/v1/traces").await?;
        if answer != "405" {
            anyhow::bail!("{answer}");
        }
        Ok(Some(()))
    })
    .await?;
    scene.remarks("\"remarks\":[]").await?;
    let expires =
        scene.gauge("fanlight_tls_certificate_not_after_timestamp_seconds{listener=\"otlp_http\"}").await?;
    assert!(expires > Clock::system().now().as_unix_nanos() as f64 / 1e9 + 3e7, "{expires}");
    scene.server.stop().await
}

/// A running `openssl s_client`.
struct OpenSsl {
    child: Child,
    input: ChildStdin,
    said: Arc<Mutex<String>>,
}

impl OpenSsl {
    fn connect(to: SocketAddr, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new("openssl")
            .args(["s_client", "-connect", &to.to_string()])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot run `openssl`: `cargo xtask setup` installs it")?;
        let said = Arc::default();
        let input = child.stdin.take().context("no input")?;
        listen(child.stdout.take().context("no output")?, Arc::clone(&said));
        listen(child.stderr.take().context("no error stream")?, Arc::clone(&said));
        Ok(Self { child, input, said })
    }

    fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has said this so many times, or has ended; true where it has said it.
    async fn says(&mut self, text: &str, times: usize) -> Result<bool> {
        let (child, said) = (Mutex::new(&mut self.child), Arc::clone(&self.said));
        let what = format!("`openssl` does not say `{text}`");
        until(&what, PATIENCE, || async {
            let has_ended = child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()?.is_some();
            let said = said.lock().unwrap_or_else(PoisonError::into_inner).matches(text).count() >= times;
            Ok((said || has_ended).then_some(said))
        })
        .await
    }

    /// A line that begins with a letter that it takes for a command.
    async fn command(&mut self, letter: &str) -> Result<()> {
        Ok(self.input.write_all(format!("{letter}\n").as_bytes()).await?)
    }
}

fn listen(mut stream: impl AsyncRead + Unpin + Send + 'static, said: Arc<Mutex<String>>) {
    spawn("e2e.openssl", async move {
        let mut read = [0; 4_096];
        while let Ok(count @ 1..) = stream.read(&mut read).await {
            let text = String::from_utf8_lossy(&read[..count]).into_owned();
            said.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    });
}

/// F14: a client of TLS 1.2 asks to negotiate again, and one of TLS 1.3 for new keys again and again. Neither gets its way, and
/// the next client is served.
#[tokio::test(flavor = "multi_thread")]
async fn renegotiation_and_floods_of_key_updates_are_refused() {
    check_renegotiation().await.expect("they are refused");
}

async fn check_renegotiation() -> Result<()> {
    let authority = Authority::new()?;
    let scene = scene(&authority, in_years(1), "intake.otlp_http", TLS).await?;
    let (otlp, ca) = (scene.server.otlp()?, scene.path("ca.crt"));
    let mut client = OpenSsl::connect(otlp, &["-tls1_2"])?;
    assert!(client.says("Verify return code", 1).await?, "{}", client.said());
    client.command("R").await?;
    assert!(client.says("no renegotiation", 1).await?, "{}", client.said());

    let mut client = OpenSsl::connect(otlp, &["-tls1_3"])?;
    assert!(client.says("Verify return code", 1).await?, "{}", client.said());
    let mut updates = 0;
    while updates < KEY_UPDATES
        && client.command("K").await.is_ok()
        && client.says("KEYUPDATE", updates + 1).await?
    {
        updates += 1;
    }
    assert!((32..KEY_UPDATES).contains(&updates), "{updates} were taken: {}", client.said());

    let mut client = OpenSsl::connect(otlp, &["-tls1_1"])?;
    assert!(!client.says("Cipher is ECDHE", 1).await?, "{}", client.said());
    assert_eq!(curl(otlp, &ca, "/v1/traces").await?, "405");
    scene.server.stop().await
}
