//! What stands inside spans, resources and scopes: attributes, values, events, links; checked byte by byte, text mended.

use bytes::Bytes;

use crate::batch::{Counts, Range, ResourceEntry, ScopeEntry};
use crate::join::RESOURCE_KEYS;
use crate::limits::{Limits, RefusalReason, ScanError};
use crate::value::{
    ARRAY_VALUE, BOOL_VALUE, BYTES_VALUE, DOUBLE_VALUE, INT_VALUE, KEY, MAP_VALUE, STRING_INDEX,
    STRING_VALUE, VALUE,
};
use crate::wire::{FIXED32, FIXED64, LENGTH, Message, VARINT, tag};

/// A `KeyValue` may be longer than key and value together only by its framing.
const PAIR_SLACK: usize = 64;

/// Checks content, and owns the copy of the request in which text is mended, if there has to be one.
pub(super) struct Content<'a> {
    pub(super) counts: Counts,
    bytes: &'a Bytes,
    copy: Option<Vec<u8>>,
    mended: bool,
    limits: &'a Limits,
    max_key: usize,
    max_value: usize,
}

impl<'a> Content<'a> {
    pub(super) fn new(bytes: &'a Bytes, limits: &'a Limits) -> Self {
        Self {
            counts: Counts::default(),
            bytes,
            copy: None,
            mended: false,
            limits,
            max_key: limits.max_key_bytes as usize,
            max_value: limits.max_value_bytes as usize,
        }
    }

