//! `fanlight query SQL`.

use serde_json::{Value, json};

use super::client::Client;
use super::rows::{print_rows, text_of};
use crate::command_line::Query;
use crate::outcome::Failure;

pub(super) fn run(query: &Query) -> Result<(), Failure> {
    let client = Client::find(&query.reach)?;
    let answer = super::runtime()?.block_on(client.post("/api/v1/sql", &json!({ "sql": query.sql })))?;
    let columns: Vec<String> = list(&answer, "columns").iter().map(text_of).collect();
    let rows: Vec<&[Value]> =
        list(&answer, "rows").iter().filter_map(Value::as_array).map(Vec::as_slice).collect();
    print_rows(query.output, &columns, &rows, &answer);
    Ok(())
}

fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
