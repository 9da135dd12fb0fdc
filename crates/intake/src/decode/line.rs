//! One line of an LSS stream: usually one object, sometimes with something before, after or beside it.

use std::borrow::Cow;
use std::fmt;

use super::flat_json::{NoObject, Object, lenient, strict};
use super::note::{Note, Notes};
use super::zpa::ZpaUserActivity;

/// Why a line is kept raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawReason {
    /// No JSON object is in it.
    NoObject,
    /// It is no JSON object even after mending what is known to go wrong.
    Malformed,
    /// It ends before its object does.
    CutOff,
    /// It has more fields than any template.
    TooManyFields,
    /// It has more objects than a sender that lost its newlines would glue together.
    TooManyObjects,
    /// It is of another feed, named where its keys tell.
    OtherFeed(&'static str),
}

impl RawReason {
    /// The word that counters and the `reason` column use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoObject => "no_object",
            Self::Malformed => "malformed",
            Self::CutOff => "cut_off",
            Self::TooManyFields => "too_many_fields",
            Self::TooManyObjects => "too_many_objects",
            Self::OtherFeed(_) => "other_feed",
        }
    }
}

impl fmt::Display for RawReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str(
                "no JSON object in the line; set the log receiver's template to JSON (`fanlight config template zpa_user_activity` prints one)",
            ),
            Self::Malformed => f.write_str("not readable as a JSON object, even after mending"),
            Self::CutOff => f.write_str("the line ends inside its object: the sender closed early or cut the record"),
            Self::TooManyFields => f.write_str("more fields than any template has"),
            Self::TooManyObjects => f.write_str("too many objects in one line; does the template end in `\\n`?"),
            Self::OtherFeed("unknown") => {
                f.write_str("not a User Activity record; point this log receiver at the port of its own log type")
            }
            Self::OtherFeed(feed) => write!(
                f,
                "a record of `{feed}`, not of `zpa_user_activity`; point that log receiver at the port of its own log type"
            ),
        }
    }
}

/// What a piece of a line turned out to be.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    UserActivity(Box<ZpaUserActivity<'a>>),
    Raw(RawReason),
}

/// One record of a line.
#[derive(Debug)]
pub(crate) struct LineRecord<'a> {
    /// Its text as received, invalid UTF-8 replaced.
    pub(crate) text: &'a str,
    pub(crate) notes: Notes,
    pub(crate) content: Content<'a>,
}

/// A sender that lost its newlines glues a few records together; a line of thousands of `{}` is an attack on our memory.
const MAX_OBJECTS: usize = 64;

/// A syslog header with its host and tag is shorter.
const MAX_PREFIX_BYTES: usize = 512;

/// Visits each record of a line; a blank line has none.
pub(crate) fn decode_line(line: &[u8], visit: &mut dyn FnMut(LineRecord<'_>)) {
    let mut notes = Notes::default();
    let trimmed = trim(line, &mut notes);
    if trimmed.is_empty() {
        return;
    }
    let whole = match std::str::from_utf8(trimmed) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            notes.add(Note::InvalidUtf8);
            String::from_utf8_lossy(trimmed)
        }
    };
    let raw = |reason, notes| LineRecord { text: &whole, notes, content: Content::Raw(reason) };
    let without_mark = whole.strip_prefix('\u{feff}').unwrap_or(&whole);
    if without_mark.len() < whole.len() {
        notes.add(Note::ByteOrderMark);
    }
    match without_mark.bytes().take(MAX_PREFIX_BYTES).position(|byte| byte == b'{') {
        None if without_mark.trim().is_empty() => {}
        None => visit(raw(RawReason::NoObject, notes)),
        Some(at) => {
            if at > 0 {
                notes.add(Note::SyslogPrefix);
            }
            decode_objects(&whole, without_mark.get(at..).unwrap_or_default(), notes, visit);
        }
    }
}

fn decode_objects(whole: &str, objects: &str, line_notes: Notes, visit: &mut dyn FnMut(LineRecord<'_>)) {
    let mut rest = objects;
    for seen in 0..MAX_OBJECTS {
        let mut notes = line_notes.clone();
        // A line that cannot be read is kept whole; of a later object only what is left.
        let kept = if seen == 0 { whole } else { rest };
        let object = match read_object(rest, &mut notes) {
            Ok(object) => object,
            Err(reason) => {
                visit(LineRecord { text: kept, notes, content: Content::Raw(reason) });
                return;
            }
        };
        let after = object.rest.trim_start_matches([' ', '\t', '\r', ',', '\0']);
        let more = after.starts_with('{');
        if more || seen > 0 {
            notes.add(Note::SeveralObjects);
        } else if !after.is_empty() {
            notes.add(Note::TrailingText);
        }
        let alone = !more && seen == 0;
        let length = rest.len() - object.rest.len();
        let text = if alone { whole } else { rest.get(..length).unwrap_or(rest) };
        let content = match ZpaUserActivity::from_object(object, &mut notes) {
            Ok(record) => Content::UserActivity(Box::new(record)),
            Err(reason) => Content::Raw(reason),
        };
        visit(LineRecord { text, notes, content });
        if !more {
            return;
        }
        rest = after;
    }
    visit(LineRecord { text: rest, notes: line_notes, content: Content::Raw(RawReason::TooManyObjects) });
}

/// Strictly, else with mending. Where a strict object is followed by text, an unescaped quote may have ended it too soon:
/// then the mended reading is taken if it reaches the line's end.
fn read_object<'a>(text: &'a str, notes: &mut Notes) -> Result<Object<'a>, RawReason> {
    let ends = |object: &Object<'_>| {
        let rest = object.rest.trim_start();
        rest.is_empty() || rest.starts_with('{')
    };
    let strictly = strict(text);
    if let Ok(object) = strictly {
        if ends(&object) {
            return Ok(object);
        }
        let mut repairs = Notes::default();
        return Ok(match lenient(text, &mut repairs) {
            Ok(mended) if ends(&mended) => {
                notes.extend(&repairs);
                mended
            }
            _ => object,
        });
    }
    let mut repairs = Notes::default();
    let mended = lenient(text, &mut repairs).map_err(|reason| match (reason, strictly) {
        (NoObject::TooManyFields, _) => RawReason::TooManyFields,
        (NoObject::CutOff, Err(NoObject::CutOff)) => RawReason::CutOff,
        // A quote that nothing follows runs the mended reading to the line's end; that is not where the fault is.
        _ => RawReason::Malformed,
    })?;
    notes.extend(&repairs);
    Ok(mended)
}

/// Without blanks, the carriage return of CRLF, and NUL bytes at both ends.
fn trim<'a>(line: &'a [u8], notes: &mut Notes) -> &'a [u8] {
    let outside = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    let from = line.iter().position(|byte| !outside(byte)).unwrap_or(line.len());
    let to = line.iter().rposition(|byte| !outside(byte)).map_or(from, |last| last + 1);
    let inside = line.get(from..to).unwrap_or_default();
    let cut = |part: Option<&[u8]>| part.is_some_and(|part| part.contains(&0));
    if !inside.is_empty() && (cut(line.get(..from)) || cut(line.get(to..))) {
        notes.add(Note::NulBytes);
    }
    inside
}
