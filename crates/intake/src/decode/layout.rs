//! What the lines of a stream look like, learned from the first of them: the next one is compared with it byte by byte, and only
//! the values are looked for. What does not fit is read the long way; both ways give the same record.

use std::sync::Arc;

use fanlight_model::Feed;
use memchr::memchr2;

use super::detect::{Found, IGNORED, detect, is_decisive};
use super::feed_table::FeedTable;
use super::flat_json::{Cursor, Object, Value, is_number, is_token};
use super::note::Notes;
use super::slots::Slots;

/// An order of keys, and what each means.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) table: &'static FeedTable,
    pub(crate) dialect: &'static str,
    /// Seconds east of UTC of stamps without a zone.
    pub(crate) zone_seconds: i64,
    /// What is odd about the keys themselves.
    pub(crate) notes: Notes,
    keys: Box<[Box<str>]>,
    /// Values that decided which feed it is, by the place of their key.
    decisive: Box<[(usize, Box<str>)]>,
    tokens: Box<[u16]>,
    /// `None` where the line had to be mended, or has a value that no step stands for.
    steps: Option<Steps>,
}

#[derive(Debug)]
struct Steps {
    steps: Box<[Step]>,
    tail: Box<[u8]>,
}

#[derive(Debug)]
struct Step {
    /// Everything between the value before and this one: comma, key, colon, blanks, the opening quote.
    literal: Box<[u8]>,
    token: u16,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Quoted,
    Bare,
    Nested,
}

impl Layout {
    fn new(found: Found, object: &Object<'_>, text: &str, strictly: bool) -> Self {
        let tokens = found.tokens;
        let steps = if strictly { steps(object, text, &tokens) } else { None };
        let decisive = object.fields.iter().enumerate().filter_map(|(at, (key, value))| match value {
            Value::Text(text) if is_decisive(key) => Some((at, Box::from(&**text))),
            _ => None,
        });
        Self {
            table: found.table,
            dialect: found.dialect,
            zone_seconds: found.zone_seconds,
            notes: found.notes,
            keys: object.fields.iter().map(|(key, _)| Box::from(&**key)).collect(),
            decisive: decisive.collect(),
            tokens,
            steps,
        }
    }

    /// The token of each key, in the order of the keys.
    pub(crate) fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// The same keys in the same order, and the same values where they decide.
    fn fits(&self, object: &Object<'_>) -> bool {
        self.keys.len() == object.fields.len()
            && self.keys.iter().zip(&object.fields).all(|(known, (key, _))| **known == **key)
            && object.fields.iter().enumerate().filter(|(_, (key, _))| is_decisive(key)).all(
                |(at, (_, value))| {
                    let known = self.decisive.iter().find(|(place, _)| *place == at).map(|(_, text)| &**text);
                    match value {
                        Value::Text(text) => known == Some(&**text),
                        _ => known.is_none(),
                    }
                },
            )
    }

    /// Reads a line that looks as expected. `text` is trimmed and has no control character.
    fn predict(&self, text: &str, slots: &mut Slots) -> Option<()> {
        let steps = self.steps.as_ref()?;
        slots.clear(self.table.fields.len());
        let bytes = text.as_bytes();
        let mut at = 0;
        for step in &steps.steps {
            let end = at + step.literal.len();
            if !same(bytes.get(at..end)?, &step.literal) {
                return None;
            }
            at = end;
            at = match step.form {
                Form::Quoted => quoted(text, at, usize::from(step.token), slots)?,
                Form::Bare => bare(text, at, usize::from(step.token), slots)?,
                Form::Nested => {
                    let end = Cursor { text, at }.nested_end()?;
                    slots.put(usize::from(step.token), at, end);
                    end
                }
            };
        }
        (bytes.get(at..)? == &*steps.tail).then_some(())
    }
}

/// The literals are short: a call to compare them would cost more than the comparison.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = a.iter().zip(b).all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b));
    words
        && a.len() == b.len()
        && a_rest.len() == b_rest.len()
        && a_rest.iter().zip(b_rest).all(|(a, b)| a == b)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first quote or backslash. Most values have fewer bytes than a call to a vector search is worth, so the first words are looked
/// at here, eight bytes at a time ("Bit Twiddling Hacks", haszero: the lowest mark is exact).
#[inline]
fn string_end(rest: &[u8]) -> Option<usize> {
    const WORDS: usize = 4;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, _) = rest.as_chunks::<8>();
    for (at, word) in words.iter().take(WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let marks = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64));
        if marks != 0 {
            return Some(at * 8 + (marks.trailing_zeros() / 8) as usize);
        }
    }
    let from = words.len().min(WORDS) * 8;
    memchr2(b'"', b'\\', rest.get(from..)?).map(|at| from + at)
}

