//! One spanset of TraceQL: text in, typed filter out.
//!
//! `{ resource.service.name = "shop" && (duration > 200ms || access.disposition = blocked) }`: comparisons of one field with one
//! value, joined by `&&` and `||`, with `access.*` for what the edge said of the same request. The rest of the language is known
//! and refused by column, in words that say what it is; what is no TraceQL is refused by column, with what could have stood there.

mod keyword;
mod lexer;
mod meaning;
mod parser;
mod print;
mod syntax;

use std::fmt;

use fanlight_store::SpanFilter;

/// A longer query is no person's.
const MAX_BYTES: usize = 4 << 10;
/// How deep brackets may stand: parser, printer and planner recurse along them.
const MAX_DEPTH: usize = 16;
/// Comparisons in one query; each is looked at for every span.
const MAX_COMPARISONS: usize = 64;
/// A token is shown up to here.
const MAX_TOKEN_CHARACTERS: usize = 40;

/// Reads a query. Nothing, or nothing but space, is every trace.
pub(crate) fn filter(text: &str) -> Result<SpanFilter, Refusal> {
    meaning::filter(&parser::parse(text)?)
}

/// Why a query has no meaning here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: RefusalKind,
    /// Bytes of UTF-8, counted from 1.
    pub(crate) column: usize,
    /// What stands there; empty at the end.
    pub(crate) token: String,
    /// What was expected; of what is not supported, what it is and what to do instead.
    pub(crate) words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalKind {
    /// Not TraceQL.
    Invalid,
    /// TraceQL, but not of this version.
    Unsupported,
}

impl Refusal {
    fn invalid(column: usize, token: &str, expected: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Invalid, column, token: clipped(token), words: expected.into() }
    }

    fn unsupported(column: usize, token: &str, words: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Unsupported, column, token: clipped(token), words: words.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, column, token, words } = self;
        let here = match token.as_str() {
            "" => format!("at the end (column {column})"),
            token => format!("at column {column} (`{token}`)"),
        };
        match kind {
            RefusalKind::Invalid => write!(f, "cannot read the query {here}: expected {words}"),
            RefusalKind::Unsupported => write!(f, "cannot search by this {here}: {words}"),
        }
    }
}

fn clipped(token: &str) -> String {
    match token.char_indices().nth(MAX_TOKEN_CHARACTERS) {
        Some((end, _)) => format!("{}…", token.get(..end).unwrap_or_default()),
        None => token.to_owned(),
    }
}

#[cfg(test)]
mod tests;
