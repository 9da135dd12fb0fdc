//! ZPA LSS Audit: every token of the default template. It has no stamp of its own; ids have 17 digits and more.

use crate::decode::feed_table::Kind::{Flag, Json, Name};
use crate::decode::feed_table::{EXTRA, ISO, KEPT, WANTED, feed_table, to};
use crate::decode::table::nulls::NOBODY;

feed_table! {
    /// One record per change by an administrator.
    ZPA_AUDIT = ZpaAudit, "zpn_audit_log", "zpa.au/",
    signs [AuditOperationType AuditOldValue AuditNewValue ObjectType ModifiedBy ClientAuditUpdate];
    ModifiedTime: ISO, to("change_time"), WANTED, "when it was done; empty for a sign-in" token "modifiedTime";
    CreationTime: ISO, to("log_time"), WANTED, "when the record was made" token "creationTime";
    ModifiedBy: Name, to("user_id"), EXTRA, "the administrator's id" token "modifiedBy";
    RequestID: Name, to("request_id"), EXTRA, "the id of the request" token "requestId";
    SessionID: Name, to("session_id"), EXTRA, "the administrator's session" token "sessionId";
    AuditOldValue: Json, to("old_value"), EXTRA, "the object before, a JSON document" token "auditOldValue";
    AuditNewValue: Json, to("new_value"), WANTED, "the object after, a JSON document" token "auditNewValue";
    AuditOperationType: Name, to("operation"), WANTED, "Create, Update, Delete, Sign In, …" token "auditOperationType";
    ObjectType: Name, to("object_type"), WANTED, "what kind of object" token "objectType";
    ObjectName: Name, to("object_name"), WANTED, "its name" token "objectName";
    ObjectID: Name, to("object_id"), EXTRA, "its id" token "objectId";
    CustomerID: Name, KEPT, EXTRA, "the tenant's id" token "customerId";
    User: Name, to("user_name"), WANTED, "the administrator, usually an e-mail address" ["ModifiedByUser"] token "modifiedByUser" nulls NOBODY;
    ClientAuditUpdate: Flag, KEPT, EXTRA, "done by a client" ["isClientAudit"] token "clientAuditUpdate";
}
