//! The body of a pushed request: an array, objects one after another, or lines. It has no state across requests.

use fanlight_model::Feed;

use super::line::{Content, LineRecord, RawReason, Reading, Visit, read_object};
use super::note::{Note, Notes};
use crate::framing::{Piece, RecordFramer, newlines};

/// What stands between two elements of an array or of several, or two objects.
const BETWEEN: [char; 8] = [' ', '\t', '\r', '\n', ',', '\0', '[', ']'];

/// How far an element that cannot be read by the letter may reach: a raw quote can hide the end of an element, but not of many.
const MAX_ENDS: usize = 4;

/// Visits each record of a body; `too_long` is called for each line or element over the cap.
pub(crate) fn decode_body(
    reading: &mut Reading,
    body: &[u8],
    hint: Feed,
    max: usize,
    visit: Visit<'_>,
    too_long: &mut dyn FnMut(),
) {
    let body = body.get(newlines(body).bytes..).unwrap_or_default();
    let start = body.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match start.first() {
        Some(b'[') => elements(reading, start.get(1..).unwrap_or_default(), hint, max, visit, too_long),
        Some(b'{') if spans_lines(start) => elements(reading, start, hint, max, visit, too_long),
        _ => {
            let mut framer = RecordFramer::default();
            let mut piece = |piece: Piece<'_>| match piece {
                Piece::Line(line) | Piece::Miscounted(line) | Piece::HalfLine(line) => {
                    reading.line(line, hint, visit);
                }
                Piece::Blank(_) => {}
                Piece::TooLong => too_long(),
            };
            framer.push(body, max, &mut piece);
            framer.finish(&mut piece);
        }
    }
}

/// True where the first object does not end on its first line: someone printed it for people.
fn spans_lines(body: &[u8]) -> bool {
    let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let is_cut = first.len() < body.trim_ascii().len() && !matches!(first.last(), Some(b'}' | b','));
    (is_cut || first == b"{") && !has_whole_line(body)
}

/// True where a later line is an object: then the first is one that was cut, and must not take the others along. What is printed for
/// people begins its lines with blanks.
fn has_whole_line(body: &[u8]) -> bool {
    let is_object = |line: &[u8]| {
        let line = line.trim_ascii_end();
        line.starts_with(b"{\"") && matches!(line.last(), Some(b'}' | b','))
    };
    body.split(|byte| *byte == b'\n').skip(1).any(is_object)
}

fn elements(
    reading: &mut Reading,
    body: &[u8],
    hint: Feed,
    max: usize,
    visit: Visit<'_>,
    too_long: &mut dyn FnMut(),
) {
    let text = String::from_utf8_lossy(body);
    let valid = matches!(text, std::borrow::Cow::Borrowed(_));
    let mut rest = text.trim_start_matches(BETWEEN);
    while !rest.is_empty() {
        let length = if rest.starts_with('{') { element(rest, max) } else { scalar(rest) };
        let (this, after) = rest.split_at(length);
        if this.len() > max {
            too_long();
        } else {
            let mut notes = Notes::default();
            // Each element answers for its own bytes only.
            if !valid && this.contains(char::REPLACEMENT_CHARACTER) {
                notes.add(Note::InvalidUtf8);
            }
            one(reading, this, hint, notes, visit);
        }
        rest = after.trim_start_matches(BETWEEN);
    }
}

fn one(reading: &mut Reading, text: &str, hint: Feed, mut notes: Notes, visit: Visit<'_>) {
    match read_object(text, &mut notes) {
        Ok(object) => {
            if !object.rest.trim_matches(BETWEEN).trim_end_matches(']').trim().is_empty() {
                notes.add(Note::TrailingText);
            }
            reading.object(text, text, &object, hint, notes, visit);
        }
        Err(reason) => {
            let reason = if text.starts_with('{') { reason } else { RawReason::NoObject };
            visit(LineRecord { text, notes, content: Content::Raw(reason) });
        }
    }
}

/// Visits each element of a line that is an array.
pub(crate) fn decode_array(reading: &mut Reading, line: &str, hint: Feed, visit: Visit<'_>) {
    let mut is_empty = true;
    let mut noted = |record: LineRecord<'_>| {
        is_empty = false;
        visit(record);
    };
    elements(reading, line.as_bytes(), hint, usize::MAX, &mut noted, &mut || {});
    if is_empty {
        visit(LineRecord { text: line, notes: Notes::default(), content: Content::Raw(RawReason::NoObject) });
    }
}

/// How long something is that is no object: a string to its closing quote, all else to where an element can begin or end. It is kept,
/// and takes nothing along.
fn scalar(text: &str) -> usize {
    let is_end = |letter: char| matches!(letter, ',' | '[' | ']' | '{' | '\n');
    let string = || {
        let inside = text.strip_prefix('"')?;
        let end = inside.find(['"', '\n'])?;
        inside.get(end..)?.starts_with('"').then_some(end + 2)
    };
    let plain = || text.char_indices().skip(1).find(|(_, letter)| is_end(*letter)).map(|(at, _)| at);
    string().or_else(plain).unwrap_or(text.len())
}

/// How long the element at the start of a text is: as far as it reads strictly, else to the first of the next few ends at which it
/// can be mended, else to the first of them.
fn element(text: &str, max: usize) -> usize {
    if let Ok(object) = super::flat_json::strict(text) {
        return text.len() - object.rest.len();
    }
    let mut first = None;
    let mut from = 0;
    for _ in 0..MAX_ENDS {
        let end = from + next_end(text.get(from..).unwrap_or_default());
        first = first.or(Some(end));
        let Some(this) = text.get(..end) else { break };
        if end > max {
            break;
        }
        let mended = super::flat_json::lenient(this, &mut Notes::default());
        if mended.is_ok_and(|object| object.rest.trim_matches(BETWEEN).trim_end_matches(']').is_empty()) {
            return end;
        }
        if end == text.len() {
            break;
        }
        from = end;
    }
    first.unwrap_or(text.len())
}

/// A number, a word, or a string that is no key: what can follow an object only in an array.
fn is_scalar(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => true,
        Some(b'"') => {
            let after = text.get(scalar(text)..).unwrap_or_default();
            !after.trim_start().starts_with(':')
        }
        _ => ["null", "true", "false"].iter().any(|word| text.starts_with(word)),
    }
}

/// The place behind the next brace that another element follows.
fn next_end(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('}')) {
        let end = from + at + 1;
        let after = text.get(end..).unwrap_or_default();
        let next = after.trim_start_matches(BETWEEN);
        if next.len() < after.len() && (next.starts_with('{') || is_scalar(next)) || next.starts_with("{\"") {
            return end;
        }
        from = end;
    }
    text.len()
}
