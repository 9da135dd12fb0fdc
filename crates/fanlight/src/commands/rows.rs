//! Rows for people and for programs: a table, or JSON and CSV.

use serde_json::{Map, Value};

use super::terminal::{harmless, print};
use crate::command_line::Output;

/// Prints rows in the form that was asked for. `whole` is the server's answer, which JSON shows as it is.
pub(super) fn print_rows(output: Output, columns: &[String], rows: &[&[Value]], whole: &Value) {
    match output {
        Output::Json => print(&whole.to_string()),
        Output::Ndjson => {
            for row in rows {
                let object: Map<String, Value> = columns.iter().cloned().zip(row.iter().cloned()).collect();
                print(&Value::Object(object).to_string());
            }
        }
        Output::Csv => {
            print(&csv_line(columns.iter().map(String::as_str)));
            for row in rows {
                let cells: Vec<String> = row.iter().map(text_of).collect();
                print(&csv_line(cells.iter().map(String::as_str)));
            }
        }
        Output::Table => print(&table(columns, rows)),
    }
}

pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// RFC 4180; a cell that a spreadsheet would run as a formula gets a quote before it.
fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cell = |text: &str| {
        let is_number = text.parse::<f64>().is_ok();
        let guarded = if !is_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            format!("'{text}")
        } else {
            text.to_owned()
        };
        if guarded.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", guarded.replace('"', "\"\""))
        } else {
            guarded
        }
    };
    cells.map(cell).collect::<Vec<_>>().join(",")
}

fn table(columns: &[String], rows: &[&[Value]]) -> String {
    let header: Vec<String> = columns.iter().map(|column| harmless(column)).collect();
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|value| clip(&harmless(&text_of(value)))).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|column| column.chars().count()).collect();
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String]| {
        let padded: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join("  ");
    let mut lines = vec![line(&header), rule];
    lines.extend(cells.iter().map(|row| line(row)));
    lines.push(format!("{} {}", rows.len(), if rows.len() == 1 { "row" } else { "rows" }));
    lines.join("\n")
}

/// A cell of a table is for the eye; the other outputs have all of it.
fn clip(text: &str) -> String {
    if text.chars().count() <= MAX_CELL {
        text.to_owned()
    } else {
        text.chars().take(MAX_CELL - 1).chain(['…']).collect()
    }
}

const MAX_CELL: usize = 80;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_lines_up_and_is_harmless() {
        let rows = [json!(["R3", "12"]), json!(["R3b\u{1b}", null])];
        let rows: Vec<&[Value]> = rows.iter().filter_map(Value::as_array).map(Vec::as_slice).collect();
        let drawn = table(&["rung".to_owned(), "count(*)".to_owned()], &rows);
        assert_eq!(drawn, "rung  count(*)\n────  ────────\nR3    12\nR3b\u{fffd}\n2 rows");
    }

    #[test]
    fn csv_never_starts_a_formula() {
        assert_eq!(
            csv_line(["=1+1", "-5", "a,b", "say \"hi\""].into_iter()),
            "'=1+1,-5,\"a,b\",\"say \"\"hi\"\"\""
        );
    }
}
