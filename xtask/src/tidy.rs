//! `cargo xtask tidy`: the rules of the tree that a machine can check. Each rule is a function from text to findings.

mod events;
mod finding;
mod habits;
mod layout;
mod library;
mod manifests;
mod names;
mod pages;
mod purity;

use anyhow::Result;

use crate::place;
use crate::source::{Source, Tree};
use crate::steps::ended;
use finding::{Finding, Severity};

type FileRule = fn(&Source) -> Vec<Finding>;
type TreeRule = fn(&Tree) -> Vec<Finding>;

const FILE_RULES: &[FileRule] = &[
    layout::length_of_file,
    layout::length_of_functions,
    layout::length_of_tests,
    layout::no_mod_rs,
    library::no_logic,
    library::header,
    names::of_files,
    names::of_items,
    habits::no_ignored_tests,
    habits::no_sleeping_tests,
    habits::no_open_ends,
    habits::no_machine_paths,
    habits::no_unbounded_queues,
    purity::never_waits,
    purity::never_reads_a_clock,
    events::have_fixed_names,
    manifests::member,
    manifests::workspace,
];

const TREE_RULES: &[TreeRule] = &[
    pages::all_there,
    pages::name_what_exists,
    pages::link_to_what_exists,
    pages::queue_sizes_stand_on_the_map,
    pages::decisions_are_numbered,
];

/// Checks the tree as it stands: failures fail, the rest is to watch.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&place::root())?;
    let findings = check(&tree);
    let (failures, to_watch): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| finding.severity == Severity::Fail);
    if !to_watch.is_empty() {
        println!("to watch:");
        to_watch.iter().for_each(|finding| println!("  {finding}"));
    }
    failures.iter().for_each(|finding| println!("{finding}"));
    ended(failures.len(), "the tree")?;
    println!("tidy: {} files keep to {} rules", tree.files.len(), FILE_RULES.len() + TREE_RULES.len());
    Ok(())
}

fn check(tree: &Tree) -> Vec<Finding> {
    let of_files = tree.files.iter().flat_map(|file| FILE_RULES.iter().flat_map(move |rule| rule(file)));
    let mut findings: Vec<Finding> = of_files.chain(TREE_RULES.iter().flat_map(|rule| rule(tree))).collect();
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    findings
}
