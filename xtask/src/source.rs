//! The files of the tree, read once, as the rules see them.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

use crate::code;

/// One text file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// What stands in it.
    pub(crate) text: String,
    /// For Rust: the same with comments, strings and characters blanked out, every other byte at its place.
    pub(crate) code: String,
}

/// Every text file of the tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Sorted by path.
    pub(crate) files: Vec<Source>,
    /// Paths of all files, of those too that are no text, and of all folders.
    pub(crate) paths: Vec<String>,
}

/// Larger files are fixtures, which no rule reads.
const MAX_BYTES: u64 = 1 << 20;

impl Source {
    /// A file with this text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { code::blank(text) } else { String::new() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// True for Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The last part of the path.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The crate's folder under `crates/`, for files of one.
    pub(crate) fn crate_folder(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// True for a file that holds nothing but tests: `tests/…`, `…/tests.rs`, benchmarks, and all of the peers.
    pub(crate) fn is_all_tests(&self) -> bool {
        self.path.starts_with("e2e/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.contains("/benches/")
    }

    /// The blocks that only tests see, in a file that is not all tests.
    pub(crate) fn test_blocks(&self) -> Vec<Range<usize>> {
        code::test_modules(&self.code)
    }

    /// The line of a byte, counted from one.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

impl Tree {
    /// Reads the tree under `root`, without what `.gitignore` names and without hidden folders but `.ci` and `.cargo`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let ignored = ignored_folders(&fs::read_to_string(root.join(".gitignore")).unwrap_or_default());
        let mut tree = Self::default();
        tree.read_folder(root, "", &ignored)?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        tree.paths.sort();
        Ok(tree)
    }

    /// A tree of these files, for tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files.iter().map(|(path, text)| Source::new(path, text)).collect(),
            paths: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
        }
    }

    /// True when a file or folder of this path exists.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.paths.iter().any(|known| known == path)
    }

    /// The text file of this path.
    pub(crate) fn file(&self, path: &str) -> Option<&Source> {
        self.files.iter().find(|file| file.path == path)
    }

    fn read_folder(&mut self, root: &Path, folder: &str, ignored: &[String]) -> Result<()> {
        let place = root.join(folder);
        let entries = fs::read_dir(&place).with_context(|| format!("cannot list `{}`", place.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list `{}`", place.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().with_context(|| format!("cannot look at `{path}`"))?;
            if kind.is_dir() {
                let hidden = name.starts_with('.') && ![".ci", ".cargo"].contains(&name.as_str());
                if !hidden && !ignored.contains(&name) {
                    self.paths.push(path.clone());
                    self.read_folder(root, &path, ignored)?;
                }
            } else if kind.is_file() {
                self.read_file(root, &path)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, root: &Path, path: &str) -> Result<()> {
        self.paths.push(path.to_owned());
        let place = root.join(path);
        let size = fs::metadata(&place).with_context(|| format!("cannot look at `{path}`"))?.len();
        if size <= MAX_BYTES {
            let bytes = fs::read(&place).with_context(|| format!("cannot read `{path}`"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                self.files.push(Source::new(path, &text));
            }
        }
        Ok(())
    }
}

/// Folders named in `.gitignore`: its lines that end in `/`.
fn ignored_folders(gitignore: &str) -> Vec<String> {
    gitignore
        .lines()
        .filter_map(|line| line.trim().strip_suffix('/'))
        .map(|name| name.trim_start_matches('/').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gitignore_names_is_left_out() {
        assert_eq!(ignored_folders("/target/\nnode_modules/\n*.log\n"), ["target", "node_modules"]);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let file = Source::new("a.rs", "one\ntwo\n");
        assert_eq!((file.line_at(0), file.line_at(4)), (1, 2));
    }

    #[test]
    fn peers_and_test_files_are_all_tests() {
        for (path, all) in [
            ("e2e/src/lib.rs", true),
            ("crates/log/tests/kill.rs", true),
            ("crates/log/src/append/tests.rs", true),
            ("crates/log/src/append.rs", false),
        ] {
            assert_eq!(Source::new(path, "").is_all_tests(), all, "{path}");
        }
    }
}
