//! Counts by word, a bounded number of them.

use std::sync::Arc;

/// Words of our own: there are fewer than this in all.
const MAX_WORDS: usize = 128;

/// Counts of words that the program itself has: a reason, a dialect, a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<(&'static str, u64)>);

impl Words {
    pub(crate) fn add(&mut self, word: &'static str, more: u64) {
        let same = |known: &&mut (&'static str, u64)| std::ptr::eq(known.0, word) || known.0 == word;
        if let Some((_, count)) = self.0.iter_mut().find(same) {
            *count = count.saturating_add(more);
        } else if self.0.len() < MAX_WORDS {
            self.0.push((word, more));
        }
    }

    /// The most frequent first; of equal counts in the order of the alphabet.
    pub(crate) fn sorted(&self) -> Vec<(&'static str, u64)> {
        let mut all = self.0.clone();
        all.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        all
    }
}

/// Names that are kept at most.
const MAX_NAMES: usize = 32;
/// A key is shorter; of a longer name the beginning is kept.
const MAX_NAME_BYTES: usize = 64;

/// How often names of others came, the most frequent ones: a name that comes when there is no room takes the place of the rarest, and
/// its count may then be too high by what that one had. Whatever is sent, this is 32 names of 64 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(Vec<(Arc<str>, u64)>);

impl Names {
    pub(crate) fn add(&mut self, name: &Arc<str>) {
        let short = cut(name);
        let same = |known: &&mut (Arc<str>, u64)| Arc::ptr_eq(&known.0, name) || *known.0 == *short;
        if let Some((_, count)) = self.0.iter_mut().find(same) {
            *count = count.saturating_add(1);
            return;
        }
        let kept = if short.len() == name.len() { Arc::clone(name) } else { Arc::from(short) };
        if self.0.len() < MAX_NAMES {
            self.0.push((kept, 1));
        } else if let Some(rarest) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            *rarest = (kept, rarest.1.saturating_add(1));
        }
    }

    pub(crate) fn sorted(&self) -> Vec<(Arc<str>, u64)> {
        let mut all = self.0.clone();
        all.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        all
    }
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(MAX_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_names_stay_and_memory_does_not_grow() {
        let mut names = Names::default();
        let often: Arc<str> = "Often".into();
        for index in 0..10_000 {
            // The same text in the same place, and in another, as each template has its own.
            names.add(&if index % 2 == 0 { Arc::clone(&often) } else { Arc::from("Often") });
            names.add(&format!("{index}{:é>80}", "").into());
        }
        assert_eq!(names.sorted()[0], (often, 10_000));
        assert_eq!(names.sorted().len(), MAX_NAMES);
        assert!(names.sorted().iter().all(|(name, _)| name.len() <= MAX_NAME_BYTES));
    }

    #[test]
    fn words_are_told_the_most_frequent_first() {
        let mut words = Words::default();
        for word in ["b", "a", "c", "c"] {
            words.add(word, 1);
        }
        assert_eq!(words.sorted(), [("c", 2), ("a", 1), ("b", 1)]);
    }
}
