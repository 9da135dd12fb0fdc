//! How senders of logs present a token: each SIEM has taught them another way.

use std::borrow::Cow;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

/// The tokens that a request may mean, the likeliest first; none is right by being here. `header` is one of the site's own choice.
///
/// `authorization` may have any scheme that carries a token (`Bearer`, `Splunk`, …), or none; of `Basic` the password is the token, or
/// the whole of `name:password`. Where a header is there twice, it is as good as absent.
pub(crate) fn presented<'a>(headers: &'a HeaderMap, header: Option<&HeaderName>) -> Vec<Cow<'a, [u8]>> {
    let mut found = Vec::new();
    if let Some(value) = header.and_then(|name| sole(headers, name)) {
        found.push(Cow::Borrowed(value));
    }
    let Some(value) = sole(headers, &AUTHORIZATION) else { return found };
    let Some(blank) = value.iter().position(|byte| *byte == b' ') else {
        found.push(Cow::Borrowed(value));
        return found;
    };
    let (scheme, token) = value.split_at(blank);
    let token = token.trim_ascii();
    found.push(Cow::Borrowed(token));
    if scheme.eq_ignore_ascii_case(b"basic")
        && let Some(pair) = from_base64(token)
    {
        if let Some(colon) = pair.iter().position(|byte| *byte == b':') {
            found.push(Cow::Owned(pair.iter().skip(colon + 1).copied().collect()));
        }
        found.push(Cow::Owned(pair));
    }
    found
}

/// The token of `authorization: Bearer …`, where that is text.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = std::str::from_utf8(sole(headers, &AUTHORIZATION)?).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a token has the three parts of a JWT, so that what is wrong with it as one is worth telling.
pub(crate) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).into_iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    Some(value.as_bytes().trim_ascii()).filter(|value| !value.is_empty())
}

/// RFC 4648, with or without padding.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: &[&str]) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let found = presented(&map, Some(&HeaderName::from_static("x-api-key")));
        let found: Vec<_> = found.iter().map(|token| String::from_utf8_lossy(token)).collect();
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn a_token_may_come_in_each_usual_way() {
        check(&[], &[]);
        check(&[("authorization", "Bearer abc")], &["abc"]);
        check(&[("authorization", "Splunk  abc ")], &["abc"]);
        check(&[("authorization", "abc")], &["abc"]);
        check(&[("x-api-key", "abc")], &["abc"]);
        check(&[("x-api-key", "abc"), ("authorization", "Bearer def")], &["abc", "def"]);
        check(&[("authorization", "Basic YW5hOmFiYw==")], &["YW5hOmFiYw==", "abc", "ana:abc"]);
        check(&[("authorization", "Basic YW5hOmFiYw")], &["YW5hOmFiYw", "abc", "ana:abc"]);
        check(&[("authorization", "Basic YWJj")], &["YWJj", "abc"]);
        check(&[("authorization", "Basic ***")], &["***"]);
    }

    #[test]
    fn a_header_that_is_there_twice_is_none() {
        check(&[("x-api-key", "abc"), ("x-api-key", "abc")], &[]);
        check(&[("authorization", "Bearer abc"), ("authorization", "Bearer abc")], &[]);
        check(&[("x-api-key", " ")], &[]);
    }
}
