//! The printed form of a record, of which the goldens are made.

use std::fmt::Write;

use fanlight_model::{
    AccessEvent, ConfigChange, ConnectorHealth, DeviceFact, FeedRecord, KeptRecord, Raw, RecordHeader,
    RequestTimes,
};

/// What is known of an event, a line a field; what is not measured does not stand there.
fn print_event(out: &mut String, event: &AccessEvent) {
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(out, "  {name}: {value}").unwrap();
        }
    };
    let text = |value: &Option<std::sync::Arc<str>>| value.as_ref().map(ToString::to_string);
    field("event_uid", Some(event.event_uid.to_string()));
    field("vendor_uid", text(&event.vendor_uid));
    field("start_time", Some(event.start_time.to_string()));
    field("end_time", event.end_time.map(|time| time.to_string()));
    field("last_time", Some(event.last_time.to_string()));
    field("log_time", event.log_time.map(|time| time.to_string()));
    field("principal_id", event.principal_id.as_ref().map(ToString::to_string));
    field("user_name", text(&event.user_name));
    field("device", text(&event.device));
    field("client_address", text(&event.client_address));
    field("service_edge", text(&event.service_edge));
    field("app_connector", text(&event.app_connector));
    field("connector", event.connector.map(|endpoint| endpoint.to_string()));
    field("connector_address", event.connector_address.map(|address| address.to_string()));
    field("server_address", event.server_address.map(|address| address.to_string()));
    field("server_port", event.server_port.map(|port| port.to_string()));
    field("ip_protocol", event.ip_protocol.map(|protocol| protocol.to_string()));
    field("host", text(&event.host));
    field("service_port", event.service_port.map(|port| port.to_string()));
    field("app", text(&event.app));
    field("app_segment", text(&event.app_segment));
    field("disposition", event.disposition.map(|disposition| disposition.to_string()));
    field("effects", (!event.effects.is_empty()).then(|| format!("{:?}", event.effects)));
    field("rule", text(&event.rule));
    field("reason", text(&event.reason));
    field("connection_status", text(&event.connection_status));
    field("total_bytes", (event.total_bytes > 0).then(|| event.total_bytes.to_string()));
    field("connection_uid", text(&event.connection_uid));
    field("session_id", text(&event.session_id));
    field("client_port", event.client_port.map(|port| port.to_string()));
    field("method", text(&event.method));
    field("path", text(&event.path));
    field("status", event.status.map(|status| status.to_string()));
    field("raw_bytes", Some(raw_bytes(&event.raw).to_string()));
    print_measured(out, event);
}

fn raw_bytes(raw: &Raw) -> usize {
    raw.line().map_or(0, |line| line.len())
}

fn print_measured(out: &mut String, event: &AccessEvent) {
    let stamps = &event.stamps;
    for (name, stamp) in [
        ("connection_start", stamps.connection_start),
        ("connection_end", stamps.connection_end),
        ("ca_tx", stamps.ca_tx),
        ("ca_rx", stamps.ca_rx),
        ("app_learn_start", stamps.app_learn_start),
        ("setup_complete", stamps.setup_complete),
        ("first_rx_client", stamps.first_rx_client),
        ("first_tx_client", stamps.first_tx_client),
        ("last_rx_client", stamps.last_rx_client),
        ("last_tx_client", stamps.last_tx_client),
        ("first_rx_connector", stamps.first_rx_connector),
        ("first_tx_connector", stamps.first_tx_connector),
        ("last_rx_connector", stamps.last_rx_connector),
        ("last_tx_connector", stamps.last_tx_connector),
    ] {
        if let Some(stamp) = stamp {
            writeln!(out, "  stamp {name}: {stamp}").unwrap();
        }
    }
    let phases = &event.phases;
    for (name, micros) in [
        ("policy", phases.policy_us),
        ("ca", phases.ca_us),
        ("app_learn", phases.app_learn_us),
        ("connector_setup", phases.connector_setup_us),
        ("setup", phases.setup_us),
        ("server_setup", phases.server_setup_us),
    ] {
        if let Some(micros) = micros {
            writeln!(out, "  phase {name}: {micros} us").unwrap();
        }
    }
    if let Some(request) = &event.request {
        print_request(out, request);
    }
}

