//! How long things may be, and where a module lies.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

const WATCH_FILE: usize = 500;
const MAX_FILE: usize = 800;
const WATCH_FUNCTION: usize = 70;
const MAX_FUNCTION: usize = 100;
const WATCH_TESTS: usize = 200;

/// Files that one reads: 500 lines are much, 800 too many.
pub(crate) fn length_of_file(file: &Source) -> Vec<Finding> {
    let is_code = [".rs", ".py", ".js", ".ts"].iter().any(|ending| file.path.ends_with(ending));
    let lines = file.text.lines().count();
    match lines {
        _ if !is_code || is_generated(file) => Vec::new(),
        _ if lines > MAX_FILE => {
            vec![Finding::fail(
                &file.path,
                1,
                format!("{lines} lines; {MAX_FILE} are the most: split it by subject"),
            )]
        }
        _ if lines > WATCH_FILE => {
            vec![Finding::watch(&file.path, 1, format!("{lines} lines; files aim at 100 to 400"))]
        }
        _ => Vec::new(),
    }
}

/// True for a file that a program wrote from another one, and says so in its head.
fn is_generated(file: &Source) -> bool {
    file.path.ends_with(".d.ts") && file.text.lines().take(5).any(|line| line.contains("auto-generated"))
}

/// Functions fit a screen.
pub(crate) fn length_of_functions(file: &Source) -> Vec<Finding> {
    code::words(&file.code, "fn").filter_map(|at| length_of_function(file, at)).collect()
}

fn length_of_function(file: &Source, at: usize) -> Option<Finding> {
    let name = code::word_after(&file.code, at + 2);
    let block = code::block_from(&file.code, at).filter(|block| block.len() > 1 && !name.is_empty())?;
    let first = file.line_at(at);
    let lines = file.line_at(block.end.saturating_sub(1)) - first + 1;
    match lines {
        _ if lines > MAX_FUNCTION => Some(Finding::fail(
            &file.path,
            first,
            format!("`{name}` has {lines} lines; {WATCH_FUNCTION} fit a screen, {MAX_FUNCTION} are the most"),
        )),
        _ if lines > WATCH_FUNCTION => Some(Finding::watch(
            &file.path,
            first,
            format!("`{name}` has {lines} lines; {WATCH_FUNCTION} fit a screen"),
        )),
        _ => None,
    }
}

/// Long tests have a file of their own.
pub(crate) fn length_of_tests(file: &Source) -> Vec<Finding> {
    code::test_modules(&file.code)
        .into_iter()
        .filter_map(|module| {
            let first = file.line_at(module.start);
            let lines = file.line_at(module.end) - first + 1;
            (lines > WATCH_TESTS).then(|| {
                Finding::watch(
                    &file.path,
                    first,
                    format!("{lines} lines of tests belong into `name/tests.rs`"),
                )
            })
        })
        .collect()
}

/// A module is `name.rs` with its children in `name/`.
pub(crate) fn no_mod_rs(file: &Source) -> Vec<Finding> {
    if file.file_name() == "mod.rs" {
        vec![Finding::fail(&file.path, 1, "a module is `name.rs` with its children in `name/`")]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::{Severity, told};

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "work();\n".repeat(lines - 2))
    }

    #[test]
    fn a_long_file_is_watched_and_a_longer_one_fails() {
        let severities: Vec<_> = [500, 501, 801]
            .map(|lines| length_of_file(&Source::new("a.rs", &"\n".repeat(lines))).pop().map(|f| f.severity))
            .to_vec();
        assert_eq!(severities, [None, Some(Severity::Watch), Some(Severity::Fail)]);
        assert!(told(length_of_file, "Cargo.lock", &"\n".repeat(900)).is_empty());
    }

    #[test]
    fn a_long_function_is_watched_and_a_longer_one_fails() {
        assert!(told(length_of_functions, "a.rs", &function(70)).is_empty());
        assert_eq!(
            told(length_of_functions, "a.rs", &function(71)),
            ["1: `long` has 71 lines; 70 fit a screen"]
        );
        let longer = format!("// fn nothing() {{\n{}", function(101));
        assert_eq!(
            told(length_of_functions, "a.rs", &longer),
            ["2: `long` has 101 lines; 70 fit a screen, 100 are the most"]
        );
    }

    /// A type of functions and a declaration in a trait have no body to measure.
    #[test]
    fn what_has_no_body_has_no_length() {
        let text = format!("type F = fn(u8) -> u8;\ntrait T {{ fn short(&self);\n{}}}", "\n".repeat(200));
        assert!(told(length_of_functions, "a.rs", &text).is_empty());
    }

    #[test]
    fn long_tests_are_watched() {
        let text = format!("#[cfg(test)]\nmod tests {{{}}}", "\n".repeat(250));
        assert_eq!(
            told(length_of_tests, "a.rs", &text),
            ["2: 251 lines of tests belong into `name/tests.rs`"]
        );
    }

    #[test]
    fn mod_rs_is_found() {
        assert_eq!(told(no_mod_rs, "crates/log/src/append/mod.rs", "").len(), 1);
        assert!(told(no_mod_rs, "crates/log/src/append.rs", "").is_empty());
    }
}
