//! Code that thinks does no input or output: it never waits and never reads a clock; time is handed to it.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

const PURE: [&str; 8] = [
    "crates/correlate/src/",
    "crates/diagnose/src/",
    "crates/policy/src/",
    "crates/intake/src/decode/",
    "crates/intake/src/decode.rs",
    "crates/intake/src/decoder.rs",
    "crates/intake/src/normalise/",
    "crates/intake/src/normalise.rs",
];

/// No `async`, no `await`.
pub(crate) fn never_waits(file: &Source) -> Vec<Finding> {
    found(file, &["async", "await", "block_on"], "never waits: who calls it does")
}

/// No clock.
pub(crate) fn never_reads_a_clock(file: &Source) -> Vec<Finding> {
    found(file, &["Clock", "Instant", "SystemTime"], "never reads a clock: `now` is handed to it")
}

fn found(file: &Source, words: &[&str], message: &str) -> Vec<Finding> {
    if file.is_all_tests() || !PURE.iter().any(|start| file.path.starts_with(start)) {
        return Vec::new();
    }
    let tests = file.test_blocks();
    words
        .iter()
        .flat_map(|word| code::words(&file.code, word).map(move |at| (at, word)))
        .filter(|(at, _)| !tests.iter().any(|block| block.contains(at)))
        .map(|(at, word)| Finding::at(file, at, format!("`{word}` in a stage that thinks; it {message}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    #[test]
    fn a_pure_stage_that_waits_is_found() {
        assert_eq!(
            told(never_waits, "crates/correlate/src/ladder.rs", "fn a() {}\nasync fn b() { c().await }\n"),
            [
                "2: `async` in a stage that thinks; it never waits: who calls it does",
                "2: `await` in a stage that thinks; it never waits: who calls it does",
            ]
        );
        assert!(told(never_waits, "crates/intake/src/receive/http.rs", "async fn b() {}").is_empty());
    }

    /// Tests of a pure stage may time it; comments may speak of waiting.
    #[test]
    fn a_pure_stage_that_reads_a_clock_is_found() {
        let path = "crates/intake/src/decode/zpa.rs";
        assert_eq!(told(never_reads_a_clock, path, "let now = Instant::now();\n").len(), 1);
        let text = "// Instant\n#[cfg(test)]\nmod tests { fn a() { Instant::now(); } }\n";
        assert!(told(never_reads_a_clock, path, text).is_empty());
        let tests = "crates/correlate/src/connection/tests.rs";
        assert!(told(never_reads_a_clock, tests, "let now = Instant::now();\n").is_empty());
    }
}
