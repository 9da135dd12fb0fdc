//! How a template renders a feed, as data: the syntax, the names of its keys, the clock of its stamps.

mod columns;
mod sentinel;
mod zia;

use std::sync::LazyLock;

use fanlight_model::Feed;

/// How keys and values stand in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// One JSON object, perhaps with the record inside a key `event`.
    Json,
    /// `key=value` between tabs.
    KeyValue,
    /// Quoted cells between commas, in a declared order.
    Csv,
    /// Cells between tabs, in a declared order.
    Tsv,
    /// ArcSight's, after a syslog header.
    Cef,
    /// QRadar's.
    Leef,
    /// RSA's: `key=value` between `^^`.
    Rsa,
    /// An alert of the NSS: a syslog header and a sentence.
    Alert,
    /// A template's, where its lines would be of none of these.
    Unreadable,
}

impl Syntax {
    /// Its lower-case name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::KeyValue => "key_value",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::Rsa => "rsa",
            Self::Alert => "alert",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What its plain values were escaped with, beyond what the syntax asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Nothing.
    None,
    /// `%HH` for the bytes that the feed's setting names.
    Hex,
}

/// One rendering of one feed.
#[derive(Debug)]
pub struct Dialect {
    /// Which feed.
    pub feed: Feed,
    /// Its name, as `fanlight ingest test` prints it.
    pub name: &'static str,
    /// How keys and values stand.
    pub syntax: Syntax,
    /// Keys that are not the names or tokens of the feed's table, and the name that each stands for; the empty name is for a key that
    /// repeats another or says nothing of the record.
    pub keys: &'static [(&'static str, &'static str)],
    /// A template of the syntax without keys: the names, in order.
    pub columns: &'static [&'static str],
    /// A line with fewer known keys is a customer's own template.
    pub least_keys: usize,
    /// Seconds east of UTC of stamps without a zone.
    pub zone_seconds: i64,
    /// What its plain values were escaped with.
    pub escape: Escape,
}

/// The name of Fanlight's own templates, which are known by their marker.
pub(crate) const FANLIGHT: &str = "fanlight";
/// The name of a customer's own template.
pub(crate) const CUSTOM: &str = "custom";
/// The name for lines of no template that is known.
pub(crate) const UNKNOWN: &str = "unknown";

const fn zpa_default(feed: Feed, least_keys: usize) -> Dialect {
    Dialect {
        feed,
        name: "default",
        syntax: Syntax::Json,
        keys: &[],
        columns: &[],
        least_keys,
        zone_seconds: 0,
        escape: Escape::None,
    }
}

/// All that are known. Each table's own names are read in any of them.
pub(crate) static DIALECTS: &[Dialect] = &[
    // The defaults of 2019 have this many keys; later ones have more.
    zpa_default(Feed::ZpaUserActivity, 50),
    zpa_default(Feed::ZpaUserStatus, 28),
    zpa_default(Feed::ZpaBrowserAccess, 32),
    zpa_default(Feed::ZpaAppprotection, 50),
    zpa_default(Feed::ZpaAppConnectorStatus, 36),
    zpa_default(Feed::ZpaAppConnectorMetrics, 29),
    zpa_default(Feed::ZpaPrivateServiceEdgeStatus, 34),
    zpa_default(Feed::ZpaPrivateServiceEdgeMetrics, 14),
    zpa_default(Feed::ZpaAudit, 13),
    zpa_default(Feed::ZpaMicrosegmentation, 20),
];

/// Those of the other feeds.
pub(crate) static OTHER_DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(zia::all);

/// Every dialect that is known.
pub(crate) fn dialects() -> impl Iterator<Item = &'static Dialect> {
    DIALECTS.iter().chain(OTHER_DIALECTS.iter())
}