    /// The request as it was received.
    pub(super) fn received(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Whether text was mended anywhere.
    pub(super) fn is_mended(&self) -> bool {
        self.copy.is_some()
    }

    /// The request to go on with.
    pub(super) fn into_bytes(self) -> Bytes {
        self.copy.map_or_else(|| self.bytes.clone(), Bytes::from)
    }

    /// Whether text was mended since this was last asked.
    pub(super) fn take_mended(&mut self) -> bool {
        std::mem::take(&mut self.mended)
    }

    pub(super) fn check_values(&self) -> Result<(), ScanError> {
        let limit = self.limits.max_values_per_request;
        if self.counts.values > limit { Err(ScanError::TooManyValues { limit }) } else { Ok(()) }
    }

    /// A `Resource`, or a piece of one. `attributes` counts across its pieces.
    pub(super) fn resource(
        &mut self,
        mut piece: Message<'a>,
        entry: &mut ResourceEntry,
        attributes: &mut u32,
    ) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b1110;
        while let Some(found) = piece.tag()? {
            match found {
                RESOURCE_ATTRIBUTE => {
                    let pair = piece.message()?;
                    let key = self.attribute(pair, attributes)?;
                    if let Some(place) = RESOURCE_KEYS.iter().position(|name| name.as_bytes() == key) {
                        let range = super::range(&pair);
                        entry.known.iter_mut().skip(place).take(1).for_each(|slot| *slot = range);
                    }
                }
                RESOURCE_DROPPED => entry.dropped_attributes = low_bits(piece.varint()?),
                RESOURCE_ENTITY => self.entity(piece.message()?)?,
                other => piece.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(())
    }

    /// An `InstrumentationScope`, or a piece of one.
    pub(super) fn scope(
        &mut self,
        mut piece: Message<'a>,
        entry: &mut ScopeEntry,
        attributes: &mut u32,
    ) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b1_1110;
        while let Some(found) = piece.tag()? {
            match found {
                SCOPE_NAME => entry.name = self.text_range(piece.message()?)?,
                SCOPE_VERSION => entry.version = self.text_range(piece.message()?)?,
                SCOPE_ATTRIBUTE => {
                    self.attribute(piece.message()?, attributes)?;
                }
                SCOPE_DROPPED => piece.varint().map(drop)?,
                other => piece.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(())
    }

    fn entity(&mut self, mut entity: Message<'a>) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b1_1110;
        while let Some(found) = entity.tag()? {
            if found & 7 == LENGTH && KNOWN >> (found >> 3).min(31) & 1 == 1 {
                self.text(entity.message()?)?;
            } else {
                entity.skip_unknown(found, KNOWN)?;
            }
        }
        Ok(())
    }

    /// An event of a span.
    pub(super) fn event(&mut self, mut event: Message<'a>) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b1_1110;
        self.counts.events = self.counts.events.saturating_add(1);
        let mut attributes = 0;
        while let Some(found) = event.tag()? {
            match found {
                EVENT_TIME => event.fixed64().map(drop)?,
                EVENT_NAME => self.text(event.message()?)?,
                EVENT_ATTRIBUTE => {
                    self.attribute(event.message()?, &mut attributes)?;
                }
                EVENT_DROPPED => event.varint().map(drop)?,
                other => event.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(())
    }

    /// A span link. Its ids are passed on as they are.
    pub(super) fn link(&mut self, mut link: Message<'a>) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b111_1110;
        self.counts.links = self.counts.links.saturating_add(1);
        let mut attributes = 0;
        while let Some(found) = link.tag()? {
            match found {
                LINK_TRACE_ID | LINK_SPAN_ID => link.message().map(drop)?,
                LINK_TRACE_STATE => self.text(link.message()?)?,
                LINK_ATTRIBUTE => {
                    self.attribute(link.message()?, &mut attributes)?;
                }
                LINK_DROPPED => link.varint().map(drop)?,
                LINK_FLAGS => link.fixed32().map(drop)?,
                other => link.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(())
    }

    /// One attribute of something that has had `count` before; gives its key.
    #[inline]
    pub(super) fn attribute(
        &mut self,
        pair: Message<'a>,
        count: &mut u32,
    ) -> Result<&'a [u8], RefusalReason> {
        *count += 1;
        if *count > self.limits.max_attributes_per_span {
            return Err(RefusalReason::TooManyAttributes);
        }
        self.pair(pair, 1, false)
    }

    /// A `KeyValue`. One look for bytes beyond ASCII spares a look at every text in it.
    #[inline]
    fn pair(&mut self, mut pair: Message<'a>, depth: u32, ascii: bool) -> Result<&'a [u8], RefusalReason> {
        const KNOWN: u32 = 0b1110;
        self.counts.values = self.counts.values.saturating_add(1);
        if pair.len() > self.max_key + self.max_value + PAIR_SLACK {
            return Err(RefusalReason::ValueTooLong);
        }
        let ascii = ascii || is_ascii(pair.bytes());
        if ascii
            && depth <= self.limits.max_depth
            && let Some(key) = plain_key(pair.bytes(), self.max_key, self.max_value)
        {
            return Ok(key);
        }
        let mut key: &[u8] = &[];
        while let Some(found) = pair.tag()? {
            match found {
                KEY => {
                    let text = pair.message()?;
                    if text.len() > self.max_key {
                        return Err(RefusalReason::KeyTooLong);
                    }
                    if !ascii {
                        self.mend(text);
                    }
                    key = text.bytes();
                }
                VALUE => self.value(pair.message()?, depth, ascii)?,
                KEY_INDEX => pair.varint().map(drop)?,
                other => pair.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(key)
    }

    /// An `AnyValue`.
    #[inline]
    fn value(&mut self, mut value: Message<'a>, depth: u32, ascii: bool) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b1_1111_1110;
        if depth > self.limits.max_depth {
            return Err(RefusalReason::TooDeep);
        }
        while let Some(found) = value.tag()? {
            match found {
                STRING_VALUE => {
                    let text = self.short(value.message()?)?;
                    if !ascii {
                        self.mend(text);
                    }
                }
                BOOL_VALUE | INT_VALUE | STRING_INDEX => value.varint().map(drop)?,
                DOUBLE_VALUE => value.fixed64().map(drop)?,
                BYTES_VALUE => self.short(value.message()?).map(drop)?,
                ARRAY_VALUE | MAP_VALUE => {
                    let elements = self.short(value.message()?)?;
                    self.elements(elements, found == MAP_VALUE, depth + 1, ascii)?;
                }
                other => value.skip_unknown(other, KNOWN)?,
            }
        }
        Ok(())
    }

    /// An `ArrayValue` or a `KeyValueList`.
    fn elements(
        &mut self,
        mut list: Message<'a>,
        pairs: bool,
        depth: u32,
        ascii: bool,
    ) -> Result<(), RefusalReason> {
        const KNOWN: u32 = 0b10;
        while let Some(found) = list.tag()? {
            if found != ELEMENT {
                list.skip_unknown(found, KNOWN)?;
            } else if pairs {
                self.pair(list.message()?, depth, ascii)?;
            } else {
                self.counts.values = self.counts.values.saturating_add(1);
                self.value(list.message()?, depth, ascii)?;
            }
        }
        Ok(())
    }

    /// A text that stands for itself, mended if need be.
    #[inline]
    pub(super) fn text(&mut self, text: Message<'a>) -> Result<(), RefusalReason> {
        let text = self.short(text)?;
        self.mend(text);
        Ok(())
    }

    /// The same, and where it stands.
    #[inline]
    pub(super) fn text_range(&mut self, text: Message<'a>) -> Result<Range, RefusalReason> {
        self.text(text)?;
        Ok(super::range(&text))
    }

    #[inline]
    fn short(&self, value: Message<'a>) -> Result<Message<'a>, RefusalReason> {
        if value.len() > self.max_value { Err(RefusalReason::ValueTooLong) } else { Ok(value) }
    }

    #[inline]
    fn mend(&mut self, text: Message<'a>) {
        if !is_ascii(text.bytes()) && std::str::from_utf8(text.bytes()).is_err() {
            self.replace_invalid(text);
        }
    }

    /// Puts another tag in the place of the one from `at` to `to`, padded to the same length as a varint may be.
    #[cold]
    pub(super) fn rename(&mut self, at: usize, to: usize, tag: u32) {
        let copy = self.copy.get_or_insert_with(|| self.bytes.to_vec());
        let mut left = tag;
        let place = copy.get_mut(at..to).unwrap_or_default();
        let last = place.len().saturating_sub(1);
        for (at, byte) in place.iter_mut().enumerate() {
            *byte = (left & 0x7f) as u8 | if at == last { 0 } else { 0x80 };
            left >>= 7;
        }
    }

    /// Puts as many `?` in the place of each invalid sequence, so that no length changes.
    #[cold]
    fn replace_invalid(&mut self, text: Message<'a>) {
        let copy = self.copy.get_or_insert_with(|| self.bytes.to_vec());
        self.mended = true;
        let mut at = text.position();
        for chunk in text.bytes().utf8_chunks() {
            at += chunk.valid().len();
            let end = at + chunk.invalid().len();
            if let Some(invalid) = copy.get_mut(at..end) {
                invalid.fill(b'?');
            }
            at = end;
        }
    }
}

const RESOURCE_ATTRIBUTE: u32 = tag(1, LENGTH);
const RESOURCE_DROPPED: u32 = tag(2, VARINT);
const RESOURCE_ENTITY: u32 = tag(3, LENGTH);
const SCOPE_NAME: u32 = tag(1, LENGTH);
const SCOPE_VERSION: u32 = tag(2, LENGTH);
const SCOPE_ATTRIBUTE: u32 = tag(3, LENGTH);
const SCOPE_DROPPED: u32 = tag(4, VARINT);
const EVENT_TIME: u32 = tag(1, FIXED64);
const EVENT_NAME: u32 = tag(2, LENGTH);
const EVENT_ATTRIBUTE: u32 = tag(3, LENGTH);
const EVENT_DROPPED: u32 = tag(4, VARINT);
const LINK_TRACE_ID: u32 = tag(1, LENGTH);
const LINK_SPAN_ID: u32 = tag(2, LENGTH);
const LINK_TRACE_STATE: u32 = tag(3, LENGTH);
const LINK_ATTRIBUTE: u32 = tag(4, LENGTH);
const LINK_DROPPED: u32 = tag(5, VARINT);
const LINK_FLAGS: u32 = tag(6, FIXED32);
/// `KeyValue.key_strindex`: an index into a profile's string table.
const KEY_INDEX: u32 = tag(3, VARINT);
/// The one field of `ArrayValue` and of `KeyValueList`.
const ELEMENT: u32 = tag(1, LENGTH);

/// A `uint32` or an enumeration keeps the low half of its varint.
#[inline]
pub(super) fn low_bits(varint: u64) -> u32 {
    (varint & u64::from(u32::MAX)) as u32
}

/// The key of a `KeyValue` as nearly all are sent: a short key, then one short text, in as few bytes as can be. Such a pair needs no
/// other check once its bytes are known to be ASCII.
#[inline(always)]
fn plain_key(pair: &[u8], max_key: usize, max_value: usize) -> Option<&[u8]> {
    let [0x0a, key_length @ 0..0x80, rest @ ..] = pair else { return None };
    let (key, value) = rest.split_at_checked(usize::from(*key_length))?;
    let [0x12, value_length @ 2..0x80, 0x0a, text_length, text @ ..] = value else { return None };
    let exact = usize::from(*text_length) == text.len() && usize::from(*value_length) == text.len() + 2;
    (exact && key.len() <= max_key && text.len() <= max_value).then_some(key)
}

/// Eight bytes at a time, the last eight overlapping those before: texts are short, and there are many.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    match bytes.last_chunk::<8>() {
        Some(last) => {
            let (chunks, _) = bytes.as_chunks::<8>();
            let all =
                chunks.iter().fold(u64::from_le_bytes(*last), |all, chunk| all | u64::from_le_bytes(*chunk));
            all & HIGH_BITS == 0
        }
        None => bytes.iter().fold(0, |all, byte| all | byte) < 0x80,
    }
}

#[cfg(test)]
mod tests {
    use super::is_ascii;

    #[test]
    fn one_high_bit_is_found_at_any_place() {
        for length in 0..40 {
            let mut bytes = vec![0x7f; length];
            assert!(is_ascii(&bytes));
            for place in 0..length {
                bytes[place] = 0x80;
                assert!(!is_ascii(&bytes), "{place} of {length}");
                bytes[place] = 0x7f;
            }
        }
    }
}
