//! Where the values of a record stand: in its text, or beside it where they had to be unescaped.

/// The values of one record by token, without the blanks around them and without an allocation a value. Used again for the next record.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    /// Values that do not stand in the text as they are.
    beside: String,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    from: u32,
    to: u32,
}

const ABSENT: Slot = Slot { from: u32::MAX, to: 0 };

/// Marks a place in `beside`. No text is this long: lines and bodies have far lower caps.
const BESIDE: u32 = 1 << 31;

impl Slots {
    /// Makes room for a record of so many tokens.
    pub(crate) fn clear(&mut self, tokens: usize) {
        self.slots.clear();
        self.slots.resize(tokens, ABSENT);
        self.beside.clear();
    }

    /// The token's value stands at this place of the text; one that it had before is forgotten.
    #[inline]
    pub(crate) fn put(&mut self, token: usize, text: &str, from: usize, to: usize) {
        let value = text.as_bytes().get(from..to).unwrap_or_default();
        match *value {
            [..=b' ', ..] | [.., ..=b' '] => {
                let from = to - value.trim_ascii_start().len();
                self.place(token, from, from + value.trim_ascii().len());
            }
            _ => self.place(token, from, to),
        }
    }

    #[inline]
    fn place(&mut self, token: usize, from: usize, to: usize) {
        // `from` is no larger than `to`.
        if to < BESIDE as usize {
            self.set(token, Slot { from: from as u32, to: to as u32 });
        }
    }

    /// The token has a value, and it is empty.
    pub(crate) fn put_nothing(&mut self, token: usize) {
        self.set(token, Slot { from: 0, to: 0 });
    }

    /// The token's value is this one.
    pub(crate) fn put_beside(&mut self, token: usize, value: &str) {
        let from = self.beside.len();
        self.beside.push_str(value.trim_ascii());
        if let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(self.beside.len()))
            && to < BESIDE
        {
            self.set(token, Slot { from: from | BESIDE, to });
        }
    }

    /// The token's value is this part of the text, or, where it is no part of it, a copy.
    pub(crate) fn put_text(&mut self, token: usize, text: &str, value: &str) {
        let from = (value.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        match text.get(from..from.saturating_add(value.len())) {
            Some(there) if there.as_ptr() == value.as_ptr() => {
                self.put(token, text, from, from + value.len());
            }
            _ => self.put_beside(token, value),
        }
    }

    #[inline]
    fn set(&mut self, token: usize, slot: Slot) {
        if let Some(old) = self.slots.get_mut(token) {
            *old = slot;
        }
    }

    /// The token's value; `None` where the template lacks it.
    #[inline]
    pub(crate) fn get<'a>(&'a self, text: &'a str, token: usize) -> Option<&'a str> {
        let Slot { from, to } = *self.slots.get(token)?;
        if from == ABSENT.from {
            return None;
        }
        let (text, from) =
            if from & BESIDE == 0 { (text, from) } else { (self.beside.as_str(), from & !BESIDE) };
        text.get(from as usize..to as usize)
    }

    /// The values that are there, with their tokens, as bytes.
    pub(crate) fn values<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, &'a [u8])> {
        let there = self.slots.iter().enumerate().filter(|(_, slot)| slot.from != ABSENT.from);
        there.map(move |(token, slot)| {
            let from = (slot.from & !BESIDE) as usize;
            let text = if slot.from & BESIDE == 0 { text } else { self.beside.as_str() };
            (token, text.as_bytes().get(from..slot.to as usize).unwrap_or_default())
        })
    }
}
