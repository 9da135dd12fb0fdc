//! Reads one JSON object of scalar values: by the letter; `mend` reads what real senders get wrong.
//!
//! Numbers stay text, so that ids of 18 digits survive; arrays and objects inside are kept as text.

mod literal;
mod mend;

use std::borrow::Cow;

use memchr::memchr2;

use literal::{is_escape, unescape};
pub(crate) use literal::{is_number, is_token};
pub(crate) use mend::{Keys, MAX_DOCUMENT_BYTES, lenient, mends_to};

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
    /// Where each value begins and ends in the text, quotes included; empty where the text is no such object as a whole.
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

/// A place in a text.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

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

    /// True where after a value an object may go on or end, or nothing stands any more.
    pub(crate) fn may_go_on(mut self) -> bool {
        self.blanks();
        matches!(self.peek(), None | Some(b',' | b'}'))
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
}

#[cfg(test)]
mod tests;
