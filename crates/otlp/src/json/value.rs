//! Scalars, attributes and their values.

use super::cursor::{Progress, Text};
use super::encoding::{base64, base64_len, hex};
use super::number::{double, integer};
use super::text::unescape;
use super::{Fault, Transcoder, WRONG};
use crate::limits::RefusalReason;
use crate::wire::varint_len;

/// Values and attributes are short: their length takes one byte.
const SHORT: usize = 1;

/// The fields of `AnyValue`.
const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
const ARRAY: u32 = 5;
const MAP: u32 = 6;
const BYTES: u32 = 7;
/// The fields of `KeyValue`.
const KEY: u32 = 1;
const VALUE: u32 = 2;
/// The one field of `ArrayValue` and of `KeyValueList`.
const ELEMENT: u32 = 1;

impl<'a> Transcoder<'a> {
    /// A text, as the field's bytes.
    #[inline]
    pub(super) fn text(&mut self, field: u32) -> Result<(), Fault> {
        self.text_within(field, self.limits.max_value_bytes, RefusalReason::ValueTooLong)
    }

    #[inline]
    fn text_within(&mut self, field: u32, limit: u32, too_long: RefusalReason) -> Result<(), Fault> {
        let text = self.quoted()?;
        let limit = limit as usize;
        if text.is_plain {
            if text.raw.len() > limit {
                return Err(Fault::Bad(too_long));
            }
            self.output.check(text.raw.len())?;
            self.output.put_text(field, text.raw);
            return Ok(());
        }
        // No escape makes a text longer, and none makes it shorter than a sixth.
        if text.raw.len() / 6 > limit {
            return Err(Fault::Bad(too_long));
        }
        self.output.check(text.raw.len())?;
        let opened = self.output.open(field, varint_len(text.raw.len() as u64));
        let from = self.output.len();
        unescape(text.raw, self.output.bytes());
        if self.output.len() - from > limit {
            return Err(Fault::Bad(too_long));
        }
        self.output.close(opened);
        Ok(())
    }

