//! Templates of ZPA's feeds, written from their tables.

use fanlight_model::Feed;

use crate::decode::feed_table::{FeedTable, Field, Kind, StampForm};

/// One object a line: each token under its own name. `%j` quotes and escapes, `%d` is a whole number, `%f` one with a fraction; the time
/// of the record is rendered in microseconds since the epoch.
pub(super) fn template(table: &FeedTable) -> String {
    let fields: Vec<String> =
        table.fields.iter().filter(|field| is_rendered(field)).map(|field| one(table.feed, field)).collect();
    format!("{{\"fl\":\"{}1\",{}}}\\n", table.marker, fields.join(","))
}

/// What is another rendering of a field, or goes by an older name, is said by the field.
fn is_rendered(field: &Field) -> bool {
    field.kind.base().is_none() && !OLD.contains(&field.name)
}

/// Before about 2022.
const OLD: [&str; 2] = ["HostUpTime", "ConnectorUpTime"];

fn one(feed: Feed, field: &Field) -> String {
    let (name, token) = (field.name, field.token);
    // The vendor renders every value of these as text, whatever it holds.
    let is_text = matches!(feed, Feed::ZpaAppConnectorMetrics | Feed::ZpaPrivateServiceEdgeMetrics);
    match field.kind {
        Kind::Stamp(StampForm::Written) => format!("\"{name}\":%d{{{token}:epoch_us}}"),
        Kind::Stamp(StampForm::Iso) => format!("\"{name}\":%j{{{token}:iso8601}}"),
        _ if is_text => format!("\"{name}\":%j{{{token}}}"),
        Kind::List => format!("\"{name}\":[%j(,){{{token}}}]"),
        Kind::Stamp(StampForm::Epoch(_)) if is_start(name) => format!("\"{name}\":%j{{{token}}}"),
        Kind::Integer | Kind::Port | Kind::Duration(_) | Kind::Flag | Kind::Stamp(_) => {
            format!("\"{name}\":%d{{{token}}}")
        }
        Kind::Decimal => format!("\"{name}\":%f{{{token}}}"),
        _ => format!("\"{name}\":%j{{{token}}}"),
    }
}

/// Start times of hosts and processes are texts of digits.
fn is_start(name: &str) -> bool {
    name.ends_with("StartTime") || name.ends_with("UpTime")
}
