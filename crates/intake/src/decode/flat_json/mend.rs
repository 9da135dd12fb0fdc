//! Reads an object that breaks JSON in the ways that are known.

use std::borrow::Cow;
use std::cell::Cell;

use super::literal::{MAX_TOKEN_BYTES, is_escape, is_number, is_token, looks_like_number, unescape};
use super::{Cursor, MAX_FIELDS, NoObject, Object, USUAL_FIELDS, Value};
use crate::decode::detect::{is_known_key, names_a_principal};
use crate::decode::note::{Note, Notes};

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

/// What is read without anything to mend, by the same rules; `None` where something would have to be.
pub(crate) fn mends_to(text: &str) -> Option<Object<'_>> {
    let mut repairs = Notes::default();
    let object = lenient_by(text, &mut repairs, false).ok()?;
    (!repairs.has_repair()).then_some(object)
}

/// Which keys may follow a string whose quotes are not escaped.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'k> {
    /// True for a key that was read before.
    pub(crate) was_read: &'k dyn Fn(&str) -> bool,
    /// Only those that some feed has.
    pub(crate) known_only: bool,
    /// How far documents may still be looked for in vain, in bytes: a line of nothing but their beginnings must not cost its square.
    pub(crate) in_vain: &'k Cell<usize>,
}

impl Keys<'_> {
    fn may_follow(self, key: &str) -> bool {
        if self.known_only && !is_known_key(key) {
            return false;
        }
        // Who it was is said once: free text that a browser chose must not say it anew.
        !names_a_principal(key) || !(self.was_read)(key)
    }
}

fn lenient_by<'a>(text: &'a str, notes: &mut Notes, known_only: bool) -> Result<Object<'a>, NoObject> {
    let mut cursor = Cursor { text, at: 0 };
    let mut fields: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(USUAL_FIELDS);
    let mut places = Vec::with_capacity(USUAL_FIELDS);
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
            return Ok(Object { fields, places, rest: cursor.rest() });
        }
        if fields.len() == MAX_FIELDS {
            return Err(NoObject::TooManyFields);
        }
        let key = cursor.key()?;
        cursor.blanks();
        cursor.expect(b':')?;
        cursor.blanks();
        let was_read = |key: &str| fields.iter().any(|(before, _)| before == key);
        let from = cursor.at;
        let keys = Keys { was_read: &was_read, known_only, in_vain: &in_vain };
        let value = cursor.lenient_value(notes, keys)?;
        fields.push((Cow::Borrowed(key), value));
        places.push((from, cursor.at));
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
pub(crate) const MAX_DOCUMENT_BYTES: usize = 256 << 10;

impl<'a> Cursor<'a> {
    fn lenient_value(&mut self, notes: &mut Notes, keys: Keys<'_>) -> Result<Value<'a>, NoObject> {
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
    pub(crate) fn lenient_string(
        &mut self,
        notes: &mut Notes,
        keys: Keys<'_>,
    ) -> Result<Cow<'a, str>, NoObject> {
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
    fn document(&self, keys: Keys<'_>) -> Option<&'a str> {
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
    fn object_goes_on_after(&self, at: usize, keys: Keys<'_>) -> bool {
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
