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

pub(super) fn http(url: &str, token: Option<&str>) -> Result<Door, ReplayError> {
    Door::new(url, "application/x-protobuf", token, false)
}

pub(super) fn grpc(url: &str, token: Option<&str>) -> Result<Door, ReplayError> {
    Door::new(url, "application/grpc", token, true)
}

/// A message with gRPC's frame before it: not compressed, and its length.
pub(super) fn framed(message: &Bytes) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// gRPC's status stands in the trailers, or in the headers where there is no message.
pub(super) fn grpc_answer(headers: &HeaderMap, trailers: &HeaderMap) -> Answer {
    let field = |name: &str| {
        let value = trailers.get(name).or_else(|| headers.get(name));
        value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (status, message) = (field("grpc-status"), field("grpc-message"));
    if status == "0" {
        return Answer::Taken;
    }
    match RETRYABLE.iter().find(|(code, _)| *code == status) {
        Some((_, word)) => Answer::Busy { after: None, told: format!("{word}{}", told(&message)) },
        None => Answer::Refused { status: format!("gRPC status `{status}`"), told: told(&message) },
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(status: &'static str, expected: &Answer) {
        let mut fields = HeaderMap::new();
        fields.insert("grpc-status", HeaderValue::from_static(status));
        fields.insert("grpc-message", HeaderValue::from_static("why"));
        assert_eq!(&grpc_answer(&HeaderMap::new(), &fields), expected);
        assert_eq!(&grpc_answer(&fields, &HeaderMap::new()), expected);
    }

    #[test]
    fn grpcs_status_is_read_from_trailers_and_from_headers() {
        check("0", &Answer::Taken);
        check("14", &Answer::Busy { after: None, told: "unavailable: why".to_owned() });
        check("3", &Answer::Refused { status: "gRPC status `3`".to_owned(), told: ": why".to_owned() });
    }

    #[test]
    fn a_frame_tells_its_length() {
        assert_eq!(&framed(&Bytes::from_static(b"abc"))[..], b"\0\0\0\0\x03abc");
    }
}
