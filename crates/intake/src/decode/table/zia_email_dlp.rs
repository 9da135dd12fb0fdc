//! ZIA's e-mail DLP log: lists that run in parallel, between bars.

#![allow(non_camel_case_types, reason = "the vendor's words")]

use crate::decode::feed_table::Kind::{Integer, Name, Obfuscated, Text};
use crate::decode::feed_table::{EPOCH_SECONDS, EXTRA, ISO, KEPT, WANTED, WRITTEN, feed_table, to};
use crate::decode::table::nulls::{ABSENT, NUMBERS, OPAQUE, STAMPS};

feed_table! {
    /// One record per mail.
    ZIA_EMAIL_DLP = ZiaEmailDlp, "EMAIL_DLP", "zia.maildlp/",
    signs [mailsenttime epochmailsenttime recipients mailsize];
    mailsenttime: WRITTEN, to("log_time"), WANTED, "when it was sent: the only clock of the record" nulls STAMPS;
    epochmailsenttime: EPOCH_SECONDS, to("log_time"), EXTRA, "the same, seconds since 1970" nulls STAMPS;
    epochtime: EPOCH_SECONDS, to("log_time"), EXTRA, "seconds since 1970: the one stamp that needs no zone" nulls STAMPS;
    time: WRITTEN, to("log_time"), EXTRA, "when it was logged, in the feed's zone" nulls STAMPS;
    datetime: ISO, to("log_time"), EXTRA, "the same, put together by the template from its parts" ["TimeGenerated"] nulls STAMPS;
    tz: Name, KEPT, EXTRA, "the zone of the stamps, an abbreviation" ["dtz", "timezone"] nulls ABSENT;
    syslog_time: WRITTEN, to("log_time"), EXTRA, "the syslog header's own time, without a year or a zone" nulls STAMPS;
    recordid: Name, to("vendor_uid"), WANTED, "the record's id, a 64-bit number" nulls OPAQUE;
    sender: Name, KEPT, WANTED, "who sent it" ["user", "owner"] nulls ABSENT;
    recipients: Text, KEPT, WANTED, "to whom, between bars" ["recipient"] nulls ABSENT;
    subject: Text, KEPT, EXTRA, "the subject" nulls ABSENT;
    messageid: Name, KEPT, EXTRA, "the message's id" nulls ABSENT;
    actiontaken: Name, KEPT, WANTED, "what was done" ["action", "policy"] nulls ABSENT;
    rulelabel: Text, KEPT, WANTED, "the rules, between bars" ["triggeredrulelabel"] nulls ABSENT;
    otherrulelabels: Text, KEPT, EXTRA, "other rules that fit, between bars" nulls ABSENT;
    severity: Name, KEPT, EXTRA, "the severity, between bars" nulls ABSENT;
    dlpdictnames: Text, KEPT, EXTRA, "the dictionaries, between bars" nulls ABSENT;
    dlpcounts: Text, KEPT, EXTRA, "hits of each dictionary, between bars" ["dlpdictcount"] nulls ABSENT;
    dlpengnames: Text, KEPT, EXTRA, "the engines, between bars" ["dlpenginenames"] nulls ABSENT;
    dlpidentifier: Name, KEPT, EXTRA, "the incident, a 64-bit number" nulls ABSENT;
    attachments: Text, KEPT, EXTRA, "the attachments, between bars" ["attchcomponentfilenames"] nulls ABSENT;
    attachmenttypes: Text, KEPT, EXTRA, "their types, between bars" ["attchcomponentfiletypes"] nulls ABSENT;
    attachmentmd5s: Text, KEPT, EXTRA, "their MD5, between bars" ["attchcomponentmd5s"] nulls ABSENT;
    mailsize: Integer, KEPT, EXTRA, "the mail's size in bytes" ["msgsize"] nulls NUMBERS;
    department: Text, KEPT, EXTRA, "the sender's department" nulls ABSENT;
    company: Text, KEPT, EXTRA, "the organisation" nulls ABSENT;
    datacenter: Name, KEPT, EXTRA, "the data centre" nulls ABSENT;
    osender: Obfuscated("sender"), KEPT, EXTRA, "the sender, as an opaque number" ["oowner"] nulls OPAQUE;
    orecipients: Obfuscated("recipients"), KEPT, EXTRA, "the recipients, as an opaque number" nulls OPAQUE;
    orulelabel: Obfuscated("rulelabel"), KEPT, EXTRA, "the rules, as an opaque number" nulls OPAQUE;
}
