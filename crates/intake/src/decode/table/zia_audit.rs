//! ZIA's admin audit log.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Hex, Json, Name, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, DOCUMENTS, OPAQUE, STAMPS};

feed_table! {
    /// One record per change, or per sign-in, of an administrator.
    ZIA_AUDIT = ZiaAudit, "ADMIN_AUDIT", "zia.audit/",
    signs [subcategory adminid auditlogtype preaction postaction epreaction epostaction];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id; 0 in some feeds" nulls OPAQUE;
    action: Name, to("operation"), WANTED, "CREATE, UPDATE, DELETE, SIGN_IN, ACTIVATE, DOWNLOAD, …" nulls ABSENT;
    category: Name, to("object_type"), WANTED, "what kind of thing was changed" nulls ABSENT;
    subcategory: Name, to("object_type"), EXTRA, "the same, finer" nulls ABSENT;
    resource: Text, to("object_name"), WANTED, "the thing's name" nulls ABSENT;
    interface: Name, KEPT, EXTRA, "UI or API" nulls ABSENT;
    adminid: Name, to("user_name"), WANTED, "the administrator: an e-mail address, or a service account" nulls ABSENT;
    clientip: Address, to("client_address"), WANTED, "where from; may be the word Unknown" nulls ADDRESSES;
    result: Name, to("result"), WANTED, "SUCCESS or FAILURE" nulls ABSENT;
    errorcode: Name, KEPT, EXTRA, "what went wrong" nulls ABSENT;
    auditlogtype: Name, KEPT, EXTRA, "which of the vendor's portals" nulls ABSENT;
    preaction: Json, to("old_value"), EXTRA, "how it was: a JSON document" nulls DOCUMENTS;
    postaction: Json, to("new_value"), EXTRA, "how it is: a JSON document" nulls DOCUMENTS;
    epreaction: Hex("preaction"), to("old_value"), EXTRA, "the same, bytes escaped as %HH" nulls DOCUMENTS;
    epostaction: Hex("postaction"), to("new_value"), EXTRA, "the same, bytes escaped as %HH" nulls DOCUMENTS;
    intlogtime: EPOCH_SECONDS, to("log_time"), EXTRA, "when it was logged inside the cloud, seconds since 1970" nulls STAMPS;
}
