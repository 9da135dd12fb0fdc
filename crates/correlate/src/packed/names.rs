//! Texts that come again and again, each held once under a number.

use std::collections::HashMap;
use std::sync::Arc;

/// As many as persons, devices, apps, rules and hosts a site has; beyond it texts stand where they are used. Nothing is forgotten, so
/// that a number always means the same.
const MAX_NAMES: usize = 1 << 16;

/// Longer ones are rarely the same twice. All together take 8 MiB at most, and their index as much.
const MAX_NAME_BYTES: usize = 128;

/// The numbered texts.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The number of a text, where it has one or can be given one.
    pub(super) fn number(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        if text.len() > MAX_NAME_BYTES || self.texts.len() >= MAX_NAMES {
            return None;
        }
        let number = u32::try_from(self.texts.len()).ok()?;
        let text: Arc<str> = Arc::from(text);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        Some(number)
    }

    pub(super) fn text(&self, number: u64) -> Option<&Arc<str>> {
        self.texts.get(usize::try_from(number).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_there_is_an_end_of_them() {
        let mut names = Names::default();
        for number in 0..MAX_NAMES + 10 {
            let expected = (number < MAX_NAMES).then(|| u32::try_from(number).unwrap());
            assert_eq!(names.number(&format!("n{number}")), expected);
        }
        assert_eq!(names.number("n7"), Some(7));
        assert_eq!(names.text(7).map(|text| &**text), Some("n7"));
        assert_eq!(Names::default().number(&"x".repeat(MAX_NAME_BYTES + 1)), None);
    }
}
