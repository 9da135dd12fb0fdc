//! `fanlight search TRACEQL`.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Map, Value};

use super::client::{Client, Refused};
use super::rows::print_rows;
use super::terminal::{harmless, note};
use crate::command_line::{Output, Search};
use crate::outcome::{Exit, Failure};

/// What a list of traces shows to the eye; the other forms have all of it.
const SHOWN: [&str; 9] =
    ["started", "took", "service", "request", "spans", "errors", "who", "edge", "trace_id"];

pub(super) fn run(typed: &Search) -> Result<(), Failure> {
    let client = Client::find(&typed.reach)?;
    let path = path(typed);
    let answer = super::runtime()?.block_on(client.answer(Method::GET, &path, None))?;
    let answer = answer.map_err(|refused| told(refused, &typed.query))?;
    let traces = answer.get("traces").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (columns, rows): (Vec<String>, Vec<Vec<Value>>) = match typed.output {
        Output::Table => (SHOWN.map(str::to_owned).to_vec(), traces.iter().map(shown).collect()),
        _ => flat(traces),
    };
    let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
    print_rows(typed.output, &columns, &rows, &answer);
    for text in answer.get("notes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        note(&format!("note: {}", harmless(text)));
    }
    Ok(())
}

fn path(typed: &Search) -> String {
    let mut path = format!("/api/v1/search?q={}&limit={}", encoded(&typed.query), typed.limit);
    for (name, value) in [("start", &typed.start), ("end", &typed.end)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    path
}

/// A text as a query string has it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a `String` cannot fail.
            write!(encoded, "%{byte:02X}").unwrap_or_default();
        }
    }
    encoded
}

/// Where the query is wrong, with a caret below the column.
fn told(refused: Refused, query: &str) -> Failure {
    let column = refused.number("column").filter(|_| refused.field("parameter") == Some("q"));
    let caret = column.and_then(|column| caret(query, usize::try_from(column).ok()?));
    let hint = refused.field("hint").map(str::to_owned);
    let detail = refused.field("detail").map(str::to_owned);
    match caret.zip(detail) {
        Some((caret, detail)) => {
            let failure = Failure::text(Exit::Usage, format!("{detail}\n{caret}"));
            match hint {
                Some(hint) => failure.with_hint(hint),
                None => failure,
            }
        }
        None => refused.into_failure(),
    }
}

/// The line of the query that has the column, which counts bytes from 1, and a caret below it.
fn caret(query: &str, column: usize) -> Option<String> {
    let at = column.checked_sub(1)?;
    let before = query.get(..at)?;
    let begins = before.rfind('\n').map_or(0, |line_end| line_end + 1);
    let line = query.get(begins..)?.lines().next().unwrap_or_default();
    let indent = query.get(begins..at)?.chars().count();
    Some(format!("  {}\n  {}^", harmless(line), " ".repeat(indent)))
}

fn field<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| value.get(*name).unwrap_or(&Value::Null))
}

fn shown(trace: &Value) -> Vec<Value> {
    let text = |path: &[&str]| field(trace, path).as_str().map(str::to_owned);
    // Where the root did not arrive, what matched stands for it.
    let service = text(&["root_service"]).or_else(|| text(&["matched", "service_name"]));
    let request = text(&["root_name"]).or_else(|| text(&["matched", "name"]));
    let started =
        text(&["start_time"]).and_then(|time| Some(format!("{}Z", time.get(..23)?.replace('T', " "))));
    let rung = text(&["access", "rung"]).map(|rung| format!(" ({rung})")).unwrap_or_default();
    let edge = text(&["access", "disposition"]).map(|disposition| disposition + &rung);
    let cell = |text: Option<String>| text.map_or(Value::Null, Value::String);
    vec![
        cell(started),
        cell(text(&["duration_ns"]).map(|nanos| took(&nanos))),
        cell(service),
        cell(request),
        field(trace, &["span_count"]).clone(),
        field(trace, &["error_count"]).clone(),
        cell(text(&["access", "user_name"]).or_else(|| text(&["access", "principal_id"]))),
        cell(edge),
        field(trace, &["trace_id"]).clone(),
    ]
}

/// Milliseconds with three digits, as in the drawing of a trace.
fn took(nanos: &str) -> String {
    let micros = nanos.parse::<i64>().unwrap_or_default() / 1_000;
    format!("{}.{:03} ms", micros / 1_000, (micros % 1_000).abs())
}

/// Every field of every trace, those within others under both names: `matched.name`.
fn flat(traces: &[Value]) -> (Vec<String>, Vec<Vec<Value>>) {
    let rows: Vec<Map<String, Value>> = traces.iter().map(|trace| flattened("", trace)).collect();
    let mut columns: Vec<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    columns.sort();
    columns.dedup();
    let row = |row: &Map<String, Value>| {
        columns.iter().map(|name| row.get(name).cloned().unwrap_or(Value::Null)).collect()
    };
    let rows = rows.iter().map(row).collect();
    (columns, rows)
}

fn flattened(before: &str, value: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = format!("{before}{name}");
        match value {
            Value::Object(_) => all.extend(flattened(&format!("{name}."), value)),
            other => drop(all.insert(name, other.clone())),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_caret_stands_below_the_column() {
        assert_eq!(caret("{ status = eror }", 12).unwrap(), "  { status = eror }\n             ^");
        assert_eq!(caret("{ name = \"é\" & x }", 15).unwrap(), "  { name = \"é\" & x }\n               ^");
        assert_eq!(caret("{ a\n  = 1 }", 7).unwrap(), "    = 1 }\n    ^");
        assert_eq!(caret("{ a", 4).unwrap(), "  { a\n     ^");
        assert_eq!(caret("{ a", 9), None);
    }

    #[test]
    fn what_matched_stands_for_a_root_that_did_not_arrive() {
        let trace = json!({
            "trace_id": "0af7", "root_service": null, "root_name": null, "duration_ns": "1234567", "span_count": "2",
            "error_count": "0", "start_time": "2026-11-22T07:00:00.200000000Z",
            "matched": { "name": "GET /orders", "service_name": "shop" },
            "access": { "user_name": "ana@example.com", "disposition": "allowed", "rung": "R3" },
        });
        let cells: Vec<String> = shown(&trace).iter().map(super::super::rows::text_of).collect();
        let expected = [
            "2026-11-22 07:00:00.200Z",
            "1.234 ms",
            "shop",
            "GET /orders",
            "2",
            "0",
            "ana@example.com",
            "allowed (R3)",
            "0af7",
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn a_query_survives_its_url() {
        assert_eq!(encoded("{ .a = \"é\" }&x"), "%7B%20.a%20%3D%20%22%C3%A9%22%20%7D%26x");
    }

    #[test]
    fn fields_within_fields_become_columns() {
        let traces = [json!({ "a": 1, "b": { "c": "x" } }), json!({ "a": 2, "b": null })];
        let (columns, rows) = flat(&traces);
        assert_eq!(columns, ["a", "b", "b.c"]);
        assert_eq!(rows, [vec![json!(1), Value::Null, json!("x")], vec![json!(2), Value::Null, Value::Null]]);
    }
}
