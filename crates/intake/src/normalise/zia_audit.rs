//! ZIA's admin audit log to the configuration change.

use std::sync::Arc;

use fanlight_model::ConfigChange;

use super::reader::Reader;
use super::zia::header;
use crate::decode::table::zia_audit::T;

/// What an administrator did.
pub(crate) fn config_change(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> ConfigChange {
    let kind = reader.value(T::action);
    let mut change = ConfigChange::empty(header(reader, kind, raw));
    change.change_time = change.header.log_time;
    change.operation = reader.text(T::action);
    change.object_type = reader.text(T::subcategory).or_else(|| reader.text(T::category));
    change.object_name = reader.text(T::resource);
    if let Some(name) = reader.text(T::adminid) {
        change.principal_id = Some(reader.zia_principal(&name));
        change.user_name = Some(reader.zia_marked(name));
    }
    change.client_address = reader.text(T::clientip);
    change.result = reader.text(T::result);
    change.old_value = reader.rendered(T::preaction);
    change.new_value = reader.rendered(T::postaction);
    change.header.parse_level = reader.level();
    change
}
