//! Reads a line by the steps of one like it: what stands between the values is compared, and only the values are looked for. A string
//! that its sender did not escape is mended on the way.
//!
//! INVARIANT: a line that is read so gives what it gives when it is read the long way; whatever could be read otherwise is left to
//! the long way.

use std::cell::Cell;

use memchr::memchr2;

use super::super::compare::begins;
use super::super::detect::{IGNORED, is_decisive};
use super::super::envelope::ENVELOPE_KEY;
use super::super::flat_json::{
    Cursor, Keys, MAX_DOCUMENT_BYTES, Object, Value, is_number, is_token, mends_to, strict,
};
use super::super::line::unwrap_envelope;
use super::super::note::Notes;
use super::super::slots::Slots;

/// The way through a line.
#[derive(Debug)]
pub(super) struct Steps {
    /// Everything that is no value, in one piece.
    literals: Box<[u8]>,
    /// How much of it stands before the first value.
    head: usize,
    steps: Box<[Step]>,
    /// Whether the long way would end a broken string, too, where what follows looks as expected.
    mends: bool,
}

#[derive(Debug)]
struct Step {
    /// Where in `literals` ends what follows the value: the closing quote, comma, key, colon, blanks, the opening quote.
    to: usize,
    /// Which of the object's keys it is, decisive ones counted.
    key: usize,
    token: u16,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Quoted,
    Bare,
    Nested,
}

impl Form {
    fn of(value: &Value<'_>, written: &str) -> Option<Self> {
        match value {
            Value::Token => None,
            Value::Nested(_) => Some(Self::Nested),
            _ if written.starts_with('"') => Some(Self::Quoted),
            _ => Some(Self::Bare),
        }
    }

    /// A value of this form as short as can be, without its quotes.
    const fn shortest(self) -> &'static str {
        match self {
            Self::Quoted => "x",
            Self::Bare => "0",
            Self::Nested => "[]",
        }
    }
}

impl Steps {
    /// The way that this object was read; `None` where it is no way for others.
    pub(super) fn of(object: &Object<'_>, text: &str, tokens: &[u16]) -> Option<Self> {
        if object.places.len() != object.fields.len() {
            return None;
        }
        let (mut literals, mut skeleton) = (String::new(), String::new());
        let (mut head, mut before) = (0, 0);
        let mut steps: Vec<Step> = Vec::with_capacity(object.fields.len());
        let mut starts = Vec::with_capacity(object.fields.len());
        for (key, (((name, value), (from, to)), token)) in
            object.fields.iter().zip(&object.places).zip(tokens).enumerate()
        {
            if is_decisive(name) {
                // Swapped with its value, a label is a value too.
                if *token < IGNORED {
                    return None;
                }
                continue;
            }
            let form = Form::of(value, text.get(*from..*to)?)?;
            // An object in its place would be looked into.
            if name == ENVELOPE_KEY && form == Form::Nested {
                return None;
            }
            let quote = usize::from(form == Form::Quoted);
            let literal = text.get(before..from + quote)?;
            literals.push_str(literal);
            skeleton.push_str(literal);
            starts.push((key, skeleton.len() - quote));
            skeleton.push_str(form.shortest());
            match steps.last_mut() {
                Some(step) => step.to = literals.len(),
                None => head = literals.len(),
            }
            steps.push(Step { to: 0, key, token: *token, form });
            before = to.checked_sub(quote)?;
        }
        let tail = text.get(before..text.len() - object.rest.len())?;
        literals.push_str(tail);
        skeleton.push_str(tail);
        steps.last_mut()?.to = literals.len();
        // With other values between them the literals must be what they are here: that is what `read` relies on.
        let is_same = |other: &Object<'_>| is_same(object, other, &starts);
        is_same(&unwrap_envelope(strict(&skeleton).ok()?, &mut Notes::default())).then_some(())?;
        let mends = mends_to(&skeleton).is_some_and(|mended| is_same(&mended));
        Some(Self { literals: literals.into_bytes().into(), head, steps: steps.into(), mends })
    }

