//! Names that say nothing are not allowed.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

const EMPTY_WORDS: [&str; 7] = ["util", "common", "helper", "manager", "misc", "data", "info"];

/// Files and folders.
pub(crate) fn of_files(file: &Source) -> Vec<Finding> {
    let is_code = [".rs", ".py", ".js", ".ts"].iter().any(|ending| file.path.ends_with(ending));
    if !is_code {
        return Vec::new();
    }
    file.path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part))
        .filter_map(|name| name.split(['_', '-']).find_map(empty_word))
        .map(|word| Finding::fail(&file.path, 1, format!("`{word}` says nothing as a name of a file")))
        .collect()
}

/// Modules and types.
pub(crate) fn of_items(file: &Source) -> Vec<Finding> {
    let modules = code::words(&file.code, "mod").filter_map(|at| {
        let name = code::word_after(&file.code, at + 3);
        name.split('_').find_map(empty_word).map(|_| (at, name))
    });
    let types = ["struct", "enum", "trait", "type", "union"].into_iter().flat_map(|keyword| {
        code::words(&file.code, keyword).filter_map(move |at| {
            let name = code::word_after(&file.code, at + keyword.len());
            // An associated type has the name that its trait gave it, perhaps a foreign one.
            let is_associated = keyword == "type" && is_indented(&file.code, at);
            last_word(name).and_then(empty_word).filter(|_| !is_associated).map(|_| (at, name))
        })
    });
    modules
        .chain(types)
        .map(|(at, name)| Finding::at(file, at, format!("`{name}`: call it by what it is or does")))
        .collect()
}

fn is_indented(code: &str, at: usize) -> bool {
    let line = code.get(..at).and_then(|text| text.rsplit('\n').next()).unwrap_or_default();
    line.starts_with(char::is_whitespace)
}

fn empty_word(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    EMPTY_WORDS.into_iter().find(|empty| word == *empty || word.strip_suffix('s') == Some(empty))
}

/// `Manager` of `SessionManager`: the word that says what kind of thing it is.
fn last_word(name: &str) -> Option<&str> {
    let start =
        name.char_indices().filter(|(_, letter)| letter.is_uppercase()).map(|(at, _)| at).next_back()?;
    name.get(start..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    #[test]
    fn files_and_folders_with_empty_names_are_found() {
        for path in [
            "crates/log/src/util.rs",
            "crates/log/src/helpers/io.rs",
            "e2e/flask/common.py",
            "a/string_utils.rs",
        ] {
            assert_eq!(told(of_files, path, "").len(), 1, "{path}");
        }
        for path in ["crates/log/src/database.rs", "crates/log/src/informed.rs", "docs/data.md"] {
            assert!(told(of_files, path, "").is_empty(), "{path}");
        }
    }

    #[test]
    fn modules_and_types_with_empty_names_are_found() {
        assert_eq!(
            told(of_items, "a.rs", "mod helpers;\npub struct SessionManager;\nenum Info {}\n"),
            [
                "1: `helpers`: call it by what it is or does",
                "2: `SessionManager`: call it by what it is or does",
                "3: `Info`: call it by what it is or does",
            ]
        );
        assert!(
            told(
                of_items,
                "a.rs",
                "// struct Info\nstruct DataFile;\n    type Data = Bytes;\nfn info() {}\nlet data = 1;\n"
            )
            .is_empty()
        );
    }
}
