//! Where a frame ends.

use std::fmt;

/// The end of a frame: everything before this position is included. Positions rise and are never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of the file.
    pub file: u64,
    /// Bytes from the beginning of that file.
    pub offset: u64,
}

impl Position {
    /// Before the first frame of any log.
    pub const START: Self = Self { file: 0, offset: 0 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file counts before the offset.
    #[test]
    fn positions_rise_with_the_file_first() {
        let early = Position { file: 9, offset: 4_096 };
        let late = Position { file: 17, offset: 8 };
        assert!(Position::START < early && early < late);
        assert_eq!(late.to_string(), "17:8");
    }
}
