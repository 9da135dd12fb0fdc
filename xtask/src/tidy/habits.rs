//! Habits that hide something: a test that does not run, a test that hopes, work left open, a queue without an end.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

/// A stand-in delays for real; the peers' one wait polls a foreign process, which nothing else can announce; and whoever kills
/// a server at a random moment lets a random time pass.
const MAY_SLEEP: [&str; 3] = ["crates/simulate/src/stand_in", "e2e/src/wait", "e2e/tests/kill/"];

/// Assert today's wrong behaviour and say so, instead of looking away.
pub(crate) fn no_ignored_tests(file: &Source) -> Vec<Finding> {
    let tests = file.code.match_indices("#[ignore").map(|(at, _)| at);
    let fence = concat!("```", "ignore");
    let examples = file.text.match_indices(fence).map(|(at, _)| at).filter(|_| file.is_rust());
    tests.chain(examples).map(|at| Finding::at(file, at, "a test that does not run proves nothing")).collect()
}

/// A test waits for a state, with a deadline.
pub(crate) fn no_sleeping_tests(file: &Source) -> Vec<Finding> {
    if MAY_SLEEP.iter().any(|start| file.path.starts_with(start)) {
        return Vec::new();
    }
    let (all, tests) = (file.is_all_tests(), file.test_blocks());
    ["sleep", "sleep_until", "sleep_ms"]
        .into_iter()
        .flat_map(|word| code::words(&file.code, word))
        .filter(|at| all || tests.iter().any(|block| block.contains(at)))
        .filter(|at| is_use_or_call(&file.code, *at))
        .map(|at| Finding::at(file, at, "a test waits for a state, with a deadline, and never sleeps"))
        .collect()
}

fn is_use_or_call(code: &str, at: usize) -> bool {
    let word = code::word_after(code, at);
    let after = code.get(at + word.len()..).unwrap_or_default().trim_start();
    let before = code.get(..at).unwrap_or_default().trim_end();
    after.starts_with('(') || before.ends_with("::")
}

/// Open ends are issues.
pub(crate) fn no_open_ends(file: &Source) -> Vec<Finding> {
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")]
        .into_iter()
        .flat_map(|word| code::words(&file.text, word).map(move |at| (at, word)))
        .map(|(at, word)| Finding::at(file, at, format!("`{word}`: an open end is an issue, not a comment")))
        .collect()
}

/// Paths of somebody's machine mean nothing on another.
pub(crate) fn no_machine_paths(file: &Source) -> Vec<Finding> {
    let folders =
        [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let stands_alone = |at: usize| {
        let before = file.text.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|letter| letter.is_whitespace() || "\"'`(=:,".contains(letter))
    };
    folders
        .into_iter()
        .flat_map(|folder| file.text.match_indices(folder))
        .filter(|(at, _)| stands_alone(*at))
        .map(|(at, folder)| Finding::at(file, at, format!("`{folder}…` is a path of one machine")))
        .collect()
}

/// Every queue has a bound.
pub(crate) fn no_unbounded_queues(file: &Source) -> Vec<Finding> {
    let named = ["unbounded_channel", "unbounded", "UnboundedSender", "UnboundedReceiver"]
        .into_iter()
        .flat_map(|word| code::words(&file.code, word));
    let without_size = file.code.match_indices("mpsc::channel()").map(|(at, _)| at);
    named.chain(without_size).map(|at| Finding::at(file, at, "every queue has a bound")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    const ASLEEP: &str = "a test waits for a state, with a deadline, and never sleeps";

    #[test]
    fn an_ignored_test_is_found() {
        assert_eq!(told(no_ignored_tests, "a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n").len(), 1);
        let example = format!("//! {}\n", concat!("```", "ignore"));
        assert_eq!(told(no_ignored_tests, "a.rs", &example).len(), 1);
        assert!(told(no_ignored_tests, "a.rs", "// #[ignore]\n").is_empty());
    }

    #[test]
    fn a_sleeping_test_is_found_and_sleeping_code_is_not_its_business() {
        let text =
            "fn retry() { time::sleep(d); }\n#[cfg(test)]\nmod tests {\n  fn a() { thread::sleep(d); }\n}\n";
        assert_eq!(told(no_sleeping_tests, "a.rs", text), [format!("4: {ASLEEP}")]);
        assert_eq!(told(no_sleeping_tests, "crates/a/tests/b.rs", "use tokio::time::sleep;\n").len(), 1);
        assert!(told(no_sleeping_tests, "crates/a/tests/b.rs", "let sleep = 1; // sleep()\n").is_empty());
        assert!(told(no_sleeping_tests, "e2e/src/wait.rs", "sleep(d)").is_empty());
    }

    #[test]
    fn open_ends_are_found() {
        let text = format!("// {}: later\nlet {}_LIST = 1;\n", concat!("TO", "DO"), concat!("TO", "DO"));
        assert_eq!(told(no_open_ends, "a.rs", &text).len(), 1);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        let text = format!("see {}x, not src{}x\n", concat!("/wo", "rk/"), concat!("/wo", "rk/"));
        assert_eq!(told(no_machine_paths, "README.md", &text).len(), 1);
    }

    #[test]
    fn a_queue_without_a_bound_is_found() {
        assert_eq!(
            told(no_unbounded_queues, "a.rs", "mpsc::unbounded_channel();\nmpsc::channel();\n").len(),
            2
        );
        assert!(told(no_unbounded_queues, "a.rs", "mpsc::channel(64);\n").is_empty());
    }
}
