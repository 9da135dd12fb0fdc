//! Protobuf as OTLP needs it: lengths, numbers, and attributes.

/// Fields of a message, in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn varint(&mut self, field: u32, value: u64) {
        self.tag(field, VARINT);
        self.raw_varint(value);
    }

    pub(crate) fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, FIXED64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn fixed32(&mut self, field: u32, value: u32) {
        self.tag(field, FIXED32);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, field: u32, value: &[u8]) {
        self.tag(field, LENGTH);
        self.raw_varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// Begins a field of so many bytes: what is put next is inside it.
    pub(crate) fn open(&mut self, field: u32, length: usize) {
        self.tag(field, LENGTH);
        self.raw_varint(length as u64);
    }

    /// Bytes of fields that are encoded already.
    pub(crate) fn raw(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    /// Fields that are encoded already.
    pub(crate) fn append(&mut self, fields: &Self) {
        self.bytes.extend_from_slice(&fields.bytes);
    }

    fn tag(&mut self, field: u32, kind: u32) {
        self.raw_varint(u64::from(field << 3 | kind));
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

/// Attributes, each a `KeyValue` in one and the same field of what holds them.
#[derive(Clone, Debug)]
pub(crate) struct Attributes {
    field: u32,
    message: Message,
}

impl Attributes {
    /// Of a span: field 9.
    pub(crate) fn of_span() -> Self {
        Self { field: 9, message: Message::with_capacity(704) }
    }

    /// Of a resource: field 1.
    pub(crate) fn of_resource() -> Self {
        Self { field: 1, message: Message::with_capacity(512) }
    }

    /// Of an event: field 3.
    pub(crate) fn of_event() -> Self {
        Self { field: 3, message: Message::with_capacity(256) }
    }

    pub(crate) const fn message(&self) -> &Message {
        &self.message
    }

    /// `string_value`.
    pub(crate) fn text(&mut self, key: &str, value: &str) {
        let inner = 1 + length_of(value.len() as u64) + value.len();
        self.head(key, inner);
        self.message.bytes(1, value.as_bytes());
    }

    /// `int_value`.
    pub(crate) fn int(&mut self, key: &str, value: i64) {
        self.head(key, 1 + length_of(value as u64));
        self.message.varint(3, value as u64);
    }

    /// `KeyValue { key = 1, value = 2: AnyValue }` up to the inside of the value.
    fn head(&mut self, key: &str, inner: usize) {
        let keyed = 1 + length_of(key.len() as u64) + key.len();
        let valued = 1 + length_of(inner as u64) + inner;
        self.message.tag(self.field, LENGTH);
        self.message.raw_varint((keyed + valued) as u64);
        self.message.bytes(1, key.as_bytes());
        self.message.tag(2, LENGTH);
        self.message.raw_varint(inner as u64);
    }
}

/// Bytes of a varint.
pub(crate) const fn length_of(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_the_varints_own() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut message = Message::default();
            message.raw_varint(value);
            assert_eq!(message.bytes.len(), length_of(value), "{value}");
        }
    }
}
