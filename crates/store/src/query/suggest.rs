//! The name that was probably meant.

/// The closest of `known` to what was typed, where one is close enough to be meant.
pub(super) fn closest<'a, T: AsRef<str>>(typed: &str, known: &'a [T]) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let allowed = 1 + typed.chars().count() / 4;
    known
        .iter()
        .map(|name| (distance(&typed, name.as_ref()), name.as_ref()))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance, one row at a time.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(index + 1);
        for (pair, other) in above.windows(2).zip(&to) {
            let (diagonal, up) = match pair {
                [diagonal, up] => (*diagonal, *up),
                _ => (0, 0),
            };
            let left = row.last().copied().unwrap_or_default();
            row.push((diagonal + usize::from(letter != *other)).min(up + 1).min(left + 1));
        }
        above = row;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["spans", "links", "access_events"];
        assert_eq!(closest("span", &known), Some("spans"));
        assert_eq!(closest("Links", &known), Some("links"));
        assert_eq!(closest("access_event", &known), Some("access_events"));
        assert_eq!(closest("metrics", &known), None);
    }
}