    /// Reads a line that looks as expected. `text` is trimmed and has no control character; what was mended is noted.
    #[inline]
    pub(super) fn read(
        &self,
        text: &str,
        keys: &[Box<str>],
        slots: &mut Slots,
        notes: &mut Notes,
    ) -> Option<()> {
        let bytes = text.as_bytes();
        let (head, mut literals) = self.literals.split_at_checked(self.head)?;
        if !begins(bytes, head) {
            return None;
        }
        let mut line = Line { text, keys, slots, notes, mends: self.mends, escaped: false, broken: false };
        let (mut at, mut literal_at) = (head.len(), head.len());
        for step in &self.steps {
            let (after, rest) = literals.split_at_checked(step.to.checked_sub(literal_at)?)?;
            (literals, literal_at) = (rest, step.to);
            let end = match step.form {
                Form::Quoted => line.quoted(at, step, after)?,
                Form::Bare => line.bare(at, step)?,
                Form::Nested => line.nested(at, step)?,
            };
            if step.form != Form::Quoted && !begins(bytes.get(end..)?, after) {
                return None;
            }
            at = end + after.len();
        }
        (at == bytes.len()).then_some(())
    }
}

/// The same keys, the same values where they decide, and the other values where they should begin.
fn is_same(object: &Object<'_>, other: &Object<'_>, starts: &[(usize, usize)]) -> bool {
    let mut fields = object.fields.iter().zip(&other.fields);
    object.fields.len() == other.fields.len()
        && fields.all(|((key, value), (other_key, other))| {
            key == other_key && (!is_decisive(key) || value == other)
        })
        && starts.iter().all(|(key, from)| other.places.get(*key).is_some_and(|place| place.0 == *from))
        && other.rest.is_empty()
}

/// One line on its way.
struct Line<'a, 's> {
    text: &'a str,
    keys: &'s [Box<str>],
    slots: &'s mut Slots,
    notes: &'s mut Notes,
    mends: bool,
    /// A string before this place has escapes.
    escaped: bool,
    /// By the letter it is no object.
    broken: bool,
}

impl Line<'_, '_> {
    /// The string whose first character stands at `from`; gives the place of its closing quote, after which all is as expected.
    #[inline]
    fn quoted(&mut self, from: usize, step: &Step, after: &[u8]) -> Option<usize> {
        let rest = self.text.as_bytes().get(from..)?;
        let length = string_end(rest)?;
        if rest.first() == Some(&b'%') {
            return None;
        }
        if begins(rest.get(length..)?, after) {
            self.slots.put(usize::from(step.token), self.text, from, from + length);
            return Some(from + length);
        }
        self.odd(from, step, after)
    }

    /// A string with escapes, or with a quote or a backslash that is not escaped.
    #[cold]
    fn odd(&mut self, from: usize, step: &Step, after: &[u8]) -> Option<usize> {
        if !self.broken {
            let mut cursor = Cursor { text: self.text, at: from.checked_sub(1)? };
            if let Ok(value) = cursor.string() {
                let end = cursor.at - 1;
                if begins(self.text.as_bytes().get(end..)?, after) {
                    self.escaped = true;
                    return self.put(step, &value).then_some(end);
                }
                if cursor.may_go_on() {
                    return None;
                }
            }
            // From here on it is no object by the letter, whatever follows. An escape before it may be read otherwise then.
            if self.escaped || !self.mends {
                return None;
            }
            self.broken = true;
        }
        if matches!(self.text.as_bytes().get(from)?, b'{' | b'[') {
            return None;
        }
        let before = self.keys.get(..step.key)?;
        let in_vain = Cell::new(MAX_DOCUMENT_BYTES);
        let was_read = |key: &str| before.iter().any(|before| **before == *key);
        let keys = Keys { was_read: &was_read, known_only: false, in_vain: &in_vain };
        let mut cursor = Cursor { text: self.text, at: from.checked_sub(1)? };
        let value = cursor.lenient_string(self.notes, keys).ok()?;
        let end = cursor.at.checked_sub(1)?;
        (begins(self.text.as_bytes().get(end..)?, after) && self.put(step, &value)).then_some(end)
    }

