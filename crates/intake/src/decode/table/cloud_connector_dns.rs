//! Cloud and Branch Connector: questions of workloads.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Integer, Name, Obfuscated, Port, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, MILLIS, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, HOST, NUMBERS, OPAQUE, PORTS, STAMPS};

feed_table! {
    /// One record per question.
    CLOUD_CONNECTOR_DNS = CloudConnectorDns, "EC_DNSLOG", "cc.dns/",
    signs [clt_ip dom_str req_rulename res_rulename req_duration resp_val_str dns_err resolver];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    eventtime: WRITTEN, KEPT, EXTRA, "when it happened, in the feed's zone" nulls STAMPS;
    clt_ip: Address, to("client_address"), WANTED, "the workload's address" nulls ADDRESSES;
    dom_str: Name, to("host"), WANTED, "the name that was asked for" nulls HOST;
    req_type: Name, KEPT, EXTRA, "the type of record that was asked for" nulls ABSENT;
    req_action: Name, to("disposition"), WANTED, "what was done with the question" nulls ABSENT;
    res_action: Name, to("disposition"), WANTED, "what was done with the answer" nulls ABSENT;
    req_rulename: Text, to("rule"), WANTED, "the rule that applied to the question" nulls ABSENT;
    res_rulename: Text, to("rule"), EXTRA, "the rule that applied to the answer" nulls ABSENT;
    req_duration: MILLIS, to("end_time"), WANTED, "how long the answer took, in ms" nulls NUMBERS;
    res_type: Name, KEPT, EXTRA, "the kind of answer" nulls ABSENT;
    resp_val_str: Text, KEPT, EXTRA, "the answer" nulls ABSENT;
    num_resp: Integer, KEPT, EXTRA, "how many answers" nulls NUMBERS;
    dns_err: Name, to("reason"), EXTRA, "what went wrong" nulls ABSENT;
    resolver: Address, to("server_address"), WANTED, "the resolver's address" nulls ADDRESSES;
    srv_port: Port, to("server_port"), EXTRA, "the resolver's port" nulls PORTS;
    protocol: Name, to("ip_protocol"), EXTRA, "what carried it" nulls ABSENT;
    dnsgw_flags: Name, to("effects"), EXTRA, "DNS gateway: what it did, fail-over among it" nulls ABSENT;
    dnsgw_slot: Name, KEPT, EXTRA, "DNS gateway: the setting" nulls ABSENT;
    inbytes: Integer, to("total_bytes"), EXTRA, "bytes received" nulls NUMBERS;
    outbytes: Integer, to("total_bytes"), EXTRA, "bytes sent" nulls NUMBERS;
    name: Name, to("app_connector"), WANTED, "the connector's name" nulls ABSENT;
    vm_name: Name, KEPT, EXTRA, "the connector's virtual machine" nulls ABSENT;
    group_name: Name, KEPT, EXTRA, "the connector's group" nulls ABSENT;
    region_name: Name, KEPT, EXTRA, "the cloud's region" nulls ABSENT;
    location: Text, KEPT, EXTRA, "the location" nulls ABSENT;
    platform_name: Name, KEPT, EXTRA, "the cloud" nulls ABSENT;
    platformgeo_name: Name, KEPT, EXTRA, "the cloud's geography" nulls ABSENT;
    account_id: Name, KEPT, EXTRA, "the cloud account" nulls ABSENT;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    odom_str: Obfuscated("dom_str"), KEPT, EXTRA, "the name, as an opaque number" nulls OPAQUE;
    oresp_val_str: Obfuscated("resp_val_str"), KEPT, EXTRA, "the answer, as an opaque number" nulls OPAQUE;
}
