//! ZIA's endpoint DLP log: three clocks in one record.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Integer, Name, Obfuscated, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, NUMBERS, OPAQUE, STAMPS};

feed_table! {
    /// One record per thing that a user did with data on a device.
    ZIA_ENDPOINT_DLP = ZiaEndpointDlp, "ENDPOINT_DLP", "zia.edlp/",
    signs [actiontaken expectedaction confirmaction zdpmode itemname filesrcpath filedstpath dsttype triggeredrulelabel];
    epochtime: EPOCH_SECONDS, to("log_time"), WANTED, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    rtime: WRITTEN, KEPT, EXTRA, "when the cloud received it" nulls STAMPS;
    eventtime: WRITTEN, KEPT, WANTED, "when it happened, on the device's clock" nulls STAMPS;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    user: Name, KEPT, WANTED, "who" nulls ABSENT;
    department: Text, KEPT, EXTRA, "the user's department" nulls ABSENT;
    actiontaken: Name, KEPT, WANTED, "what was done" nulls ABSENT;
    expectedaction: Name, KEPT, EXTRA, "what the rule would have done" nulls ABSENT;
    confirmaction: Name, KEPT, EXTRA, "what the user answered" nulls ABSENT;
    confirmjust: Text, KEPT, EXTRA, "why, in the user's words" nulls ABSENT;
    zdpmode: Name, KEPT, EXTRA, "block or monitor" nulls ABSENT;
    activitytype: Name, KEPT, EXTRA, "what the user did" nulls ABSENT;
    logtype: Name, KEPT, EXTRA, "the kind of record" nulls ABSENT;
    channel: Name, KEPT, EXTRA, "by which way the data would have left" nulls ABSENT;
    srctype: Name, KEPT, EXTRA, "where it came from" nulls ABSENT;
    dsttype: Name, KEPT, EXTRA, "where it went" nulls ABSENT;
    itemname: Text, KEPT, EXTRA, "the item" nulls ABSENT;
    itemtype: Name, KEPT, EXTRA, "its kind" nulls ABSENT;
    itemsrcname: Text, KEPT, EXTRA, "where it was" nulls ABSENT;
    itemdstname: Text, KEPT, EXTRA, "where it went" nulls ABSENT;
    filesrcpath: Text, KEPT, EXTRA, "the file's path" nulls ABSENT;
    filedstpath: Text, KEPT, EXTRA, "its path afterwards" nulls ABSENT;
    filetypename: Name, KEPT, EXTRA, "its type" nulls ABSENT;
    filetypecategory: Name, KEPT, EXTRA, "its kind" nulls ABSENT;
    filedoctype: Name, KEPT, EXTRA, "the kind of document" nulls ABSENT;
    filemd5: Name, KEPT, EXTRA, "MD5 of the file" nulls ABSENT;
    filesha: Name, KEPT, EXTRA, "SHA-256 of the file" nulls ABSENT;
    dlpdictnames: Text, KEPT, EXTRA, "the dictionaries" nulls ABSENT;
    dlpcounts: Text, KEPT, EXTRA, "hits of each dictionary" nulls ABSENT;
    dlpengnames: Text, KEPT, EXTRA, "the engines" nulls ABSENT;
    dlpidentifier: Name, KEPT, EXTRA, "the incident, a 64-bit number" nulls ABSENT;
    numdlpengids: Integer, KEPT, EXTRA, "how many engines" nulls NUMBERS;
    numdlpdictids: Integer, KEPT, EXTRA, "how many dictionaries" nulls NUMBERS;
    scanned_bytes: Integer, KEPT, EXTRA, "how many bytes were looked at" nulls NUMBERS;
    scantime: Integer, KEPT, EXTRA, "how long that took, in ms" nulls NUMBERS;
    addinfo: Text, KEPT, EXTRA, "more, as text" nulls ABSENT;
    triggeredrulelabel: Text, KEPT, WANTED, "the rule that acted" nulls ABSENT;
    otherrulelabels: Text, KEPT, EXTRA, "other rules that fit" nulls ABSENT;
    severity: Name, KEPT, EXTRA, "the severity" nulls ABSENT;
    devicehostname: Name, KEPT, EXTRA, "the device's host name" nulls ABSENT;
    devicename: Name, KEPT, EXTRA, "the device's name, perhaps with a hash of its hardware" nulls ABSENT;
    devicetype: Name, KEPT, EXTRA, "what kind of client it is" nulls ABSENT;
    devicemodel: Name, KEPT, EXTRA, "the device's model" nulls ABSENT;
    deviceplatform: Name, KEPT, EXTRA, "the device's platform" nulls ABSENT;
    deviceostype: Name, KEPT, EXTRA, "the operating system" nulls ABSENT;
    deviceosversion: Name, KEPT, EXTRA, "the operating system's version" nulls ABSENT;
    deviceowner: Name, KEPT, EXTRA, "the device's owner" nulls ABSENT;
    deviceappversion: Name, KEPT, EXTRA, "the version of the client" nulls ABSENT;
    datacenter: Name, KEPT, EXTRA, "the data centre" nulls ABSENT;
    datacentercity: Name, KEPT, EXTRA, "its city" nulls ABSENT;
    datacentercountry: Name, KEPT, EXTRA, "its country" nulls ABSENT;
    ouser: Obfuscated("user"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odepartment: Obfuscated("department"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicename: Obfuscated("devicename"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odeviceowner: Obfuscated("deviceowner"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odevicehostname: Obfuscated("devicehostname"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ofilesrcpath: Obfuscated("filesrcpath"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ofiledstpath: Obfuscated("filedstpath"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    oitemname: Obfuscated("itemname"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    oitemsrcname: Obfuscated("itemsrcname"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    oitemdstname: Obfuscated("itemdstname"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odlpdictnames: Obfuscated("dlpdictnames"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    odlpengnames: Obfuscated("dlpengnames"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    otriggeredrulelabel: Obfuscated("triggeredrulelabel"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
    ootherrulelabels: Obfuscated("otherrulelabels"), KEPT, EXTRA, "the same, as an opaque number" nulls OPAQUE;
}
