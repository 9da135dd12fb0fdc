//! Alerts of the NSS itself: a line of syslog each.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Address, Integer, Text};
use crate::decode::feed_table::{EXTRA, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, ADDRESSES, NUMBERS, STAMPS};

feed_table! {
    /// The health of the way that the other feeds take.
    ZIA_NSS_ALERT = ZiaNssAlert, "ALERT", "zia.alert/",
    signs [nss_address text];
    syslog_time: WRITTEN, to("log_time"), WANTED, "the syslog header's time, without a year or a zone" nulls STAMPS;
    priority: Integer, KEPT, EXTRA, "syslog's facility and severity" nulls NUMBERS;
    nss_address: Address, KEPT, WANTED, "the address of the NSS" nulls ADDRESSES;
    text: Text, KEPT, WANTED, "what happened, in words" nulls ABSENT;
}
