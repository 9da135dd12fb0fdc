//! Attribute values, read from the wire bytes where they lie.

mod text;

use std::borrow::Cow;

use crate::wire::{FIXED64, LENGTH, Message, VARINT, tag};

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Text.
    Str(&'a str),
    /// True or false.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list of values.
    Array(ArrayView<'a>),
    /// Keys and values.
    Map(MapView<'a>),
    /// Nothing.
    Empty,
}

impl<'a> Value<'a> {
    /// Scalars as text, bytes in base64, arrays and maps as canonical JSON (RFC 8785: sorted keys, the last of equal keys).
    pub fn to_text(&self) -> Cow<'a, str> {
        match *self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Empty => Cow::Borrowed(""),
            other => Cow::Owned(text::of(other)),
        }
    }

    /// The text, where the value is text.
    pub fn as_str(&self) -> Option<&'a str> {
        match *self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
}

/// Two doubles are equal when their bits are: a value is compared as it was sent.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Str(one), Value::Str(two)) => one == two,
            (Self::Bool(one), Value::Bool(two)) => one == two,
            (Self::Int(one), Value::Int(two)) => one == two,
            (Self::Double(one), Value::Double(two)) => one.to_bits() == two.to_bits(),
            (Self::Bytes(one), Value::Bytes(two)) => one == two,
            (Self::Array(one), Value::Array(two)) => one.iter().eq(two.iter()),
            (Self::Map(one), Value::Map(two)) => one.iter().eq(two.iter()),
            (Self::Empty, Value::Empty) => true,
            _ => false,
        }
    }
}

/// A list of values.
#[derive(Clone, Copy, Debug)]
pub struct ArrayView<'a> {
    pieces: Pieces<'a>,
}

impl<'a> ArrayView<'a> {
    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        Elements { pieces: self.pieces, current: Message::new(&[]), field: 5 }
            .map(|element| value_of(element.bytes()))
    }
}

/// Keys and values.
#[derive(Clone, Copy, Debug)]
pub struct MapView<'a> {
    pieces: Pieces<'a>,
}

impl<'a> MapView<'a> {
    /// The pairs in the order of the wire. Of equal keys the last is in force.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        Elements { pieces: self.pieces, current: Message::new(&[]), field: 6 }
            .map(|element| key_value(element.bytes()))
    }
}

/// The fields of an `AnyValue`. Protobuf merges a message that stands more than once, so there may be several stretches of
/// bytes: `rest` of one `AnyValue`, then every `value` in the rest of the `KeyValue`.
#[derive(Clone, Copy, Debug)]
struct Pieces<'a> {
    rest: Message<'a>,
    key_value: Message<'a>,
}

/// `KeyValue.key`.
pub(crate) const KEY: u32 = tag(1, LENGTH);
/// `KeyValue.value`.
pub(crate) const VALUE: u32 = tag(2, LENGTH);
pub(crate) const STRING_VALUE: u32 = tag(1, LENGTH);
pub(crate) const BOOL_VALUE: u32 = tag(2, VARINT);
pub(crate) const INT_VALUE: u32 = tag(3, VARINT);
pub(crate) const DOUBLE_VALUE: u32 = tag(4, FIXED64);
pub(crate) const ARRAY_VALUE: u32 = tag(5, LENGTH);
pub(crate) const MAP_VALUE: u32 = tag(6, LENGTH);
pub(crate) const BYTES_VALUE: u32 = tag(7, LENGTH);
/// An index into the string table of a profile; of no meaning in a trace.
pub(crate) const STRING_INDEX: u32 = tag(8, VARINT);

impl<'a> Pieces<'a> {
    /// The next field's tag, its content still unread in `self.rest`. Broken bytes, which the scan has refused, end it.
    fn tag(&mut self) -> Option<u32> {
        loop {
            if let Some(tag) = self.rest.tag().ok()? {
                return Some(tag);
            }
            match self.key_value.tag().ok()?? {
                VALUE => self.rest = self.key_value.message().ok()?,
                other => self.key_value.skip(other).ok()?,
            }
        }
    }

