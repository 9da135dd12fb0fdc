//! A record in the columns of its table, as JSON; what it does not say is absent.

use std::fmt::Display;
use std::sync::Arc;

use fanlight_model::{
    AccessEvent, ConfigChange, ConnectorHealth, DeviceFact, FeedRecord, KeptRecord, RecordHeader, Timestamp,
};
use serde_json::{Map, Value};

/// The record as one object.
pub(super) fn of(record: &FeedRecord) -> Value {
    let mut columns = Columns::default();
    match record {
        FeedRecord::AccessEvent(event) => access_event(&mut columns, event),
        FeedRecord::DeviceFact(fact) => device_fact(&mut columns, fact),
        FeedRecord::ConnectorHealth(health) => connector_health(&mut columns, health),
        FeedRecord::ConfigChange(change) => config_change(&mut columns, change),
        FeedRecord::Kept(kept) => kept_record(&mut columns, kept),
    }
    columns.number("ocsf_class", Some(record.ocsf_class().uid()));
    columns.number("ocsf_activity", Some(record.ocsf_activity()));
    Value::Object(columns.0)
}

#[derive(Default)]
struct Columns(Map<String, Value>);

impl Columns {
    fn put(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }

    fn text(&mut self, name: &str, text: &Option<Arc<str>>) {
        self.put(name, text.as_deref().map(Value::from));
    }

    fn shown(&mut self, name: &str, value: Option<impl Display>) {
        self.put(name, value.map(|value| Value::from(value.to_string())));
    }

    fn number(&mut self, name: &str, number: Option<impl Into<u32>>) {
        self.put(name, number.map(|number| Value::from(number.into())));
    }

    /// 64 bits are text in JSON, as everywhere in the API.
    fn count(&mut self, name: &str, count: Option<u64>) {
        self.shown(name, count);
    }

    fn time(&mut self, name: &str, time: Option<Timestamp>) {
        self.put(name, time.map(|time| Value::from(time.to_rfc3339())));
    }

    fn list(&mut self, name: &str, list: &[Arc<str>]) {
        let values = || list.iter().map(|text| Value::from(&**text)).collect();
        self.put(name, (!list.is_empty()).then(values));
    }

    fn header(&mut self, header: &RecordHeader) {
        self.shown("event_uid", Some(header.event_uid));
        self.shown("product", Some(header.feed.product()));
        self.time("log_time", header.log_time);
    }
}

fn access_event(columns: &mut Columns, event: &AccessEvent) {
    columns.shown("event_uid", Some(event.event_uid));
    columns.text("vendor_uid", &event.vendor_uid);
    columns.shown("product", Some(event.product()));
    columns.time("start_time", Some(event.start_time));
    columns.time("end_time", event.end_time);
    columns.time("log_time", event.log_time);
    columns.text("connection_uid", &event.connection_uid);
    columns.text("session_id", &event.session_id);
    columns.shown("principal_id", event.principal_id.as_ref());
    columns.text("user_name", &event.user_name);
    columns.text("device", &event.device);
    columns.text("client_address", &event.client_address);
    columns.number("client_port", event.client_port);
    columns.text("service_edge", &event.service_edge);
    columns.text("app_connector", &event.app_connector);
    columns.shown("connector_address", event.app_connector_address());
    columns.number("connector_port", event.connector.map(|connector| connector.port));
    columns.shown("server_address", event.server_address);
    columns.number("server_port", event.server_port);
    columns.number("ip_protocol", event.ip_protocol);
    columns.text("host", &event.host);
    columns.number("service_port", event.service_port);
    columns.text("app", &event.app);
    columns.text("app_segment", &event.app_segment);
    columns.text("method", &event.method);
    columns.text("path", &event.path);
    columns.number("status", event.status);
    columns.shown("disposition", event.disposition);
    let effects: Vec<&str> = event.effects.iter().map(|effect| effect.as_str()).collect();
    columns.put("effects", Some(effects.into()));
    columns.text("rule", &event.rule);
    columns.text("reason", &event.reason);
    columns.text("connection_status", &event.connection_status);
    columns.count("total_bytes", Some(event.total_bytes).filter(|bytes| *bytes > 0));
    columns.count("policy_us", event.phases.policy_us);
    columns.count("setup_us", event.phases.setup_us);
    columns.count("phase_ca_us", event.phases.ca_us);
    columns.count("phase_app_learn_us", event.phases.app_learn_us);
    columns.count("phase_connector_setup_us", event.phases.connector_setup_us);
    columns.count("phase_server_setup_us", event.phases.server_setup_us);
}

