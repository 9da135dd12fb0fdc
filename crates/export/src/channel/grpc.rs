//! OTLP/gRPC: `TraceService/Export`, its message framed here, its bytes as they are.

use std::time::Duration;

use bytes::{BufMut, Bytes};
use fanlight_model::Timestamp;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};
use tonic::Status;

use super::{Whole, compressed, http as plain_http};
use crate::answer::{Answer, of_grpc};
use crate::target::{ExportError, Target};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// A flag that says whether the message is compressed, and its length.
const PREFIX_BYTES: usize = 5;
/// gRPC tells a deadline in at most eight digits.
const MOST_TOLD: u128 = 99_999_999;

/// The URL of the method at a target's host and port.
pub(super) fn method_of(target: &Target) -> Result<Uri, ExportError> {
    let mut parts = target.endpoint.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static(EXPORT));
    let unusable = |_| ExportError::Endpoint { name: target.name.clone(), endpoint: target.endpoint.clone() };
    Uri::from_parts(parts).map_err(unusable)
}

pub(super) fn add_headers(headers: &mut HeaderMap, gzip: bool, timeout: Duration) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    if gzip {
        headers.insert(ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(deadline) = HeaderValue::from_str(&deadline(timeout)) {
        headers.insert(TIMEOUT, deadline);
    }
}

/// The receiver need not go on with what nobody waits for.
fn deadline(timeout: Duration) -> String {
    match timeout.as_millis() {
        millis @ ..=MOST_TOLD => format!("{millis}m"),
        millis => format!("{}S", (millis / 1_000).min(MOST_TOLD)),
    }
}

/// A message with its prefix.
pub(super) fn framed(message: &[u8], gzip: bool) -> Bytes {
    let mut framed = Vec::with_capacity(PREFIX_BYTES + if gzip { message.len() / 4 } else { message.len() });
    framed.put_bytes(0, PREFIX_BYTES);
    let mut framed = if gzip {
        Vec::from(compressed(framed, message))
    } else {
        framed.put_slice(message);
        framed
    };
    let length = u32::try_from(framed.len().saturating_sub(PREFIX_BYTES)).unwrap_or(u32::MAX);
    if let Some(prefix) = framed.first_chunk_mut::<PREFIX_BYTES>() {
        let [a, b, c, d] = length.to_be_bytes();
        *prefix = [u8::from(gzip), a, b, c, d];
    }
    Bytes::from(framed)
}

/// The status stands in the trailers, or in the head where there is no message. A proxy in between may answer in plain HTTP.
pub(super) fn answer(answer: Whole, now: Timestamp) -> Answer {
    let in_trailers = answer.body().trailers().and_then(Status::from_header_map);
    let status = in_trailers.or_else(|| Status::from_header_map(answer.headers()));
    match status {
        Some(status) => of_grpc(&status, message(&answer.into_body().to_bytes())),
        None if answer.status() == StatusCode::OK => {
            Answer::Stumbled { why: "an answer without a gRPC status; is this a gRPC port?".to_owned() }
        }
        None => plain_http::answer(answer, now),
    }
}

/// The message of a body, where it is plain: no other was asked for.
fn message(body: &[u8]) -> &[u8] {
    match body {
        [0, a, b, c, d, rest @ ..] => {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            rest.get(..length).unwrap_or_default()
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_framed_as_grpc_frames_it() {
        assert_eq!(framed(b"abc", false), &b"\0\0\0\0\x03abc"[..]);
        assert_eq!(framed(b"", false), &b"\0\0\0\0\0"[..]);
        let zipped = framed(&[b'x'; 1_000], true);
        assert_eq!(zipped[0], 1);
        assert_eq!(u32::from_be_bytes(zipped[1..5].try_into().expect("four")) as usize, zipped.len() - 5);
        assert_eq!(zipped[5..7], [0x1f, 0x8b]);
        assert_eq!(message(b"\0\0\0\0\x03abc"), b"abc");
        for torn in [b"".as_slice(), b"\0\0\0", b"\0\0\0\0\x04abc", b"\x01\0\0\0\x03abc"] {
            assert_eq!(message(torn), b"");
        }
    }

    #[test]
    fn a_deadline_has_at_most_eight_digits() {
        for (timeout, told) in [
            (Duration::from_millis(250), "250m"),
            (Duration::from_secs(10), "10000m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(u64::MAX), "99999999S"),
        ] {
            assert_eq!(deadline(timeout), told);
        }
    }
}
