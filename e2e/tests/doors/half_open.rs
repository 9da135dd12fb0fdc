//! F13: peers that are gone without a word.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fanlight_e2e::{PATIENCE, Process, until};
use fanlight_runtime::Clock;

use crate::scene::Scene;

/// design/reliability.md F13.
const REAPED_WITHIN: Duration = Duration::from_secs(60);
/// Peers with as many connections each, within their share of the listener.
const PEERS: usize = 10;
const EACH: usize = 500;
const DEAD: usize = PEERS * EACH;

/// A network of its own beside the machine's, joined to it by one wire; gone when dropped.
struct Elsewhere {
    name: String,
    wire: String,
}

const HERE: &str = "203.0.113.1";
const NETWORK: &str = "203.0.113.0/24";
/// The first of the peers; the others follow it.
const THERE: usize = 11;

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
        ip(&format!("address add {HERE}/24 dev {wire}"))?;
        ip(&format!("link set {wire} up"))?;
        for peer in THERE..THERE + PEERS {
            ip(&format!("-netns {name} address add 203.0.113.{peer}/24 dev there"))?;
        }
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

    /// Peers there that open so many connections each, say how many they have together, and keep them.
    fn peers(&self, scene: &Scene, port: u16, peers: usize, each: usize) -> Result<Process> {
        let script = format!(
            "import resource, socket, time\n\
             most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n\
             resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n\
             froms = [f'203.0.113.{{number}}' for number in range({THERE}, {THERE} + {peers})]\n\
             held = [socket.create_connection(('{HERE}', {port}), source_address=(at, 0)) for at in froms for _ in range({each})]\n\
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

/// Five thousand connections to an LSS listener are cut off. Within a minute all of their places are given back, and they can come
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_peers_are_found_out_within_a_minute() {
    check().await.expect("they are found out");
}

async fn check() -> Result<()> {
    let elsewhere = Elsewhere::make()?;
    let scene = Scene::start_in(tempfile::tempdir()?, &configuration()).await?;
    let lss = scene.server.lss()?;
    let open = "fanlight_connections{listener=\"zpa_user_activity\"}";
    let all_in = async || {
        until("not all are in", PATIENCE, || async {
            Ok((scene.gauge(open).await? == DEAD as f64).then_some(()))
        })
        .await
    };
    let mut peers = elsewhere.peers(&scene, lss.port(), PEERS, EACH)?;
    assert_eq!(peers.first_line(PATIENCE).await?, DEAD.to_string());
    all_in().await?;

    elsewhere.cut()?;
    let clock = Clock::system();
    until("they are still held", REAPED_WITHIN, || async {
        Ok((scene.gauge(open).await? == 0.0).then_some(()))
    })
    .await?;
    assert!(clock.elapsed() > Duration::from_secs(30), "a peer that is silent for a moment is not gone");
    elsewhere.mend()?;
    let mut again = elsewhere.peers(&scene, lss.port(), PEERS, EACH)?;
    assert_eq!(again.first_line(PATIENCE).await?, DEAD.to_string());
    all_in().await?;
    scene.server.stop().await
}

fn configuration() -> String {
    fanlight_e2e::LOOPBACK.replacen(
        "[intake.zpa_user_activity]\nlisten = \"127.0.0.1:0\"",
        &format!("[intake.zpa_user_activity]\nlisten = \"{HERE}:0\"\nallow = [\"{NETWORK}\"]"),
        1,
    )
}
