//! Fanlight's one binary: configuration, wiring and commands, and nothing else. What thinks lives in the crates before it.

mod command_line;
mod commands;
mod config;
mod folder;
mod outcome;
mod retention;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let typed = match command_line::CommandLine::try_parse() {
        Ok(typed) => typed,
        Err(error) => return outcome::print_usage(&error),
    };
    match commands::run(typed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(),
    }
}
