//! OTLP/HTTP, protobuf.

use fanlight_model::Timestamp;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};

use super::Whole;
use crate::answer::{Answer, of_status};
use crate::retry::retry_after;

pub(super) fn add_headers(headers: &mut HeaderMap, gzip: bool) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

pub(super) fn answer(answer: Whole, now: Timestamp) -> Answer {
    let (head, body) = answer.into_parts();
    let after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| retry_after(value, now));
    of_status(head.status, after, &body.to_bytes())
}
