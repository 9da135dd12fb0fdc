//! How a command ends: the contract's exit codes, and one way to print a failure.
#![expect(clippy::print_stderr, reason = "printing is what this module is for")]

use std::fmt;
use std::process::ExitCode;

/// Why a command failed, as a caller can tell apart by its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Failed = 1,
    Usage = 2,
    Config = 3,
    Auth = 4,
    NotReachable = 5,
    Denied = 6,
}

/// A failure with its cause, and the way out where we know one.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: anyhow::Error,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hint: None }
    }

    pub(crate) fn text(exit: Exit, text: impl fmt::Display) -> Self {
        Self::new(exit, anyhow::anyhow!("{text}"))
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn print(&self) -> ExitCode {
        eprintln!("error: {}", chain(&self.error));
        if let Some(hint) = &self.hint {
            eprintln!("  hint: {hint}");
        }
        ExitCode::from(self.exit as u8)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Failed, error)
    }
}

/// The one function that prints an error with its causes.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        if !text.is_empty() {
            text.push_str("\n  because ");
        }
        text.push_str(&cause.to_string());
    }
    text
}

/// What clap has to say: help and version are a success.
pub(crate) fn print_usage(error: &clap::Error) -> ExitCode {
    if let Err(cause) = error.print() {
        eprintln!("error: cannot print: {cause}");
    }
    if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS }
}
