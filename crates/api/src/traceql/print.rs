//! A query written down again: what is read from it is the same query.

use std::fmt;

use super::keyword::{ACCESS, INTRINSICS};
use super::lexer::is_of_word;
use super::syntax::{Compare, Condition, Field, Query, Scope, Value};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.condition {
            None => f.write_str("{ }"),
            Some(condition) => write!(f, "{{ {condition} }}"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, between) = match self {
            Self::Compare(compare) => return write!(f, "{compare}"),
            Self::All(parts) => (parts, " && "),
            Self::Any(parts) => (parts, " || "),
        };
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                f.write_str(between)?;
            }
            match part {
                Self::Compare(compare) => write!(f, "{compare}")?,
                several => write!(f, "({several})")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.field, self.op.as_str(), self.value)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intrinsic(field) => {
                let name = INTRINSICS.iter().find(|(_, known)| known == field).map(|(name, _)| *name);
                f.write_str(name.unwrap_or_default())
            }
            Self::Access(field) => {
                let name = ACCESS.iter().find(|(_, known)| known == field).map(|(name, _)| *name);
                write!(f, "access.{}", name.unwrap_or_default())
            }
            Self::Attribute(scope, key) => {
                f.write_str(match scope {
                    Scope::Span => "span.",
                    Scope::Resource => "resource.",
                    Scope::Either => ".",
                })?;
                // A dot at the end would read on behind itself.
                let is_plain = !key.is_empty() && key.chars().all(is_of_word) && !key.ends_with(['.', ':']);
                if is_plain { f.write_str(key) } else { quoted(key, f) }
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(text, f),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Duration(nanos) => write!(f, "{nanos}ns"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Nil => f.write_str("nil"),
            Self::Word(word) => f.write_str(word),
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}
