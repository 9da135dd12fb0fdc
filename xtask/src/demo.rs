//! `cargo xtask demo`: from a fresh clone to a joined trace.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, line, run as run_command};
use crate::steps::Steps;
use crate::{pane, place, setup};

/// The whole workspace, so that demo and tests agree on every feature and share one build (docs/adr/0005).
const BUILD: [&str; 3] = ["build", "--workspace", "--bins"];
/// How long it runs where nobody is there to press Ctrl-C.
const UNWATCHED: [&str; 2] = ["--for", "30s"];

/// Sets up, builds, prints the time each took, and becomes the demo: replaced, not waited for, so that Ctrl-C reaches the
/// demo alone and its shutdown is seen to its end.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new("demo: ready");
    steps.step("setup", "cargo xtask setup", || setup::run(setup::Need::Run));
    steps.step("pane", "cargo xtask pane", pane::build);
    steps.step("build", &line(&cargo(BUILD)), || run_command(&mut cargo(BUILD)));
    steps.finish()?;
    let mut demo = Command::new(place::fanlight());
    demo.arg("demo").args(place_of_peers(arguments)).args(arguments).current_dir(place::root());
    let is_timed = arguments.iter().any(|argument| argument.starts_with("--for"));
    if !is_timed && !std::io::stdin().is_terminal() {
        println!("demo: no terminal to press Ctrl-C in, so it ends by itself");
        demo.args(UNWATCHED);
    }
    println!("\n$ {}", line(&demo));
    let error = demo.exec();
    Err(error).with_context(|| format!("cannot start `{}`", line(&demo)))
}

/// The demo looks for its apps under `target/`; where Cargo builds elsewhere, it has to be told.
fn place_of_peers(arguments: &[String]) -> Vec<OsString> {
    let is_told = arguments.iter().any(|argument| argument.starts_with("--apps-set-up"));
    let peers = place::peers();
    if is_told || peers == place::root().join("target").join("e2e") {
        return Vec::new();
    }
    vec!["--apps-set-up".into(), peers.into()]
}
