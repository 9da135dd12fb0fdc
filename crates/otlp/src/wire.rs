//! Protobuf's wire format: a cursor over a message that always knows its absolute position, and the few writers we need.

use thiserror::Error;

/// What is wrong with bytes that claim to be protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// A length or a fixed-size number runs past the end of its message.
    #[error("a field runs past the end of its message")]
    Truncated,
    /// A varint of more than ten bytes, or beyond 64 bits.
    #[error("a varint has more than 64 bits")]
    LongVarint,
    /// Field number 0, a field number beyond protobuf's range, or wire type 6 or 7.
    #[error("a field has an impossible tag")]
    BadTag,
    /// A group: long deprecated, and never part of OTLP.
    #[error("a field is a protobuf group, which OTLP does not have")]
    Group,
    /// A field of OTLP with another wire type than OTLP gives it.
    #[error("a field has another wire type than OTLP gives it")]
    WrongType,
}

/// The tag of a field: number and wire type in one.
pub(crate) const fn tag(field: u32, wire_type: u32) -> u32 {
    field << 3 | wire_type
}

/// Wire type of varints.
pub(crate) const VARINT: u32 = 0;
/// Wire type of eight little-endian bytes.
pub(crate) const FIXED64: u32 = 1;
/// Wire type of length-delimited bytes.
pub(crate) const LENGTH: u32 = 2;
/// Wire type of four little-endian bytes.
pub(crate) const FIXED32: u32 = 5;

/// A cursor over one message. It knows where in the request it stands by counting from the message's end, so that moving on
/// costs one slice and no addition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    rest: &'a [u8],
    end: usize,
}

impl<'a> Message<'a> {
    /// The whole of `bytes`, from position 0.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: bytes.len() }
    }

    /// What has not been read yet.
    #[inline]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// How much has not been read yet.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    /// Where in the request the next byte stands.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Where in the request this message ends.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The next field's tag; `None` at the end. An impossible field number is found by [`Self::skip`].
    #[inline(always)]
    pub(crate) fn tag(&mut self) -> Result<Option<u32>, WireError> {
        match self.rest.split_first() {
            None => Ok(None),
            Some((byte, tail)) if *byte < 0x80 => {
                self.rest = tail;
                Ok(Some(u32::from(*byte)))
            }
            Some(_) => {
                let value = self.long_varint()?;
                u32::try_from(value).map(Some).map_err(|_| WireError::BadTag)
            }
        }
    }

    /// A varint of one to ten bytes.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [one, tail @ ..] if *one < 0x80 => {
                self.rest = tail;
                Ok(u64::from(*one))
            }
            [one, two, tail @ ..] if *two < 0x80 => {
                self.rest = tail;
                Ok(u64::from(*one & 0x7f) | u64::from(*two) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        let mut rest = self.rest;
        for shift in (0..64).step_by(7) {
            let (byte, tail) = rest.split_first().ok_or(WireError::Truncated)?;
            rest = tail;
            if shift == 63 && *byte > 1 {
                return Err(WireError::LongVarint);
            }
            value |= u64::from(*byte & 0x7f) << shift;
            if *byte < 0x80 {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(WireError::LongVarint)
    }

    /// Eight little-endian bytes.
    #[inline(always)]
    pub(crate) fn fixed64(&mut self) -> Result<u64, WireError> {
        let (bytes, tail) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = tail;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Four little-endian bytes.
    #[inline(always)]
    pub(crate) fn fixed32(&mut self) -> Result<u32, WireError> {
        let (bytes, tail) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = tail;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// A length and as many bytes, as a message of its own.
    #[inline(always)]
    pub(crate) fn message(&mut self) -> Result<Message<'a>, WireError> {
        let length = usize::try_from(self.varint()?).map_err(|_| WireError::Truncated)?;
        let (inner, tail) = self.rest.split_at_checked(length).ok_or(WireError::Truncated)?;
        self.rest = tail;
        Ok(Message { rest: inner, end: self.end - tail.len() })
    }

    /// Passes over the field whose tag has just been read.
    pub(crate) fn skip(&mut self, tag: u32) -> Result<(), WireError> {
        if tag < 8 {
            return Err(WireError::BadTag);
        }
        match tag & 7 {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed64().map(drop),
            LENGTH => self.message().map(drop),
            FIXED32 => self.fixed32().map(drop),
            3 | 4 => Err(WireError::Group),
            _ => Err(WireError::BadTag),
        }
    }

    /// Passes over a field that the caller did not recognise. `known` has a bit for each field number that it does know:
    /// one of those came with the wrong wire type, and decoders further on would refuse the whole request for it.
    #[cold]
    pub(crate) fn skip_unknown(&mut self, tag: u32, known: u32) -> Result<(), WireError> {
        let field = tag >> 3;
        if field < 32 && known >> field & 1 == 1 && !matches!(tag & 7, 3 | 4) {
            return Err(WireError::WrongType);
        }
        self.skip(tag)
    }
}

/// Appends a varint in its shortest form.
#[inline]
pub(crate) fn put_varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    into.push(value.to_le_bytes()[0]);
}

/// How many bytes [`put_varint`] writes.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    ((70 - (value | 1).leading_zeros()) / 7) as usize
}

/// Appends a length-delimited field.
#[inline]
pub(crate) fn put_bytes(into: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(into, u64::from(tag(field, LENGTH)));
    put_varint(into, bytes.len() as u64);
    into.extend_from_slice(bytes);
}

/// How many bytes [`put_bytes`] writes for a field number below 16.
#[inline]
pub(crate) const fn bytes_len(length: usize) -> usize {
    1 + varint_len(length as u64) + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_written_as_they_are_read_and_counted() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put_varint(&mut bytes, value);
                assert_eq!(bytes.len(), varint_len(value), "{value}");
                assert_eq!(Message::new(&bytes).varint(), Ok(value));
            }
        }
    }

    #[test]
    fn a_varint_may_be_padded_but_not_beyond_ten_bytes() {
        assert_eq!(Message::new(&[0x81, 0x80, 0x00]).varint(), Ok(1));
        assert_eq!(Message::new(&[0x80; 11]).varint(), Err(WireError::LongVarint));
        let beyond = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(Message::new(&beyond).varint(), Err(WireError::LongVarint));
        assert_eq!(Message::new(&[0x80]).varint(), Err(WireError::Truncated));
    }

    #[test]
    fn a_group_and_an_impossible_tag_are_refused() {
        assert_eq!(Message::new(&[]).skip(tag(9, 3)), Err(WireError::Group));
        assert_eq!(Message::new(&[0]).skip(tag(0, 0)), Err(WireError::BadTag));
        assert_eq!(Message::new(&[0]).skip(tag(9, 7)), Err(WireError::BadTag));
    }
}
