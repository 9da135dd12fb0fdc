//! `device_facts`: what each ZPA User Status record says of a session's device and posture.

use fanlight_model::{DeviceFact, OcsfClass, RecordHeader};

use super::cell::Cell::{MaybeCount, MaybeMap, MaybeText, MaybeTexts, MaybeTime};
use super::{Column, Columns, Headed, column, headed, identity_of};
use crate::Table;

impl Headed for DeviceFact {
    fn header(&self) -> &RecordHeader {
        &self.header
    }

    fn ocsf(&self) -> (OcsfClass, u8) {
        (self.header.feed.ocsf_class(), self.ocsf_activity())
    }
}

impl Columns for DeviceFact {
    const TABLE: Table = Table::DeviceFacts;

    fn columns() -> Vec<Column<Self>> {
        headed(vec![
            column("principal_id", MaybeText(|row| row.principal_id.as_ref().map(|id| &*id.0))),
            column("user_name", MaybeText(|row| row.user_name.as_deref())),
            column("session_id", MaybeText(|row| row.session_id.as_deref())),
            column("session_status", MaybeText(|row| row.session_status.as_deref())),
            column("device", MaybeText(|row| row.device.as_deref())),
            column("platform", MaybeText(|row| row.platform.as_deref())),
            column("client_type", MaybeText(|row| row.client_type.as_deref())),
            column("client_version", MaybeText(|row| row.client_version.as_deref())),
            column("certificate", MaybeText(|row| row.certificate.as_deref())),
            column("identity_provider", MaybeText(|row| row.identity_provider.as_deref())),
            column("service_edge", MaybeText(|row| row.service_edge.as_deref())),
            column("public_address", MaybeText(|row| row.public_address.as_deref())),
            column("private_address", MaybeText(|row| row.private_address.as_deref())),
            column("authenticated_time", MaybeTime(|row| row.authenticated_time)),
            column("unauthenticated_time", MaybeTime(|row| row.unauthenticated_time)),
            column("received_bytes", MaybeCount(|row| row.received_bytes)),
            column("sent_bytes", MaybeCount(|row| row.sent_bytes)),
            column("trusted_networks", MaybeTexts(|row| &row.trusted_networks)),
            column("trusted_network_names", MaybeTexts(|row| &row.trusted_network_names)),
            column("postures_hit", MaybeTexts(|row| &row.postures_hit)),
            column("postures_miss", MaybeTexts(|row| &row.postures_miss)),
            // Each attribute may have several values: they are one JSON list, as in the attributes of a span.
            column(
                "saml_attributes",
                MaybeMap(|row, write| {
                    for (name, values) in &row.saml_attributes {
                        let values: Vec<&str> = values.iter().map(|value| &**value).collect();
                        write(name, &serde_json::Value::from(values).to_string());
                    }
                }),
            ),
        ])
    }

    fn identity(&self) -> ([u8; 16], u64) {
        identity_of(&self.header)
    }
}
