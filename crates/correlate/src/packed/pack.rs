//! Into the short form.

use std::net::IpAddr;

use fanlight_model::{Effect, Raw, RawAddress, Timestamp};

use super::{EFFECTS, Names};

/// Values in their order, and a bit for each that may be absent.
pub(super) struct Packer<'n> {
    start: Timestamp,
    names: &'n mut Names,
    bits: u64,
    asked: u32,
    bytes: Vec<u8>,
}

impl<'n> Packer<'n> {
    pub(super) fn new(start: Timestamp, names: &'n mut Names) -> Self {
        Self { start, names, bits: 0, asked: 0, bytes: Vec::with_capacity(512) }
    }

    pub(super) fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn byte(&mut self, value: impl TryInto<u8>) {
        self.bytes.push(value.try_into().unwrap_or_default());
    }

    /// Seven bits a byte, the lowest first, as protobuf has it.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// What it lies behind the start: whole microseconds where it can, marked by the lowest bit.
    pub(super) fn time(&mut self, time: Timestamp) {
        let behind = i128::from(time.as_nanos()) - i128::from(self.start.as_nanos());
        let (unit, mark) = if behind % 1_000 == 0 { (1_000, 0) } else { (1, 1) };
        let units = behind / unit;
        let zigzag = ((units << 1) ^ (units >> 127)) as u128;
        self.wide(zigzag << 1 | mark);
    }

    fn wide(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.fixed(text.as_bytes());
    }

    /// By its number, where it has one; the lowest bit says so.
    pub(super) fn name(&mut self, text: &str) {
        match self.names.number(text) {
            Some(number) => self.number(u64::from(number) << 1 | 1),
            None => {
                self.number((text.len() as u64) << 1);
                self.fixed(text.as_bytes());
            }
        }
    }

    /// Without the beginning, where it is this one; the lowest bit of the length says so.
    pub(super) fn text_after(&mut self, beginning: &str, text: &str) {
        let rest = text.strip_prefix(beginning).filter(|_| !beginning.is_empty());
        let (rest, mark) = rest.map_or((text, 0), |rest| (rest, 1));
        self.number((rest.len() as u64) << 1 | mark);
        self.fixed(rest.as_bytes());
    }

    pub(super) fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => {
                self.bytes.push(4);
                self.fixed(&address.octets());
            }
            IpAddr::V6(address) => {
                self.bytes.push(6);
                self.fixed(&address.octets());
            }
        }
    }

    /// In the order in which they were told.
    pub(super) fn effects(&mut self, effects: &[Effect]) {
        self.number(effects.len() as u64);
        for effect in effects {
            self.byte(EFFECTS.iter().position(|known| known == effect).unwrap_or_default());
        }
    }

    pub(super) fn raw(&mut self, raw: &Raw) {
        match raw {
            Raw::At(RawAddress(address)) => {
                self.bytes.push(0);
                self.fixed(address);
            }
            Raw::Line(line) => {
                self.bytes.push(1);
                self.text(line);
            }
        }
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, pack: impl FnOnce(&mut Self, T)) {
        if let Some(value) = value {
            self.bits |= 1 << self.asked;
            pack(self, value);
        }
        self.asked += 1;
    }

    pub(super) fn finish(mut self) -> Box<[u8]> {
        debug_assert!(self.asked <= u64::BITS, "more fields may be absent than there are bits");
        self.fixed(&self.bits.to_le_bytes());
        self.bytes.into_boxed_slice()
    }
}
