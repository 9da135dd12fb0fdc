//! F13: peers that are gone without a word.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::{PATIENCE, Process, until};
use fanlight_runtime::Clock;

use crate::scene::Scene;

/// design/reliability.md F13.
const REAPED_WITHIN: Duration = Duration::from_secs(60);
/// A peer's whole share of the listener.
const DEAD: usize = 512;

/// A network of its own beside the machine's, joined to it by one wire; gone when dropped.
struct Elsewhere {
    name: String,
    wire: String,
}

const HERE: &str = "203.0.113.1";
const THERE: &str = "203.0.113.2";

fn ip(arguments: &str) -> Result<()> {
    let output = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .context("cannot run `ip`: `cargo xtask setup` installs it")?;
    if !output.status.success() {
        bail!("`ip {arguments}` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

impl Elsewhere {
    fn make() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            bail!("only root may make the network that this test cuts: run it as root, as CI does");
        }
        let id = std::process::id();
        let made = Self { name: format!("fanlight-{id}"), wire: format!("fl{id}") };
        let Self { name, wire } = &made;
        ip(&format!("netns add {name}"))?;
        ip(&format!("link add {wire} type veth peer name there netns {name}"))?;
        ip(&format!("address add {HERE}/30 dev {wire}"))?;
        ip(&format!("link set {wire} up"))?;
        ip(&format!("-netns {name} address add {THERE}/30 dev there"))?;
        ip(&format!("-netns {name} link set there up"))?;
        Ok(made)
    }

    /// Nothing comes through any more, and nobody is told.
    fn cut(&self) -> Result<()> {
        ip(&format!("-netns {} link set there down", self.name))
    }

    fn mend(&self) -> Result<()> {
        ip(&format!("-netns {} link set there up", self.name))
    }

    /// A peer there that opens so many connections, says how many it has, and keeps them.
    fn peer(&self, scene: &Scene, port: u16, connections: usize) -> Result<Process> {
        let script = format!(
            "import socket, time\n\
             held = [socket.create_connection(('{HERE}', {port})) for _ in range({connections})]\n\
             print(len(held), flush=True)\n\
             time.sleep(600)\n"
        );
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "python3", "-c", &script]);
        Process::start("elsewhere", command, scene.folder.path())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // The wire goes with the network that holds its other end.
        let gone = ip(&format!("netns delete {}", self.name))
            .and_then(|()| ip(&format!("link delete {}", self.wire)));
        assert!(
            gone.is_ok() || std::thread::panicking() || ip(&format!("link show {}", self.wire)).is_err(),
            "{gone:?}"
        );
    }
}

/// A peer has its whole share of an LSS listener and is cut off. Within a minute all of it is given back, and it can come again.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_peers_are_found_out_within_a_minute() {
    check().await.expect("they are found out");
}

async fn check() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    let scene = Scene::start_in(tempfile::tempdir()?, &configuration()).await?;
    let lss = scene.server.lss()?;
    let open = "fanlight_connections{listener=\"zpa_user_activity\"}";
    let mut peer = elsewhere.peer(&scene, lss.port(), DEAD)?;
    assert_eq!(peer.first_line(PATIENCE).await?, DEAD.to_string());
    until("not all are in", PATIENCE, || async {
        Ok((scene.gauge(open).await? == DEAD as f64).then_some(()))
    })
    .await?;
    let mut late = elsewhere.peer(&scene, lss.port(), 1)?;
    late.first_line(PATIENCE).await?;
    let refused = [("stage", "listen"), ("record", "connection"), ("reason", "too_many_of_one_peer")];
    scene.server.counted(&refused, 1).await?;

    elsewhere.cut()?;
    let clock = Clock::system();
    until("they are still held", REAPED_WITHIN, || async {
        Ok((scene.gauge(open).await? == 0.0).then_some(()))
    })
    .await?;
    assert!(clock.elapsed() > Duration::from_secs(30), "a peer that is silent for a moment is not gone");
    elsewhere.mend()?;
    let mut again = elsewhere.peer(&scene, lss.port(), DEAD)?;
    assert_eq!(again.first_line(PATIENCE).await?, DEAD.to_string());
    until("it cannot come again", PATIENCE, || async {
        Ok((scene.gauge(open).await? == DEAD as f64).then_some(()))
    })
    .await?;
    scene.server.stop().await
}

fn configuration() -> String {
    fanlight_e2e::LOOPBACK.replacen(
        "[intake.zpa_user_activity]\nlisten = \"127.0.0.1:0\"",
        &format!("[intake.zpa_user_activity]\nlisten = \"{HERE}:0\"\nallow = [\"{THERE}\"]"),
        1,
    )
}
