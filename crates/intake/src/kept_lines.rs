//! Lines that were kept, on their way to be read again.
//!
//! A body is one line after another, each as `<arrival> <level> <length>`, a newline, so many bytes, and a newline: the arrival is in
//! nanoseconds since 1970, the level is how much could be read when it came, and the length counts bytes. Lengths, because a line
//! that was pushed inside a document can hold newlines.

use std::error::Error;
use std::fmt;

use fanlight_model::{ParseLevel, Timestamp};

/// A line as it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptLine<'a> {
    /// When it came.
    pub arrival: Timestamp,
    /// How much of it could be read then.
    pub level: ParseLevel,
    /// The line.
    pub line: &'a str,
}

/// A body that is not in this form, and from which byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoKeptLines {
    /// Counted from 0.
    pub at: usize,
}

impl fmt::Display for NoKeptLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "byte {} begins no kept line: `<arrival ns> <level> <bytes>`, a newline, the line, a newline",
            self.at
        )
    }
}

impl Error for NoKeptLines {}

const LEVELS: [ParseLevel; 3] = [ParseLevel::Strict, ParseLevel::Repaired, ParseLevel::Raw];

/// Longer heads are none: 20 digits twice, a level, and what stands between.
const MAX_HEAD_BYTES: usize = 64;

impl KeptLine<'_> {
    /// Adds it to a body.
    pub fn write(&self, body: &mut Vec<u8>) {
        let Self { arrival, level, line } = self;
        body.extend_from_slice(format!("{} {level} {}\n", arrival.as_nanos(), line.len()).as_bytes());
        body.extend_from_slice(line.as_bytes());
        body.push(b'\n');
    }
}

/// Visits each line of a body, in its order.
///
/// # Errors
/// Where the body is not in this form; the lines before that place were visited.
pub fn visit_kept_lines(body: &[u8], visit: &mut dyn FnMut(KeptLine<'_>)) -> Result<(), NoKeptLines> {
    let mut at = 0;
    while at < body.len() {
        let (line, length) = first(body.get(at..).unwrap_or_default()).ok_or(NoKeptLines { at })?;
        visit(line);
        at += length;
    }
    Ok(())
}

/// The first line, and how many bytes of the body it takes.
fn first(body: &[u8]) -> Option<(KeptLine<'_>, usize)> {
    let head_bytes = body.iter().take(MAX_HEAD_BYTES).position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(body.get(..head_bytes)?).ok()?;
    let mut words = head.split(' ');
    let arrival = Timestamp::from_nanos(words.next()?.parse().ok()?);
    let level = words.next()?;
    let level = LEVELS.into_iter().find(|known| known.as_str() == level)?;
    let length: usize = words.next()?.parse().ok()?;
    let from = head_bytes + 1;
    let to = from.checked_add(length)?;
    let ends = words.next().is_none() && body.get(to) == Some(&b'\n');
    let line = std::str::from_utf8(body.get(from..to)?).ok().filter(|_| ends)?;
    Some((KeptLine { arrival, level, line }, to + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8]) -> Result<Vec<(i64, ParseLevel, String)>, NoKeptLines> {
        let mut lines = Vec::new();
        visit_kept_lines(body, &mut |kept| {
            lines.push((kept.arrival.as_nanos(), kept.level, kept.line.to_owned()));
        })?;
        Ok(lines)
    }

    #[test]
    fn what_is_no_kept_line_is_named_by_its_place() {
        let good = b"5 raw 1\nx\n";
        assert_eq!(read(good), Ok(vec![(5, ParseLevel::Raw, "x".to_owned())]));
        for bad in ["x", "5 raw 1\nxy", "5 raw 2\nx\n", "5 odd 1\nx\n", "5 raw 1 1\nx\n", "5 raw\nx\n", "\n"]
        {
            let body = [good, bad.as_bytes()].concat();
            assert_eq!(read(&body), Err(NoKeptLines { at: good.len() }), "{bad}");
        }
        assert_eq!(read(b"5 raw 18446744073709551615\nx\n"), Err(NoKeptLines { at: 0 }));
    }

    proptest! {
        #[test]
        fn lines_come_back_as_they_were_written(
            lines in prop::collection::vec((any::<i64>(), 0..3_usize, ".{0,40}\n?.{0,5}"), 0..6),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(at, level, line)| (at, LEVELS[level], line)).collect();
            let mut body = Vec::new();
            for (at, level, line) in &lines {
                KeptLine { arrival: Timestamp::from_nanos(*at), level: *level, line }.write(&mut body);
            }
            prop_assert_eq!(read(&body), Ok(lines));
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&body));
        }
    }
}