fn device_fact(columns: &mut Columns, fact: &DeviceFact) {
    columns.header(&fact.header);
    columns.shown("principal_id", fact.principal_id.as_ref());
    columns.text("user_name", &fact.user_name);
    columns.text("session_id", &fact.session_id);
    columns.text("session_status", &fact.session_status);
    columns.text("device", &fact.device);
    columns.text("platform", &fact.platform);
    columns.text("client_type", &fact.client_type);
    columns.text("client_version", &fact.client_version);
    columns.text("certificate", &fact.certificate);
    columns.text("identity_provider", &fact.identity_provider);
    columns.text("service_edge", &fact.service_edge);
    columns.text("public_address", &fact.public_address);
    columns.text("private_address", &fact.private_address);
    columns.time("authenticated_time", fact.authenticated_time);
    columns.time("unauthenticated_time", fact.unauthenticated_time);
    columns.list("trusted_networks", &fact.trusted_networks);
    columns.list("trusted_network_names", &fact.trusted_network_names);
    columns.list("postures_hit", &fact.postures_hit);
    columns.list("postures_miss", &fact.postures_miss);
    let attributes: Map<String, Value> = fact
        .saml_attributes
        .iter()
        .map(|(name, values)| (name.to_string(), values.iter().map(|value| Value::from(&**value)).collect()))
        .collect();
    columns.put("saml_attributes", (!attributes.is_empty()).then_some(Value::Object(attributes)));
    columns.count("received_bytes", fact.received_bytes);
    columns.count("sent_bytes", fact.sent_bytes);
}

fn connector_health(columns: &mut Columns, health: &ConnectorHealth) {
    columns.header(&health.header);
    columns.shown("kind", Some(health.kind));
    columns.text("name", &health.name);
    columns.text("group", &health.group);
    columns.text("session_id", &health.session_id);
    columns.text("session_status", &health.session_status);
    columns.text("version", &health.version);
    columns.text("platform", &health.platform);
    columns.text("service_edge", &health.service_edge);
    columns.text("public_address", &health.public_address);
    columns.text("private_address", &health.private_address);
    columns.time("authenticated_time", health.authenticated_time);
    columns.time("unauthenticated_time", health.unauthenticated_time);
    columns.time("host_start_time", health.host_start_time);
    columns.time("process_start_time", health.process_start_time);
    for (name, count) in [
        ("cpu_percent", health.cpu_percent),
        ("memory_percent", health.memory_percent),
        ("process_memory_percent", health.process_memory_percent),
        ("used_ports", health.used_ports),
        ("available_ports", health.available_ports),
        ("system_used_fds", health.system_used_fds),
        ("system_max_fds", health.system_max_fds),
        ("process_used_fds", health.process_used_fds),
        ("process_max_fds", health.process_max_fds),
        ("available_disk_bytes", health.available_disk_bytes),
    ] {
        columns.count(name, count);
    }
    let measures: Map<String, Value> =
        health.measures.iter().map(|(name, count)| ((*name).to_owned(), count.to_string().into())).collect();
    columns.put("measures", (!measures.is_empty()).then_some(Value::Object(measures)));
}

fn config_change(columns: &mut Columns, change: &ConfigChange) {
    columns.header(&change.header);
    columns.time("change_time", change.change_time);
    columns.text("operation", &change.operation);
    columns.text("object_type", &change.object_type);
    columns.text("object_name", &change.object_name);
    columns.text("object_id", &change.object_id);
    columns.shown("principal_id", change.principal_id.as_ref());
    columns.text("user_name", &change.user_name);
    columns.text("user_id", &change.user_id);
    columns.text("request_id", &change.request_id);
    columns.text("session_id", &change.session_id);
    columns.text("old_value", &change.old_value);
    columns.text("new_value", &change.new_value);
    columns.text("client_address", &change.client_address);
    columns.text("result", &change.result);
}

fn kept_record(columns: &mut Columns, kept: &KeptRecord) {
    columns.header(&kept.header);
    let fields: Map<String, Value> =
        kept.fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(&**value))).collect();
    columns.put("fields", Some(Value::Object(fields)));
}
