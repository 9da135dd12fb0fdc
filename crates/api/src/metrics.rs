//! `GET /metrics`, in OpenMetrics text.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_runtime::{LedgerRow, MetricFamily, MetricValue};
use fanlight_store::{Snapshot, Table};
use http::header;

use crate::state::Shared;

/// The ledger and the store's size. Labels are fixed words and configured names: no sender can add a series.
pub(crate) async fn get(State(shared): State<Shared>) -> impl IntoResponse {
    let api = &shared.api;
    let text = write(&api.ledger.rows(), &api.store.snapshot(), &api.metrics.families());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}

fn write(rows: &[LedgerRow], snapshot: &Snapshot, families: &[MetricFamily]) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail; the result is there for other writers.
    let written = lines(&mut text, rows, snapshot).and_then(|()| gauges(&mut text, families));
    if written.and_then(|()| writeln!(text, "# EOF")).is_err() {
        text.clear();
    }
    text
}

fn lines(text: &mut String, rows: &[LedgerRow], snapshot: &Snapshot) -> std::fmt::Result {
    writeln!(text, "# TYPE fanlight_records counter")?;
    writeln!(text, "# HELP fanlight_records Records by stage, and what became of them.")?;
    for row in rows {
        writeln!(
            text,
            "fanlight_records_total{{stage=\"{}\",record=\"{}\",outcome=\"{}\",reason=\"{}\"}} {}",
            row.stage,
            row.record,
            row.outcome.as_str(),
            escaped(&row.reason),
            row.count
        )?;
    }
    writeln!(text, "# TYPE fanlight_store_rows gauge")?;
    writeln!(text, "# HELP fanlight_store_rows Rows in the store, in memory and in parts.")?;
    for table in Table::ALL {
        writeln!(text, "fanlight_store_rows{{table=\"{}\"}} {}", table.as_str(), snapshot.row_count(table))?;
    }
    writeln!(text, "# TYPE fanlight_store_parts gauge")?;
    writeln!(text, "# HELP fanlight_store_parts Parts in the store.")?;
    for table in Table::ALL {
        writeln!(
            text,
            "fanlight_store_parts{{table=\"{}\"}} {}",
            table.as_str(),
            snapshot.parts(table).len()
        )?;
    }
    Ok(())
}

fn gauges(text: &mut String, families: &[MetricFamily]) -> std::fmt::Result {
    for MetricFamily { name, help, samples, .. } in families {
        writeln!(text, "# TYPE {name} gauge\n# HELP {name} {help}")?;
        for sample in samples {
            let MetricValue::Number(value) = sample.value else { continue };
            let pair = |(label, value): &(&str, String)| format!("{label}=\"{}\"", escaped(value));
            let labels = sample.labels.iter().map(pair).collect::<Vec<_>>().join(",");
            writeln!(text, "{name}{{{labels}}} {value}")?;
        }
    }
    Ok(())
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use fanlight_runtime::{Ledger, Outcome};

    use super::*;

    #[test]
    fn the_ledger_is_written_as_openmetrics() {
        let ledger = Ledger::default();
        ledger.add("intake", "span", Outcome::Received, "", 7);
        ledger.add("export", "span", Outcome::Dropped, "a \"target\"", 1);
        let text = write(&ledger.rows(), &Snapshot::default(), &[]);
        let reason = r#"reason="a \"target\""} 1"#;
        assert!(
            text.contains(&format!("{{stage=\"export\",record=\"span\",outcome=\"dropped\",{reason}\n")),
            "{text}"
        );
        assert!(text.contains("outcome=\"received\",reason=\"\"} 7\n"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
