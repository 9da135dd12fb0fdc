//! One line of a stream: usually one object, sometimes with something before, after or beside it.

use std::borrow::Cow;

use fanlight_model::Feed;

use super::body::decode_array;
use super::envelope::{self, ENVELOPE_KEY};
use super::feed_setting::FeedSettings;
use super::flat_json::{NoObject, Object, Value, lenient, strict};
use super::layout::{Layout, Layouts};
use super::note::{Note, Notes};
pub use super::raw_reason::RawReason;
use super::slots::Slots;
use super::syntax;
use super::wire::WireRecord;

/// What a piece of a line turned out to be.
#[derive(Debug)]
pub(crate) enum Content<'a> {
    Wire(WireRecord<'a>),
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

impl LineRecord<'_> {
    /// The feed that it is of: what was found out, else what the port says.
    pub(crate) fn feed(&self, hint: Feed) -> Feed {
        match &self.content {
            Content::Wire(wire) => wire.table().feed,
            Content::Raw(_) => hint,
        }
    }
}

/// What is kept between lines. Whatever it holds, a line gives the same records.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    layouts: Layouts,
    slots: Slots,
    pub(crate) settings: FeedSettings,
}

pub(crate) type Visit<'v> = &'v mut dyn FnMut(LineRecord<'_>);

/// A sender that lost its newlines glues a few records together; a line of thousands of `{}` is an attack on our memory.
const MAX_OBJECTS: usize = 64;

/// A syslog header with its host and tag is shorter.
const MAX_PREFIX_BYTES: usize = 512;

impl Reading {
    /// Visits each record of a line; a blank line has none. `hint` is the feed that the line should be of.
    pub(crate) fn line(&mut self, line: &[u8], hint: Feed, visit: Visit<'_>) {
        let line = line.trim_ascii();
        // A flood of blank lines costs a look at each.
        if line.is_empty() || self.expected(line, hint, visit) {
            return;
        }
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
        if let Some(inside) = without_mark.strip_prefix('[')
            && inside.trim_start().starts_with(['{', '['])
        {
            return decode_array(self, inside, hint, visit);
        }
        if !without_mark.starts_with('{') {
            let columns = self.settings.columns(hint);
            match syntax::scan(without_mark, hint, columns.as_deref(), &mut notes) {
                Some(Ok(object)) => return self.object(&whole, without_mark, &object, hint, notes, visit),
                Some(Err(reason)) => return visit(raw(reason, notes)),
                None => {}
            }
        }
        match without_mark.bytes().take(MAX_PREFIX_BYTES).position(|byte| byte == b'{') {
            None if without_mark.trim().is_empty() => {}
            None => visit(raw(RawReason::NoObject, notes)),
            Some(at) => {
                if at > 0 {
                    notes.add(Note::SyslogPrefix);
                }
                self.objects(&whole, without_mark.get(at..).unwrap_or_default(), hint, notes, visit);
            }
        }
    }

    /// A line without blanks around it that looks like one before it. False where it does not: nothing was visited.
    fn expected(&mut self, line: &[u8], hint: Feed, visit: Visit<'_>) -> bool {
        // Strings must not hold control characters; without any, the end of a string is its next quote.
        if line.first() != Some(&b'{') || line.iter().fold(u8::MAX, |least, byte| least.min(*byte)) < 0x20 {
            return false;
        }
        let Ok(text) = std::str::from_utf8(line) else { return false };
        let mut notes = Notes::default();
        let Some(layout) = self.layouts.predict(hint, text, &mut self.slots, &mut notes) else {
            return false;
        };
        notes.extend(&layout.notes);
        let zone_seconds = zone_seconds(&self.settings, &layout);
        let wire = WireRecord { text, slots: &self.slots, layout, zone_seconds };
        visit(LineRecord { text, notes, content: Content::Wire(wire) });
        true
    }

    fn objects(&mut self, whole: &str, objects: &str, hint: Feed, line_notes: Notes, visit: Visit<'_>) {
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
            self.object(text, rest, &object, hint, notes, visit);
            if !more {
                return;
            }
            rest = after;
        }
        visit(LineRecord { text: rest, notes: line_notes, content: Content::Raw(RawReason::TooManyObjects) });
    }

    /// Visits one object. `kept` is the text to keep of it, `text` the one that it was read from.
    pub(crate) fn object(
        &mut self,
        kept: &str,
        text: &str,
        object: &Object<'_>,
        hint: Feed,
        mut notes: Notes,
        visit: Visit<'_>,
    ) {
        let Some(layout) = self.layouts.of(hint, object, text, notes.has_repair()) else {
            visit(LineRecord { text: kept, notes, content: Content::Raw(RawReason::OtherFeed) });
            return;
        };
        fill(&mut self.slots, &layout, text, object, &mut notes);
        notes.extend(&layout.notes);
        let zone_seconds = zone_seconds(&self.settings, &layout);
        let wire = WireRecord { text, slots: &self.slots, layout, zone_seconds };
        visit(LineRecord { text: kept, notes, content: Content::Wire(wire) });
    }
}

