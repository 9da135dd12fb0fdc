//! What a rule has to say.

use std::fmt;

use crate::source::Source;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The tree is not tidy.
    Fail,
    /// Not yet wrong; to keep an eye on.
    Watch,
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// In which file.
    pub(crate) path: String,
    /// On which line, counted from one.
    pub(crate) line: usize,
    /// How bad.
    pub(crate) severity: Severity,
    /// What is wrong, and what to do.
    pub(crate) message: String,
}

impl Finding {
    /// A failure on a line.
    pub(crate) fn fail(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, severity: Severity::Fail, message: message.into() }
    }

    /// Something to watch on a line.
    pub(crate) fn watch(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, severity: Severity::Watch, message: message.into() }
    }

    /// A failure at a byte of a file.
    pub(crate) fn at(file: &Source, offset: usize, message: impl Into<String>) -> Self {
        Self::fail(&file.path, file.line_at(offset), message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// What the rules' tests compare: `line: message` for each finding of a rule in one file.
#[cfg(test)]
pub(crate) fn told(rule: fn(&Source) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
    rule(&Source::new(path, text))
        .iter()
        .map(|finding| format!("{}: {}", finding.line, finding.message))
        .collect()
}
