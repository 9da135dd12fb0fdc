//! What a feed can say, as data: every token that the vendor has, what it means, and where it goes.
//!
//! One table serves the decoder (which key is which token), the normaliser (what counts as "not there"), `fanlight doctor` (what
//! is missing) and the page of all fields.

use fanlight_model::Feed;

/// A unit of time on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
}

/// How the vendor's default template renders a stamp. Every form is read everywhere: templates are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampForm {
    /// `Thu Sep  6 22:55:48 2012`: whole seconds, no zone.
    Written,
    /// `2019-05-30T08:20:42.230Z`.
    Iso,
    /// A count since 1970.
    Epoch(Unit),
}

/// What a field's text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A name or an id, as text: ids have more digits than a double can tell.
    Name,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Decimal,
    /// A port.
    Port,
    /// An IP address.
    Address,
    /// A point in time.
    Stamp(StampForm),
    /// A length of time.
    Duration(Unit),
    /// Yes or no, in one of many spellings.
    Flag,
    /// A list: a JSON array, or a text with commas.
    List,
    /// A JSON document as text.
    Json,
    /// The named token with bytes written as `%HH`. Not reversible: a `%` of the text itself looks the same.
    Hex(&'static str),
    /// The named token in base64.
    Base64(&'static str),
    /// The named token as an opaque number, stable for one value.
    Obfuscated(&'static str),
}

impl Kind {
    /// The texts that stand for "not there" where the field has no set of its own.
    pub const fn nulls(self) -> &'static [&'static str] {
        match self {
            Self::Name | Self::Port | Self::Stamp(_) | Self::Duration(_) | Self::Obfuscated(_) => &["", "0"],
            Self::Address => &["", "0", "0.0.0.0", "::"],
            _ => &[""],
        }
    }

    /// What it holds, for people.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Name => "name".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Decimal => "decimal".to_owned(),
            Self::Port => "port".to_owned(),
            Self::Address => "address".to_owned(),
            Self::Stamp(StampForm::Written) => "time, written out".to_owned(),
            Self::Stamp(StampForm::Iso) => "time, ISO 8601".to_owned(),
            Self::Stamp(StampForm::Epoch(_)) => "time since 1970".to_owned(),
            Self::Duration(_) => "duration".to_owned(),
            Self::Flag => "yes or no".to_owned(),
            Self::List => "list".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Hex(of) => format!("`{of}`, `%HH`"),
            Self::Base64(of) => format!("`{of}`, base64"),
            Self::Obfuscated(of) => format!("`{of}`, obfuscated"),
        }
    }

    /// The token that this is another rendering of.
    pub const fn base(self) -> Option<&'static str> {
        match self {
            Self::Hex(base) | Self::Base64(base) | Self::Obfuscated(base) => Some(base),
            _ => None,
        }
    }

    /// The unit of its number, for people.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Duration(Unit::Seconds) | Self::Stamp(StampForm::Epoch(Unit::Seconds)) => "s",
            Self::Duration(Unit::Millis) | Self::Stamp(StampForm::Epoch(Unit::Millis)) => "ms",
            Self::Duration(Unit::Micros) | Self::Stamp(StampForm::Epoch(Unit::Micros)) => "µs",
            _ => "",
        }
    }
}

/// Where a field goes in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The named column, of the model or of its table.
    Column(&'static str),
    /// Into the raw line only, which is kept.
    Kept,
}

impl Target {
    /// The column's name, where it goes to one.
    pub const fn column(self) -> Option<&'static str> {
        match self {
            Self::Column(name) => Some(name),
            Self::Kept => None,
        }
    }
}

/// One token of a feed.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key in the vendor's default template.
    pub name: &'static str,
    /// The token as a template spells it in braces.
    pub token: &'static str,
    /// Other keys that mean the same: the vendor's own slips, and older names.
    pub aliases: &'static [&'static str],
    /// What its text holds.
    pub kind: Kind,
    /// The texts that stand for "not there".
    pub nulls: &'static [&'static str],
    /// Where it goes.
    pub target: Target,
    /// True where an answer is missing without it.
    pub wanted: bool,
    /// What it means, in a few words.
    pub meaning: &'static str,
}

/// All tokens of a feed.
#[derive(Debug)]
pub struct FeedTable {
    /// Which feed.
    pub feed: Feed,
    /// The vendor's code of the log type.
    pub code: &'static str,
    /// How the value of `fl` begins in Fanlight's own template: `zpa.ua/`; the version follows.
    pub marker: &'static str,
    /// Names of fields that few other feeds have: one of them, and two more known keys, make a line this feed's.
    pub signs: &'static [&'static str],
    /// The fields, in the order of the vendor's default template.
    pub fields: &'static [Field],
}

/// A token's place in its table.
pub(crate) trait Token: Copy {
    fn index(self) -> usize;
}

pub(crate) const WANTED: bool = true;
pub(crate) const EXTRA: bool = false;
pub(crate) const KEPT: Target = Target::Kept;
pub(crate) const WRITTEN: Kind = Kind::Stamp(StampForm::Written);
pub(crate) const ISO: Kind = Kind::Stamp(StampForm::Iso);
pub(crate) const EPOCH_SECONDS: Kind = Kind::Stamp(StampForm::Epoch(Unit::Seconds));
pub(crate) const EPOCH_MICROS: Kind = Kind::Stamp(StampForm::Epoch(Unit::Micros));
pub(crate) const SECONDS: Kind = Kind::Duration(Unit::Seconds);
pub(crate) const MILLIS: Kind = Kind::Duration(Unit::Millis);
pub(crate) const MICROS: Kind = Kind::Duration(Unit::Micros);

pub(crate) const fn to(column: &'static str) -> Target {
    Target::Column(column)
}

pub(crate) const fn first<T: ?Sized>(given: &[&'static T], otherwise: &'static T) -> &'static T {
    match given {
        [first, ..] => first,
        [] => otherwise,
    }
}

/// Makes a table and the enumeration of its tokens. A line is
/// `Key: KIND, TARGET, WANTED or EXTRA, "meaning" ["alias", …] token "spelling" nulls &["", …];`, its last three parts if need be.
macro_rules! feed_table {
    (
        $(#[$doc:meta])* $table:ident = $feed:ident, $code:literal, $marker:literal, signs [$($sign:ident)*];
        $($name:ident: $kind:expr, $target:expr, $wanted:expr, $meaning:literal
            $([$($alias:literal),*])? $(token $token:literal)? $(nulls $nulls:expr)?;)*
    ) => {
        /// The tokens of this feed, in the vendor's words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "tokens are the vendor's words")]
        #[allow(dead_code, reason = "every token stands in the table; the normaliser names those it reads one by one")]
        pub(crate) enum T { $($name),* }

        impl $crate::decode::feed_table::Token for T {
            fn index(self) -> usize {
                self as usize
            }
        }

        $(#[$doc])*
        pub(crate) static $table: $crate::decode::feed_table::FeedTable = $crate::decode::feed_table::FeedTable {
            feed: fanlight_model::Feed::$feed,
            code: $code,
            marker: $marker,
            signs: &[$(stringify!($sign)),*],
            fields: &[$($crate::decode::feed_table::Field {
                name: stringify!($name),
                token: $crate::decode::feed_table::first::<str>(&[$($token)?], stringify!($name)),
                aliases: &[$($($alias),*)?],
                kind: $kind,
                nulls: $crate::decode::feed_table::first::<[&'static str]>(&[$($nulls)?], $kind.nulls()),
                target: $target,
                wanted: $wanted,
                meaning: $meaning,
            }),*],
        };
    };
}
pub(crate) use feed_table;
