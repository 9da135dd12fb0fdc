//! Cloud and Branch Connector: sessions of workloads, with the ports of both sides.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Integer, Name, Obfuscated, Port, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, HOST, NUMBERS, OPAQUE, PORTS, STAMPS};

feed_table! {
    /// One record per session, or one that stands for many.
    CLOUD_CONNECTOR_SESSION = CloudConnectorSession, "ECLOG", "cc.session/",
    signs [clt_src_ip clt_dst_ip clt_dst_name srv_src_ip srv_dst_ip zia_src_ip fwdtypename rdrrulename zpa_appseg num_aggr_sess];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    eventtime: WRITTEN, KEPT, EXTRA, "when the session began or was reported, in the feed's zone" nulls STAMPS;
    clt_src_ip: Address, to("client_address"), WANTED, "the workload's address" nulls ADDRESSES;
    clt_src_port: Port, to("client_port"), WANTED, "the workload's port" nulls PORTS;
    clt_dst_ip: Address, to("host"), WANTED, "the address that the workload asked for" nulls ADDRESSES;
    clt_dst_port: Port, to("service_port"), WANTED, "the port that the workload asked for" nulls PORTS;
    clt_dst_name: Name, to("host"), WANTED, "the name that the workload asked for" nulls HOST;
    srv_src_ip: Address, to("connector_address"), WANTED, "the address that the destination sees" nulls ADDRESSES;
    srv_src_port: Port, to("connector_port"), WANTED, "the port that the destination sees" nulls PORTS;
    srv_dst_ip: Address, to("server_address"), WANTED, "the destination's address" nulls ADDRESSES;
    srv_dst_port: Port, to("server_port"), WANTED, "the destination's port" nulls PORTS;
    srv_ip_country: Name, KEPT, EXTRA, "the destination's country" nulls ABSENT;
    zia_src_ip: Address, KEPT, EXTRA, "towards ZIA: the connector's address" nulls ADDRESSES;
    zia_src_port: Port, KEPT, EXTRA, "towards ZIA: the connector's port" nulls PORTS;
    gw_name: Text, to("service_edge"), EXTRA, "the gateway" nulls ABSENT;
    gw_dst_ip: Address, KEPT, EXTRA, "the gateway's address" nulls ADDRESSES;
    gw_dst_port: Port, KEPT, EXTRA, "the gateway's port" nulls PORTS;
    fwdtypename: Name, to("disposition"), WANTED, "where it was forwarded to: ZIA, ZPA, Direct, Drop, …" nulls ABSENT;
    zapptunname: Name, KEPT, EXTRA, "the tunnel" nulls ABSENT;
    rdrrulename: Text, to("rule"), WANTED, "the forwarding rule" nulls ABSENT;
    self_rulename: Text, KEPT, EXTRA, "the rule for the connector's own traffic" nulls ABSENT;
    traffic_type: Name, KEPT, EXTRA, "workload traffic, or the connector's own" nulls ABSENT;
    nw_service: Name, KEPT, EXTRA, "the network service" nulls ABSENT;
    clt_nw_protocol: Name, to("ip_protocol"), WANTED, "the IP protocol towards the workload" nulls ABSENT;
    srv_nw_protocol: Name, KEPT, EXTRA, "the IP protocol towards the destination" nulls ABSENT;
    zia_gw_protocol: Name, KEPT, EXTRA, "the protocol towards the gateway" nulls ABSENT;
    zpa_appseg: Text, to("app_segment"), WANTED, "the ZPA app segment" nulls ABSENT;
    session_duration: Integer, KEPT, EXTRA, "how long; its unit is not published" nulls NUMBERS;
    num_sess: Integer, to("connection_status"), EXTRA, "how many sessions the row stands for" nulls NUMBERS;
    num_aggr_sess: Integer, to("connection_status"), EXTRA, "how many sessions were put together" nulls NUMBERS;
    aggrname: Name, KEPT, EXTRA, "how they were put together" nulls ABSENT;
    clt_tx_bytes: Integer, to("total_bytes"), EXTRA, "bytes to the workload" nulls NUMBERS;
    clt_rx_bytes: Integer, to("total_bytes"), EXTRA, "bytes from the workload" nulls NUMBERS;
    srv_tx_bytes: Integer, KEPT, EXTRA, "bytes to the destination" nulls NUMBERS;
    srv_rx_bytes: Integer, KEPT, EXTRA, "bytes from the destination" nulls NUMBERS;
    name: Name, to("app_connector"), WANTED, "the connector's name" nulls ABSENT;
    vm_name: Name, KEPT, EXTRA, "the connector's virtual machine" nulls ABSENT;
    group_name: Name, KEPT, EXTRA, "the connector's group" nulls ABSENT;
    region_name: Name, KEPT, EXTRA, "the cloud's region" nulls ABSENT;
    location: Text, KEPT, EXTRA, "the location" nulls ABSENT;
    platform_name: Name, KEPT, EXTRA, "the cloud" nulls ABSENT;
    platformgeo_name: Name, KEPT, EXTRA, "the cloud's geography" nulls ABSENT;
    account_id: Name, KEPT, EXTRA, "the cloud account" nulls ABSENT;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    ogw_name: Obfuscated("gw_name"), KEPT, EXTRA, "the gateway, as an opaque number" nulls OPAQUE;
    ordrrulename: Obfuscated("rdrrulename"), KEPT, EXTRA, "the forwarding rule, as an opaque number" nulls OPAQUE;
    oself_rulename: Obfuscated("self_rulename"), KEPT, EXTRA, "that rule, as an opaque number" nulls OPAQUE;
}