fn zone_seconds(settings: &FeedSettings, layout: &Layout) -> i64 {
    layout.zone_seconds.saturating_add(settings.clock(layout.table.feed).zone_seconds)
}

/// Puts each value in its token's slot; of a key that stands twice the last counts.
fn fill(slots: &mut Slots, layout: &Layout, text: &str, object: &Object<'_>, notes: &mut Notes) {
    slots.clear(layout.table.fields.len());
    for ((_, value), token) in object.fields.iter().zip(layout.tokens()) {
        let token = usize::from(*token);
        match value {
            Value::Text(Cow::Borrowed(value)) | Value::Bare(value) | Value::Nested(value) => {
                slots.put_text(token, text, value);
            }
            Value::Text(Cow::Owned(value)) => slots.put_beside(token, value),
            Value::Nothing => slots.put_nothing(token),
            Value::Token => {
                if let Some(field) = layout.table.fields.get(token) {
                    notes.add(Note::TemplateToken(field.name));
                }
                slots.put_nothing(token);
            }
        }
    }
}

/// Strictly, else with mending. Where a strict object is followed by text, an unescaped quote may have ended it too soon:
/// then the mended reading is taken if it reaches the line's end.
pub(crate) fn read_object<'a>(text: &'a str, notes: &mut Notes) -> Result<Object<'a>, RawReason> {
    match read_flat(text, notes) {
        Ok(object) => Ok(unwrap_envelope(object, notes)),
        Err(reason) => envelope::apart(text, notes).ok_or(reason),
    }
}

fn read_flat<'a>(text: &'a str, notes: &mut Notes) -> Result<Object<'a>, RawReason> {
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

/// Some templates put the record inside a key `event`. Its fields are taken for the object's own, in its place.
pub(crate) fn unwrap_envelope<'a>(mut object: Object<'a>, notes: &mut Notes) -> Object<'a> {
    let is_envelope = |(key, value): &(Cow<'_, str>, Value<'_>)| {
        key == ENVELOPE_KEY && matches!(value, Value::Nested(inside) if inside.starts_with('{'))
    };
    let Some(at) = object.fields.iter().position(is_envelope) else { return object };
    let Some((_, Value::Nested(inside))) = object.fields.get(at).cloned() else { return object };
    let mut repairs = Notes::default();
    let Ok(inner) = read_flat(inside, &mut repairs) else { return object };
    notes.extend(&repairs);
    let strictly = object.places.len() == object.fields.len() && inner.places.len() == inner.fields.len();
    if strictly && let Some((starts, _)) = object.places.get(at).copied() {
        let places = inner.places.iter().map(|(from, to)| (from + starts, to + starts));
        object.places.splice(at..=at, places);
    } else {
        object.places.clear();
    }
    object.fields.splice(at..=at, inner.fields);
    object
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
