//! Reads one JSON object of scalar values: strictly, and where that fails, mending what real senders get wrong.
//!
//! Numbers stay text, so that ids of 18 digits survive; arrays and objects inside are kept as text.

mod literal;

use std::borrow::Cow;
use std::cell::Cell;

use memchr::memchr2;

use super::detect::{is_known_key, names_a_principal};
use super::note::{Note, Notes};
use literal::{MAX_TOKEN_BYTES, is_escape, looks_like_number, unescape};
pub(crate) use literal::{is_number, is_token};

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string without its quotes and escapes, or a word that stood without quotes.
    Text(Cow<'a, str>),
    /// A number, `true` or `false`, as written.
    Bare(&'a str),
    /// An array or object, as written.
    Nested(&'a str),
    /// `null`, or nothing at all.
    Nothing,
    /// A template token that the sender did not fill in.
    Token,
}

/// The object and what stands after it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    pub(crate) fields: Vec<(Cow<'a, str>, Value<'a>)>,
    /// Where each value begins and ends in the text, quotes included; empty where the text was mended.
    pub(crate) places: Vec<(usize, usize)>,
    pub(crate) rest: &'a str,
}

/// The text is no such object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoObject {
    /// It breaks the grammar.
    Malformed,
    /// It ends before the object does.
    CutOff,
    /// It has more fields than any template.
    TooManyFields,
}

/// The longest template known has 75 fields.
const MAX_FIELDS: usize = 512;

/// Room for most records without growing.
const USUAL_FIELDS: usize = 80;

/// Values are mostly shorter.
const RUN_WINDOW: usize = 256;

/// Nothing known nests deeper than two.
const MAX_DEPTH: usize = 32;

/// Keys are tokens; a longer one is a quote that was not closed.
const MAX_KEY_BYTES: usize = 64;

/// Reads an object by the letter of JSON.
pub(crate) fn strict(text: &str) -> Result<Object<'_>, NoObject> {
    let mut cursor = Cursor { text, at: 0 };
    let mut fields = Vec::with_capacity(USUAL_FIELDS);
    let mut places = Vec::with_capacity(USUAL_FIELDS);
    cursor.blanks();
    cursor.expect(b'{')?;
    cursor.blanks();
    if cursor.take(b'}') {
        return Ok(Object { fields, places, rest: cursor.rest() });
    }
    loop {
        if fields.len() == MAX_FIELDS {
            return Err(NoObject::TooManyFields);
        }
        cursor.blanks();
        let key = cursor.string()?;
        cursor.blanks();
        cursor.expect(b':')?;
        cursor.blanks();
        let from = cursor.at;
        let value = cursor.strict_value()?;
        fields.push((key, value));
        places.push((from, cursor.at));
        cursor.blanks();
        if cursor.take(b'}') {
            return Ok(Object { fields, places, rest: cursor.rest() });
        }
        cursor.expect(b',')?;
    }
}

/// Reads an array of scalars by the letter of JSON; `None` where it is none, or something stands after it.
pub(crate) fn array(text: &str) -> Option<Vec<Value<'_>>> {
    let mut cursor = Cursor { text, at: 0 };
    let mut values = Vec::new();
    cursor.blanks();
    cursor.expect(b'[').ok()?;
    cursor.blanks();
    if !cursor.take(b']') {
        loop {
            cursor.blanks();
            values.push(cursor.strict_value().ok()?);
            cursor.blanks();
            if cursor.take(b']') {
                break;
            }
            cursor.expect(b',').ok()?;
        }
    }
    cursor.blanks();
    cursor.rest().is_empty().then_some(values)
}

/// Reads an object that breaks JSON in the ways that are known, and notes each.
pub(crate) fn lenient<'a>(text: &'a str, notes: &mut Notes) -> Result<Object<'a>, NoObject> {
    let mut repairs = notes.clone();
    let object = lenient_by(text, &mut repairs, false).or_else(|reason| match reason {
        NoObject::TooManyFields => Err(reason),
        // Free text can hold what looks like a key. Where that leads nowhere, only keys that some feed has end a string.
        _ => {
            repairs = notes.clone();
            lenient_by(text, &mut repairs, true).map_err(|_| reason)
        }
    })?;
    *notes = repairs;
    Ok(object)
}

