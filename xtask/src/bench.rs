//! `cargo xtask bench`: the benchmarks, in the release profile.

use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, line, run as run_command};
use crate::steps::Steps;
use crate::{place, setup};

const BUILD: [&str; 4] = ["build", "--release", "--workspace", "--bins"];
/// Benchmarks alone: without a pattern Cargo would build the crates' unit tests too.
const MICRO: [&str; 9] = [
    "bench",
    "--package",
    "fanlight-otlp",
    "--package",
    "fanlight-correlate",
    "--package",
    "fanlight-log",
    "--bench",
    "*",
];

/// Runs the micro-benchmarks, then the whole pipeline beside its peers, which prints the table.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new("bench");
    steps.step("setup", "cargo xtask setup", || setup::run(setup::Need::Run));
    steps.step("build", &line(&cargo(BUILD)), || run_command(&mut cargo(BUILD)));
    steps.step("stages", &line(&cargo(MICRO)), || run_command(&mut cargo(MICRO)));
    let mut pipeline = Command::new(place::release("pipeline_bench"));
    pipeline.args(arguments).current_dir(place::root());
    let alone = line(&pipeline);
    steps.step("pipeline", &alone, || run_command(&mut pipeline));
    steps.finish()
}
