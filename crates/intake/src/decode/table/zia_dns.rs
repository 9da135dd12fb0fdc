//! ZIA's DNS log.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Base64, Flag, Hex, Integer, Name, Obfuscated, Port, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, MILLIS, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, HOST, NUMBERS, OPAQUE, PORTS, STAMPS};

feed_table! {
    /// One record per question.
    ZIA_DNS = ZiaDns, "DNSLOG", "zia.dns/",
    signs [reqaction resaction reqrulelabel resrulelabel reqtype domcat respipcat dnsapp];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when the question was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    login: Name, to("user_name"), WANTED, "who: an e-mail address, or a location's name where nobody signed in" nulls ABSENT;
    dept: Text, KEPT, EXTRA, "the principal's department" nulls ABSENT;
    location: Text, to("user_name"), WANTED, "the location, by which a login that is none is known" nulls ABSENT;
    company: Text, KEPT, EXTRA, "the organisation" nulls ABSENT;
    cloudname: Name, KEPT, EXTRA, "the cloud that the organisation is on" nulls ABSENT;
    reqaction: Name, to("disposition"), WANTED, "what was done with the question" nulls ABSENT;
    resaction: Name, to("disposition"), WANTED, "what was done with the answer" nulls ABSENT;
    action: Name, to("disposition"), EXTRA, "both, in one text" nulls ABSENT;
    reqrulelabel: Text, to("rule"), WANTED, "the rule that applied to the question" nulls ABSENT;
    resrulelabel: Text, to("rule"), EXTRA, "the rule that applied to the answer" nulls ABSENT;
    rulelabel: Text, to("rule"), EXTRA, "both, in one text" nulls ABSENT;
    req: Name, to("host"), WANTED, "the name that was asked for" nulls HOST;
    reqtype: Name, KEPT, EXTRA, "the type of record that was asked for" nulls ABSENT;
    res: Text, KEPT, EXTRA, "the answer: an address, a name, or what went wrong in words" nulls ABSENT;
    restype: Name, KEPT, EXTRA, "the kind of answer" nulls ABSENT;
    error: Name, to("reason"), EXTRA, "what went wrong" nulls ABSENT;
    domcat: Text, KEPT, EXTRA, "the category of the name" nulls ABSENT;
    respipcat: Text, KEPT, EXTRA, "the category of the address in the answer" nulls ABSENT;
    durationms: MILLIS, to("end_time"), WANTED, "how long the answer took, in ms" nulls NUMBERS;
    cip: Address, to("client_address"), WANTED, "the client's address" nulls ADDRESSES;
    sip: Address, to("server_address"), WANTED, "the resolver's address" nulls ADDRESSES;
    sport: Port, to("server_port"), WANTED, "the resolver's port" nulls PORTS;
    istcp: Flag, to("ip_protocol"), EXTRA, "whether TCP carried it" nulls ABSENT;
    protocol: Name, to("ip_protocol"), EXTRA, "what carried it" nulls ABSENT;
    http_code: Integer, to("status"), EXTRA, "DNS over HTTPS: the status" nulls NUMBERS;
    dnsapp: Name, to("app"), EXTRA, "the app behind the name" nulls ABSENT;
    dnsappcat: Name, KEPT, EXTRA, "that app's category" nulls ABSENT;
    ecs_slot: Name, KEPT, EXTRA, "client subnet: the setting" nulls ABSENT;
    ecs_prefix: Name, KEPT, EXTRA, "client subnet: the prefix" nulls ABSENT;
    dnsgw_slot: Name, KEPT, EXTRA, "DNS gateway: the setting" nulls ABSENT;
    dnsgw_srv_proto: Name, KEPT, EXTRA, "DNS gateway: the protocol" nulls ABSENT;
    dnsgw_flags: Name, to("effects"), EXTRA, "DNS gateway: what it did, fail-over among it" nulls ABSENT;
    devicehostname: Name, to("device"), WANTED, "the device's host name" nulls ABSENT;
    devicename: Name, KEPT, EXTRA, "the device's name, perhaps with a hash of its hardware" nulls ABSENT;
    devicemodel: Name, KEPT, EXTRA, "the device's model" nulls ABSENT;
    devicetype: Name, to("effects"), EXTRA, "what kind of client it is" nulls ABSENT;
    deviceostype: Name, KEPT, EXTRA, "the operating system" nulls ABSENT;
    deviceosversion: Name, KEPT, EXTRA, "the operating system's version" nulls ABSENT;
    deviceowner: Name, KEPT, EXTRA, "the device's owner, often a short account name" nulls ABSENT;
    deviceappversion: Name, KEPT, EXTRA, "the version of Client Connector" nulls ABSENT;
    datacenter: Name, to("service_edge"), WANTED, "the data centre of the service edge" nulls ABSENT;
    datacentercity: Name, KEPT, EXTRA, "its city" nulls ABSENT;
    datacentercountry: Name, KEPT, EXTRA, "its country" nulls ABSENT;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    pcapid: Name, KEPT, EXTRA, "the packet capture" nulls ABSENT;
    eedone: Flag, KEPT, EXTRA, "whether escaping was done" nulls ABSENT;
    elogin: Hex("login"), to("user_name"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edepartment: Hex("dept"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    elocation: Hex("location"), to("user_name"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    ereqrulelabel: Hex("reqrulelabel"), to("rule"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    eresrulelabel: Hex("resrulelabel"), to("rule"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edevicehostname: Hex("devicehostname"), to("device"), EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    edevicename: Hex("devicename"), KEPT, EXTRA, "the same, bytes escaped as %HH" nulls ABSENT;
    b64login: Base64("login"), to("user_name"), EXTRA, "the same in base64" nulls ABSENT;
    b64dept: Base64("dept"), KEPT, EXTRA, "the same in base64" nulls ABSENT;
    b64location: Base64("location"), to("user_name"), EXTRA, "the same in base64" nulls ABSENT;
    ologin: Obfuscated("login"), to("user_name"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicehostname: Obfuscated("devicehostname"), to("device"), EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicename: Obfuscated("devicename"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odeviceowner: Obfuscated("deviceowner"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
}
