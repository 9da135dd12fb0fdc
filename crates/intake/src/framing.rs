//! Cuts a stream of records: each on a line of its own, or each after its length, as RFC 6587 has it for syslog over TCP.
//!
//! A record of ours holds no newline, whoever sends it. So a count is believed until it is met or a newline stands before its end:
//! then the count lied, the record ends there, and what follows is read anew. A count that is too small leaves the rest of its
//! record to be read as a line. Either way a lie costs the record that it stands before, and no other.
//!
//! What is found depends on the bytes alone and not on how they were cut on their way, nothing is looked up ahead of what has come
//! in, and no more than one unfinished record is held.

/// One thing found in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A record, without its newline or its count; a carriage return at its end is still there.
    Line(&'a [u8]),
    /// A record that ended before its count was met.
    Miscounted(&'a [u8]),
    /// What had come of a record when the stream ended.
    HalfLine(&'a [u8]),
    /// So many lines with nothing on them: a body of nothing but newlines is one piece.
    Blank(usize),
    /// A record longer than the cap; told once, its bytes are not kept.
    TooLong,
}

/// The state of one stream between two reads: at most one record's beginning.
#[derive(Debug, Default)]
pub struct RecordFramer {
    pending: Vec<u8>,
    state: State,
    /// The last record came with a count: a newline after it is no record.
    follows_count: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A record begins; `pending` may be the beginning of a count.
    #[default]
    Start,
    /// Up to the next newline.
    Line,
    /// So many bytes, or up to a newline.
    Counted(usize),
    /// The rest of one that is too long.
    SkipLine,
    SkipCounted(usize),
}

/// What a record begins with.
enum Beginning {
    /// A count of this value, and so many bytes that it takes.
    Count(usize, usize),
    /// It cannot be told yet.
    Unclear,
    /// No count.
    Line,
}

/// More digits than any record of ours has bytes.
const MAX_DIGITS: usize = 7;

impl Beginning {
    /// `[1-9][0-9]*` and a blank, and what a record begins with that has a count: `<` of syslog, `{` of JSON. Nothing else that is
    /// sent to us begins so; a count alone would take a number in a list for one.
    fn of(bytes: &[u8]) -> Self {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > MAX_DIGITS || bytes.first() == Some(&b'0') {
            return Self::Line;
        }
        match (digits, bytes.get(digits), bytes.get(digits + 1)) {
            (_, None, _) | (1.., Some(b' '), None) => Self::Unclear,
            (1.., Some(b' '), Some(b'<' | b'{')) => {
                let value =
                    bytes.iter().take(digits).fold(0, |value, digit| value * 10 + usize::from(digit - b'0'));
                Self::Count(value, digits + 1)
            }
            _ => Self::Line,
        }
    }
}

/// The blank lines that a text begins with.
pub(crate) struct Newlines {
    pub(crate) lines: usize,
    pub(crate) bytes: usize,
}

/// All of them that end alike.
pub(crate) fn newlines(text: &[u8]) -> Newlines {
    const LF: &[u8] = &[b'\n'; 256];
    const CRLF: &[u8] = b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
    let (run, length) = match text {
        [b'\n', ..] => (LF, 1),
        [b'\r', b'\n', ..] => (CRLF, 2),
        _ => return Newlines { lines: 0, bytes: 0 },
    };
    let whole = text.chunks_exact(run.len()).take_while(|chunk| *chunk == run).count() * run.len();
    let rest = text.get(whole..).unwrap_or_default();
    let same = |(one, other): &(&[u8], &[u8])| one == other;
    let more = rest.chunks_exact(length).zip(run.chunks_exact(length)).take_while(same).count() * length;
    Newlines { lines: (whole + more) / length, bytes: whole + more }
}

/// Where the first newline stands. Sixty-four bytes are looked at at once, which the compiler makes vectors of.
fn newline(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<64>();
    let has_one = |chunk: &[u8; 64]| chunk.iter().fold(false, |any, byte| any | (*byte == b'\n'));
    let from = chunks.iter().position(has_one).unwrap_or(chunks.len()) * 64;
    let at = bytes.get(from..)?.iter().position(|byte| *byte == b'\n')?;
    Some(from + at)
}

impl RecordFramer {
    /// Takes the next bytes of the stream and visits each record that they complete. One of more than `max` bytes is told as too
    /// long and skipped.
    pub fn push(&mut self, chunk: &[u8], max: usize, visit: &mut dyn FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = match self.state {
                State::Start => self.begin(rest, max, visit),
                State::Line => self.line(rest, max, visit),
                State::Counted(left) => self.counted(rest, left, visit),
                State::SkipLine => self.skip(rest, usize::MAX),
                State::SkipCounted(left) => self.skip(rest, left),
            };
        }
    }

    /// The stream ended: what is left is visited as half a record. The framer can be used again for a new stream.
    pub fn finish(&mut self, visit: &mut dyn FnMut(Piece<'_>)) {
        let Self { pending, .. } = std::mem::take(self);
        if !pending.is_empty() {
            visit(Piece::HalfLine(&pending));
        }
    }

    /// Bytes of an unfinished record that are held.
    pub fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    fn begin<'a>(&mut self, bytes: &'a [u8], max: usize, visit: &mut dyn FnMut(Piece<'_>)) -> &'a [u8] {
        if self.pending.is_empty() && std::mem::take(&mut self.follows_count) {
            // Some senders add a newline to what they have counted.
            if let Some(rest) = bytes.strip_prefix(b"\n") {
                return rest;
            }
        }
        if self.pending.is_empty() {
            let blank = newlines(bytes);
            if blank.lines > 0 {
                visit(Piece::Blank(blank.lines));
                return bytes.get(blank.bytes..).unwrap_or_default();
            }
        }
        // One byte at a time while a count could come: nine at most.
        let (beginning, taken) = match (self.pending.is_empty(), bytes.split_first()) {
            (true, Some((first, _))) if !first.is_ascii_digit() => (Beginning::Line, bytes),
            (_, Some((first, rest))) => {
                self.pending.push(*first);
                (Beginning::of(&self.pending), rest)
            }
            (_, None) => return bytes,
        };
        match beginning {
            Beginning::Unclear => {}
            Beginning::Line => {
                // The byte that told may be the newline.
                let is_whole = self.pending.pop_if(|last| *last == b'\n').is_some();
                self.state = State::Line;
                match is_whole {
                    _ if self.pending.len() > max => {
                        self.give_up(if is_whole { State::Start } else { State::SkipLine }, visit);
                    }
                    true => self.end(visit, &[], |bytes| Piece::Line(bytes)),
                    false => {}
                }
            }
            Beginning::Count(count, prefix) => {
                // The byte that told is the record's first.
                self.pending.drain(..prefix);
                self.state = State::Counted(count - 1);
                if count > max {
                    self.give_up(State::SkipCounted(count - 1), visit);
                } else if count == 1 {
                    self.end(visit, &[], |bytes| Piece::Line(bytes));
                    self.follows_count = true;
                }
            }
        }
        taken
    }

    fn line<'a>(&mut self, bytes: &'a [u8], max: usize, visit: &mut dyn FnMut(Piece<'_>)) -> &'a [u8] {
        let end = newline(bytes);
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        let is_too_long = self.pending.len().saturating_add(line.len()) > max;
        match end {
            Some(_) if is_too_long => self.give_up(State::Start, visit),
            // However it was cut on its way, it is blank.
            Some(_) if self.is_blank(line) => {
                (self.state, self.pending) = (State::Start, Vec::new());
                visit(Piece::Blank(1));
            }
            Some(_) => self.end(visit, line, |bytes| Piece::Line(bytes)),
            None if is_too_long => self.give_up(State::SkipLine, visit),
            None => self.pending.extend_from_slice(line),
        }
        rest.strip_prefix(b"\n").unwrap_or(rest)
    }

    fn is_blank(&self, line: &[u8]) -> bool {
        matches!((self.pending.as_slice(), line), ([], b"\r") | (b"\r", []))
    }

    fn counted<'a>(&mut self, bytes: &'a [u8], left: usize, visit: &mut dyn FnMut(Piece<'_>)) -> &'a [u8] {
        let (counted, beyond) = bytes.split_at(left.min(bytes.len()));
        let newline = newline(counted);
        match newline {
            // The newline that a record ends with may be counted, too.
            Some(at) if at + 1 == left => {
                self.end(visit, counted.get(..at).unwrap_or_default(), |bytes| Piece::Line(bytes));
                self.follows_count = true;
                beyond
            }
            Some(at) => {
                let (record, rest) = bytes.split_at(at);
                self.end(visit, record, |bytes| Piece::Miscounted(bytes));
                rest.strip_prefix(b"\n").unwrap_or(rest)
            }
            None if counted.len() == left => {
                self.end(visit, counted, |bytes| Piece::Line(bytes));
                self.follows_count = true;
                beyond
            }
            None => {
                self.pending.extend_from_slice(counted);
                self.state = State::Counted(left - counted.len());
                beyond
            }
        }
    }

    /// Goes to the newline, or over so many bytes.
    fn skip<'a>(&mut self, bytes: &'a [u8], left: usize) -> &'a [u8] {
        let within = bytes.get(..left.min(bytes.len())).unwrap_or_default();
        if let Some(at) = newline(within) {
            self.state = State::Start;
            return bytes.get(at + 1..).unwrap_or_default();
        }
        let (_, rest) = bytes.split_at(within.len());
        if let State::SkipCounted(_) = self.state {
            self.state = State::SkipCounted(left - within.len());
            if within.len() == left {
                (self.state, self.follows_count) = (State::Start, true);
            }
        }
        rest
    }

    /// A record ends with these bytes. One that came in one piece is not copied.
    fn end(
        &mut self,
        visit: &mut dyn FnMut(Piece<'_>),
        last: &[u8],
        piece: impl for<'b> FnOnce(&'b [u8]) -> Piece<'b>,
    ) {
        self.state = State::Start;
        if self.pending.is_empty() {
            return visit(piece(last));
        }
        self.pending.extend_from_slice(last);
        let whole = std::mem::take(&mut self.pending);
        visit(piece(&whole));
    }

    fn give_up(&mut self, next: State, visit: &mut dyn FnMut(Piece<'_>)) {
        self.pending = Vec::new();
        self.state = next;
        visit(Piece::TooLong);
    }
}

#[cfg(test)]
mod tests;
