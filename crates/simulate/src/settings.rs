//! What a company is made from.

use fanlight_model::Timestamp;

use crate::profile::Profile;
use crate::scenario::Scenario;

/// Which template renders ZPA's feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZpaDialect {
    /// The vendor's default, which lacks four of the set-up timers.
    VendorDefault,
    /// The order of the vendor's published sample, with the timers.
    #[default]
    VendorSample,
    /// Fanlight's own.
    Recommended,
}

impl ZpaDialect {
    /// Its name in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VendorDefault => "vendor_default",
            Self::VendorSample => "vendor_sample",
            Self::Recommended => "recommended",
        }
    }
}

/// Which template renders ZIA's feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZiaDialect {
    /// JSON with the tokens' names inside an envelope, with `ctime` and `stime`.
    #[default]
    Tokens,
    /// The vendor's default JSON, with friendly keys and without `ctime` and `stime`.
    Friendly,
    /// Fanlight's own.
    Recommended,
    /// The vendor's default CSV for the web log; firewall and DNS as `Tokens`.
    Csv,
    /// LEEF for the web log; firewall and DNS as `Tokens`.
    Leef,
}

impl ZiaDialect {
    /// Its name in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Friendly => "friendly",
            Self::Recommended => "recommended",
            Self::Csv => "csv",
            Self::Leef => "leef",
        }
    }
}

/// Which User Activity records a connection has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivityRecords {
    /// `open`, `active`, `close`.
    #[default]
    OpenActiveClose,
    /// `active`, `close`.
    ActiveClose,
    /// `close` alone.
    Close,
}

impl ActivityRecords {
    /// Its name in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenActiveClose => "open_active_close",
            Self::ActiveClose => "active_close",
            Self::Close => "close",
        }
    }
}

/// How lists of User Status are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListShape {
    /// `["a","b"]`, as the template says.
    #[default]
    Array,
    /// `"a,b"`, as in the vendor's sample.
    Commas,
    /// Nothing after the colon where the list is empty: no valid JSON, and seen in the field.
    NothingWhenEmpty,
}

impl ListShape {
    /// Its name in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Commas => "commas",
            Self::NothingWhenEmpty => "nothing_when_empty",
        }
    }
}

/// What a company is made from. The same settings make the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The seed of all chance.
    pub seed: u64,
    /// How large it is.
    pub profile: Profile,
    /// How many minutes of its time are told; the ends of what was begun in them follow.
    pub minutes: u32,
    /// What goes wrong.
    pub scenario: Scenario,
    /// When it begins.
    pub start: Timestamp,
    /// Pages that a person opens in an hour, at the busiest time of the day.
    pub visits_per_hour: f64,
    /// ZPA's template.
    pub zpa: ZpaDialect,
    /// ZIA's template.
    pub zia: ZiaDialect,
    /// Which User Activity records there are.
    pub activity_records: ActivityRecords,
    /// How lists of User Status are written; one shape is broken.
    pub lists: ListShape,
    /// The day of a written date is padded as C does (`Jul  3`), else not at all (`Jul 3`).
    pub pad_days: bool,
    /// Two app connector groups send the same records, each with its own delay.
    pub two_receivers: bool,
    /// ZIA's identities are opaque numbers. In Fanlight's own template and in CSV and LEEF they never are.
    pub obfuscated: bool,
    /// Quotes of user agents stand unescaped in ZIA's web log, as with plain tokens: no valid JSON, and seen in the field.
    pub raw_quotes: bool,
    /// Policy time lies inside the central authority's time, as the two published samples allow.
    pub policy_inside_ca: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            profile: Profile::S,
            minutes: 10,
            scenario: Scenario::Mix,
            // 2026-03-04T13:00:00Z, a Wednesday: afternoon in Europe, morning in the east of America.
            start: Timestamp::from_seconds(1_772_629_200),
            visits_per_hour: 6.0,
            zpa: ZpaDialect::default(),
            zia: ZiaDialect::default(),
            activity_records: ActivityRecords::default(),
            lists: ListShape::default(),
            pad_days: true,
            two_receivers: false,
            obfuscated: false,
            raw_quotes: false,
            policy_inside_ca: false,
        }
    }
}
