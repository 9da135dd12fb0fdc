//! The session's cookie: read, made, taken back, and when it counts.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use crate::Problem;
use crate::sign_in::SESSION_LIFE;

const NAME: &str = "fanlight_session";

/// The sessions that the request names; a cookie of another path or port of the same host may stand beside ours.
pub(crate) fn sessions(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, value)| *name == NAME && !value.is_empty()).map(|(_, value)| value)
}

/// The cookie of a new session. No script reads it, no other site's page sends it.
pub(crate) fn of_session(session: &str, has_tls: bool) -> Option<HeaderValue> {
    made(session, SESSION_LIFE.as_secs(), has_tls)
}

/// A cookie that ends the one before it.
pub(crate) fn of_none(has_tls: bool) -> Option<HeaderValue> {
    made("", 0, has_tls)
}

fn made(value: &str, max_age: u64, has_tls: bool) -> Option<HeaderValue> {
    let secure = if has_tls { "; Secure" } else { "" };
    let text = format!("{NAME}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Refuses a request that a page of another origin made a browser send with its cookie. `SameSite` does not tell ports apart, so
/// that another server on this machine counts as the same site.
pub(crate) fn check_same_origin(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let only_reads = matches!(*method, Method::GET | Method::HEAD);
    let is_ours = match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin") => true,
        // Typed, or opened from a bookmark.
        Some(b"none") => only_reads,
        Some(_) => false,
        // A foreign `Origin` was refused before.
        None => only_reads || headers.contains_key(header::ORIGIN),
    };
    if is_ours {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "not_same_origin",
        "not from a page of this server",
        "the request came with a session, and nothing shows that a page of this server made it",
        "a page sends `Origin` or `Sec-Fetch-Site` by itself; a program uses the token",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, headers: &[(&'static str, &'static str)], is_ours: bool) {
        let map = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        let shown = format!("{method} {headers:?}");
        assert_eq!(check_same_origin(&method, &map.collect()).is_ok(), is_ours, "{shown}");
    }

    #[test]
    fn a_cookie_counts_for_pages_of_this_server_alone() {
        check(Method::GET, &[], true);
        check(Method::GET, &[("sec-fetch-site", "none")], true);
        check(Method::GET, &[("sec-fetch-site", "same-origin")], true);
        check(Method::GET, &[("sec-fetch-site", "same-site")], false);
        check(Method::GET, &[("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[], false);
        check(Method::POST, &[("sec-fetch-site", "none")], false);
        check(Method::POST, &[("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[("origin", "http://localhost")], true);
        check(Method::POST, &[("origin", "http://localhost"), ("sec-fetch-site", "cross-site")], false);
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; fanlight_session=one;c"));
        headers.append(header::COOKIE, HeaderValue::from_static("fanlight_session=; fanlight_session=two"));
        assert_eq!(sessions(&headers).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn with_tls_a_cookie_is_never_sent_without() {
        let text = |has_tls| of_session("x", has_tls).map(|value| value.to_str().map(str::to_owned).ok());
        let plain = "fanlight_session=x; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200";
        assert_eq!(text(false), Some(Some(plain.to_owned())));
        assert_eq!(text(true), Some(Some(format!("{plain}; Secure"))));
    }
}
