//! Lines as received, apart from what was read in them.

use std::fmt;
use std::sync::Arc;

use crate::{Feed, ParseLevel, RawAddress, Timestamp};

/// The line that a record was read from: itself, or where it is kept.
///
/// Lines are longer than what they say, hold names and URLs, and have their own retention: past the decoder a record has the address
/// alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// The line as received, invalid UTF-8 replaced.
    Line(Arc<str>),
    /// The address of the line in `raw_lines`.
    At(RawAddress),
}

/// A line of a feed as it is kept: once for each content, whichever records were read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// [`RawAddress::of`] the feed and the line.
    pub address: RawAddress,
    /// The feed that it came in.
    pub feed: Feed,
    /// When it first reached us, on our clock.
    pub arrival_time: Timestamp,
    /// How much of it could be read when it came.
    pub parse_level: ParseLevel,
    /// The line as received, invalid UTF-8 replaced.
    pub line: Arc<str>,
}

impl Raw {
    /// The line, where the record still has it.
    pub fn line(&self) -> Option<&Arc<str>> {
        match self {
            Self::Line(line) => Some(line),
            Self::At(_) => None,
        }
    }

    /// Where the line is kept, or would be.
    pub fn address(&self, feed: Feed) -> RawAddress {
        match self {
            Self::Line(line) => RawAddress::of(feed, line),
            Self::At(address) => *address,
        }
    }

    /// Leaves the address behind and gives the line away to be kept. `None` where that was done before.
    pub fn set_apart(
        &mut self,
        feed: Feed,
        arrival_time: Timestamp,
        parse_level: ParseLevel,
    ) -> Option<RawLine> {
        let address = self.address(feed);
        match std::mem::replace(self, Self::At(address)) {
            Self::Line(line) => Some(RawLine { address, feed, arrival_time, parse_level, line }),
            Self::At(_) => None,
        }
    }
}

impl fmt::Display for Raw {
    /// The line, or where it is kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => f.write_str(line),
            Self::At(address) => write!(f, "line {address}"),
        }
    }
}

impl From<Arc<str>> for Raw {
    fn from(line: Arc<str>) -> Self {
        Self::Line(line)
    }
}

impl From<&str> for Raw {
    fn from(line: &str) -> Self {
        Self::Line(line.into())
    }
}

impl From<String> for Raw {
    fn from(line: String) -> Self {
        Self::Line(line.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_given_away_once_and_its_address_stays() {
        let mut raw = Raw::from("{\"a\":1}");
        let address = raw.address(Feed::ZpaUserActivity);
        let kept = raw.set_apart(Feed::ZpaUserActivity, Timestamp::MIN, ParseLevel::Strict).unwrap();
        assert_eq!((kept.address, &*kept.line), (address, "{\"a\":1}"));
        assert_eq!((raw.address(Feed::ZpaUserActivity), raw.line()), (address, None));
        assert_eq!(raw.set_apart(Feed::ZpaUserActivity, Timestamp::MIN, ParseLevel::Strict), None);
    }

    /// A better parser of one feed must not be given another's lines.
    #[test]
    fn the_same_line_of_two_feeds_is_two() {
        let raw = Raw::from("x");
        assert_ne!(raw.address(Feed::ZpaUserActivity), raw.address(Feed::ZiaWeb));
    }
}
