//! One access event as JSON, by the names of the table `access_events`.

use std::sync::Arc;

use fanlight_model::{AccessEvent, Timestamp};
use serde_json::{Map, Value};

pub(super) fn json(event: &AccessEvent) -> Value {
    let mut object = Map::new();
    for fields in
        [what_and_when(event), who_and_where(event), what_was_done(event), measured(event), stamps(event)]
    {
        object.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    Value::Object(object)
}

type Fields = Vec<(&'static str, Value)>;

fn what_and_when(event: &AccessEvent) -> Fields {
    vec![
        ("event_uid", event.event_uid.to_string().into()),
        ("revision", event.revision.to_string().into()),
        ("vendor_uid", text(&event.vendor_uid)),
        ("product", event.product().as_str().into()),
        ("feed", event.feed.as_str().into()),
        ("start_time", event.start_time.to_rfc3339().into()),
        ("end_time", time(event.end_time)),
        ("last_time", event.last_time.to_rfc3339().into()),
        ("log_time", time(event.log_time)),
        ("arrival_time", event.arrival_time.to_rfc3339().into()),
        ("parse_level", event.parse_level.as_str().into()),
        ("raw_address", event.raw.address(event.feed).to_string().into()),
        ("raw", event.raw.line().map(|line| line.to_string()).into()),
    ]
}

fn who_and_where(event: &AccessEvent) -> Fields {
    vec![
        ("principal_id", event.principal_id.as_ref().map(ToString::to_string).into()),
        ("user_name", text(&event.user_name)),
        ("device", text(&event.device)),
        ("client_address", text(&event.client_address)),
        ("service_edge", text(&event.service_edge)),
        ("app_connector", text(&event.app_connector)),
        ("connector_address", event.app_connector_address().map(|address| address.to_string()).into()),
        ("connector_port", event.connector.map(|connector| connector.port).into()),
        ("server_address", event.server_address.map(|address| address.to_string()).into()),
        ("server_port", event.server_port.into()),
        ("ip_protocol", event.ip_protocol.into()),
        ("host", text(&event.host)),
        ("service_port", event.service_port.into()),
        ("app", text(&event.app)),
        ("app_segment", text(&event.app_segment)),
    ]
}

fn what_was_done(event: &AccessEvent) -> Fields {
    vec![
        ("method", text(&event.method)),
        ("path", text(&event.path)),
        ("status", event.status.into()),
        ("disposition", event.disposition.map(|disposition| disposition.as_str()).into()),
        ("effects", event.effects.iter().map(|effect| effect.as_str()).collect::<Vec<_>>().into()),
        ("rule", text(&event.rule)),
        ("reason", text(&event.reason)),
        ("connection_status", text(&event.connection_status)),
        ("total_bytes", event.total_bytes.to_string().into()),
    ]
}

fn measured(event: &AccessEvent) -> Fields {
    let phases = &event.phases;
    let micros = |value: Option<u64>| value.map(|micros| micros.to_string()).into();
    vec![
        ("policy_us", micros(phases.policy_us)),
        ("phase_ca_us", micros(phases.ca_us)),
        ("phase_app_learn_us", micros(phases.app_learn_us)),
        ("phase_connector_setup_us", micros(phases.connector_setup_us)),
        ("setup_us", micros(phases.setup_us)),
        ("phase_server_setup_us", micros(phases.server_setup_us)),
    ]
}

fn stamps(event: &AccessEvent) -> Fields {
    let stamps = &event.stamps;
    vec![
        ("stamp_connection_start", time(stamps.connection_start)),
        ("stamp_connection_end", time(stamps.connection_end)),
        ("stamp_ca_tx", time(stamps.ca_tx)),
        ("stamp_ca_rx", time(stamps.ca_rx)),
        ("stamp_app_learn_start", time(stamps.app_learn_start)),
        ("stamp_setup_complete", time(stamps.setup_complete)),
        ("stamp_first_rx_client", time(stamps.first_rx_client)),
        ("stamp_first_tx_client", time(stamps.first_tx_client)),
        ("stamp_last_rx_client", time(stamps.last_rx_client)),
        ("stamp_last_tx_client", time(stamps.last_tx_client)),
        ("stamp_first_rx_connector", time(stamps.first_rx_connector)),
        ("stamp_first_tx_connector", time(stamps.first_tx_connector)),
        ("stamp_last_rx_connector", time(stamps.last_rx_connector)),
        ("stamp_last_tx_connector", time(stamps.last_tx_connector)),
    ]
}

fn text(value: &Option<Arc<str>>) -> Value {
    value.as_deref().into()
}

fn time(value: Option<Timestamp>) -> Value {
    value.map(Timestamp::to_rfc3339).into()
}