/// The string whose first character stands at `from`; gives the place behind its closing quote.
fn quoted(text: &str, from: usize, token: usize, slots: &mut Slots) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let length = string_end(rest)?;
    if rest.first() == Some(&b'%') {
        return None;
    }
    if rest.get(length) == Some(&b'"') {
        slots.put(token, from, from + length);
        return Some(from + length + 1);
    }
    let mut cursor = Cursor { text, at: from.checked_sub(1)? };
    let value = cursor.string().ok()?;
    if is_token(&value) {
        return None;
    }
    slots.put_beside(token, &value);
    Some(cursor.at)
}

/// The number or word at `from`; gives the place behind it.
fn bare(text: &str, from: usize, token: usize, slots: &mut Slots) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let plain = digits == 1 || (digits > 1 && rest.first() != Some(&b'0'));
    let end = match rest.get(digits)? {
        b',' | b'}' if plain => from + digits,
        _ => {
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' '))?;
            let word = text.get(from..from + length)?;
            match word {
                "null" => {
                    slots.put(token, from, from);
                    return Some(from + length);
                }
                "true" | "false" => {}
                _ if is_number(word) => {}
                _ => return None,
            }
            from + length
        }
    };
    slots.put(token, from, end);
    Some(end)
}

fn steps(object: &Object<'_>, text: &str, tokens: &[u16]) -> Option<Steps> {
    let bytes = text.as_bytes();
    let mut steps = Vec::with_capacity(object.fields.len());
    let mut before = 0;
    for (((key, value), place), token) in object.fields.iter().zip(&object.places).zip(tokens) {
        if is_decisive(key) {
            // Swapped with its value, a label is a value too.
            if *token < IGNORED {
                return None;
            }
            continue;
        }
        let (from, to) = *place;
        let form = match value {
            Value::Token => return None,
            Value::Nested(_) => Form::Nested,
            _ if bytes.get(from) == Some(&b'"') => Form::Quoted,
            _ => Form::Bare,
        };
        let starts = from + usize::from(form == Form::Quoted);
        steps.push(Step { literal: bytes.get(before..starts)?.into(), token: *token, form });
        before = to;
    }
    let end = text.len() - object.rest.len();
    Some(Steps { steps: steps.into(), tail: bytes.get(before..end)?.into() })
}

/// The layouts that each port's lines had, a bounded number.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    by_hint: Vec<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The last used first.
    layouts: Vec<Arc<Layout>>,
    misses: u32,
}

/// A port that is sent more templates than this reads some lines the long way.
const MAX_LAYOUTS: usize = 8;

/// Once there are so many, one line in this many replaces the least used.
const REPLACE_EVERY: u32 = 16;

impl Layouts {
    fn known(&mut self, hint: Feed) -> &mut Known {
        let at = usize::from(hint.code());
        if self.by_hint.len() <= at {
            self.by_hint.resize_with(at + 1, Known::default);
        }
        // The line above made room.
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        &mut self.by_hint[at]
    }

    /// Reads a line that looks like one that was there before.
    pub(crate) fn predict(&mut self, hint: Feed, text: &str, slots: &mut Slots) -> Option<Arc<Layout>> {
        let known = self.known(hint);
        let at = known.layouts.iter().position(|layout| layout.predict(text, slots).is_some())?;
        known.use_one(at)
    }

    /// What an object read the long way looks like; `None` where it is of no feed that is known.
    pub(crate) fn of(
        &mut self,
        hint: Feed,
        object: &Object<'_>,
        text: &str,
        strictly: bool,
    ) -> Option<Arc<Layout>> {
        let known = self.known(hint);
        let learn = strictly && known.may_learn();
        match known.layouts.iter().position(|layout| layout.fits(object)) {
            Some(at) if !learn => known.use_one(at),
            _ => {
                let layout = Arc::new(Layout::new(detect(hint, object)?, object, text, strictly));
                known.learn(Arc::clone(&layout));
                Some(layout)
            }
        }
    }
}

impl Known {
    fn use_one(&mut self, at: usize) -> Option<Arc<Layout>> {
        if at > 0 {
            self.layouts.swap(at, at - 1);
        }
        self.layouts.get(at.saturating_sub(1)).cloned()
    }

    fn may_learn(&mut self) -> bool {
        self.misses = self.misses.wrapping_add(1);
        self.layouts.len() < MAX_LAYOUTS || self.misses.is_multiple_of(REPLACE_EVERY)
    }

    fn learn(&mut self, layout: Arc<Layout>) {
        if self.layouts.len() == MAX_LAYOUTS {
            self.layouts.pop();
        }
        self.layouts.push(layout);
    }
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
