//! What a query is made of.

use fanlight_store::AccessField;

/// `{}`, or one condition in braces.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) condition: Option<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Compare(Compare),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Compare {
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) value: Value,
    pub(super) op_at: Spot,
    pub(super) value_at: Spot,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Intrinsic(Intrinsic),
    Attribute(Scope, String),
    Access(AccessField),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Span,
    Resource,
    /// The span's, or else the resource's.
    Either,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intrinsic {
    Name,
    Status,
    StatusMessage,
    Duration,
    Kind,
    TraceDuration,
    RootName,
    RootServiceName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Matches,
    MatchesNot,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Number(f64),
    /// Nanoseconds.
    Duration(i64),
    Flag(bool),
    Nil,
    /// `error`, `server`, `blocked`, …
    Word(String),
}

/// Where something stands, for errors alone: two queries that differ only in space are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    pub(super) column: usize,
    pub(super) token: String,
}

impl PartialEq for Spot {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Op {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}
