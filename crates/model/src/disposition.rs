//! What another system did with a request.

use std::fmt;

/// What the edge did with a request; OCSF's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It was let through.
    Allowed,
    /// A rule, or a missing or stale identity, stopped it.
    Blocked,
    /// It should have gone through and did not.
    Failed,
}

impl Disposition {
    /// The lower-case name that tables, attributes and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What else the edge did besides the disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// A rate limit or bandwidth rule acted.
    Throttled,
    /// It went by another service edge or gateway than usual.
    Rerouted,
    /// It was rendered in an isolated browser.
    Isolated,
    /// TLS was opened and the content looked at.
    Inspected,
    /// The principal was shown a caution page.
    Cautioned,
    /// It went past the service edge.
    Bypassed,
}

impl Effect {
    /// The lower-case name that tables, attributes and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Rerouted => "rerouted",
            Self::Isolated => "isolated",
            Self::Inspected => "inspected",
            Self::Cautioned => "cautioned",
            Self::Bypassed => "bypassed",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
