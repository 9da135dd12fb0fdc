//! Where in the file an error stands, and what was probably meant.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;

/// What is wrong with a configuration, where, and the way out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    place: String,
    problem: String,
    hint: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl ConfigError {
    pub(super) fn of_command_line(problem: String) -> Self {
        Self { place: "the command line".to_owned(), problem, hint: None }
    }

    pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Self {
        Self {
            place: path.display().to_string(),
            problem: format!("cannot read the configuration: {cause}"),
            hint: Some("`fanlight config example` prints one to start from".to_owned()),
        }
    }
}

/// A parsed file that knows where each key stands.
pub(super) struct Source<'a> {
    text: &'a str,
    name: &'a str,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str, name: &'a str) -> Result<Self, ConfigError> {
        match DeTable::parse(text) {
            Ok(table) => Ok(Self { text, name, table }),
            Err(error) => Err(ConfigError {
                place: place(name, text, error.span().map(|span| span.start)),
                problem: error.message().to_owned(),
                hint: None,
            }),
        }
    }

    /// The file as a type; what does not fit is told with its place.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(self.text).map_err(|error| ConfigError {
            place: place(self.name, self.text, error.span().map(|span| span.start)),
            problem: error.message().to_owned(),
            hint: None,
        })
    }

    pub(super) fn refuse_unknown_keys(&self) -> Result<(), ConfigError> {
        self.walk(self.table.get_ref(), "", "")
    }

    /// `known` is the path with `[]`, as in the table of keys; `shown` is the path as a person would say it.
    fn walk(&self, table: &DeTable<'a>, known: &str, shown: &str) -> Result<(), ConfigError> {
        let (names, open) = keys::children(known);
        for (key, value) in table {
            let name: &str = key.get_ref();
            let path = if shown.is_empty() { name.to_owned() } else { format!("{shown}.{name}") };
            if open {
                continue;
            }
            if !names.contains(&name) {
                return Err(self.unknown(key.span().start, &path, name, &names));
            }
            let below = if known.is_empty() { name.to_owned() } else { format!("{known}.{name}") };
            match value.get_ref() {
                DeValue::Table(inner) => self.walk(inner, &below, &path)?,
                DeValue::Array(items) => {
                    for item in items.iter() {
                        if let DeValue::Table(inner) = item.get_ref() {
                            self.walk(inner, &format!("{below}[]"), &path)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn unknown(&self, at: usize, path: &str, name: &str, names: &[&str]) -> ConfigError {
        let mut known: Vec<&str> = names.to_vec();
        known.sort_unstable();
        let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let meant = known
            .iter()
            .map(|candidate| (distance(name, candidate), *candidate))
            .min()
            .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3);
        let hint = match (meant, list.is_empty()) {
            (_, true) => "no keys are known here".to_owned(),
            (Some((_, meant)), false) => format!("did you mean `{meant}`? known here: {list}"),
            (None, false) => format!("known here: {list}"),
        };
        ConfigError {
            place: place(self.name, self.text, Some(at)),
            problem: format!("unknown key `{path}`"),
            hint: Some(hint),
        }
    }

    /// An error about the value at a path (`export.1.endpoint` counts arrays from 0).
    pub(super) fn error(&self, path: &str, problem: impl Into<String>, hint: Option<String>) -> ConfigError {
        ConfigError {
            place: place(self.name, self.text, self.locate(path)),
            problem: format!("`{path}`: {}", problem.into()),
            hint,
        }
    }

    /// The start of the value at a path, or of the nearest table around it.
    fn locate(&self, path: &str) -> Option<usize> {
        let mut parts = path.split('.');
        let mut value = self.table.get_ref().get(parts.next()?)?;
        for part in parts {
            let next = match value.get_ref() {
                DeValue::Table(table) => table.get(part),
                DeValue::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => break,
            }
        }
        Some(value.span().start)
    }
}

fn place(name: &str, text: &str, at: Option<usize>) -> String {
    let Some(before) = at.and_then(|at| text.get(..at)) else { return name.to_owned() };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    format!("{name}:{line}:{column}")
}

/// Levenshtein's distance, for the suggestion.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = index;
        let mut last = index + 1;
        for (to, above) in right.iter().zip(row.iter_mut().skip(1)) {
            let here = (diagonal + usize::from(from != *to)).min(last + 1).min(*above + 1);
            diagonal = std::mem::replace(above, here);
            last = here;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}
