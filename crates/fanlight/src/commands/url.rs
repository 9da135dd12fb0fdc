//! `fanlight url`: a new code, as a URL to open.

use serde_json::{Value, json};

use super::client::Client;
use super::terminal::print;
use crate::command_line::Reach;
use crate::outcome::{Exit, Failure};

pub(super) fn run(reach: &Reach) -> Result<(), Failure> {
    let client = Client::find(reach)?;
    let answer = super::runtime()?.block_on(client.post("/api/v1/codes", &json!({})))?;
    let Some(path) = answer.get("path").and_then(Value::as_str) else {
        return Err(Failure::text(Exit::Failed, "the server gave no code"));
    };
    print(&format!("{}{path}", client.server()));
    Ok(())
}