    #[inline]
    fn quoted(&mut self) -> Result<Text<'a>, Fault> {
        if self.cursor.peek() == Some(b'"') { Ok(self.cursor.string()?) } else { Err(WRONG) }
    }

    /// An id in hex. Whether it has the right length is for the scan to say.
    #[inline]
    pub(super) fn id(&mut self, field: u32) -> Result<(), Fault> {
        let text = self.quoted()?.read();
        self.output.check(text.len() / 2)?;
        let opened = self.output.open(field, varint_len(text.len() as u64 / 2));
        if !hex(&text, self.output.bytes()) {
            return Err(WRONG);
        }
        self.output.close(opened);
        Ok(())
    }

    /// A whole number, as a number or as text.
    #[inline]
    fn integer(&mut self) -> Result<i128, Fault> {
        let number = match self.cursor.peek() {
            Some(b'"') => integer(&self.cursor.string()?.read()),
            Some(b'-' | b'0'..=b'9') => integer(self.cursor.number()?),
            _ => None,
        };
        number.ok_or(WRONG)
    }

    #[inline]
    fn unsigned(&mut self) -> Result<u64, Fault> {
        u64::try_from(self.integer()?).map_err(|_| WRONG)
    }

    #[inline]
    fn small(&mut self) -> Result<u32, Fault> {
        u32::try_from(self.integer()?).map_err(|_| WRONG)
    }

    /// A time: a `fixed64`.
    #[inline]
    pub(super) fn time(&mut self, field: u32) -> Result<(), Fault> {
        let nanos = self.unsigned()?;
        self.output.put_fixed64(field, nanos);
        Ok(())
    }

    /// A `uint32`.
    pub(super) fn count(&mut self, field: u32) -> Result<(), Fault> {
        let number = self.small()?;
        self.output.put_varint(field, u64::from(number));
        Ok(())
    }

    /// A `fixed32`.
    pub(super) fn flags(&mut self, field: u32) -> Result<(), Fault> {
        let flags = self.small()?;
        self.output.put_fixed32(field, flags);
        Ok(())
    }

    /// An enumeration by number or by one of its names, which stand in the order of their numbers; their common beginning may be
    /// left out.
    pub(super) fn enumeration(
        &mut self,
        field: u32,
        beginning: &str,
        names: &'static [&'static str],
    ) -> Result<(), Fault> {
        let at = self.cursor.position();
        let named = match self.cursor.peek() {
            Some(b'"') => number_of(&self.cursor.string()?.read(), beginning, names),
            _ => None,
        };
        let number = match named {
            Some(number) => number,
            None => {
                self.cursor.go_back_to(at);
                // Negative ones take ten bytes, as every negative number does.
                i64::from(i32::try_from(self.integer()?).map_err(|_| WRONG)?).cast_unsigned()
            }
        };
        self.output.put_varint(field, number);
        Ok(())
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, field: u32) -> Result<(), Fault> {
        self.open_list()?;
        let mut list = Progress::default();
        while self.cursor.next_element(&mut list)? {
            self.count_value()?;
            self.text(field)?;
        }
        Ok(())
    }

    /// The attributes of anything that has some.
    pub(super) fn attributes(&mut self, field: u32) -> Result<(), Fault> {
        self.open_list()?;
        let (mut list, mut count) = (Progress::default(), 0);
        while self.cursor.next_element(&mut list)? {
            count += 1;
            if count > self.limits.max_attributes_per_span {
                return Err(Fault::Bad(RefusalReason::TooManyAttributes));
            }
            self.pair(field, 1)?;
        }
        Ok(())
    }

    /// A `KeyValue`.
    fn pair(&mut self, field: u32, depth: u32) -> Result<(), Fault> {
        self.count_value()?;
        self.open_object()?;
        let opened = self.output.open(field, SHORT);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"key" => self.text_within(KEY, self.limits.max_key_bytes, RefusalReason::KeyTooLong)?,
                b"value" => self.any_value(VALUE, depth)?,
                _ => self.cursor.skip_value()?,
            }
        }
        self.output.close(opened);
        Ok(())
    }

    /// An `AnyValue`. As deep as the scan allows and no deeper: this is the one thing here that calls itself.
    fn any_value(&mut self, field: u32, depth: u32) -> Result<(), Fault> {
        if depth > self.limits.max_depth {
            return Err(Fault::Bad(RefusalReason::TooDeep));
        }
        self.open_object()?;
        let opened = self.output.open(field, SHORT);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"stringValue" | b"string_value" => self.text(STRING)?,
                b"intValue" | b"int_value" => {
                    let number = i64::try_from(self.integer()?).map_err(|_| WRONG)?;
                    self.output.put_varint(INT, number.cast_unsigned());
                }
                b"boolValue" | b"bool_value" => self.truth()?,
                b"doubleValue" | b"double_value" => self.double()?,
                b"arrayValue" | b"array_value" => self.elements(ARRAY, false, depth + 1)?,
                b"kvlistValue" | b"kvlist_value" => self.elements(MAP, true, depth + 1)?,
                b"bytesValue" | b"bytes_value" => self.base64()?,
                _ => self.cursor.skip_value()?,
            }
        }
        self.output.close(opened);
        Ok(())
    }

    fn truth(&mut self) -> Result<(), Fault> {
        let is_true = match self.cursor.peek() {
            Some(b't') => {
                self.cursor.literal(b"true")?;
                true
            }
            Some(b'f') => {
                self.cursor.literal(b"false")?;
                false
            }
            _ => return Err(WRONG),
        };
        self.output.put_varint(BOOL, u64::from(is_true));
        Ok(())
    }

    fn double(&mut self) -> Result<(), Fault> {
        let number = match self.cursor.peek() {
            Some(b'"') => double(&self.cursor.string()?.read()),
            Some(b'-' | b'0'..=b'9') => double(self.cursor.number()?),
            _ => None,
        };
        self.output.put_fixed64(DOUBLE, number.ok_or(WRONG)?.to_bits());
        Ok(())
    }

    fn base64(&mut self) -> Result<(), Fault> {
        let text = self.quoted()?.read();
        let length = base64_len(&text);
        if length > self.limits.max_value_bytes as usize {
            return Err(Fault::Bad(RefusalReason::ValueTooLong));
        }
        self.output.check(length)?;
        let opened = self.output.open(BYTES, varint_len(length as u64));
        if !base64(&text, self.output.bytes()) {
            return Err(WRONG);
        }
        self.output.close(opened);
        Ok(())
    }

    /// An `ArrayValue` or a `KeyValueList`.
    fn elements(&mut self, field: u32, pairs: bool, depth: u32) -> Result<(), Fault> {
        self.open_object()?;
        let opened = self.output.open(field, SHORT);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            if &*key != b"values" {
                self.cursor.skip_value()?;
                continue;
            }
            self.open_list()?;
            let mut list = Progress::default();
            while self.cursor.next_element(&mut list)? {
                if pairs {
                    self.pair(ELEMENT, depth)?;
                } else {
                    self.count_value()?;
                    self.element(depth)?;
                }
            }
        }
        self.output.close(opened);
        Ok(())
    }

    /// An element of an array. Here `null` is a value, the empty one: OpenTelemetry keeps the places of the others.
    fn element(&mut self, depth: u32) -> Result<(), Fault> {
        if self.cursor.peek() != Some(b'n') {
            return self.any_value(ELEMENT, depth);
        }
        self.cursor.literal(b"null")?;
        let opened = self.output.open(ELEMENT, SHORT);
        self.output.close(opened);
        Ok(())
    }
}

fn number_of(name: &[u8], beginning: &str, names: &[&str]) -> Option<u64> {
    let head = name.get(..beginning.len()).filter(|head| head.eq_ignore_ascii_case(beginning.as_bytes()));
    let short = head.and_then(|head| name.get(head.len()..)).unwrap_or(name);
    let place = names.iter().position(|known| short.eq_ignore_ascii_case(known.as_bytes()))?;
    u64::try_from(place).ok()
}
