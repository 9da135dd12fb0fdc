//! Cloud and Branch Connector: what happened to the connector itself.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Integer, Name, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, NUMBERS, OPAQUE, STAMPS};

feed_table! {
    /// One record per event.
    CLOUD_CONNECTOR_EVENT = CloudConnectorEvent, "EC_EVENTLOG", "cc.event/",
    signs [event_name abstime inteventtime connector_type attr1_name attr1_val];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    rtime: WRITTEN, KEPT, EXTRA, "when the cloud received it" nulls STAMPS;
    abstime: WRITTEN, KEPT, EXTRA, "when it happened" nulls STAMPS;
    inteventtime: WRITTEN, KEPT, EXTRA, "when it happened, on the connector's clock" nulls STAMPS;
    event_name: Name, to("session_status"), WANTED, "what happened" nulls ABSENT;
    category: Name, KEPT, WANTED, "the kind of event" nulls ABSENT;
    severity: Name, KEPT, EXTRA, "the severity" nulls ABSENT;
    name: Name, to("name"), WANTED, "the connector's name" nulls ABSENT;
    vm_name: Name, KEPT, EXTRA, "the connector's virtual machine" nulls ABSENT;
    group_name: Name, to("group"), WANTED, "the connector's group" nulls ABSENT;
    connector_type: Name, KEPT, EXTRA, "cloud or branch" nulls ABSENT;
    platform_name: Name, to("platform"), EXTRA, "the cloud" nulls ABSENT;
    platformgeo_name: Name, KEPT, EXTRA, "the cloud's geography" nulls ABSENT;
    region_name: Name, KEPT, EXTRA, "the cloud's region" nulls ABSENT;
    location: Text, KEPT, EXTRA, "the location" nulls ABSENT;
    company: Text, KEPT, EXTRA, "the organisation" nulls ABSENT;
    account_id: Name, KEPT, EXTRA, "the cloud account" nulls ABSENT;
    attr1_name: Name, KEPT, EXTRA, "the first detail's name" nulls ABSENT;
    attr1_val: Text, KEPT, EXTRA, "the first detail" nulls ABSENT;
    attr2_name: Name, KEPT, EXTRA, "the second detail's name" nulls ABSENT;
    attr2_val: Text, KEPT, EXTRA, "the second detail" nulls ABSENT;
    attr3_name: Name, KEPT, EXTRA, "the third detail's name" nulls ABSENT;
    attr3_val: Text, KEPT, EXTRA, "the third detail" nulls ABSENT;
    attr4_name: Name, KEPT, EXTRA, "the fourth detail's name" nulls ABSENT;
    attr4_val: Text, KEPT, EXTRA, "the fourth detail" nulls ABSENT;
    error_code: Integer, to("measures"), EXTRA, "the error's number" nulls NUMBERS;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
}
