//! OTLP over HTTP and over gRPC: each piece is a request of its own.

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;

use super::error::ReplayError;
use super::post::{Answer, Door, told};

/// Codes after which OTLP lets a sender try again.
const RETRYABLE: [(&str, &str); 7] = [
    ("1", "cancelled"),
    ("4", "deadline exceeded"),
    ("8", "resource exhausted"),
    ("10", "aborted"),
    ("11", "out of range"),
    ("14", "unavailable"),
    ("15", "data loss"),
];

/// A flag and four bytes of length.
const FRAME_BYTES: usize = 5;

/// Protobuf over HTTP.
pub(super) const CONTENT_TYPE: &str = "application/x-protobuf";

pub(super) fn http(url: &str, token: Option<&str>) -> Result<Door, ReplayError> {
    Door::new(url, CONTENT_TYPE, token, false)
}

pub(super) fn grpc(url: &str, token: Option<&str>) -> Result<Door, ReplayError> {
    Door::new(url, "application/grpc", token, true)
}

/// A message with gRPC's frame before it: not compressed, and its length.
pub(super) fn framed(message: &Bytes) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + FRAME_BYTES);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// gRPC's status stands in the trailers, or in the headers where there is no message.
pub(super) fn grpc_answer(headers: &HeaderMap, trailers: &HeaderMap, body: &[u8]) -> Answer {
    let field = |name: &str| {
        let value = trailers.get(name).or_else(|| headers.get(name));
        value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (status, message) = (field("grpc-status"), field("grpc-message"));
    if status == "0" {
        return Answer::Taken { rejected: rejected_spans(body.get(FRAME_BYTES..).unwrap_or_default()) };
    }
    match RETRYABLE.iter().find(|(code, _)| *code == status) {
        Some((_, word)) => Answer::Busy { after: None, told: format!("{word}{}", told(&message)) },
        None => Answer::Refused { status: format!("gRPC status `{status}`"), told: told(&message) },
    }
}

/// `partial_success.rejected_spans` of an `ExportTraceServiceResponse`; an answer that holds nothing else has nothing to tell.
pub(super) fn rejected_spans(response: &[u8]) -> u64 {
    let Some(inner) = response.strip_prefix(&[0x0a]) else { return 0 };
    let length_bytes = inner.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    let inner = inner.get(length_bytes..).unwrap_or_default();
    inner.strip_prefix(&[0x08]).and_then(varint).unwrap_or(0)
}

fn varint(bytes: &[u8]) -> Option<u64> {
    let mut value = 0;
    for (byte, shift) in bytes.iter().zip((0..63).step_by(7)) {
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(status: &'static str, expected: &Answer) {
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_static(status));
        fields.insert("grpc-message", HeaderValue::from_static("why"));
        assert_eq!(&grpc_answer(&HeaderMap::new(), &fields, b""), expected);
        assert_eq!(&grpc_answer(&fields, &HeaderMap::new(), b""), expected);
    }

    #[test]
    fn grpcs_status_is_read_from_trailers_and_from_headers() {
        check("0", &Answer::Taken { rejected: 0 });
        check("14", &Answer::Busy { after: None, told: "unavailable: why".to_owned() });
        check("3", &Answer::Refused { status: "gRPC status `3`".to_owned(), told: ": why".to_owned() });
    }

    #[test]
    fn a_frame_tells_its_length() {
        assert_eq!(&framed(&Bytes::from_static(b"abc"))[..], b"\0\0\0\0\x03abc");
    }

    /// The message of a partial success may be long, and its length then takes more than one byte.
    #[test]
    fn what_a_receiver_does_not_keep_is_read() {
        let answer = |spans: u8, message: usize| {
            let mut inner = vec![0x08, 0x80 | spans, 0x01, 0x12];
            put_length(message, &mut inner);
            inner.resize(inner.len() + message, b'x');
            let mut answer = vec![0x0a];
            put_length(inner.len(), &mut answer);
            answer.extend(inner);
            answer
        };
        assert_eq!(rejected_spans(b""), 0);
        assert_eq!(rejected_spans(&answer(5, 10)), 133);
        assert_eq!(rejected_spans(&answer(5, 300)), 133);
        assert_eq!(rejected_spans(&[0x0a, 2, 0x12, 0]), 0, "a warning only");
    }

    fn put_length(length: usize, into: &mut Vec<u8>) {
        let (low, high) = ((length & 0x7f) as u8, (length >> 7) as u8);
        if high == 0 { into.push(low) } else { into.extend([low | 0x80, high]) }
    }
}
