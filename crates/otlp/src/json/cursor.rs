//! JSON's grammar over bytes: a cursor that knows where it stands, and what is wrong there.

use std::borrow::Cow;

use super::JsonError;
use super::text::unescape;

/// A mark that some editors and libraries put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Reads from left to right. Whatever it passes over, it has checked.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// How far an object or a list was read.
#[derive(Default)]
pub(super) struct Progress {
    has_begun: bool,
}

/// What stands between two quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) raw: &'a [u8],
    /// Without a backslash: it is what it says.
    pub(super) is_plain: bool,
}

impl<'a> Text<'a> {
    /// The text itself, copied only where it has escapes.
    pub(super) fn read(self) -> Cow<'a, [u8]> {
        if self.is_plain {
            return Cow::Borrowed(self.raw);
        }
        let mut plain = Vec::with_capacity(self.raw.len());
        unescape(self.raw, &mut plain);
        Cow::Owned(plain)
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 } }
    }

    #[inline]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn go_back_to(&mut self, at: usize) {
        self.at = at;
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is no white space, not yet taken.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied()
    }

    /// Takes the next byte if it is this one.
    #[inline]
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    #[cold]
    pub(super) fn wrong(&self, wrong: &'static str) -> JsonError {
        self.wrong_at(self.at, wrong)
    }

    #[cold]
    fn wrong_at(&self, at: usize, wrong: &'static str) -> JsonError {
        let before = self.bytes.get(..at).unwrap_or(self.bytes);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let wrong = if at >= self.bytes.len() { "it ends in the middle" } else { wrong };
        JsonError::Syntax { line, at, wrong }
    }

    /// The next key of the object that the cursor is in, with the cursor before its value; a `null` is as good as absent.
    #[inline]
    pub(super) fn next_key(&mut self, object: &mut Progress) -> Result<Option<Cow<'a, [u8]>>, JsonError> {
        loop {
            if self.take(b'}') {
                return Ok(None);
            }
            if object.has_begun && !self.take(b',') {
                return Err(self.wrong("a `,` or a `}` was expected"));
            }
            object.has_begun = true;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes was expected"));
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.wrong("a `:` was expected"));
            }
            if self.peek() == Some(b'n') {
                self.literal(b"null")?;
            } else {
                return Ok(Some(key.read()));
            }
        }
    }

    /// Whether the list that the cursor is in goes on, with the cursor before the next element.
    #[inline]
    pub(super) fn next_element(&mut self, list: &mut Progress) -> Result<bool, JsonError> {
        if self.take(b']') {
            return Ok(false);
        }
        if list.has_begun && !self.take(b',') {
            return Err(self.wrong("a `,` or a `]` was expected"));
        }
        list.has_begun = true;
        if self.peek() == Some(b']') { Err(self.wrong("a value was expected")) } else { Ok(true) }
    }

    /// A text whose opening quote is next.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'a>, JsonError> {
        let from = self.at + 1;
        let mut at = from;
        let mut is_plain = true;
        loop {
            at += plain_run(self.bytes.get(at..).unwrap_or_default());
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(Text { raw: self.bytes.get(from..at).unwrap_or_default(), is_plain });
                }
                Some(b'\\') => {
                    is_plain = false;
                    at += self.escape(at)?;
                }
                _ => return Err(self.wrong_at(at, "a control character in a text must be escaped")),
            }
        }
    }

    /// How long the escape at `at` is.
    fn escape(&self, at: usize) -> Result<usize, JsonError> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => {
                let digits = self.bytes.get(at + 2..at + 6);
                match digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    true => Ok(6),
                    false => Err(self.wrong_at(at, "`\\u` needs four hexadecimal digits")),
                }
            }
            _ => Err(self.wrong_at(at, "an escape that JSON does not have")),
        }
    }

    /// A number whose first byte is next, in JSON's grammar.
    pub(super) fn number(&mut self) -> Result<&'a [u8], JsonError> {
        let from = self.at;
        self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.wrong("a value was expected")),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.bytes.get(from..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.wrong("a digit was expected")) } else { Ok(()) }
    }

    /// One of the three words, which is next.
    pub(super) fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.wrong("a value was expected"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over one value of any kind. Nesting costs a bit a level and no stack.
    pub(super) fn skip_value(&mut self) -> Result<(), JsonError> {
        let mut open = Brackets::default();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    open.push(true);
                    if !self.take(b'}') {
                        self.skip_key()?;
                        continue;
                    }
                    open.pop();
                }
                Some(b'[') => {
                    self.at += 1;
                    open.push(false);
                    if !self.take(b']') {
                        continue;
                    }
                    open.pop();
                }
                Some(b'"') => self.string().map(drop)?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => self.number().map(drop)?,
            }
            if self.close(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Goes on behind a value that is passed over: closes what ends there. True when it was the last.
    fn close(&mut self, open: &mut Brackets) -> Result<bool, JsonError> {
        while let Some(is_object) = open.last() {
            if self.take(b',') {
                if is_object {
                    self.skip_key()?;
                }
                return Ok(false);
            }
            match (is_object, self.peek()) {
                (true, Some(b'}')) | (false, Some(b']')) => self.at += 1,
                (true, _) => return Err(self.wrong("a `,` or a `}` was expected")),
                (false, _) => return Err(self.wrong("a `,` or a `]` was expected")),
            }
            open.pop();
        }
        Ok(true)
    }

    fn skip_key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a key in quotes was expected"));
        }
        self.string()?;
        if self.take(b':') { Ok(()) } else { Err(self.wrong("a `:` was expected")) }
    }

    /// One value and nothing behind it.
    pub(super) fn whole(&mut self) -> Result<(), JsonError> {
        self.skip_value()?;
        self.end()
    }

    /// Nothing but white space may be left.
    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("something stands behind the end")),
        }
    }
}

