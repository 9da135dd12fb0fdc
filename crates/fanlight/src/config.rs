//! The configuration: what was typed ([`File`]), what it means ([`Settings`]), and every key with its default and reason.

mod check;
mod example;
mod export;
mod file;
mod keys;
mod settings;
mod units;

pub(crate) use check::ConfigError;
pub(crate) use example::example;
pub(crate) use settings::{Association, Listener, Settings};
pub(crate) use units::duration;

use std::path::Path;

use file::File;

/// Reads and checks a configuration; without a file, the safe defaults.
///
/// # Errors
/// [`ConfigError`] with file, line, column, the key, and a hint.
pub(crate) fn load(path: Option<&Path>) -> Result<Settings, ConfigError> {
    let Some(path) = path else { return parse("version = 1\n", "the defaults", Path::new(".")) };
    let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::unreadable(path, &cause))?;
    parse(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new(".")))
}

/// Secrets that the text names by file are read relative to `folder`.
fn parse(text: &str, name: &str, folder: &Path) -> Result<Settings, ConfigError> {
    let source = check::Source::parse(text, name)?;
    source.refuse_unknown_keys()?;
    let file: File = source.typed()?;
    Settings::from_file(&file, &source, folder)
}

#[cfg(test)]
mod tests;
