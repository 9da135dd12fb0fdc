//! What a page's script measured: URL, method, status; no address at all.

use super::protobuf::Attributes;

/// Attributes of a `fetch`. A status of 0 is none: the request never came through.
pub(crate) fn describe(method: &str, url: &str, host: &str, port: u16, status: u16, into: &mut Attributes) {
    into.text("http.request.method", method);
    into.text("url.full", url);
    into.text("server.address", host);
    into.int("server.port", i64::from(port));
    match status {
        0 => into.text("error.type", "TypeError"),
        _ => into.int("http.response.status_code", i64::from(status)),
    }
}
