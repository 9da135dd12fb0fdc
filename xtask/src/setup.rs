//! `cargo xtask setup`: what demo and test need beside Cargo. It looks first, prints what is missing, and only then acts.

mod peers;
mod tools;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::process::{output, run as run_command, succeeds};
use crate::{place, steps};
use peers::Work;
use tools::{Missing, Way};

pub(crate) use tools::Need;

/// Installs what is missing, or says how to.
pub(crate) fn run(need: Need) -> Result<()> {
    install_tools(need)?;
    let Some(python) = tools::python(&can_make_venv) else {
        bail!("no `python3` here can make a virtual environment");
    };
    make(&peers::plan(need, &place::root(), &place::peers(), &python)?)?;
    println!("setup: nothing is missing");
    Ok(())
}

/// Makes what the peers run from, all of it at once: each mostly waits for its registry.
fn make(works: &[Work]) -> Result<()> {
    if works.is_empty() {
        return Ok(());
    }
    println!("setup: missing in the target folder:");
    works.iter().for_each(|work| println!("  {}", work.what));
    let results: Vec<Result<Duration>> = std::thread::scope(|scope| {
        let running: Vec<_> = works.iter().map(|work| scope.spawn(|| steps::timed(|| work.act()))).collect();
        running
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err(anyhow!("a thread panicked"))))
            .collect()
    });
    for (work, result) in works.iter().zip(results) {
        let took = result.with_context(|| format!("cannot make {}", work.what))?;
        println!("setup: made {} in {}", work.what, steps::in_words(took));
    }
    Ok(())
}

fn install_tools(need: Need) -> Result<()> {
    let missing = missing_tools(need);
    if missing.is_empty() {
        return Ok(());
    }
    println!("setup: missing on this machine:");
    for tool in &missing {
        println!("  {:<12} {}", tool.name, tool.why);
    }
    match tools::way(&missing, is_root(), is_debian()) {
        Way::Install(packages) => {
            println!("setup: installing {}", packages.join(" "));
            run_command(apt().args(["update"]))?;
            run_command(apt().args(["install", "--yes", "--no-install-recommends"]).args(&packages))?;
        }
        Way::Tell(line) => bail!("these have to be installed first; run: {line}"),
    }
    let still: Vec<&str> = missing_tools(need).iter().map(|tool| tool.name).collect();
    if !still.is_empty() {
        bail!("installed, and still missing: {}", still.join(", "));
    }
    Ok(())
}

fn missing_tools(need: Need) -> Vec<Missing> {
    tools::missing(
        need,
        &|program, arguments| succeeds(program, arguments),
        tools::python(&can_make_venv).is_some(),
    )
}

fn can_make_venv(python: &str) -> bool {
    succeeds(python, &["-c", "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 9))"])
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|text| text.trim() == "0")
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && succeeds("apt-get", &["--version"])
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
    command
}
