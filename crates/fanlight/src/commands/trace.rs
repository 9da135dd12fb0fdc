//! `fanlight trace ID`: spans and access on one time axis, in the terminal.

mod draw;
mod model;

use super::client::Client;
use super::terminal;
use crate::command_line::{Output, Trace};
use crate::outcome::{Exit, Failure};

pub(super) fn run(typed: &Trace) -> Result<(), Failure> {
    let id: fanlight_model::TraceId =
        typed.id.trim().to_lowercase().parse().map_err(|error| {
            Failure::text(Exit::Usage, format!("`{}` is not a trace id: {error}", typed.id))
        })?;
    let client = Client::find(&typed.reach)?;
    let answer = super::runtime()?.block_on(client.get(&format!("/api/v1/traces/{id}")))?;
    match typed.output {
        Output::Table => terminal::print(&drawn(answer, typed.width)?),
        Output::Json | Output::Ndjson => terminal::print(&answer.to_string()),
        Output::Csv => {
            return Err(Failure::text(Exit::Usage, "a trace is not a table")
                .with_hint("take `--output json`, or `fanlight query` for its spans"));
        }
    }
    Ok(())
}

/// The API's answer as a drawing.
pub(super) fn drawn(answer: serde_json::Value, width: Option<usize>) -> Result<String, Failure> {
    let trace: model::Trace = serde_json::from_value(answer)?;
    Ok(draw::draw(&trace, terminal::width(width)))
}
