//! Counts the messages of a request whose bytes come in pieces, so that a bomb is known before it has unfolded.

use crate::limits::{Limits, ScanError};
use crate::wire::{FIXED32, FIXED64, LENGTH, VARINT, tag};

/// Counts spans and their groups in pieces of a request, tags and lengths only, and never allocates. It judges nothing but their
/// number: what it cannot read it leaves to the scan.
#[derive(Clone, Debug)]
pub struct ItemCounter {
    max_spans: u32,
    max_groups: u32,
    /// Of each kind of message, how many.
    found: [u32; KINDS.len()],
    /// Where the open messages end: the request's end is not known.
    ends: [u64; 3],
    depth: usize,
    at: u64,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The bits of the next field's tag so far, and how many.
    Tag(u64, u32),
    /// The same of its length.
    Length(u32, u64, u32),
    /// Within a varint.
    Varint,
    /// So many bytes of a field are left.
    Skip(u64),
    /// Nobody can say what follows.
    Lost,
}

/// What is counted: its name, how deep it stands, its tag, and whether it is looked into.
const KINDS: [(&str, usize, u32, bool); 6] = [
    ("Span", 2, tag(2, LENGTH), false),
    ("ResourceSpans", 0, tag(1, LENGTH), true),
    ("Resource", 1, tag(1, LENGTH), false),
    ("ScopeSpans", 1, tag(2, LENGTH), true),
    ("ScopeSpans", 1, tag(1000, LENGTH), true),
    ("InstrumentationScope", 2, tag(1, LENGTH), false),
];

impl ItemCounter {
    /// A counter for one request.
    pub fn new(limits: &Limits) -> Self {
        Self {
            max_spans: limits.max_spans_per_request,
            max_groups: limits.max_groups_per_request,
            found: [0; KINDS.len()],
            ends: [u64::MAX, 0, 0],
            depth: 0,
            at: 0,
            state: State::Tag(0, 0),
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// Where there are more spans or groups than a scan would take.
    pub fn push(&mut self, mut piece: &[u8]) -> Result<(), ScanError> {
        while let Some((byte, rest)) = piece.split_first() {
            match self.state {
                State::Lost => return Ok(()),
                State::Skip(left) => {
                    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                    piece = piece.get(taken..).unwrap_or_default();
                    self.at += taken as u64;
                    match left - taken as u64 {
                        0 => self.next_field(),
                        left => self.state = State::Skip(left),
                    }
                }
                State::Tag(..) | State::Length(..) | State::Varint => {
                    piece = rest;
                    self.at += 1;
                    self.step(*byte)?;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<(), ScanError> {
        let is_last = byte < 0x80;
        let with = |bits: u64, shift: u32| bits | u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        match self.state {
            State::Tag(_, 63..) | State::Length(_, _, 63..) => self.state = State::Lost,
            State::Tag(bits, shift) if !is_last => self.state = State::Tag(with(bits, shift), shift + 7),
            State::Tag(bits, shift) => self.begin(with(bits, shift)),
            State::Length(tag, bits, shift) if !is_last => {
                self.state = State::Length(tag, with(bits, shift), shift + 7);
            }
            State::Length(tag, bits, shift) => self.enter(tag, with(bits, shift))?,
            State::Varint if is_last => self.next_field(),
            State::Varint | State::Skip(_) | State::Lost => {}
        }
        Ok(())
    }

    /// A field begins whose tag is known.
    fn begin(&mut self, tag: u64) {
        let Ok(tag) = u32::try_from(tag) else { return self.state = State::Lost };
        self.state = match tag & 7 {
            VARINT => State::Varint,
            FIXED64 => State::Skip(8),
            LENGTH => State::Length(tag, 0, 0),
            FIXED32 => State::Skip(4),
            _ => State::Lost,
        };
    }

    /// A field's content begins, of a known length.
    fn enter(&mut self, tag: u32, length: u64) -> Result<(), ScanError> {
        let kind = KINDS.iter().position(|(_, depth, known, _)| (*depth, *known) == (self.depth, tag));
        let mut is_open = false;
        if let Some((place, (name, _, _, looked_into))) =
            kind.and_then(|place| Some((place, KINDS.get(place)?)))
        {
            self.count(place, name)?;
            is_open = *looked_into;
        }
        if is_open {
            self.depth += 1;
            if let Some(end) = self.ends.get_mut(self.depth) {
                *end = self.at.saturating_add(length);
            }
            self.next_field();
        } else if length == 0 {
            self.next_field();
        } else {
            self.state = State::Skip(length);
        }
        Ok(())
    }

    fn count(&mut self, place: usize, message: &'static str) -> Result<(), ScanError> {
        let Some(found) = self.found.get_mut(place) else { return Ok(()) };
        *found += 1;
        if place == 0 && *found > self.max_spans {
            return Err(ScanError::TooManySpans { limit: self.max_spans });
        }
        if place > 0 && *found > self.max_groups {
            return Err(ScanError::TooManyGroups { message, limit: self.max_groups });
        }
        Ok(())
    }

    /// Closes what ends here.
    fn next_field(&mut self) {
        self.state = State::Tag(0, 0);
        while self.depth > 0 {
            match self.ends.get(self.depth) {
                Some(end) if self.at == *end => self.depth -= 1,
                Some(end) if self.at < *end => return,
                // A field has run past its message.
                _ => return self.state = State::Lost,
            }
        }
    }
}
