//! ZPA's status and metrics of app connectors and service edges: the tables say where each field goes.

use std::sync::Arc;

use fanlight_model::{ConnectorHealth, ConnectorKind, Feed, KeptRecord, OCSF_OTHER};

use super::reader::Reader;
use super::record::{header, kept};
use crate::decode::feed_table::Target;
use crate::decode::table::zpa_microsegmentation::T as M;

/// What one record tells of a machine of the edge.
pub(crate) fn connector_health(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> ConnectorHealth {
    let kind = match reader.wire.table().feed {
        Feed::ZpaAppConnectorStatus | Feed::ZpaAppConnectorMetrics => ConnectorKind::AppConnector,
        _ => ConnectorKind::PrivateServiceEdge,
    };
    let mut health = ConnectorHealth::empty(header(reader, None, raw), kind);
    for (at, field) in reader.wire.table().fields.iter().enumerate() {
        if let Target::Column(column) = field.target
            && reader.wire.at(at).is_some()
        {
            put(&mut health, reader, column, at);
        }
    }
    health.header.parse_level = reader.level();
    health
}

fn put(health: &mut ConnectorHealth, reader: &mut Reader<'_, '_>, column: &str, at: usize) {
    match column {
        "name" => health.name = reader.text_at(at),
        "group" => health.group = reader.text_at(at),
        "controller" => {
            health.kind = ConnectorKind::PrivateCloudController;
            health.name = reader.text_at(at);
        }
        "controller_group" => {
            health.kind = ConnectorKind::PrivateCloudController;
            health.group = reader.text_at(at);
        }
        "session_id" => health.session_id = reader.text_at(at),
        "session_status" => health.session_status = reader.text_at(at),
        "version" => health.version = reader.text_at(at),
        "package_version" => health.version = health.version.take().or_else(|| reader.text_at(at)),
        "platform" => health.platform = reader.text_at(at),
        "service_edge" => health.service_edge = reader.text_at(at),
        "public_address" => health.public_address = reader.text_at(at),
        "private_address" => health.private_address = reader.text_at(at),
        "authenticated_time" => health.authenticated_time = reader.stamp_at(at),
        "unauthenticated_time" => health.unauthenticated_time = reader.stamp_at(at),
        "host_start_time" => health.host_start_time = reader.stamp_at(at),
        "process_start_time" => health.process_start_time = reader.stamp_at(at),
        _ => put_number(health, reader, column, at),
    }
}

fn put_number(health: &mut ConnectorHealth, reader: &mut Reader<'_, '_>, column: &str, at: usize) {
    if column == "log_time" {
        return;
    }
    let Some(number) = reader.number_at(at) else { return };
    let place = match column {
        "cpu_percent" => &mut health.cpu_percent,
        "memory_percent" => &mut health.memory_percent,
        "process_memory_percent" => &mut health.process_memory_percent,
        "used_ports" => {
            let before = health.used_ports.unwrap_or(0);
            health.used_ports = Some(before.saturating_add(number));
            return;
        }
        "available_ports" => &mut health.available_ports,
        "system_used_fds" => &mut health.system_used_fds,
        "system_max_fds" => &mut health.system_max_fds,
        "process_used_fds" => &mut health.process_used_fds,
        "process_max_fds" => &mut health.process_max_fds,
        "available_disk_bytes" => &mut health.available_disk_bytes,
        _ => {
            if let Some(field) = reader.wire.table().fields.get(at) {
                health.measures.push((field.name, number));
            }
            return;
        }
    };
    *place = Some(number);
}

/// A flow between two workloads: it is kept, and counted as refused where a rule stopped it.
pub(crate) fn microsegmentation(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> KeptRecord {
    let mut record = kept(reader, raw);
    // Network Activity: 5 Refuse, 6 Traffic. A simulated block lets the flow through.
    record.ocsf_activity = match reader.value(M::EnforcementAction) {
        Some("BLOCK") => 5,
        Some("ALLOW" | "SIMBLOCK") => 6,
        Some(_) => OCSF_OTHER,
        None => 0,
    };
    record
}
