//! Cuts a byte stream into lines, the same for any chunking.

use memchr::memchr;

/// One thing found in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A line without its newline; a carriage return before it is still there.
    Line(&'a [u8]),
    /// What stood after the last newline when the stream ended.
    HalfLine(&'a [u8]),
    /// A line longer than the cap; told once, its bytes are not kept.
    TooLong,
}

/// The state of one stream between two reads: at most one line's beginning.
#[derive(Debug, Default)]
pub(crate) struct LineFramer {
    pending: Vec<u8>,
    skipping: bool,
}

impl LineFramer {
    /// Takes the next bytes of the stream and visits each line that they complete. A line of more than `max` bytes is told as
    /// too long and skipped to its newline.
    pub(crate) fn push(&mut self, chunk: &[u8], max: usize, visit: &mut dyn FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            self.end_line(line, max, visit);
        }
        if self.skipping || rest.is_empty() {
            return;
        }
        if self.pending.len().saturating_add(rest.len()) > max {
            self.pending = Vec::new();
            self.skipping = true;
            visit(Piece::TooLong);
        } else {
            self.pending.extend_from_slice(rest);
        }
    }

    /// The stream ended: what is left is visited as half a line. The framer can be used again for a new stream.
    pub(crate) fn finish(&mut self, visit: &mut dyn FnMut(Piece<'_>)) {
        self.skipping = false;
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            visit(Piece::HalfLine(&pending));
        }
    }

    /// Bytes of an unfinished line that are held.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    fn end_line(&mut self, line: &[u8], max: usize, visit: &mut dyn FnMut(Piece<'_>)) {
        if std::mem::take(&mut self.skipping) {
            return;
        }
        if self.pending.len().saturating_add(line.len()) > max {
            self.pending = Vec::new();
            visit(Piece::TooLong);
        } else if self.pending.is_empty() {
            visit(Piece::Line(line));
        } else {
            self.pending.extend_from_slice(line);
            let whole = std::mem::take(&mut self.pending);
            visit(Piece::Line(&whole));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(chunks: &[&[u8]], max: usize) -> Vec<String> {
        let mut framer = LineFramer::default();
        let mut seen = Vec::new();
        let mut note = |piece: Piece<'_>| {
            seen.push(match piece {
                Piece::Line(line) => format!("line {}", String::from_utf8_lossy(line)),
                Piece::HalfLine(line) => format!("half {}", String::from_utf8_lossy(line)),
                Piece::TooLong => "too long".to_owned(),
            });
        };
        for chunk in chunks {
            framer.push(chunk, max, &mut note);
        }
        framer.finish(&mut note);
        seen
    }

    #[test]
    fn a_line_may_be_cut_anywhere() {
        let whole = pieces(&[b"ab\ncd\n\nef"], 10);
        assert_eq!(whole, ["line ab", "line cd", "line ", "half ef"]);
        assert_eq!(pieces(&[b"a", b"b\nc", b"d", b"\n\ne", b"f"], 10), whole);
    }

    /// The next line after a too long one is whole again, and the long one is told once.
    #[test]
    fn a_line_over_the_cap_is_skipped_to_its_newline() {
        assert_eq!(pieces(&[b"0123456\nab\n"], 6), ["too long", "line ab"]);
        assert_eq!(pieces(&[b"0123", b"456", b"789\nab\n"], 6), ["too long", "line ab"]);
        assert_eq!(pieces(&[b"012345\nab\n"], 6), ["line 012345", "line ab"]);
        assert_eq!(pieces(&[b"0123", b"456789"], 6), ["too long"]);
    }
}
