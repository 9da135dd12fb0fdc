//! The written pages: they are there, they name what exists, decisions are numbered.

use std::collections::BTreeSet;

use super::finding::Finding;
use crate::source::{Source, Tree};

const PAGES: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "docs/life-of-an-access-event.md",
    "fanlight.example.toml",
];

/// Folders whose files a page may name; any other path with a `/` is somebody else's.
const ROOTS: [&str; 8] = ["crates/", "e2e/", "xtask/", "docs/", "fuzz/", "pane/", ".ci/", ".cargo/"];

const WIRING: &str = "crates/fanlight/src/wiring.rs";

const SECTIONS: [&str; 4] = ["## Context", "## Decision", "## Rejected", "## Consequences"];

/// The pages that a newcomer looks for.
pub(crate) fn all_there(tree: &Tree) -> Vec<Finding> {
    PAGES
        .into_iter()
        .filter(|page| !tree.has(page))
        .map(|page| Finding::fail(page, 1, "is missing"))
        .collect()
}

/// Every file that a page names in back-ticks exists.
pub(crate) fn name_what_exists(tree: &Tree) -> Vec<Finding> {
    pages(tree)
        .flat_map(|page| {
            named_paths(&page.text).into_iter().filter(|(_, path)| !tree.has(path)).map(|(line, path)| {
                Finding::fail(&page.path, line, format!("names `{path}`, which does not exist"))
            })
        })
        .collect()
}

/// Every link to a file leads somewhere.
pub(crate) fn link_to_what_exists(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in pages(tree) {
        for (line, target) in links(&page.text) {
            if !tree.has(&joined(&page.path, target)) {
                findings.push(Finding::fail(
                    &page.path,
                    line,
                    format!("links to `{target}`, which does not exist"),
                ));
            }
        }
    }
    findings
}

/// The sizes of the queues stand on the map as the wiring has them.
pub(crate) fn queue_sizes_stand_on_the_map(tree: &Tree) -> Vec<Finding> {
    let (Some(wiring), Some(map)) = (tree.file(WIRING), tree.file("ARCHITECTURE.md")) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, line) in wiring.code.lines().enumerate() {
        let Some((_, constant)) = line.split_once("const ").filter(|(_, rest)| rest.contains("_QUEUE_"))
        else {
            continue;
        };
        let name = constant.split(':').next().unwrap_or(constant).trim();
        let size = constant.split('=').nth(1).unwrap_or_default().trim_matches([' ', ';']).replace('_', " ");
        if !map.text.contains(&size) {
            findings.push(Finding::fail(
                WIRING,
                index + 1,
                format!("`{name}` is {size}, which is not on the map"),
            ));
        }
    }
    findings
}

/// Decisions are numbered from one without a gap, each has its four sections, and one that is named exists.
pub(crate) fn decisions_are_numbered(tree: &Tree) -> Vec<Finding> {
    let decisions: Vec<&Source> =
        tree.files.iter().filter(|file| file.path.starts_with("docs/adr/")).collect();
    let mut findings = Vec::new();
    for (decision, number) in decisions.iter().zip(1..) {
        let expected = format!("docs/adr/{number:04}-");
        if !decision.path.starts_with(&expected) {
            findings.push(Finding::fail(&decision.path, 1, format!("the next decision is `{expected}…`")));
        }
        for section in SECTIONS {
            if !decision.text.lines().any(|line| line == section) {
                findings.push(Finding::fail(&decision.path, 1, format!("lacks `{section}`")));
            }
        }
    }
    let numbers: BTreeSet<&str> = decisions.iter().filter_map(|decision| decision.path.get(9..13)).collect();
    for file in tree.files.iter().filter(|file| !file.path.starts_with("xtask/src/tidy/")) {
        for (at, mark) in file.text.match_indices("docs/adr/") {
            let named = file.text.get(at + mark.len()..).and_then(|rest| rest.get(..4)).unwrap_or_default();
            if named.bytes().all(|byte| byte.is_ascii_digit()) && !numbers.contains(named) {
                findings.push(Finding::at(file, at, format!("names decision {named}, which does not exist")));
            }
        }
    }
    findings
}

