//! Who acts.

use std::fmt;
use std::sync::Arc;

/// A principal's pseudonym, `fl:<tenant>:<h|w|a>:<26 base32 characters>`: stable, not reversible without the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(pub Arc<str>);

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of actor a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// A person.
    Human,
    /// A workload: a service, a machine tunnel, the edge's own clients.
    Workload,
    /// An AI agent.
    Agent,
}

impl PrincipalKind {
    /// The letter that stands in a [`PrincipalId`].
    pub const fn letter(self) -> char {
        match self {
            Self::Human => 'h',
            Self::Workload => 'w',
            Self::Agent => 'a',
        }
    }
}