    fn put(&mut self, step: &Step, value: &str) -> bool {
        self.slots.put_text(usize::from(step.token), self.text, value);
        !is_token(value)
    }

    /// The number or word at `from`; gives the place behind it.
    #[inline]
    fn bare(&mut self, from: usize, step: &Step) -> Option<usize> {
        let rest = self.text.as_bytes().get(from..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let plain = digits == 1 || (digits > 1 && rest.first() != Some(&b'0'));
        let end = match rest.get(digits)? {
            b',' | b'}' if plain => from + digits,
            b'.' if plain => return self.fraction(from, digits, step),
            _ => return self.word(from, step),
        };
        self.slots.put(usize::from(step.token), self.text, from, end);
        Some(end)
    }

    /// `17.000000`, most often.
    fn fraction(&mut self, from: usize, digits: usize, step: &Step) -> Option<usize> {
        let fraction = self.text.as_bytes().get(from + digits + 1..)?;
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || !matches!(fraction.get(length)?, b',' | b'}') {
            return self.word(from, step);
        }
        let end = from + digits + 1 + length;
        self.slots.put(usize::from(step.token), self.text, from, end);
        Some(end)
    }

    /// Whatever else may stand without quotes.
    #[cold]
    fn word(&mut self, from: usize, step: &Step) -> Option<usize> {
        let rest = self.text.as_bytes().get(from..)?;
        let end = from + rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' '))?;
        match self.text.get(from..end)? {
            "null" => self.slots.put_nothing(usize::from(step.token)),
            word if matches!(word, "true" | "false") || is_number(word) => {
                self.slots.put(usize::from(step.token), self.text, from, end);
            }
            _ => return None,
        }
        Some(end)
    }

    fn nested(&mut self, from: usize, step: &Step) -> Option<usize> {
        let end = Cursor { text: self.text, at: from }.nested_end()?;
        self.slots.put(usize::from(step.token), self.text, from, end);
        Some(end)
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first quote or backslash. Most values have fewer bytes than a call to a vector search is worth, so the first words are looked
/// at here, eight bytes at a time ("Bit Twiddling Hacks", haszero: the lowest mark is exact).
#[inline]
fn string_end(rest: &[u8]) -> Option<usize> {
    const WORDS: usize = 4;
    let (words, _) = rest.as_chunks::<8>();
    for (at, word) in words.iter().take(WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let [quotes, backslashes] =
            [b'"', b'\\'].map(|byte| (word ^ (ONES * byte as u64)).wrapping_sub(ONES));
        let marks = (quotes | backslashes) & !word & HIGHS;
        if marks != 0 {
            return Some(at * 8 + (marks.trailing_zeros() / 8) as usize);
        }
    }
    let from = words.len().min(WORDS) * 8;
    memchr2(b'"', b'\\', rest.get(from..)?).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wherever the quote stands, and whatever bytes stand before it.
    #[test]
    fn the_end_of_a_string_is_found_at_any_place() {
        for length in 0..80 {
            for filler in [b'a', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff, 0] {
                let mut text = vec![filler; length];
                assert_eq!(string_end(&text), None, "{length} {filler}");
                text.extend(b"\"\\\"");
                assert_eq!(string_end(&text), Some(length), "{length} {filler}");
                if let Some(last) = length.checked_sub(1) {
                    text[last] = b'\\';
                    assert_eq!(string_end(&text), Some(last), "{length} {filler}");
                }
            }
        }
    }
}
