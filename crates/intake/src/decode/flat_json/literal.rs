//! The spelling of single values: escapes, numbers, and tokens that a template left behind.

/// A directive with its token, `%j(,){PosturesHit}`; the longest known has 40.
pub(super) const MAX_TOKEN_BYTES: usize = 128;

/// True for the letter after a backslash, with the digits of `\u`.
pub(super) fn is_escape(kind: u8, tail: &str) -> bool {
    match kind {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => true,
        b'u' => tail.len() >= 4 && tail.bytes().take(4).all(|digit| digit.is_ascii_hexdigit()),
        _ => false,
    }
}

pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let kind = escape.as_bytes().get(1).copied().unwrap_or_default();
        let tail = escape.get(2..).unwrap_or_default();
        if !is_escape(kind, tail) {
            out.push('\\');
            rest = escape.get(1..).unwrap_or_default();
            continue;
        }
        rest = tail;
        match kind {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (character, used) = unicode(tail);
                out.push(character);
                rest = tail.get(used..).unwrap_or_default();
            }
            plain => out.push(char::from(plain)),
        }
    }
    out.push_str(rest);
    out
}

/// The character of `XXXX`, or of a surrogate pair `XXXX\uXXXX`, and how many bytes it took.
fn unicode(tail: &str) -> (char, usize) {
    let unit = |from: usize| tail.get(from..from + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let Some(high) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if (0xd800..0xdc00).contains(&high)
        && tail.get(4..6) == Some("\\u")
        && let Some(low @ 0xdc00..0xe000) = unit(6)
    {
        let scalar = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return (char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER), 10);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 4)
}

/// A number by the letter of JSON.
pub(crate) fn is_number(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit());
    if plain && (word.len() == 1 || (word.len() > 1 && !word.starts_with('0'))) {
        return true;
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

pub(super) fn looks_like_number(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

/// `%s{Token}` as a template spells it.
pub(crate) fn is_token(text: &str) -> bool {
    text.starts_with('%')
        && text.ends_with('}')
        && text.len() <= MAX_TOKEN_BYTES
        && text.split_once('{').is_some_and(|(directive, _)| directive.len() <= 8)
}