fn print_request(out: &mut String, request: &RequestTimes) {
    for (name, stamp) in [
        ("request_receive_start", request.request_receive_start),
        ("request_receive_header_finish", request.request_receive_header_finish),
        ("request_receive_finish", request.request_receive_finish),
        ("request_transmit_start", request.request_transmit_start),
        ("request_transmit_finish", request.request_transmit_finish),
        ("response_receive_start", request.response_receive_start),
        ("response_receive_finish", request.response_receive_finish),
        ("response_transmit_start", request.response_transmit_start),
        ("response_transmit_finish", request.response_transmit_finish),
    ] {
        if let Some(stamp) = stamp {
            writeln!(out, "  stamp {name}: {stamp}").unwrap();
        }
    }
    for (name, micros) in [
        ("request_receive", request.request_receive_us),
        ("request_transmit", request.request_transmit_us),
        ("response_receive", request.response_receive_us),
        ("response_transmit", request.response_transmit_us),
        ("connection_setup", request.connection_setup_us),
        ("server_response", request.server_response_us),
        ("inspection", request.inspection_us),
    ] {
        if let Some(micros) = micros {
            writeln!(out, "  phase {name}: {micros} us").unwrap();
        }
    }
}

/// A line a value; what is not known does not stand there.
macro_rules! print_fields {
    ($out:expr, $of:expr, $($name:ident)*) => {
        $(if let Some(value) = &$of.$name {
            writeln!($out, "  {}: {value}", stringify!($name)).unwrap();
        })*
    };
}

fn print_header(out: &mut String, header: &RecordHeader) {
    writeln!(out, "  event_uid: {}", header.event_uid).unwrap();
    print_fields!(out, header, log_time);
    writeln!(out, "  raw_bytes: {}", raw_bytes(&header.raw)).unwrap();
}

fn print_fact(out: &mut String, fact: &DeviceFact) {
    print_header(out, &fact.header);
    print_fields!(out, fact, principal_id user_name session_id session_status device platform client_type client_version
        certificate identity_provider service_edge public_address private_address authenticated_time unauthenticated_time
        received_bytes sent_bytes);
    for (name, list) in [
        ("trusted_networks", &fact.trusted_networks),
        ("trusted_network_names", &fact.trusted_network_names),
        ("postures_hit", &fact.postures_hit),
        ("postures_miss", &fact.postures_miss),
    ] {
        writeln!(out, "  {name}: {list:?}").unwrap();
    }
    for (name, values) in &fact.saml_attributes {
        writeln!(out, "  saml {name}: {values:?}").unwrap();
    }
}

fn print_health(out: &mut String, health: &ConnectorHealth) {
    print_header(out, &health.header);
    writeln!(out, "  kind: {}", health.kind).unwrap();
    print_fields!(out, health, name group session_id session_status version platform service_edge public_address
        private_address authenticated_time unauthenticated_time host_start_time process_start_time cpu_percent
        memory_percent process_memory_percent used_ports available_ports system_used_fds system_max_fds process_used_fds
        process_max_fds available_disk_bytes);
    for (name, number) in &health.measures {
        writeln!(out, "  measure {name}: {number}").unwrap();
    }
}

fn print_change(out: &mut String, change: &ConfigChange) {
    print_header(out, &change.header);
    print_fields!(out, change, change_time operation object_type object_name object_id principal_id user_name user_id
        request_id session_id old_value new_value client_address result);
}

fn print_kept(out: &mut String, kept: &KeptRecord) {
    print_header(out, &kept.header);
    for (name, value) in &kept.fields {
        writeln!(out, "  {name}: {value}").unwrap();
    }
}

/// The record's OCSF numbers, and what each kind of record tells.
pub(crate) fn print_record(out: &mut String, record: &FeedRecord) {
    writeln!(out, "  ocsf: {}/{}", record.ocsf_class().uid(), record.ocsf_activity()).unwrap();
    match record {
        FeedRecord::AccessEvent(event) => print_event(out, event),
        FeedRecord::DeviceFact(fact) => print_fact(out, fact),
        FeedRecord::ConnectorHealth(health) => print_health(out, health),
        FeedRecord::ConfigChange(change) => print_change(out, change),
        FeedRecord::Kept(kept) => print_kept(out, kept),
    }
}
