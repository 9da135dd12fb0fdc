//! `GET /metrics`: OpenMetrics for whoever accepts it, else Prometheus's text.

mod text;

use axum::extract::State;
use axum::response::IntoResponse;
use fanlight_runtime::{MetricFamily, MetricKind, MetricSample, MetricValue};
use fanlight_store::Table;
use http::{HeaderMap, header};

use crate::state::Shared;
use text::Format;

/// The ledger, the store's size, and what every stage has to tell. Labels are fixed words and configured names: no sender can
/// add a series.
pub(crate) async fn get(State(shared): State<Shared>, headers: HeaderMap) -> impl IntoResponse {
    let format = Format::accepted_by(&headers);
    let text = text::write(&families(&shared), format);
    ([(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")], text)
}

fn families(shared: &Shared) -> Vec<MetricFamily> {
    let build = sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    let mut families = vec![gauge("fanlight_build_info", "What is running.", vec![build]), records(shared)];
    let snapshot = shared.api.store.snapshot();
    let of_tables = |number: &dyn Fn(Table) -> u64| {
        Table::ALL.map(|table| sample(&[("table", table.as_str())], count(number(table)))).to_vec()
    };
    let rows = of_tables(&|table| snapshot.row_count(table));
    families.push(gauge("fanlight_store_rows", "Rows in the store, in memory and in parts.", rows));
    let parts = of_tables(&|table| snapshot.parts(table).len() as u64);
    families.push(gauge("fanlight_store_parts", "Parts in the store.", parts));
    families.extend(shared.api.metrics.families());
    families
}

fn records(shared: &Shared) -> MetricFamily {
    let rows = shared.api.ledger.rows();
    let samples = rows.iter().map(|row| {
        let outcome = row.outcome.as_str();
        let labels =
            [("stage", row.stage), ("record", row.record), ("outcome", outcome), ("reason", &*row.reason)];
        sample(&labels, count(row.count))
    });
    MetricFamily {
        name: "fanlight_records",
        help: "Records by stage, and what became of them.",
        kind: MetricKind::Counter,
        samples: samples.collect(),
    }
}

fn gauge(name: &'static str, help: &'static str, samples: Vec<MetricSample>) -> MetricFamily {
    MetricFamily { name, help, kind: MetricKind::Gauge, samples }
}

fn sample(labels: &[(&'static str, &str)], value: f64) -> MetricSample {
    let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    MetricSample { labels, value: MetricValue::Number(value) }
}

#[expect(clippy::cast_precision_loss, reason = "the format's numbers are doubles")]
fn count(number: u64) -> f64 {
    number as f64
}
