//! Bytes as text: ids in hex, `bytesValue` in base64.

/// Appends the bytes that hex digits of either case spell; false, with anything appended, where they do not.
pub(super) fn hex(text: &[u8], into: &mut Vec<u8>) -> bool {
    let (pairs, odd) = text.as_chunks::<2>();
    let mut bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    odd.is_empty() && bytes.all(|byte| byte.map(|byte| into.push(byte)).is_some())
}

#[inline]
fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        b'A'..=b'F' => Some(letter - b'A' + 10),
        _ => None,
    }
}

/// How many bytes base64 spells.
pub(super) fn base64_len(text: &[u8]) -> usize {
    let text = without_padding(text);
    text.len() / 4 * 3 + (text.len() % 4 * 3) / 4
}

/// Appends the bytes that base64 spells, in the standard alphabet or the one for URLs, padded or not; false where it does not.
pub(super) fn base64(text: &[u8], into: &mut Vec<u8>) -> bool {
    let (groups, rest) = without_padding(text).as_chunks::<4>();
    for group in groups {
        let Some(bits) = sextets(group) else { return false };
        let [_, one, two, three] = bits.to_be_bytes();
        into.extend_from_slice(&[one, two, three]);
    }
    let Some(bits) = sextets(rest) else { return false };
    match rest.len() {
        0 => true,
        // The last bits of an incomplete byte are nobody's; a strict reader wants them zero, and no byte hangs on it.
        2 => {
            into.push((bits >> 4 & 0xff) as u8);
            true
        }
        3 => {
            into.extend_from_slice(&[(bits >> 10 & 0xff) as u8, (bits >> 2 & 0xff) as u8]);
            true
        }
        _ => false,
    }
}

fn without_padding(text: &[u8]) -> &[u8] {
    match text {
        [inner @ .., b'=', b'='] | [inner @ .., b'='] if text.len().is_multiple_of(4) => inner,
        _ => text,
    }
}

fn sextets(letters: &[u8]) -> Option<u32> {
    letters.iter().try_fold(0, |bits, letter| Some(bits << 6 | u32::from(sextet(*letter)?)))
}

#[inline]
fn sextet(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[u8]>) {
        let mut bytes = Vec::new();
        let is_read = base64(text.as_bytes(), &mut bytes);
        assert_eq!(is_read.then_some(bytes.as_slice()), expected, "{text}");
        if let Some(expected) = expected {
            assert_eq!(base64_len(text.as_bytes()), expected.len(), "{text}");
        }
    }

    #[test]
    fn base64_is_read_in_both_alphabets_with_and_without_padding() {
        check("", Some(b""));
        check("AA==", Some(b"\0"));
        check("AA", Some(b"\0"));
        check("aGk=", Some(b"hi"));
        check("aGk", Some(b"hi"));
        check("aGkh", Some(b"hi!"));
        check("+/+/-_-_", Some(b"\xfb\xff\xbf\xfb\xff\xbf"));
        for wrong in ["A", "A===", "AA=", "aGk==", "a Gk", "aGkh=", "====", "a=Gk"] {
            check(wrong, None);
        }
    }

    #[test]
    fn hex_is_read_in_either_case_and_whole() {
        let mut bytes = Vec::new();
        assert!(hex(b"00fFA9", &mut bytes));
        assert_eq!(bytes, [0x00, 0xff, 0xa9]);
        assert!(hex(b"", &mut bytes));
        for wrong in [b"0".as_slice(), b"0g", b"0x00", b" 00 "] {
            assert!(!hex(wrong, &mut Vec::new()), "{wrong:?}");
        }
    }
}
