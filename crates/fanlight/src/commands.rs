//! One module a command. They print: that is what they are for.

mod client;
mod config;
mod demo;
mod doctor;
mod explain;
mod ingest;
mod query;
mod replay;
mod rows;
mod score;
mod search;
mod serve;
mod simulate;
mod stand_in;
mod terminal;
mod trace;
mod url;

use crate::command_line::{Command, CommandLine};
use crate::outcome::Failure;

/// Runs what was typed.
pub(crate) fn run(typed: CommandLine) -> Result<(), Failure> {
    match typed.command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Demo(demo) => demo::run(&demo),
        Command::Query(query) => query::run(&query),
        Command::Search(search) => search::run(&search),
        Command::Trace(trace) => trace::run(&trace),
        Command::Url(reach) => url::run(&reach),
        Command::StandIn(stand_in) => stand_in::run(stand_in),
        Command::Score(score) => score::run(&score),
        Command::Simulate(simulate) => simulate::run(&simulate),
        Command::Replay(replay) => replay::run(&replay),
        Command::Ingest(ingest) => ingest::run(ingest),
        Command::Config(config) => config::run(config),
        Command::Doctor(doctor) => doctor::run(&doctor),
    }
}

/// The async runtime of a command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("fanlight").build()?)
}