/// Which brackets are open, one bit each: a set bit is an object.
#[derive(Default)]
struct Brackets {
    words: Vec<u64>,
    depth: usize,
}

impl Brackets {
    fn push(&mut self, is_object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.words.len() {
            self.words.push(0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word = *word & !(1 << bit) | u64::from(is_object) << bit;
        }
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn last(&self) -> Option<bool> {
        let place = self.depth.checked_sub(1)?;
        self.words.get(place / 64).map(|word| word >> (place % 64) & 1 == 1)
    }
}

/// How many bytes stand before the next quote, backslash or control character, eight at a time.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (chunks, tail) = bytes.as_chunks::<8>();
    for (place, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let (quote, slash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
        // A byte's high bit ends up set where it is zero, or below 0x20. A borrow can set one above such a byte, never below.
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let found = found & HIGH;
        if found != 0 {
            return place * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let run = tail.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
    chunks.len() * 8 + run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_the_first_byte_that_is_not_plain() {
        let plain: Vec<u8> = (0x20..=0xff_u8).filter(|byte| !matches!(byte, b'"' | b'\\')).collect();
        for length in 0..40 {
            let mut bytes: Vec<u8> = plain.iter().copied().cycle().skip(length * 7).take(length).collect();
            assert_eq!(plain_run(&bytes), length);
            for place in 0..length {
                let kept = bytes[place];
                for end in [b'"', b'\\', 0, 0x1f, b'\n'] {
                    bytes[place] = end;
                    assert_eq!(plain_run(&bytes), place, "{end} at {place} of {length}");
                }
                bytes[place] = kept;
            }
        }
    }

    #[test]
    fn brackets_are_remembered_beyond_a_word() {
        let mut open = Brackets::default();
        let kinds: Vec<bool> = (0..300).map(|place| place % 3 == 0).collect();
        kinds.iter().for_each(|kind| open.push(*kind));
        for kind in kinds.iter().rev() {
            assert_eq!(open.last(), Some(*kind));
            open.pop();
            open.push(!*kind);
            open.pop();
        }
        assert_eq!(open.last(), None);
    }
}
