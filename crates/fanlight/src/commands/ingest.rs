//! `fanlight ingest test FILE --feed F`.

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines};
use fanlight_model::FeedRecord;
use fanlight_runtime::Clock;
use serde_json::{Map, Value, json};

use super::terminal::print;
use crate::command_line::{Ingest, IngestTest, Output};
use crate::outcome::{Exit, Failure};
use crate::wiring::feed_named;

pub(super) fn run(command: Ingest) -> Result<(), Failure> {
    let Ingest::Test(typed) = command;
    let IngestTest { file, feed, output } = typed;
    let feed = feed_named(&feed)?;
    if !matches!(output, Output::Json | Output::Ndjson) {
        return Err(Failure::text(Exit::Usage, "`fanlight ingest test` prints JSON, an object a line")
            .with_hint("leave `--output` away"));
    }
    let text = std::fs::read(&file)
        .map_err(|cause| anyhow::Error::new(cause).context(format!("cannot read `{}`", file.display())))?;
    let namer = PrincipalNamer::with_key("unnamed", [0; 32]);
    for line in decode_lines(
        feed,
        &text,
        fanlight_intake::Settings::default().max_line_bytes,
        Clock::system().now(),
        &namer,
    ) {
        print(&object(&line).to_string());
    }
    Ok(())
}

fn object(line: &DecodedLine) -> Value {
    json!({
        "line": line.line,
        "feed": line.feed.as_str(),
        "dialect": line.dialect,
        "level": line.level.as_str(),
        "event": line.event.as_ref().and_then(FeedRecord::as_access_event).map_or(Value::Null, event),
        "missing": line.missing,
        "notes": line.notes,
    })
}

/// The event in the columns of the table `access_events`; what the record does not say is absent.
fn event(event: &fanlight_model::AccessEvent) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<std::sync::Arc<str>>| value.as_deref().map(Value::from);
    put("event_uid", Some(Value::from(event.event_uid.to_string())));
    put("vendor_uid", text(&event.vendor_uid));
    put("product", Some(Value::from(event.product().as_str())));
    put("start_time", Some(Value::from(event.start_time.to_rfc3339())));
    put("end_time", event.end_time.map(|time| Value::from(time.to_rfc3339())));
    put("user_name", text(&event.user_name));
    put("device", text(&event.device));
    put("client_address", text(&event.client_address));
    put("service_edge", text(&event.service_edge));
    put("app_connector", text(&event.app_connector));
    put("connector_address", event.connector.map(|connector| Value::from(connector.address.to_string())));
    put("connector_port", event.connector.map(|connector| Value::from(connector.port)));
    put("server_address", event.server_address.map(|address| Value::from(address.to_string())));
    put("server_port", event.server_port.map(Value::from));
    put("host", text(&event.host));
    put("app", text(&event.app));
    put("app_segment", text(&event.app_segment));
    put("disposition", event.disposition.map(|disposition| Value::from(disposition.as_str())));
    put("effects", Some(event.effects.iter().map(|effect| effect.as_str()).collect::<Vec<_>>().into()));
    put("rule", text(&event.rule));
    put("reason", text(&event.reason));
    put("policy_us", event.phases.policy_us.map(|micros| Value::from(micros.to_string())));
    put("setup_us", event.phases.setup_us.map(|micros| Value::from(micros.to_string())));
    Value::Object(object)
}