fn pages(tree: &Tree) -> impl Iterator<Item = &Source> {
    tree.files.iter().filter(|file| file.path.ends_with(".md"))
}

/// Back-ticked paths of ours with their lines. A path with a placeholder (`<…>`, `{…}`, `*`, `…`) names a kind of file.
fn named_paths(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let quoted = line.split('`').skip(1).step_by(2);
        let is_path = |word: &&str| {
            let ours = ROOTS.iter().any(|root| word.starts_with(root))
                || (word.ends_with(".md") && !word.contains('/'));
            ours && !word.contains(|letter: char| letter.is_whitespace() || "<>{}*…".contains(letter))
        };
        found.extend(quoted.filter(is_path).map(|path| (index + 1, path)));
    }
    found
}

fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let files = targets.map(|target| target.split('#').next().unwrap_or(target));
        found.extend(
            files
                .filter(|target| !target.is_empty() && !target.contains("://"))
                .map(|path| (index + 1, path)),
        );
    }
    found
}

/// A link's target as a path from the root.
fn joined(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Tree) -> Vec<Finding>, files: &[(&str, &str)], expected: &[&str]) {
        let found: Vec<String> = rule(&Tree::of(files)).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_missing_page_is_found() {
        let all: Vec<(&str, &str)> = PAGES.map(|page| (page, "")).to_vec();
        check(all_there, &all, &[]);
        check(all_there, &all[1..], &["ARCHITECTURE.md:1: is missing"]);
    }

    #[test]
    fn a_page_that_names_a_file_that_is_not_there_is_found() {
        check(
            name_what_exists,
            &[
                ("crates/log/src/lib.rs", ""),
                (
                    "ARCHITECTURE.md",
                    "start at `crates/log/src/lib.rs`\nor `crates/log/src/gone.rs`, `DIR/log/x`, `crates/<x>`",
                ),
            ],
            &["ARCHITECTURE.md:2: names `crates/log/src/gone.rs`, which does not exist"],
        );
    }

    #[test]
    fn a_queue_whose_size_is_not_on_the_map_is_found() {
        check(
            queue_sizes_stand_on_the_map,
            &[
                ("ARCHITECTURE.md", "│ 4 096 frames\n│ 512 frames"),
                (
                    WIRING,
                    "pub(crate) const LOG_QUEUE_FRAMES: usize = 4_096;\nconst PIPELINE_QUEUE_FRAMES: usize = 1_024;",
                ),
            ],
            &["crates/fanlight/src/wiring.rs:2: `PIPELINE_QUEUE_FRAMES` is 1 024, which is not on the map"],
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        check(
            link_to_what_exists,
            &[
                ("README.md", "[there](docs/a.md#part) [out](https://example.com/x) [here](#part)"),
                ("docs/a.md", "[up](../README.md) [gone](b.md)"),
            ],
            &["docs/a.md:1: links to `b.md`, which does not exist"],
        );
    }

    #[test]
    fn a_gap_a_missing_section_and_a_wrong_reference_are_found() {
        let whole = SECTIONS.join("\n");
        check(
            decisions_are_numbered,
            &[
                ("Cargo.toml", "# docs/adr/0001 and docs/adr/0009"),
                ("docs/adr/0001-a.md", &whole),
                ("docs/adr/0003-b.md", &whole.replace("## Rejected", "")),
            ],
            &[
                "docs/adr/0003-b.md:1: the next decision is `docs/adr/0002-…`",
                "docs/adr/0003-b.md:1: lacks `## Rejected`",
                "Cargo.toml:1: names decision 0009, which does not exist",
            ],
        );
    }
}
