//! The pane's files: an exact map, made while building (`build.rs`), and nothing else of any disk.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// One file of the pane.
#[derive(Debug)]
pub(crate) struct File {
    /// Where it is served: `/assets/index-3f2a.js`.
    pub(crate) path: &'static str,
    content_type: &'static str,
    /// A hash of its bytes.
    tag: &'static str,
    bytes: &'static [u8],
    /// The same, compressed, where that is much less.
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/pane.rs"));

/// The page that every route of the pane begins with.
pub(crate) const PAGE: &str = "/index.html";
/// The pane's own routes. Any other path is none of its, and is answered so.
pub(crate) const ROUTES: [&str; 4] = ["/", "/search", "/feeds", "/traces/{trace_id}"];

/// Nothing but this server's own files, no inline script or style, and only the one way to make markup that the pane's
/// framework needs.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

const OF_PAGES: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cache-control", "no-cache"),
];
/// The name of such a file holds a hash of what is in it.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Every file that has a path of its own.
pub(crate) fn files() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| file.path != PAGE)
}

/// The page, for each of its routes.
pub(crate) async fn page(request: Request) -> Response {
    match FILES.iter().find(|file| file.path == PAGE) {
        Some(file) => serve(file, request.headers()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file, or that it is as before.
pub(crate) fn serve(file: &'static File, asked: &HeaderMap) -> Response {
    let gzip = file.gzip.filter(|_| accepts_gzip(asked));
    // What is encoded in another way is another thing to a cache.
    let tag = if gzip.is_some() { format!("\"{}-gzip\"", file.tag) } else { format!("\"{}\"", file.tag) };
    let mut response = if is_known(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        gzip.unwrap_or(file.bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if file.path.starts_with("/assets/") {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    } else {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if file.path == PAGE {
        for (name, value) in OF_PAGES {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    if response.status() == StatusCode::OK {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
        if gzip.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)));
        matches!(name, "gzip" | "*") && !is_refused
    })
}

/// True where the caller has this very thing.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCRIPT: File = File {
        path: "/assets/index-3f2a.js",
        content_type: "text/javascript; charset=utf-8",
        tag: "3f2a",
        bytes: b"plain",
        gzip: Some(b"zipped"),
    };

    fn ask(headers: &[(HeaderName, &'static str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        serve(&SCRIPT, &headers.collect())
    }

    fn header(response: &Response, name: HeaderName) -> Option<&str> {
        response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    #[test]
    fn a_hashed_file_is_kept_for_good_and_each_encoding_has_its_tag() {
        let plain = ask(&[]);
        assert_eq!(header(&plain, header::ETAG), Some("\"3f2a\""));
        assert_eq!(header(&plain, header::CACHE_CONTROL), Some(IMMUTABLE));
        assert_eq!(header(&plain, header::CONTENT_ENCODING), None);
        let zipped = ask(&[(header::ACCEPT_ENCODING, "br, gzip")]);
        assert_eq!(header(&zipped, header::ETAG), Some("\"3f2a-gzip\""));
        assert_eq!(header(&zipped, header::CONTENT_ENCODING), Some("gzip"));
        assert_eq!(header(&ask(&[(header::ACCEPT_ENCODING, "gzip;q=0")]), header::CONTENT_ENCODING), None);
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"old\", \"3f2a\"")]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"3f2a-gzip\"")]).status(), StatusCode::OK);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "*")]).status(), StatusCode::NOT_MODIFIED);
    }

    /// Whatever was built in has a path that a router takes literally.
    #[test]
    fn every_path_is_plain() {
        assert!(FILES.iter().any(|file| file.path == PAGE));
        for file in FILES {
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            assert!(file.path.starts_with('/') && file.path.chars().all(is_plain), "{}", file.path);
            assert!(!file.path.contains("..") && !file.path.contains("//"), "{}", file.path);
        }
    }
}