/// Which keys may follow a string whose quotes are not escaped.
#[derive(Clone, Copy)]
struct Keys<'k, 'a> {
    /// What was read before.
    before: &'k [(Cow<'a, str>, Value<'a>)],
    /// Only those that some feed has.
    known_only: bool,
    /// How far documents may still be looked for in vain, in bytes: a line of nothing but their beginnings must not cost its square.
    in_vain: &'k Cell<usize>,
}

impl Keys<'_, '_> {
    fn may_follow(self, key: &str) -> bool {
        if self.known_only && !is_known_key(key) {
            return false;
        }
        // Who it was is said once: free text that a browser chose must not say it anew.
        !names_a_principal(key) || self.before.iter().all(|(before, _)| before != key)
    }
}

fn lenient_by<'a>(text: &'a str, notes: &mut Notes, known_only: bool) -> Result<Object<'a>, NoObject> {
    let mut cursor = Cursor { text, at: 0 };
    let mut fields = Vec::with_capacity(USUAL_FIELDS);
    let in_vain = Cell::new(MAX_DOCUMENT_BYTES);
    cursor.blanks();
    cursor.expect(b'{')?;
    loop {
        cursor.blanks();
        while cursor.take(b',') {
            notes.add(Note::ExtraComma);
            cursor.blanks();
        }
        if cursor.take(b'}') {
            return Ok(Object { fields, places: Vec::new(), rest: cursor.rest() });
        }
        if fields.len() == MAX_FIELDS {
            return Err(NoObject::TooManyFields);
        }
        let key = cursor.key()?;
        cursor.blanks();
        cursor.expect(b':')?;
        cursor.blanks();
        let value = cursor.lenient_value(notes, Keys { before: &fields, known_only, in_vain: &in_vain })?;
        fields.push((Cow::Borrowed(key), value));
        cursor.blanks();
        match cursor.peek() {
            Some(b',') => cursor.at += 1,
            Some(b'}') => {}
            Some(b'"') => notes.add(Note::MissingComma),
            Some(_) => return Err(NoObject::Malformed),
            None => return Err(NoObject::CutOff),
        }
        cursor.blanks();
        if cursor.peek() == Some(b'}') && cursor.text.as_bytes().get(cursor.at.wrapping_sub(1)) == Some(&b',')
        {
            notes.add(Note::ExtraComma);
        }
    }
}

/// A place in a text.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

/// Where the end stands that balances a document's beginning; else how far was looked. A backslash shows that it is escaped.
fn last_of_document(bytes: &[u8]) -> Result<usize, usize> {
    let (mut depth, mut is_quoted) = (0_usize, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\\' => return Err(at),
            b'"' => is_quoted = !is_quoted,
            b'{' | b'[' if !is_quoted => depth += 1,
            b'}' | b']' if !is_quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at);
                }
            }
            _ => {}
        }
    }
    Err(bytes.len())
}

