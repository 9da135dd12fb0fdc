//! ZIA's firewall log: the client's side, the tunnel, and the side that the destination sees.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Base64, Flag, Hex, Integer, Name, Obfuscated, Port, Text};
use crate::decode::feed_table::{
    EPOCH_SECONDS, EXTRA, ISO, KEPT, MILLIS, SECONDS, WANTED, WRITTEN, feed_table, to,
};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, HOST, NUMBERS, OPAQUE, PORTS, STAMPS};

feed_table! {
    /// One record per firewall session; in aggregate mode one that stands for many.
    ZIA_FIREWALL = ZiaFirewall, "FWLOG", "zia.fw/",
    signs [csip csport cdip cdport ssip ssport sdip sdport tsip nwsvc nwapp numsessions avgduration ipsrulelabel];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when the firewall session was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    csip: Address, to("client_address"), WANTED, "the client's address" nulls ADDRESSES;
    csport: Port, to("client_port"), WANTED, "the client's port" nulls PORTS;
    cdip: Address, to("host"), WANTED, "the address that the client asked for" nulls ADDRESSES;
    cdport: Port, to("service_port"), WANTED, "the port that the client asked for" nulls PORTS;
    cdfqdn: Name, to("host"), EXTRA, "the name that the client asked for" nulls HOST;
    tsip: Address, KEPT, EXTRA, "the tunnel's client address" nulls ADDRESSES;
    tsport: Port, KEPT, EXTRA, "the tunnel's client port" ["tunsport"] nulls PORTS;
    ttype: Name, KEPT, EXTRA, "the kind of tunnel" ["tuntype"] nulls ABSENT;
    ssip: Address, to("connector_address"), WANTED, "the address that the destination sees" nulls ADDRESSES;
    ssport: Port, to("connector_port"), WANTED, "the port that the destination sees" nulls PORTS;
    sdip: Address, to("server_address"), WANTED, "the destination's address" nulls ADDRESSES;
    sdport: Port, to("server_port"), WANTED, "the destination's port" nulls PORTS;
    location: Text, to("user_name"), WANTED, "the location, by which a login that is none is known" ["locationname"] nulls ABSENT;
    aggregate: Flag, to("connection_status"), WANTED, "Yes where the row stands for many firewall sessions" ["aggregated"] nulls ABSENT;
    srcip_country: Name, KEPT, EXTRA, "the client's country" nulls ABSENT;
    destcountry: Name, KEPT, EXTRA, "the destination's country" nulls ABSENT;
    ipcat: Text, KEPT, EXTRA, "the category of the destination" nulls ABSENT;
    ipproto: Name, to("ip_protocol"), WANTED, "the IP protocol" nulls ABSENT;
    nwsvc: Name, KEPT, EXTRA, "the network service" ["nwservice"] nulls ABSENT;
    nwapp: Name, to("app"), EXTRA, "the network app" nulls ABSENT;
    stateful: Flag, KEPT, EXTRA, "whether the firewall kept state" nulls ABSENT;
    action: Name, to("disposition"), WANTED, "Allow, Drop, Block/…, IPS …" nulls ABSENT;
    rulelabel: Text, to("rule"), WANTED, "the firewall rule" nulls ABSENT;
    dnat: Flag, to("effects"), EXTRA, "whether the destination was translated" nulls ABSENT;
    dnatrulelabel: Text, KEPT, EXTRA, "the rule that did" nulls ABSENT;
    ipsrulelabel: Text, to("rule"), EXTRA, "the intrusion prevention rule" nulls ABSENT;
    ips_custom_signature: Flag, KEPT, EXTRA, "whether a signature of the customer's own fitted" nulls ABSENT;
    threatcat: Text, KEPT, EXTRA, "the threat's category" nulls ABSENT;
    threatname: Text, KEPT, EXTRA, "the threat" nulls ABSENT;
    threat_score: Integer, KEPT, EXTRA, "the threat's score" nulls NUMBERS;
    threat_severity: Name, KEPT, EXTRA, "the threat's severity" nulls ABSENT;
    inbytes: Integer, to("total_bytes"), EXTRA, "bytes from the server to the client" nulls NUMBERS;
    outbytes: Integer, to("total_bytes"), EXTRA, "bytes from the client to the server" nulls NUMBERS;
    duration: SECONDS, to("start_time"), EXTRA, "how long, in seconds: where the ms are not sent" nulls NUMBERS;
    durationms: MILLIS, to("start_time"), WANTED, "how long, in ms; of an aggregated row the sum" nulls NUMBERS;
    avgduration: MILLIS, KEPT, EXTRA, "the mean of the sessions of the row, in ms" nulls NUMBERS;
    numsessions: Integer, to("connection_status"), EXTRA, "how many sessions the row stands for" nulls NUMBERS;
    login: Name, to("user_name"), WANTED, "who: an e-mail address, or a location's name where nobody signed in" nulls ABSENT;
    dept: Text, KEPT, EXTRA, "the principal's department" nulls ABSENT;
    devicehostname: Name, to("device"), WANTED, "the device's host name" nulls ABSENT;
    devicename: Name, KEPT, EXTRA, "the device's name, perhaps with a hash of its hardware" nulls ABSENT;
    devicemodel: Name, KEPT, EXTRA, "the device's model" nulls ABSENT;
    devicetype: Name, KEPT, EXTRA, "what kind of client it is" nulls ABSENT;
    deviceostype: Name, KEPT, EXTRA, "the operating system" nulls ABSENT;
    deviceosversion: Name, KEPT, EXTRA, "the operating system's version" nulls ABSENT;
    deviceowner: Name, KEPT, EXTRA, "the device's owner, often a short account name" nulls ABSENT;
    deviceappversion: Name, KEPT, EXTRA, "the version of Client Connector" nulls ABSENT;
    external_deviceid: Name, KEPT, EXTRA, "the device's id in the customer's device management" ["external_devid"] nulls ABSENT;
    ztunnelversion: Name, KEPT, EXTRA, "how Client Connector tunnels" nulls ABSENT;
    bypassed_session: Flag, to("effects"), EXTRA, "1 where the session went past the service edge" nulls ABSENT;
    bypass_etime: WRITTEN, KEPT, EXTRA, "when it did; 1970 where it did not" ["bypassed_etime"] nulls STAMPS;
    flow_type: Name, KEPT, EXTRA, "how Client Connector sent it" nulls ABSENT;
    datacenter: Name, to("service_edge"), WANTED, "the data centre of the service edge" nulls ABSENT;
    datacentercity: Name, KEPT, EXTRA, "its city" nulls ABSENT;
    datacentercountry: Name, KEPT, EXTRA, "its country" nulls ABSENT;
    rdr_rulename: Text, to("effects"), EXTRA, "the forwarding rule" nulls ABSENT;
    fwd_gw_name: Text, to("effects"), EXTRA, "the gateway that it was forwarded to" nulls ABSENT;
    zpa_app_seg_name: Text, to("app_segment"), EXTRA, "the ZPA app segment, where ZIA forwards to ZPA" nulls ABSENT;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    pcapid: Name, KEPT, EXTRA, "the packet capture" nulls ABSENT;
    eedone: Flag, KEPT, EXTRA, "whether escaping was done" nulls ABSENT;
    company: Text, KEPT, EXTRA, "the organisation" nulls ABSENT;
    cloudname: Name, KEPT, EXTRA, "the cloud that the organisation is on" nulls ABSENT;
    elogin: Hex("login"), to("user_name"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edepartment: Hex("dept"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    elocation: Hex("location"), to("user_name"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    erulelabel: Hex("rulelabel"), to("rule"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    ethreatname: Hex("threatname"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edevicehostname: Hex("devicehostname"), to("device"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edevicename: Hex("devicename"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    b64login: Base64("login"), to("user_name"), EXTRA, "the same in base64" nulls ABSENT;
    b64location: Base64("location"), to("user_name"), EXTRA, "the same in base64" nulls ABSENT;
    b64dept: Base64("dept"), KEPT, EXTRA, "the same in base64" nulls ABSENT;
    b64rulelabel: Base64("rulelabel"), to("rule"), EXTRA, "the same in base64" nulls ABSENT;
    b64rdr_rulename: Base64("rdr_rulename"), to("effects"), EXTRA, "the same in base64" nulls ABSENT;
    b64fwd_gw_name: Base64("fwd_gw_name"), to("effects"), EXTRA, "the same in base64" nulls ABSENT;
    b64zpa_app_seg_name: Base64("zpa_app_seg_name"), to("app_segment"), EXTRA, "the same in base64" nulls ABSENT;
    ologin: Obfuscated("login"), to("user_name"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicehostname: Obfuscated("devicehostname"), to("device"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicename: Obfuscated("devicename"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odeviceowner: Obfuscated("deviceowner"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ordr_rulename: Obfuscated("rdr_rulename"), to("effects"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ofwd_gw_name: Obfuscated("fwd_gw_name"), to("effects"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ozpa_app_seg_name: Obfuscated("zpa_app_seg_name"), to("app_segment"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    orulelabel: Obfuscated("rulelabel"), to("rule"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
}
