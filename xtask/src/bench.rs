//! `cargo xtask bench`: the benchmarks, in the release profile.

use anyhow::Result;

use crate::process::{cargo, line, run as run_command};
use crate::setup;
use crate::steps::Steps;

const BUILD: [&str; 4] = ["build", "--release", "--package", "fanlight"];
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
const PIPELINE: [&str; 6] = ["run", "--release", "--package", "fanlight-e2e", "--bin", "pipeline_bench"];

/// Runs the micro-benchmarks, then the whole pipeline beside its peers, which prints the table.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new("bench");
    steps.step("setup", "cargo xtask setup", setup::run);
    steps.step("build", &line(&cargo(BUILD)), || run_command(&mut cargo(BUILD)));
    steps.step("stages", &line(&cargo(MICRO)), || run_command(&mut cargo(MICRO)));
    let mut pipeline = cargo(PIPELINE);
    pipeline.arg("--").args(arguments);
    let alone = line(&pipeline);
    steps.step("pipeline", &alone, || run_command(&mut pipeline));
    steps.finish()
}
