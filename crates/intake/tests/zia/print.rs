//! A record as text, a line a field; what is not there does not stand there.

use std::fmt::Write;

use fanlight_intake::DecodedLine;
use fanlight_model::{AccessEvent, Bridge, ConfigChange, ConnectorHealth, FeedRecord, KeptRecord};

pub(crate) fn print(lines: &[DecodedLine]) -> String {
    let mut out = String::new();
    for line in lines {
        writeln!(out, "line {} {} {} {}", line.line, line.feed, line.dialect, line.level).unwrap();
        let log_time = line.event.as_ref().and_then(FeedRecord::log_time);
        field(&mut out, "log_time", log_time.as_ref());
        match &line.event {
            Some(FeedRecord::AccessEvent(event)) => access_event(&mut out, event),
            Some(FeedRecord::ConfigChange(change)) => config_change(&mut out, change),
            Some(FeedRecord::ConnectorHealth(health)) => connector_health(&mut out, health),
            Some(FeedRecord::Kept(kept)) => kept_record(&mut out, kept),
            Some(other) => panic!("no form for {other:?}"),
            None => {}
        }
        if !line.missing.is_empty() {
            writeln!(out, "  missing: {}", line.missing.join(" ")).unwrap();
        }
        for note in &line.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
    }
    out
}

fn field(out: &mut String, name: &str, value: Option<&impl ToString>) {
    if let Some(value) = value {
        writeln!(out, "  {name}: {}", value.to_string()).unwrap();
    }
}

fn access_event(out: &mut String, event: &AccessEvent) {
    field(out, "vendor_uid", event.vendor_uid.as_ref());
    field(out, "start_time", Some(&event.start_time));
    field(out, "end_time", event.end_time.as_ref().filter(|end| **end != event.start_time));
    field(out, "principal_id", event.principal_id.as_ref());
    field(out, "user_name", event.user_name.as_ref());
    field(out, "device", event.device.as_ref());
    field(out, "client_address", event.client_address.as_ref());
    field(out, "client_port", event.client_port.as_ref());
    field(out, "service_edge", event.service_edge.as_ref());
    field(out, "app_connector", event.app_connector.as_ref());
    field(out, "connector", event.connector.as_ref());
    field(out, "connector_address", event.connector_address.as_ref());
    field(out, "server_address", event.server_address.as_ref());
    field(out, "server_port", event.server_port.as_ref());
    field(out, "ip_protocol", event.ip_protocol.as_ref());
    field(out, "host", event.host.as_ref());
    field(out, "service_port", event.service_port.as_ref());
    field(out, "app", event.app.as_ref());
    field(out, "app_segment", event.app_segment.as_ref());
    field(out, "method", event.method.as_ref());
    field(out, "path", event.path.as_ref());
    field(out, "status", event.status.as_ref());
    field(out, "disposition", event.disposition.as_ref());
    if !event.effects.is_empty() {
        writeln!(out, "  effects: {:?}", event.effects).unwrap();
    }
    field(out, "rule", event.rule.as_ref());
    field(out, "reason", event.reason.as_ref());
    field(out, "connection_status", event.connection_status.as_ref());
    field(out, "total_bytes", Some(&event.total_bytes).filter(|bytes| **bytes > 0));
    field(out, "ocsf_activity", Some(&event.ocsf_activity()));
    if let Some(bridge) = &event.bridge {
        print_bridge(out, bridge);
    }
}

fn print_bridge(out: &mut String, bridge: &Bridge) {
    field(out, "bridge upstream_local", bridge.upstream_local.as_ref());
    field(out, "bridge upstream_remote", bridge.upstream_remote.as_ref());
    field(out, "bridge request_id", bridge.request_id.as_ref());
    field(out, "bridge trace_id", bridge.trace_id.as_ref());
    field(out, "bridge span_id", bridge.span_id.as_ref());
    field(out, "bridge connection_number", bridge.connection_number.as_ref());
    field(out, "bridge response_flags", bridge.response_flags.as_ref());
    field(out, "bridge duration_us", bridge.duration_us.as_ref());
    field(out, "bridge upstream_connect_us", bridge.upstream_connect_us.as_ref());
    field(out, "bridge upstream_first_byte_us", bridge.upstream_first_byte_us.as_ref());
    field(out, "bridge response_transmit_us", bridge.response_transmit_us.as_ref());
    field(out, "bridge attempts", bridge.attempts.as_ref());
}

fn config_change(out: &mut String, change: &ConfigChange) {
    field(out, "operation", change.operation.as_ref());
    field(out, "object_type", change.object_type.as_ref());
    field(out, "object_name", change.object_name.as_ref());
    field(out, "principal_id", change.principal_id.as_ref());
    field(out, "user_name", change.user_name.as_ref());
    field(out, "old_value", change.old_value.as_ref());
    field(out, "new_value", change.new_value.as_ref());
    field(out, "client_address", change.client_address.as_ref());
    field(out, "result", change.result.as_ref());
    writeln!(out, "  ocsf: {:?} {}", change.ocsf_class(), change.ocsf_activity()).unwrap();
}

fn connector_health(out: &mut String, health: &ConnectorHealth) {
    field(out, "kind", Some(&health.kind));
    field(out, "name", health.name.as_ref());
    field(out, "group", health.group.as_ref());
    field(out, "session_status", health.session_status.as_ref());
    field(out, "platform", health.platform.as_ref());
    writeln!(out, "  measures: {:?}", health.measures).unwrap();
}

fn kept_record(out: &mut String, kept: &KeptRecord) {
    field(out, "event_uid", Some(&kept.header.event_uid));
    for (name, value) in &kept.fields {
        writeln!(out, "  {name} = {value}").unwrap();
    }
    field(out, "ocsf_activity", Some(&kept.ocsf_activity));
}
