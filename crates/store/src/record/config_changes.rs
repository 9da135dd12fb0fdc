//! `config_changes`: what administrators did at the edge.

use fanlight_model::{ConfigChange, OcsfClass, RecordHeader};

use super::cell::Cell::{MaybeText, MaybeTime};
use super::{Column, Columns, Headed, column, headed, identity_of};
use crate::Table;

impl Headed for ConfigChange {
    fn header(&self) -> &RecordHeader {
        &self.header
    }

    fn ocsf(&self) -> (OcsfClass, u8) {
        (self.ocsf_class(), self.ocsf_activity())
    }
}

impl Columns for ConfigChange {
    const TABLE: Table = Table::ConfigChanges;

    fn columns() -> Vec<Column<Self>> {
        headed(vec![
            column("change_time", MaybeTime(|row| row.change_time)),
            column("operation", MaybeText(|row| row.operation.as_deref())),
            column("object_type", MaybeText(|row| row.object_type.as_deref())),
            column("object_name", MaybeText(|row| row.object_name.as_deref())),
            column("object_id", MaybeText(|row| row.object_id.as_deref())),
            column("principal_id", MaybeText(|row| row.principal_id.as_ref().map(|id| &*id.0))),
            column("user_name", MaybeText(|row| row.user_name.as_deref())),
            column("user_id", MaybeText(|row| row.user_id.as_deref())),
            column("request_id", MaybeText(|row| row.request_id.as_deref())),
            column("session_id", MaybeText(|row| row.session_id.as_deref())),
            column("old_value", MaybeText(|row| row.old_value.as_deref())),
            column("new_value", MaybeText(|row| row.new_value.as_deref())),
            column("client_address", MaybeText(|row| row.client_address.as_deref())),
            column("result", MaybeText(|row| row.result.as_deref())),
        ])
    }

    fn identity(&self) -> ([u8; 16], u64) {
        identity_of(&self.header)
    }
}
