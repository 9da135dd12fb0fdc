//! F5: the disk is full.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::otlp::{encode, request, server_span};
use fanlight_e2e::{HttpClient, KeyValue, LOOPBACK, Server, until};
use http::StatusCode;

/// Small enough to be filled in a moment, large enough for a server to start.
const SMALL: &str = "24m";
const LARGE: &str = "256m";
/// design/reliability.md F5: refused, and resumed, within this.
const WITHIN: Duration = Duration::from_secs(5);
/// Values of a span are at most 64 KiB, so this many make a request of about half a megabyte.
const VALUES: usize = 8;

/// A file system of its own, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            bail!(
                "only root may mount the small file system that this test fills: run it as root, as CI does"
            );
        }
        std::fs::create_dir_all(at)?;
        mount(&["-t", "tmpfs", "-o", &format!("size={SMALL}"), "tmpfs"], at)?;
        Ok(Self(at.to_owned()))
    }

    fn grow(&self) -> Result<()> {
        mount(&["-o", &format!("remount,size={LARGE}")], &self.0)
    }
}

fn mount(arguments: &[&str], at: &Path) -> Result<()> {
    let status = Command::new("mount").args(arguments).arg(at).status().context("cannot run `mount`")?;
    if !status.success() {
        bail!("`mount` {arguments:?} failed on `{}`: {status}", at.display());
    }
    Ok(())
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // `--lazy`: a server that is still being killed must not keep the mount alive.
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking(), "cannot unmount");
    }
}

/// The disk fills up. Senders are told to come back, what was acknowledged before is kept and can be read; once there is room
/// again the server takes requests again by itself, and after a restart all that was ever acknowledged is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_resumes_by_itself() {
    check().await.expect("nothing that was acknowledged is lost");
}

async fn check() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = SmallDisk::mount(&folder.path().join("data"))?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let client = HttpClient::default();
    let mut acknowledged = 0;
    let refusal = loop {
        let answer = client.post_otlp(server.otlp()?, large(acknowledged)).await?;
        if answer.status != StatusCode::OK {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 200, "the disk is never full");
    };
    assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refusal.text());
    assert!(
        refusal.headers.contains_key("retry-after"),
        "the sender is told when to come back: {:?}",
        refusal.headers
    );
    assert!(refusal.text().contains("no space is left"), "{}", refusal.text());
    assert!(acknowledged > 0, "some fitted");
    // Reading goes on.
    found(&server, acknowledged).await?;
    let labels =
        [("stage", "intake"), ("record", "request"), ("outcome", "refused"), ("reason", "disk_full")];
    assert!(server.counter(&labels).await? >= 1);

    disk.grow()?;
    until("the server does not take requests again", WITHIN, || async {
        let answer = client.post_otlp(server.otlp()?, large(acknowledged)).await?;
        Ok((answer.status == StatusCode::OK).then_some(()))
    })
    .await?;
    acknowledged += 1;
    found(&server, acknowledged).await?;
    // And after a kill, too.
    server.kill()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    found(&server, acknowledged).await?;
    server.stop().await
}

/// Waits until exactly the acknowledged spans are found: a span is found at most a second after it was acknowledged.
async fn found(server: &Server, acknowledged: u64) -> Result<()> {
    until("not all that was acknowledged is found", WITHIN, || async {
        let rows = server.sql("select distinct name from spans where service_name = 'large'").await?;
        let found = rows.len() as u64;
        assert!(found <= acknowledged, "{found} found of {acknowledged} acknowledged");
        Ok((found == acknowledged).then_some(()))
    })
    .await
}

/// One span of half a megabyte that does not compress.
fn large(number: u64) -> Vec<u8> {
    let mut state = number + 1;
    let mut noise = || {
        let mut text = String::new();
        while text.len() < 60_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&format!("{state:016x}"));
        }
        text
    };
    let attributes = (0..VALUES).map(|value| KeyValue::text(&format!("noise.{value}"), &noise())).collect();
    let mut trace_id = [5; 16];
    trace_id[8..].copy_from_slice(&number.to_be_bytes());
    let span = server_span(trace_id, (number + 1).to_be_bytes(), &format!("large {number}"), attributes);
    encode(&request("large", vec![], vec![span]))
}
