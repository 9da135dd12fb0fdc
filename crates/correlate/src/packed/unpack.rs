//! Out of the short form.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use fanlight_model::{Effect, Raw, RawAddress, Timestamp};

use super::{EFFECTS, Names};

/// Reads what a packer wrote; behind its end there are zeros.
pub(super) struct Unpacker<'a> {
    start: Timestamp,
    names: &'a Names,
    bits: u64,
    rest: &'a [u8],
}

impl<'a> Unpacker<'a> {
    pub(super) fn new(bytes: &'a [u8], names: &'a Names) -> Self {
        let (rest, bits) = bytes.split_last_chunk().unwrap_or((bytes, &[0; 8]));
        Self { start: Timestamp::default(), names, bits: u64::from_le_bytes(*bits), rest }
    }

    pub(super) fn set_start(&mut self, start: Timestamp) {
        self.start = start;
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> [u8; N] {
        let Some((fixed, rest)) = self.rest.split_first_chunk() else { return [0; N] };
        self.rest = rest;
        *fixed
    }

    pub(super) fn byte(&mut self) -> u8 {
        let [byte] = self.fixed();
        byte
    }

    pub(super) fn number(&mut self) -> u64 {
        self.wide() as u64
    }

    fn wide(&mut self) -> u128 {
        let (mut value, mut shift) = (0_u128, 0);
        loop {
            let byte = self.byte();
            value |= u128::from(byte & 0x7f) << shift;
            if byte < 0x80 || shift > 112 {
                return value;
            }
            shift += 7;
        }
    }

    pub(super) fn time(&mut self) -> Timestamp {
        let value = self.wide();
        let unit = if value & 1 == 0 { 1_000 } else { 1 };
        let zigzag = value >> 1;
        let units = (zigzag >> 1) as i128 ^ -((zigzag & 1) as i128);
        let nanos = i128::from(self.start.as_nanos()) + units * unit;
        Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    pub(super) fn text(&mut self) -> Arc<str> {
        let length = self.number();
        Arc::from(self.str(length))
    }

    pub(super) fn name(&mut self) -> Arc<str> {
        let number = self.number();
        match number & 1 {
            0 => Arc::from(self.str(number >> 1)),
            _ => self.names.text(number >> 1).cloned().unwrap_or_default(),
        }
    }

    pub(super) fn text_after(&mut self, beginning: &str) -> Arc<str> {
        let length = self.number();
        let rest = self.str(length >> 1);
        if length & 1 == 0 { Arc::from(rest) } else { Arc::from([beginning, rest].concat()) }
    }

    fn str(&mut self, length: u64) -> &'a str {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.rest.len());
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        std::str::from_utf8(text).unwrap_or_default()
    }

    pub(super) fn address(&mut self) -> IpAddr {
        match self.byte() {
            4 => IpAddr::V4(Ipv4Addr::from(self.fixed::<4>())),
            _ => IpAddr::V6(Ipv6Addr::from(self.fixed::<16>())),
        }
    }

    pub(super) fn effects(&mut self) -> Vec<Effect> {
        let count = self.number();
        (0..count).filter_map(|_| EFFECTS.get(usize::from(self.byte())).copied()).collect()
    }

    pub(super) fn raw(&mut self) -> Raw {
        match self.byte() {
            0 => Raw::At(RawAddress(self.fixed())),
            _ => Raw::Line(self.text()),
        }
    }

    pub(super) fn maybe<T>(&mut self, unpack: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let is_there = self.bits & 1 != 0;
        self.bits >>= 1;
        is_there.then(|| unpack(self))
    }
}
