//! `cargo xtask test`: everything that must hold, cheapest first.

use anyhow::Result;

use crate::process::{cargo, line, run as run_command};
use crate::steps::Steps;
use crate::{example, layers, licences, pane, setup, tidy};

const FORMAT: [&str; 4] = ["fmt", "--all", "--", "--check"];
const LINTS: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
const BUILD: [&str; 3] = ["build", "--workspace", "--all-targets"];

/// Runs the steps; `unit` leaves the end-to-end peers out, `e2e` does nothing else than them.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (part, rest) = part(arguments);
    let mut steps = Steps::new("test");
    if part != Part::Unit {
        steps.step("setup", "cargo xtask setup", || setup::run(setup::Need::Test));
    }
    // Before cargo, which embeds it.
    steps.step("pane", "cargo xtask pane", pane::build);
    if part == Part::All {
        steps.step("pane tests", "npm --prefix pane test", pane::check);
        steps.step("format", "cargo fmt --all", || run_command(&mut cargo(FORMAT)));
        steps.step("tidy", "cargo xtask tidy", tidy::run);
        steps.step("layers", "cargo xtask layers", layers::run);
        steps.step("licences", "cargo xtask licences", licences::run);
        steps.step("lints", &line(&cargo(LINTS)), || run_command(&mut cargo(LINTS)));
    }
    steps.step("build", &line(&cargo(BUILD)), || run_command(&mut cargo(BUILD)));
    if part == Part::All {
        steps.step("example", "cargo xtask example", example::check);
    }
    let tests = tests(part, rest);
    steps.step("tests", &line(&cargo(&tests)), || run_command(&mut cargo(&tests)));
    steps.finish()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    Unit,
    EndToEnd,
}

fn part(arguments: &[String]) -> (Part, &[String]) {
    match arguments.split_first() {
        Some((first, rest)) if first == "unit" => (Part::Unit, rest),
        Some((first, rest)) if first == "e2e" => (Part::EndToEnd, rest),
        _ => (Part::All, arguments),
    }
}

/// The command's arguments. All failures are wanted at once, so the first does not end the run.
fn tests(part: Part, rest: &[String]) -> Vec<String> {
    let packages: &[&str] = match part {
        Part::All => &["--workspace"],
        Part::Unit => &["--workspace", "--exclude", "fanlight-e2e"],
        Part::EndToEnd => &["--package", "fanlight-e2e"],
    };
    let fixed = ["test"].iter().chain(packages).chain(&["--no-fail-fast"]).map(|&word| word.to_owned());
    fixed.chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: &str) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let (part, rest) = part(&arguments);
        assert_eq!(tests(part, rest).join(" "), expected);
    }

    #[test]
    fn the_parts_choose_packages_and_the_rest_goes_to_cargo() {
        check("", "test --workspace --no-fail-fast");
        check("unit", "test --workspace --exclude fanlight-e2e --no-fail-fast");
        check("e2e flask -- --nocapture", "test --package fanlight-e2e --no-fail-fast flask -- --nocapture");
        check("late_event", "test --workspace --no-fail-fast late_event");
    }
}
