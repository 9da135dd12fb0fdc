//! What was odd about a line: each oddity has a word for the counters and a sentence for people.

use std::fmt;
use std::sync::Arc;

/// Something noticed while a line was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Bytes that are no UTF-8 were replaced.
    InvalidUtf8,
    /// A byte order mark stood before the line.
    ByteOrderMark,
    /// NUL bytes stood around the line.
    NulBytes,
    /// `<PRI>` or a syslog header stood before the object.
    SyslogPrefix,
    /// More than one object stood in the line; each became a record.
    SeveralObjects,
    /// Text that belongs to no object stood after it.
    TrailingText,
    /// A value held a quote that was not escaped.
    RawQuote,
    /// A value held a backslash that escapes nothing.
    BadEscape,
    /// A value held a control character.
    ControlCharacter,
    /// A comma stood where none belongs.
    ExtraComma,
    /// A comma was missing between two fields.
    MissingComma,
    /// Nothing stood after a colon.
    MissingValue,
    /// A number was not written as JSON writes numbers.
    IllegalNumber,
    /// A value stood without quotes.
    BareWord,
    /// A template token such as `%j{Policy}` was not filled in by the sender.
    TemplateToken(&'static str),
    /// A key stood more than once; the last one counts.
    DuplicateKey(&'static str),
    /// A key that this version does not know; its value is in the raw line only.
    UnknownKey(Arc<str>),
    /// A stamp that is no time was taken as not measured.
    UnreadableTime(&'static str),
    /// A stamp's second is above 60; the record's own time was cut to the minute's end, and nothing else is told by it.
    ImpossibleSecond(&'static str),
    /// A number that does not fit its field was taken as not measured.
    UnreadableNumber(&'static str),
    /// An address that is no IP address, perhaps obfuscated: it is no join key.
    UnreadableAddress(&'static str),
    /// The connection ended before it began; the end was moved to the start.
    EndBeforeStart,
    /// `ConnectionID` does not begin with `SessionID`.
    ForeignSession,
    /// An `InternalReason` that is on no list.
    UnknownReason(Arc<str>),
    /// A `ConnectionStatus` that is on no list.
    UnknownStatus(Arc<str>),
    /// A version of Fanlight's own template that this version does not know.
    UnknownTemplateVersion,
    /// An old template wrote a label where the value belongs, and the value where the label belongs.
    SwappedLabel(&'static str),
    /// An old template wrote the client's two addresses the wrong way round; they were put right.
    SwappedAddresses,
    /// The row stands for many sessions: it tells of none of them, and has no socket to join by.
    Aggregated,
    /// The stamps' zone is an abbreviation that means different things in different places, and the feed's setting says none.
    UnknownZone(Arc<str>),
    /// No stamp of the record can be used; the time of arrival stands in for it.
    NoTime,
    /// A base64 token that is none; its value is in the raw line only.
    BadBase64(&'static str),
    /// Blanks stood between the pairs of a syntax that has tabs there.
    BlankDelimiter,
}

impl Note {
    /// The word that counters use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "invalid_utf8",
            Self::ByteOrderMark => "byte_order_mark",
            Self::NulBytes => "nul_bytes",
            Self::SyslogPrefix => "syslog_prefix",
            Self::SeveralObjects => "several_objects",
            Self::TrailingText => "trailing_text",
            Self::RawQuote => "raw_quote",
            Self::BadEscape => "bad_escape",
            Self::ControlCharacter => "control_character",
            Self::ExtraComma => "extra_comma",
            Self::MissingComma => "missing_comma",
            Self::MissingValue => "missing_value",
            Self::IllegalNumber => "illegal_number",
            Self::BareWord => "bare_word",
            Self::TemplateToken(_) => "template_token",
            Self::DuplicateKey(_) => "duplicate_key",
            Self::UnknownKey(_) => "unknown_key",
            Self::UnreadableTime(_) => "unreadable_time",
            Self::ImpossibleSecond(_) => "impossible_second",
            Self::UnreadableNumber(_) => "unreadable_number",
            Self::UnreadableAddress(_) => "unreadable_address",
            Self::EndBeforeStart => "end_before_start",
            Self::ForeignSession => "foreign_session",
            Self::UnknownReason(_) => "unknown_reason",
            Self::UnknownStatus(_) => "unknown_status",
            Self::UnknownTemplateVersion => "unknown_template_version",
            Self::SwappedLabel(_) => "swapped_label",
            Self::SwappedAddresses => "swapped_addresses",
            Self::Aggregated => "aggregated",
            Self::UnknownZone(_) => "unknown_zone",
            Self::NoTime => "no_time",
            Self::BadBase64(_) => "bad_base64",
            Self::BlankDelimiter => "blank_delimiter",
        }
    }

    /// True where the line had to be mended; false where it only is unusual.
    pub fn is_repair(&self) -> bool {
        !matches!(
            self,
            Self::UnknownKey(_)
                | Self::ForeignSession
                | Self::UnknownReason(_)
                | Self::UnknownStatus(_)
                | Self::UnknownTemplateVersion
                | Self::Aggregated
                | Self::UnknownZone(_)
                | Self::NoTime
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUtf8 => f.write_str("bytes that are no UTF-8 were replaced"),
            Self::ByteOrderMark => f.write_str("a byte order mark before the line was skipped"),
            Self::NulBytes => f.write_str("NUL bytes around the line were skipped"),
            Self::SyslogPrefix => f.write_str("a syslog header before the object was skipped"),
            Self::SeveralObjects => {
                f.write_str("several objects in one line were split; does the template end in `\\n`?")
            }
            Self::TrailingText => f.write_str("text after the object was skipped"),
            Self::RawQuote => f.write_str("a quote inside a value was not escaped"),
            Self::BadEscape => f.write_str("a backslash that escapes nothing was kept as it is"),
            Self::ControlCharacter => f.write_str("a control character inside a value was kept"),
            Self::ExtraComma => f.write_str("a comma too many was skipped"),
            Self::MissingComma => f.write_str("a comma between two fields was missing"),
            Self::MissingValue => f.write_str("nothing after a colon was taken as empty"),
            Self::IllegalNumber => f.write_str("a number was not written as JSON writes it"),
            Self::BareWord => f.write_str("a value stood without quotes"),
            Self::TemplateToken(key) => {
                write!(
                    f,
                    "the template's token for `{key}` was not filled in: check its spelling in the feed's settings"
                )
            }
            Self::DuplicateKey(key) => write!(f, "`{key}` stood more than once; the last one counts"),
            Self::UnknownKey(key) => {
                write!(f, "`{key}` is not known here; its value is in the raw line only")
            }
            Self::UnreadableTime(key) => write!(f, "`{key}` is no time and counts as not measured"),
            Self::ImpossibleSecond(key) => {
                write!(f, "`{key}` has a second that no minute has; what happened then is not dated by it")
            }
            Self::UnreadableNumber(key) => {
                write!(f, "`{key}` is no number that fits and counts as not measured")
            }
            Self::UnreadableAddress(key) => write!(f, "`{key}` is no IP address and cannot be joined on"),
            Self::EndBeforeStart => f.write_str("the connection ended before it began; the end was moved"),
            Self::ForeignSession => f.write_str("`ConnectionID` does not begin with `SessionID`"),
            Self::UnknownReason(code) => write!(f, "`InternalReason` holds `{code}`, which is on no list"),
            Self::UnknownStatus(code) => write!(f, "`ConnectionStatus` holds `{code}`, which is on no list"),
            Self::UnknownTemplateVersion => {
                f.write_str("the template is a version of Fanlight's that is not known here")
            }
            Self::SwappedLabel(key) => {
                write!(f, "the label and the value of `{key}` stood in each other's place")
            }
            Self::SwappedAddresses => f.write_str(
                "the client's own and its public address stood in each other's place and were swapped",
            ),
            Self::Aggregated => {
                f.write_str("the row stands for several sessions and cannot be joined by a socket")
            }
            Self::UnknownZone(zone) => {
                write!(
                    f,
                    "the zone `{zone}` is not the same everywhere; set the feed's zone, or have epochtime sent"
                )
            }
            Self::NoTime => f.write_str("no stamp could be used; the time of arrival stands in for it"),
            Self::BadBase64(key) => write!(f, "`{key}` is not readable as base64"),
            Self::BlankDelimiter => {
                f.write_str("blanks between the pairs were taken for tabs; does a relay change them?")
            }
        }
    }
}

/// The notes of one line, a bounded number of them, each kind of repair once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes(Vec<Note>);

/// A line with more oddities than this tells the first ones.
const MAX_NOTES: usize = 16;

impl Notes {
    pub(crate) fn add(&mut self, note: Note) {
        if self.0.len() < MAX_NOTES && !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for note in &other.0 {
            self.add(note.clone());
        }
    }

    pub(crate) fn has_repair(&self) -> bool {
        self.iter().any(Note::is_repair)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Note> {
        self.0.iter()
    }
}
