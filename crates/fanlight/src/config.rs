//! The configuration: what was typed ([`File`]), what it means ([`Settings`]), and every key with its default and reason.

mod access;
mod check;
mod example;
mod export;
mod file;
mod intake;
mod keys;
mod settings;
mod units;

pub(crate) use check::ConfigError;
pub(crate) use example::example;
pub(crate) use settings::{Association, ExportTarget, Listener, Settings};
pub(crate) use units::duration;

use std::path::{Path, PathBuf};

use file::File;

/// Where settings come from, to be read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Without a file, the safe defaults.
    pub(crate) file: Option<PathBuf>,
    /// Added to every port.
    pub(crate) offset: u16,
}

impl Origin {
    /// Reads and checks the configuration, and moves its ports.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn load(&self) -> Result<Settings, ConfigError> {
        let mut settings = load(self.file.as_deref())?;
        settings.shift_ports(self.offset).map_err(ConfigError::of_command_line)?;
        Ok(settings)
    }

    /// The file as a person would find it.
    pub(crate) fn shown(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(std::path::absolute(file).unwrap_or_else(|_| file.clone()).display().to_string())
    }
}

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
