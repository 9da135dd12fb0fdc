//! The texts that the feeds write for "not there". The same word is not the same everywhere: each field has its
//! own set.

/// Names, texts and flags.
pub(super) const ABSENT: &[&str] =
    &["", "-", "None", "NA", "N/A", "Unknown", "UNKNOWN", "unset", "INVALID", "Not Applicable"];

/// Principals and devices in ZPA's feeds: whatever a client or an identity provider writes for nobody.
pub(super) const NOBODY: &[&str] = &[
    "", "0", "-", "None", "none", "NONE", "NA", "N/A", "n/a", "Unknown", "unknown", "UNKNOWN", "unset",
    "null", "(null)",
];

/// Numbers.
pub(super) const NUMBERS: &[&str] = &["", "-", "None", "NA", "N/A", "Unknown", "UNKNOWN"];

/// Ports.
pub(super) const PORTS: &[&str] = &["", "-", "0", "None", "NA", "N/A", "Unknown"];

/// Addresses.
pub(super) const ADDRESSES: &[&str] =
    &["", "-", "0", "0.0.0.0", "::", "None", "NA", "N/A", "Unknown", "UNKNOWN", "unix:"];

/// Host names.
pub(super) const HOST: &[&str] =
    &["", "-", "None", "NA", "N/A", "Unknown", "UNKNOWN", "Unknown Host", "Unknown%20Host"];

/// URLs and what is part of one.
pub(super) const URL: &[&str] =
    &["", "-", "None", "NA", "N/A", "Unknown", "UNKNOWN", "Unknown URL", "Unknown%20URL"];

/// HTTP methods.
pub(super) const METHOD: &[&str] = &["", "-", "None", "NA", "N/A", "invalid", "INVALID", "Unknown"];

/// A bandwidth rule that is none.
pub(super) const BANDWIDTH: &[&str] =
    &["", "None", "NA", "N/A", "No Bandwidth Control", "No%20Bandwidth%20Control"];

/// Stamps; the year 1970 is looked at where they are read.
pub(super) const STAMPS: &[&str] = &["", "-", "0", "None", "NA", "N/A", "Unknown"];

/// JSON documents.
pub(super) const DOCUMENTS: &[&str] = &["", "-", "{}", "%7B%7D", "%7b%7d", "None", "NA", "Unknown"];

/// Opaque numbers.
pub(super) const OPAQUE: &[&str] = &["", "-", "0", "None", "NA", "N/A", "NO", "Unknown"];