    fn value(mut self) -> Option<Value<'a>> {
        let mut value = None;
        loop {
            let before = self;
            let Some(tag) = self.tag() else { return value };
            value = match tag {
                STRING_VALUE => Some(Value::Str(text(self.rest.message().ok()?.bytes()))),
                BOOL_VALUE => Some(Value::Bool(self.rest.varint().ok()? != 0)),
                INT_VALUE => Some(Value::Int(self.rest.varint().ok()?.cast_signed())),
                DOUBLE_VALUE => Some(Value::Double(f64::from_bits(self.rest.fixed64().ok()?))),
                BYTES_VALUE => Some(Value::Bytes(self.rest.message().ok()?.bytes())),
                STRING_INDEX => self.rest.varint().ok().map(|_| Value::Empty),
                ARRAY_VALUE => {
                    self.rest.skip(tag).ok()?;
                    match value {
                        Some(Value::Array(_)) => value,
                        _ => Some(Value::Array(ArrayView { pieces: before })),
                    }
                }
                MAP_VALUE => {
                    self.rest.skip(tag).ok()?;
                    match value {
                        Some(Value::Map(_)) => value,
                        _ => Some(Value::Map(MapView { pieces: before })),
                    }
                }
                _ => {
                    self.rest.skip(tag).ok()?;
                    value
                }
            };
        }
    }
}

/// The elements of an array or a map, in every piece of it.
struct Elements<'a> {
    pieces: Pieces<'a>,
    current: Message<'a>,
    field: u32,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        loop {
            while let Some(tag_read) = self.current.tag().ok()? {
                if tag_read == tag(1, LENGTH) {
                    return self.current.message().ok();
                }
                self.current.skip(tag_read).ok()?;
            }
            let tag_read = self.pieces.tag()?;
            if tag_read == tag(self.field, LENGTH) {
                self.current = self.pieces.rest.message().ok()?;
            } else {
                self.pieces.rest.skip(tag_read).ok()?;
            }
        }
    }
}

/// Bytes that the scan has found, or made, valid UTF-8.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The value in the bytes of one `AnyValue`.
fn value_of(bytes: &[u8]) -> Value<'_> {
    Pieces { rest: Message::new(bytes), key_value: Message::new(&[]) }.value().unwrap_or(Value::Empty)
}

/// Key and value in the bytes of a `KeyValue`.
#[inline]
pub(crate) fn key_value(bytes: &[u8]) -> (&str, Value<'_>) {
    let whole = Message::new(bytes);
    let mut fields = whole;
    let (mut key, mut pieces) = (&[][..], None);
    while let Ok(Some(tag_read)) = fields.tag() {
        match tag_read {
            KEY => match fields.message() {
                Ok(found) => key = found.bytes(),
                Err(_) => break,
            },
            VALUE => match fields.message() {
                Ok(rest) if pieces.is_none() => pieces = Some(Pieces { rest, key_value: Message::new(&[]) }),
                Ok(_) => pieces = Some(Pieces { rest: Message::new(&[]), key_value: whole }),
                Err(_) => break,
            },
            other => {
                if fields.skip(other).is_err() {
                    break;
                }
            }
        }
    }
    (text(key), pieces.and_then(Pieces::value).unwrap_or(Value::Empty))
}

/// The key alone, still as bytes, which is all that a search by key needs.
#[inline]
pub(crate) fn key_of(bytes: &[u8]) -> &[u8] {
    let mut fields = Message::new(bytes);
    let mut key = &[][..];
    while let Ok(Some(tag_read)) = fields.tag() {
        if tag_read == KEY {
            match fields.message() {
                Ok(found) => key = found.bytes(),
                Err(_) => break,
            }
        } else if fields.skip(tag_read).is_err() {
            break;
        }
    }
    key
}
