//! Comparing short texts: a call would cost more than the comparison.

/// True where the text begins with the literal.
#[inline]
pub(crate) fn begins(text: &[u8], literal: &[u8]) -> bool {
    let Some(text) = text.get(..literal.len()) else { return false };
    if let (Some(text_end), Some(end)) = (text.last_chunk::<16>(), literal.last_chunk::<16>()) {
        let ((a, _), (b, _)) = (text.as_chunks::<16>(), literal.as_chunks::<16>());
        return text_end == end && a.iter().zip(b).all(|(a, b)| a == b);
    }
    match (text.first_chunk::<8>(), literal.first_chunk::<8>()) {
        (Some(a), Some(b)) => a == b && text.last_chunk::<8>() == literal.last_chunk::<8>(),
        _ => text.iter().zip(literal).all(|(a, b)| a == b),
    }
}

/// True where the two are equal.
#[inline]
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && begins(a.as_bytes(), b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One byte that differs is seen, wherever it stands.
    #[test]
    fn a_literal_is_compared_to_its_last_byte() {
        for length in 0..40_usize {
            let text: Vec<u8> = (1..=45).collect();
            let mut literal: Vec<u8> = text.iter().copied().take(length).collect();
            assert!(begins(&text, &literal) && (length == 0 || !begins(&text[..length - 1], &literal)));
            for at in 0..length {
                literal[at] ^= 1;
                assert!(!begins(&text, &literal), "{length} {at}");
                literal[at] ^= 1;
            }
        }
    }
}
