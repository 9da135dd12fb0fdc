//! ZPA Audit: one record per change by an administrator. It has no `LogTimestamp`.

use fanlight_model::Timestamp;

use super::template::{TIGHT, Template};
use crate::settings::ZpaDialect;

const DEFAULT: &str = "ModifiedTime=modifiedTime/i CreationTime=creationTime/i ModifiedBy=modifiedBy/d \
    RequestID=requestId/j SessionID=sessionId/j AuditOldValue=auditOldValue/j AuditNewValue=auditNewValue/j \
    AuditOperationType=auditOperationType/j ObjectType=objectType/j ObjectName=objectName/j ObjectID=objectId/d \
    CustomerID=customerId/d User=modifiedByUser/j ClientAuditUpdate=clientAuditUpdate/d";

/// Its ids are quoted.
const RECOMMENDED: &str = "ModifiedTime=modifiedTime/i CreationTime=creationTime/i ModifiedBy=modifiedBy/j \
    RequestID=requestId/j SessionID=sessionId/j AuditOldValue=auditOldValue/j AuditNewValue=auditNewValue/j \
    AuditOperationType=auditOperationType/j ObjectType=objectType/j ObjectName=objectName/j ObjectID=objectId/j \
    CustomerID=customerId/j User=modifiedByUser/j ClientAuditUpdate=clientAuditUpdate/d";

/// The template of a dialect.
pub(crate) fn template(dialect: ZpaDialect, pad_days: bool) -> Template {
    match dialect {
        ZpaDialect::Recommended => Template::new(TIGHT, RECOMMENDED, pad_days).marked("zpa.au/1"),
        _ => Template::new(TIGHT, DEFAULT, pad_days),
    }
}

/// A change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    pub(crate) operation: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) old: String,
    pub(crate) new: String,
    pub(crate) number: u64,
}

impl Template {
    /// The record of a change.
    pub(crate) fn change(&self, change: &Change) -> String {
        self.line(|token| match token {
            "modifiedTime" | "creationTime" => change.at.into(),
            "modifiedBy" => 145_254_438_888_000_007_u64.into(),
            "requestId" => format!("3f1c2b9e-0a4d-4c8b-9d7e-{:012x}", change.number).into(),
            "sessionId" => "1idn23nlfm2q1txa5h3r4mep6".into(),
            "auditOldValue" => change.old.clone().into(),
            "auditNewValue" => change.new.clone().into(),
            "auditOperationType" => change.operation.into(),
            "objectType" => change.kind.into(),
            "objectName" => change.name.clone().into(),
            "objectId" => (145_254_438_889_000_000 + change.number).into(),
            "customerId" => 145_254_438_888_000_001_u64.into(),
            "modifiedByUser" => "admin@example.com".into(),
            _ => 0_i64.into(),
        })
    }
}
