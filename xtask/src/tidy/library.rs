//! A crate's front door: a header, modules, what is given out, and nothing else.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

const MAX_HEADER: usize = 20;

/// `lib.rs` has no logic.
pub(crate) fn no_logic(file: &Source) -> Vec<Finding> {
    if file.file_name() != "lib.rs" || !file.path.ends_with("src/lib.rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut offset = 0;
    while let Some(range) = next_item(&file.code, offset) {
        let item = file.code.get(range.clone()).unwrap_or_default();
        let bare = without_attributes(item).trim_start();
        let words: Vec<&str> = bare.split_whitespace().take(2).collect();
        let fine = match words.as_slice() {
            ["use", ..] | ["pub" | "pub(crate)", "use"] => true,
            ["mod", ..] | ["pub" | "pub(crate)", "mod"] => !bare.contains('{'),
            _ => false,
        };
        if !fine {
            let start = range.end.saturating_sub(bare.len());
            findings.push(Finding::at(file, start, "`lib.rs` holds a header, `mod` and `pub use`, no logic"));
        }
        offset = range.end;
    }
    findings
}

/// An item with its attributes, up to and with its `;` or its block.
fn next_item(code: &str, offset: usize) -> Option<std::ops::Range<usize>> {
    let rest = code.get(offset..)?;
    let start = offset + (rest.len() - rest.trim_start().len());
    if start >= code.len() {
        return None;
    }
    let end = code::block_from(code, start).map_or(code.len(), |block| block.end);
    // `pub use a::{b, c};` ends behind the `;` that follows its braces.
    let tail = code.get(end..).unwrap_or_default();
    let end =
        if tail.trim_start().starts_with(';') { end + tail.find(';').map_or(0, |at| at + 1) } else { end };
    Some(start..end)
}

fn without_attributes(item: &str) -> &str {
    let mut rest = item.trim_start();
    while rest.starts_with('#') {
        match rest.find(']') {
            Some(end) => rest = rest.get(end + 1..).unwrap_or_default().trim_start(),
            None => return rest,
        }
    }
    rest
}

/// A header of at most twenty lines; for a crate of the flow with an example that compiles.
pub(crate) fn header(file: &Source) -> Vec<Finding> {
    let is_library = file.path.ends_with("src/lib.rs");
    if !is_library && !file.path.ends_with("src/main.rs") {
        return Vec::new();
    }
    let lines = file.text.lines().take_while(|line| line.starts_with("//!")).count();
    let mut findings = Vec::new();
    if lines == 0 {
        findings.push(Finding::fail(
            &file.path,
            1,
            "no header: say what the crate does and what it refuses to do",
        ));
    }
    if lines > MAX_HEADER {
        findings.push(Finding::fail(
            &file.path,
            1,
            format!("a header of {lines} lines; {MAX_HEADER} are the most"),
        ));
    }
    let has_example = file.text.lines().any(|line| line.trim_end() == "//! ```");
    if is_library && lines > 0 && file.crate_folder().is_some() && !has_example {
        findings.push(Finding::fail(&file.path, 1, "the header has no example that compiles"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    const LIB: &str = "crates/log/src/lib.rs";

    #[test]
    fn a_front_door_of_modules_passes() {
        let text = "//! Header.\n#![warn(x)]\n\nmod a;\n/// Keys.\npub mod b;\n#[cfg(test)]\nmod c;\n\n\
                    pub use a::{\n    D,\n    E,\n};\npub use b::F;\npub(crate) mod g;\n";
        assert_eq!(told(no_logic, LIB, text), Vec::<String>::new());
    }

    #[test]
    fn logic_in_the_front_door_is_found() {
        let text = "mod a;\npub use a::B;\n\n/// Does.\npub fn act() {\n    work();\n}\nconst C: u8 = 1;\n";
        let finding = "`lib.rs` holds a header, `mod` and `pub use`, no logic";
        assert_eq!(told(no_logic, LIB, text), [format!("5: {finding}"), format!("8: {finding}")]);
        assert_eq!(told(no_logic, LIB, "mod tests {\n fn a() {}\n}\n"), [format!("1: {finding}")]);
        assert!(told(no_logic, "crates/log/src/append.rs", text).is_empty());
    }

    #[test]
    fn a_header_is_there_short_and_has_an_example() {
        let with_example = "//! Does.\n//!\n//! ```\n//! work();\n//! ```\n";
        assert!(told(header, LIB, with_example).is_empty());
        assert_eq!(told(header, LIB, "mod a;\n").len(), 1);
        assert_eq!(told(header, LIB, "//! Does.\n"), ["1: the header has no example that compiles"]);
        assert_eq!(
            told(header, LIB, &format!("{with_example}{}", "//!\n".repeat(16))),
            ["1: a header of 21 lines; 20 are the most"]
        );
        assert!(told(header, "xtask/src/main.rs", "//! Chores.\n").is_empty());
    }
}
