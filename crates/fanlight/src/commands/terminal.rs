//! Printing for people, and what must never reach their terminal.

use std::io::{self, Write};

/// Prints text as it is, with a line's end. A reader that has gone away is no error.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        // `fanlight query … | head` closes the pipe: there is nobody left to tell.
    }
}

/// Prints beside what was asked for, where no program reads it.
pub(super) fn note(text: &str) {
    let mut out = io::stderr().lock();
    if writeln!(out, "{text}").is_err() {
        // There is nobody left to tell.
    }
}

/// Replaces control characters: a span's name must not steer the terminal that shows it.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || is_direction(letter) { '\u{fffd}' } else { letter })
        .collect()
}

/// Unicode's direction marks, with which a name could be made to look like another.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Columns of the terminal: what `COLUMNS` says is not read (no environment variables), so 100 unless told.
pub(super) fn width(told: Option<usize>) -> usize {
    told.unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}

const DEFAULT_WIDTH: usize = 100;
const MIN_WIDTH: usize = 60;
const MAX_WIDTH: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_direction_marks_are_taken_out() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    }
}
