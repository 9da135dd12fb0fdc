//! Attributes that are already encoded.

use crate::value::{self, KEY, VALUE, Value};
use crate::wire::{FIXED64, LENGTH, Message, VARINT, bytes_len, put_bytes, put_varint, tag, varint_len};

/// `Span.attributes`; also what a list of encoded attributes is made of.
const SPAN_ATTRIBUTE: u32 = tag(9, LENGTH);

/// Encoded attributes of a span, ready to be appended to its bytes. Encode once what is added to many spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// Attributes with room for so many encoded bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// True when nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The encoded bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Forgets the attributes and keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds the attributes of another list, as they are.
    pub fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// Adds text.
    pub fn push_str(&mut self, key: &str, value: &str) {
        self.push_key(key, bytes_len(value.len()));
        put_bytes(&mut self.0, 1, value.as_bytes());
    }

    /// Adds a whole number.
    pub fn push_int(&mut self, key: &str, value: i64) {
        let value = value.cast_unsigned();
        self.push_key(key, 1 + varint_len(value));
        put_varint(&mut self.0, u64::from(tag(3, VARINT)));
        put_varint(&mut self.0, value);
    }

    /// Adds a floating-point number.
    pub fn push_double(&mut self, key: &str, value: f64) {
        self.push_key(key, 9);
        put_varint(&mut self.0, u64::from(tag(4, FIXED64)));
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Adds true or false.
    pub fn push_bool(&mut self, key: &str, value: bool) {
        self.push_key(key, 2);
        put_varint(&mut self.0, u64::from(tag(2, VARINT)));
        put_varint(&mut self.0, u64::from(value));
    }

    /// Adds a list of texts.
    pub fn push_str_list<S: AsRef<str>>(&mut self, key: &str, values: &[S]) {
        let element = |value: &S| bytes_len(value.as_ref().len());
        let list = values.iter().map(|value| bytes_len(element(value))).sum();
        self.push_key(key, bytes_len(list));
        put_varint(&mut self.0, u64::from(tag(5, LENGTH)));
        put_varint(&mut self.0, list as u64);
        for value in values {
            put_varint(&mut self.0, u64::from(tag(1, LENGTH)));
            put_varint(&mut self.0, element(value) as u64);
            put_bytes(&mut self.0, 1, value.as_ref().as_bytes());
        }
    }

    /// The attributes in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.encoded().map(value::key_value)
    }

    /// The bytes of each `KeyValue`.
    pub(crate) fn encoded(&self) -> impl Iterator<Item = &[u8]> {
        let mut fields = Message::new(&self.0);
        std::iter::from_fn(move || {
            let found = fields.tag().ok()??;
            if found == SPAN_ATTRIBUTE { fields.message().ok().map(|pair| pair.bytes()) } else { None }
        })
    }

    /// The head of an attribute whose value is `value` bytes long once encoded.
    fn push_key(&mut self, key: &str, value: usize) {
        let pair = bytes_len(key.len()) + bytes_len(value);
        self.0.reserve(bytes_len(pair));
        put_varint(&mut self.0, u64::from(SPAN_ATTRIBUTE));
        put_varint(&mut self.0, pair as u64);
        put_bytes(&mut self.0, KEY >> 3, key.as_bytes());
        put_varint(&mut self.0, u64::from(VALUE));
        put_varint(&mut self.0, value as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_back() {
        let long = "long ".repeat(40);
        let mut attributes = Attributes::default();
        attributes.push_str("text", &long);
        attributes.push_int("int", -7);
        attributes.push_double("double", 0.25);
        attributes.push_bool("yes", true);
        attributes.push_bool("no", false);
        attributes.push_str_list("list", &["one", "", &long]);
        attributes.push_str_list::<&str>("none", &[]);
        let read: Vec<_> =
            attributes.iter().map(|(key, value)| format!("{key}={}", value.to_text())).collect();
        let list = format!("list=[\"one\",\"\",\"{long}\"]");
        let expected =
            [&format!("text={long}"), "int=-7", "double=0.25", "yes=true", "no=false", &list, "none=[]"];
        assert_eq!(read, expected);
    }
}
