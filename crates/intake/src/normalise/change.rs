//! ZPA Audit to the configuration change.

use std::sync::Arc;

use fanlight_model::ConfigChange;

use super::reader::Reader;
use super::record::header;
use crate::decode::table::zpa_audit::T;

/// What an administrator did. One request can change several objects, so its id alone is not the record's.
pub(crate) fn config_change(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> ConfigChange {
    let parts = [
        reader.value(T::RequestID),
        reader.value(T::ObjectID),
        reader.value(T::AuditOperationType),
        reader.value(T::CreationTime),
    ];
    let uid = parts.first().copied().flatten().map(|_| parts.map(Option::unwrap_or_default).join("#"));
    let mut change = ConfigChange::empty(header(reader, uid.as_deref(), raw));
    change.change_time = reader.stamp(T::ModifiedTime).or(change.header.log_time);
    change.operation = reader.text(T::AuditOperationType);
    change.object_type = reader.text(T::ObjectType);
    change.object_name = reader.text(T::ObjectName);
    change.object_id = reader.text(T::ObjectID);
    (change.user_name, change.principal_id) = reader.named(T::User);
    change.user_id = reader.text(T::ModifiedBy);
    change.request_id = reader.own_text(T::RequestID);
    change.session_id = reader.text(T::SessionID);
    change.old_value = reader.own_text(T::AuditOldValue);
    change.new_value = reader.own_text(T::AuditNewValue);
    change.header.parse_level = reader.level();
    change
}
