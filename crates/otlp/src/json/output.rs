//! Wire bytes, written before their lengths are known.

use bytes::Bytes;

use super::JsonError;
use crate::wire::{FIXED32, FIXED64, LENGTH, VARINT};
use crate::wire::{put_bytes, put_varint, tag, varint_len};

/// A body is copied where its buffer would keep more than an eighth beside it.
const SPARE: usize = 8;

/// Where a message's content begins, and how many bytes were left for its length.
#[must_use]
pub(super) struct Opened {
    content: usize,
    reserved: usize,
}

/// The request under way.
pub(super) struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    /// Protobuf is about half as long as JSON; where it is longer, the buffer grows.
    pub(super) fn new(json: usize, limit: usize) -> Self {
        Self { bytes: Vec::with_capacity((json / 2).min(limit)), limit }
    }

    pub(super) fn finish(mut self) -> Bytes {
        if self.bytes.capacity() - self.bytes.len() > self.bytes.len() / SPARE {
            self.bytes.shrink_to_fit();
        }
        Bytes::from(self.bytes)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// Room for `more` bytes is within the cap.
    #[inline]
    pub(super) fn check(&self, more: usize) -> Result<(), JsonError> {
        if self.bytes.len() + more > self.limit {
            return Err(JsonError::TooLarge { limit: self.limit });
        }
        Ok(())
    }

    /// Begins a message whose content will probably have a length of `reserved` bytes.
    #[inline]
    pub(super) fn open(&mut self, field: u32, reserved: usize) -> Opened {
        put_varint(&mut self.bytes, u64::from(tag(field, LENGTH)));
        self.bytes.extend_from_slice([0; 4].get(..reserved).unwrap_or_default());
        Opened { content: self.bytes.len(), reserved: reserved.min(4) }
    }

    /// Ends a message: writes its length, in its shortest form, and moves the content where another was expected.
    #[inline]
    pub(super) fn close(&mut self, opened: Opened) {
        let Opened { mut content, reserved } = opened;
        let length = self.bytes.len().saturating_sub(content);
        let needed = varint_len(length as u64);
        if needed != reserved {
            let end = self.bytes.len();
            let moved = content - reserved + needed;
            self.bytes.resize(end.max(moved + length), 0);
            self.bytes.copy_within(content..end, moved);
            self.bytes.truncate(moved + length);
            content = moved;
        }
        let mut left = length;
        let place = self.bytes.get_mut(content - needed..content).unwrap_or_default();
        let last = place.len().saturating_sub(1);
        for (at, byte) in place.iter_mut().enumerate() {
            *byte = (left & 0x7f) as u8 | if at == last { 0 } else { 0x80 };
            left >>= 7;
        }
    }

    #[inline]
    pub(super) fn put_text(&mut self, field: u32, text: &[u8]) {
        put_bytes(&mut self.bytes, field, text);
    }

    #[inline]
    pub(super) fn put_varint(&mut self, field: u32, number: u64) {
        put_varint(&mut self.bytes, u64::from(tag(field, VARINT)));
        put_varint(&mut self.bytes, number);
    }

    #[inline]
    pub(super) fn put_fixed64(&mut self, field: u32, number: u64) {
        put_varint(&mut self.bytes, u64::from(tag(field, FIXED64)));
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    #[inline]
    pub(super) fn put_fixed32(&mut self, field: u32, number: u32) {
        put_varint(&mut self.bytes, u64::from(tag(field, FIXED32)));
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// The buffer, for whoever decodes into an opened message.
    #[inline]
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever was reserved, what is written is what would be written with the length known.
    #[test]
    fn a_message_is_written_as_if_its_length_had_been_known() {
        for length in [0, 1, 127, 128, 300, 16_383, 16_384, 2_097_151, 2_097_152] {
            let content = vec![7; length];
            for reserved in 0..=4 {
                let mut output = Output::new(0, usize::MAX);
                output.put_varint(1, 5);
                let opened = output.open(2, reserved);
                output.bytes().extend_from_slice(&content);
                output.close(opened);
                output.put_varint(3, 6);
                let mut expected = vec![8, 5];
                put_bytes(&mut expected, 2, &content);
                expected.extend_from_slice(&[24, 6]);
                assert!(output.finish() == expected, "{length} with {reserved} reserved");
            }
        }
    }
}
