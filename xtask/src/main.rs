//! The project's chores, each one command: `cargo xtask help` lists them.
//!
//! It builds in seconds, because it must run before anything else is built: no crate of the workspace, no argument parser,
//! three small dependencies. What checks the tree (`tidy`, `layers`, `licences`) are functions from text to findings; what
//! changes the machine (`setup`) says so first.
#![expect(clippy::print_stdout, reason = "printing is what a chore is for")]
#![expect(clippy::print_stderr, reason = "the last line of a failed chore goes where errors go")]

mod bench;
mod code;
mod demo;
mod example;
mod layers;
mod licences;
mod metadata;
mod pane;
mod place;
mod process;
mod setup;
mod source;
mod stamp;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo [ARGS]         set up, build, and run `fanlight demo ARGS`
  test [unit|e2e] [ARGS]
                      everything that must hold; ARGS go to `cargo test`
  bench [ARGS]        the benchmarks; ARGS go to the pipeline's
  setup               install what demo and test need; prints what is missing first
  pane                install and build the pane, if it changed
  tidy                the rules of the tree: lengths, names, pages, events
  layers              which crate may use which
  licences            licences and doubled versions of what we depend on
  example [--check]   write fanlight.example.toml from the types, or compare it
  help                this text
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    match run(&command, &rest) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, rest: &[String]) -> anyhow::Result<ExitCode> {
    match command {
        "demo" => demo::run(rest)?,
        "test" => test::run(rest)?,
        "bench" => bench::run(rest)?,
        "setup" => setup::run(setup::Need::Test)?,
        "pane" => pane::build()?,
        "tidy" => tidy::run()?,
        "layers" => layers::run()?,
        "licences" => licences::run()?,
        "example" => example::run(rest)?,
        "help" | "--help" | "-h" => print!("{HELP}"),
        unknown => {
            if !unknown.is_empty() {
                eprintln!("unknown command `{unknown}`\n");
            }
            eprint!("{HELP}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An error and its causes, one a line, as every program here prints them.
fn chain(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        text.push_str("\n  because: ");
        text.push_str(&cause.to_string());
    }
    text
}
