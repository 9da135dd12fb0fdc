//! Replays the corpus of the fuzz targets, and what a fixed seed makes of it.

#![cfg(test)]

#[path = "../../../fuzz/src/checks.rs"]
mod checks;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use checks::{TARGETS, check};

/// A target's files, in their order.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "the corpus of `{target}` is there");
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Says which bytes they were before it fails.
fn replay(target: &str, from: &Path, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(|| check(target, bytes)) {
        println!("target `{target}`, made of `{}`: {}", from.display(), bytes.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}

/// A generator of which a test always gets the same numbers.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end.max(1)
    }

    /// A few bytes flipped, replaced, taken out, or put in from elsewhere.
    fn mutated(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        const MARKS: &[u8] = b"\"\\{}[]:,|=^\t\n\r\0<> %\xc3\xff\xef09";
        let mut mutated = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(mutated.len());
            let to = (at + self.below(24)).min(mutated.len());
            match self.below(5) {
                0 if at < mutated.len() => mutated[at] ^= 1 << self.below(8),
                1 if at < mutated.len() => mutated[at] = MARKS[self.below(MARKS.len())],
                2 => drop(mutated.drain(at..to)),
                3 => drop(mutated.splice(at..at, [MARKS[self.below(MARKS.len())]])),
                _ => {
                    let from = self.below(other.len());
                    let part = other[from..(from + self.below(80)).min(other.len())].to_vec();
                    drop(mutated.splice(at..to, part));
                }
            }
        }
        mutated
    }
}

/// Once a file broke a scanner, or may: it never does again.
#[test]
fn every_file_of_the_corpus_holds() {
    for target in TARGETS {
        for (path, bytes) in corpus(target.name) {
            replay(target.name, &path, &bytes);
        }
    }
}

/// What a fuzzer would try first, the same on every machine.
#[test]
fn what_is_near_the_corpus_holds() {
    const MUTATIONS_A_TARGET: usize = 50;
    for (number, target) in TARGETS.iter().enumerate() {
        let files = corpus(target.name);
        let mut seeded = Seeded(0x9e37_79b9_7f4a_7c15 ^ number as u64);
        for turn in 0..MUTATIONS_A_TARGET {
            let (path, bytes) = &files[turn % files.len()];
            let (_, other) = &files[seeded.below(files.len())];
            replay(target.name, path, &seeded.mutated(bytes, other));
        }
    }
}
