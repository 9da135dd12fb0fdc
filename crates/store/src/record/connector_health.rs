//! `connector_health`: what app connectors and service edges report of themselves.

use fanlight_model::{ConnectorHealth, OcsfClass, RecordHeader};

use super::cell::Cell::{MaybeCount, MaybeMap, MaybeText, MaybeTime, Text};
use super::{Column, Columns, Headed, column, headed, identity_of};
use crate::Table;

impl Headed for ConnectorHealth {
    fn header(&self) -> &RecordHeader {
        &self.header
    }

    fn ocsf(&self) -> (OcsfClass, u8) {
        (self.header.feed.ocsf_class(), self.ocsf_activity())
    }
}

impl Columns for ConnectorHealth {
    const TABLE: Table = Table::ConnectorHealth;

    fn columns() -> Vec<Column<Self>> {
        headed(vec![
            column("kind", Text(|row| row.kind.as_str())),
            column("name", MaybeText(|row| row.name.as_deref())),
            // `group` is a word of SQL.
            column("connector_group", MaybeText(|row| row.group.as_deref())),
            column("session_id", MaybeText(|row| row.session_id.as_deref())),
            column("session_status", MaybeText(|row| row.session_status.as_deref())),
            column("version", MaybeText(|row| row.version.as_deref())),
            column("platform", MaybeText(|row| row.platform.as_deref())),
            column("service_edge", MaybeText(|row| row.service_edge.as_deref())),
            column("public_address", MaybeText(|row| row.public_address.as_deref())),
            column("private_address", MaybeText(|row| row.private_address.as_deref())),
            column("authenticated_time", MaybeTime(|row| row.authenticated_time)),
            column("unauthenticated_time", MaybeTime(|row| row.unauthenticated_time)),
            column("host_start_time", MaybeTime(|row| row.host_start_time)),
            column("process_start_time", MaybeTime(|row| row.process_start_time)),
            column("cpu_percent", MaybeCount(|row| row.cpu_percent)),
            column("memory_percent", MaybeCount(|row| row.memory_percent)),
            column("process_memory_percent", MaybeCount(|row| row.process_memory_percent)),
            column("used_ports", MaybeCount(|row| row.used_ports)),
            column("available_ports", MaybeCount(|row| row.available_ports)),
            column("system_used_fds", MaybeCount(|row| row.system_used_fds)),
            column("system_max_fds", MaybeCount(|row| row.system_max_fds)),
            column("process_used_fds", MaybeCount(|row| row.process_used_fds)),
            column("process_max_fds", MaybeCount(|row| row.process_max_fds)),
            column("available_disk_bytes", MaybeCount(|row| row.available_disk_bytes)),
            column(
                "measures",
                MaybeMap(|row, write| {
                    row.measures.iter().for_each(|(name, number)| write(name, &number.to_string()));
                }),
            ),
        ])
    }

    fn identity(&self) -> ([u8; 16], u64) {
        identity_of(&self.header)
    }
}
