//! Escapes.

/// What stands for a lone surrogate: a byte that UTF-8 does not have, so that the scan mends it to `?`, marks its span and counts it.
const NO_UTF8: u8 = 0xff;

/// Appends what a text with escapes says. The cursor has checked that each escape is whole.
pub(super) fn unescape(raw: &[u8], into: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        into.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some((kind, tail)) = rest.split_first() else { return };
        rest = tail;
        match kind {
            b'u' => rest = character(rest, into),
            b'b' => into.push(8),
            b'f' => into.push(12),
            b'n' => into.push(b'\n'),
            b'r' => into.push(b'\r'),
            b't' => into.push(b'\t'),
            itself => into.push(*itself),
        }
    }
    into.extend_from_slice(rest);
}

/// Appends the character whose digits come first, with its other half where it has one; gives what stands behind.
fn character<'a>(digits: &'a [u8], into: &mut Vec<u8>) -> &'a [u8] {
    let Some((unit, mut rest)) = code_unit(digits) else { return digits };
    let mut code = unit;
    if (0xd800..0xdc00).contains(&unit)
        && let Some((low, behind)) = rest.strip_prefix(b"\\u").and_then(code_unit)
        && (0xdc00..0xe000).contains(&low)
    {
        code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        rest = behind;
    }
    match char::from_u32(code) {
        Some(letter) => into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        None => into.push(NO_UTF8),
    }
    rest
}

fn code_unit(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &[u8]) {
        let mut text = Vec::new();
        unescape(raw.as_bytes(), &mut text);
        assert_eq!(text, expected, "{raw}");
    }

    #[test]
    fn escapes_are_what_json_says_they_are() {
        check(r#"a\"b\\c\/d"#, b"a\"b\\c/d");
        check(r"\b\f\n\r\t", b"\x08\x0c\n\r\t");
        check(r"\u0041\u00e9\u20AC\u0000", "A\u{e9}\u{20ac}\0".as_bytes());
        check(r"\ud83d\ude00!", "\u{1f600}!".as_bytes());
        check("plain \u{e9}", "plain \u{e9}".as_bytes());
    }

    /// Whatever a half has beside it, it alone is lost.
    #[test]
    fn a_lone_surrogate_becomes_one_byte_that_is_no_utf8() {
        check(r"\ud83d", b"\xff");
        check(r"\ude00x", b"\xffx");
        check(r"\ud83d\u0041", b"\xffA");
        check(
            r"\ud83d\ud83d\ude00",
            "\u{1f600}"
                .as_bytes()
                .iter()
                .fold(vec![0xff], |mut all, byte| {
                    all.push(*byte);
                    all
                })
                .as_slice(),
        );
        check(r"\ud83d\n", b"\xff\n");
    }
}
