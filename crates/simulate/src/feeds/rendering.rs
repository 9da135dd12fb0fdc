//! The renderings of a text: JSON, `%HH`, base64, an opaque number.

use std::fmt::Write;

/// As the inside of a JSON string.
pub(crate) fn json(text: &str, into: &mut String) {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        into.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            control if control < ' ' => write!(into, "\\u{:04x}", u32::from(control)).unwrap_or_default(),
            plain => into.push(plain),
        }
    }
}

/// Bytes up to the blank, beyond ASCII, and the feed's escape characters (quote, comma, backslash) as `%HH`.
pub(crate) fn hex(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            0..=0x20 | 0x7f.. | b'"' | b',' | b'\\' => write!(into, "%{byte:02X}").unwrap_or_default(),
            plain => into.push(char::from(plain)),
        }
    }
}

/// The usual alphabet, with padding.
pub(crate) fn base64(bytes: &[u8], into: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'A');
            into.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
}

/// A number that stands for the text and for nothing else.
pub(crate) fn opaque(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    1 + hash % 9_999_999_999
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rendering_is_the_vendors() {
        let written = |write: &dyn Fn(&mut String)| {
            let mut text = String::new();
            write(&mut text);
            text
        };
        assert_eq!(written(&|text| hex("Road \"W,ü", text)), "Road%20%22W%2C%C3%BC");
        assert_eq!(written(&|text| base64(b"ana@example.com", text)), "YW5hQGV4YW1wbGUuY29t");
        assert_eq!(written(&|text| base64(b"a", text)), "YQ==");
        assert_eq!(written(&|text| base64(b"ab", text)), "YWI=");
        assert_eq!(written(&|text| json("a\"\n", text)), "a\\\"\\u000a");
    }
}