/// Documents of a record are looked for this far: audit records hold whole objects of configuration.
const MAX_DOCUMENT_BYTES: usize = 256 << 10;

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a str, NoObject> {
        self.text.get(from..to).ok_or(NoObject::Malformed)
    }

    /// How many bytes from here, at least one, are no quote, no backslash and no control character.
    fn plain_run(&self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        // A window, lest a text of control characters without a quote is searched to its end for each of them.
        let window = rest.get(..RUN_WINDOW).unwrap_or(rest);
        let run = memchr2(b'"', b'\\', window).unwrap_or(window.len());
        let plain = window.get(..run).unwrap_or_default();
        let run = match plain.iter().fold(u8::MAX, |least, byte| least.min(*byte)) {
            ..0x20 => plain.iter().position(|byte| *byte < 0x20).unwrap_or(run),
            _ => run,
        };
        run.max(1)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), NoObject> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(NoObject::Malformed),
            None => Err(NoObject::CutOff),
        }
    }

    /// The place behind the array or object that begins here.
    pub(crate) fn nested_end(mut self) -> Option<usize> {
        matches!(self.peek(), Some(b'[' | b'{')).then(|| self.nested().ok())??;
        Some(self.at)
    }

    /// A string by the letter of JSON.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, NoObject> {
        self.expect(b'"')?;
        let from = self.at;
        let mut escaped = false;
        loop {
            match self.peek().ok_or(NoObject::CutOff)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                    let kind = self.peek().ok_or(NoObject::CutOff)?;
                    if !is_escape(kind, self.text.get(self.at + 1..).unwrap_or_default()) {
                        return Err(NoObject::Malformed);
                    }
                    self.at += 1;
                }
                ..0x20 => return Err(NoObject::Malformed),
                _ => self.at += self.plain_run(),
            }
        }
        let inside = self.slice(from, self.at)?;
        self.at += 1;
        Ok(if escaped { Cow::Owned(unescape(inside)) } else { Cow::Borrowed(inside) })
    }

    fn strict_value(&mut self) -> Result<Value<'a>, NoObject> {
        match self.peek().ok_or(NoObject::CutOff)? {
            b'"' => self.string().map(|text| match is_token(&text) {
                true => Value::Token,
                false => Value::Text(text),
            }),
            b'{' | b'[' => self.nested().map(Value::Nested),
            _ => {
                let word = self.word();
                match word {
                    "null" => Ok(Value::Nothing),
                    "true" | "false" => Ok(Value::Bare(word)),
                    _ if is_number(word) => Ok(Value::Bare(word)),
                    _ if self.peek().is_none() => Err(NoObject::CutOff),
                    _ => Err(NoObject::Malformed),
                }
            }
        }
    }

    /// What stands up to the next comma, brace or blank.
    fn word(&mut self) -> &'a str {
        let from = self.at;
        while !matches!(self.peek(), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// An array or object, skipped over with its strings; as written.
    fn nested(&mut self) -> Result<&'a str, NoObject> {
        let from = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(NoObject::CutOff)? {
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    if depth > MAX_DEPTH {
                        return Err(NoObject::Malformed);
                    }
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        return self.slice(from, self.at);
                    }
                }
                b'"' => {
                    self.string()?;
                }
                _ => self.at += 1,
            }
        }
    }

    /// A quoted token; nothing else is taken for a key.
    fn key(&mut self) -> Result<&'a str, NoObject> {
        let from = self.at + 1;
        self.skip_key()?;
        self.slice(from, self.at.saturating_sub(1))
    }

    fn skip_key(&mut self) -> Result<(), NoObject> {
        self.expect(b'"')?;
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
            self.at += 1;
        }
        match self.at - from {
            0 if self.peek().is_some() => Err(NoObject::Malformed),
            length if length > MAX_KEY_BYTES => Err(NoObject::Malformed),
            _ => self.expect(b'"'),
        }
    }

    fn lenient_value(&mut self, notes: &mut Notes, keys: Keys<'_, 'a>) -> Result<Value<'a>, NoObject> {
        match self.peek().ok_or(NoObject::CutOff)? {
            b'"' => self.lenient_string(notes, keys).map(|text| match is_token(&text) {
                true => Value::Token,
                false => Value::Text(text),
            }),
            b'%' => {
                self.skip_token();
                Ok(Value::Token)
            }
            b'{' | b'[' => {
                let mut inside = self.clone();
                let nested = inside.nested()?;
                self.at = inside.at;
                Ok(Value::Nested(nested))
            }
            _ => Ok(self.bare_value(notes)),
        }
    }

    fn bare_value(&mut self, notes: &mut Notes) -> Value<'a> {
        let from = self.at;
        while !matches!(self.peek(), None | Some(b',' | b'}' | b'"')) {
            self.at += 1;
        }
        let word = self.text.get(from..self.at).unwrap_or_default().trim_ascii();
        match word {
            "" => {
                notes.add(Note::MissingValue);
                Value::Nothing
            }
            "null" => Value::Nothing,
            "true" | "false" => Value::Bare(word),
            _ if is_number(word) => Value::Bare(word),
            _ if looks_like_number(word) => {
                notes.add(Note::IllegalNumber);
                Value::Bare(word)
            }
            _ => {
                notes.add(Note::BareWord);
                Value::Text(Cow::Borrowed(word))
            }
        }
    }

    /// `%j{X}`, `%j(,){X}`: up to its closing brace.
    fn skip_token(&mut self) {
        let token = self.rest();
        let end = token.bytes().take(MAX_TOKEN_BYTES).position(|byte| byte == b'}');
        match end {
            Some(end) if is_token(token.get(..=end).unwrap_or_default()) => self.at += end + 1,
            _ => {
                self.word();
            }
        }
    }

    /// A string in which quotes and backslashes may stand unescaped: it ends at the quote after which the object goes on. One backslash
    /// that escapes nothing shows that its sender escapes none: then each stands for itself.
    fn lenient_string(&mut self, notes: &mut Notes, keys: Keys<'_, 'a>) -> Result<Cow<'a, str>, NoObject> {
        self.expect(b'"')?;
        let from = self.at;
        if let Some(document) = self.document(keys) {
            self.at += document.len() + 1;
            if document.contains('"') {
                notes.add(Note::RawQuote);
            }
            return Ok(Cow::Borrowed(document));
        }
        let (mut escaped, mut raw) = (false, false);
        loop {
            match self.peek().ok_or(NoObject::CutOff)? {
                b'"' if self.object_goes_on_after(self.at + 1, keys) => break,
                b'"' => {
                    // Who lets a quote stand escapes no backslash either.
                    raw = true;
                    notes.add(Note::RawQuote);
                    self.at += 1;
                }
                b'\\' => {
                    let follows = self.text.as_bytes().get(self.at + 1).copied().unwrap_or_default();
                    let tail = self.text.get(self.at + 2..).unwrap_or_default();
                    let ends = follows == b'"' && self.object_goes_on_after(self.at + 2, keys);
                    if !ends && is_escape(follows, tail) {
                        escaped = true;
                        self.at += 2;
                    } else {
                        notes.add(Note::BadEscape);
                        raw = true;
                        self.at += 1;
                    }
                }
                byte => {
                    if byte < 0x20 {
                        notes.add(Note::ControlCharacter);
                        self.at += 1;
                    } else {
                        self.at += self.plain_run();
                    }
                }
            }
        }
        let inside = self.slice(from, self.at)?;
        self.at += 1;
        Ok(if escaped && !raw { Cow::Owned(unescape(inside)) } else { Cow::Borrowed(inside) })
    }

    /// A JSON document that stands in a string as it is, to the end that balances its beginning, where the object goes on after it. One
    /// that is escaped is read as any other string.
    fn document(&self, keys: Keys<'_, 'a>) -> Option<&'a str> {
        let rest = self.rest();
        if !matches!(rest.as_bytes().first(), Some(b'{' | b'[')) {
            return None;
        }
        let last = last_of_document(rest.as_bytes().get(..keys.in_vain.get()).unwrap_or(rest.as_bytes()));
        let whole = last.ok().filter(|at| {
            rest.as_bytes().get(at + 1) == Some(&b'"') && self.object_goes_on_after(self.at + at + 2, keys)
        });
        if whole.is_none() {
            let looked_at = last.unwrap_or_else(|looked_at| looked_at);
            keys.in_vain.set(keys.in_vain.get().saturating_sub(looked_at));
        }
        rest.get(..=whole?)
    }

    /// True where, from `at`, the next field follows, or the object's end and then nothing but a further object.
    fn object_goes_on_after(&self, at: usize, keys: Keys<'_, 'a>) -> bool {
        let mut ahead = Cursor { text: self.text, at };
        ahead.blanks();
        let commas_from = ahead.at;
        while ahead.take(b',') {
            ahead.blanks();
        }
        let commas = ahead.at > commas_from;
        if ahead.take(b'}') {
            ahead.blanks();
            return matches!(ahead.peek(), None | Some(b'{')) || (ahead.take(b',') && !commas);
        }
        let key_from = ahead.at + 1;
        ahead.skip_key().is_ok() && {
            let key = self.text.get(key_from..ahead.at - 1).unwrap_or_default();
            ahead.blanks();
            ahead.peek() == Some(b':') && keys.may_follow(key)
        }
    }
}

#[cfg(test)]
mod tests;
