//! The few messages that intake answers with, as protobuf and as JSON, written by hand.

use std::fmt::Write;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// `google.rpc.Status { code = 1; message = 2; details = 3 }`, with a `RetryInfo` among the details where there is a delay.
pub(crate) fn encode(code: i32, message: &str, retry_after: Option<Duration>) -> Bytes {
    let mut status = BytesMut::new();
    put_number(&mut status, 1, u64::try_from(code).unwrap_or(0));
    put_bytes(&mut status, 2, message.as_bytes());
    if let Some(delay) = retry_after {
        let mut duration = BytesMut::new();
        put_number(&mut duration, 1, delay.as_secs());
        put_number(&mut duration, 2, u64::from(delay.subsec_nanos()));
        let mut retry_info = BytesMut::new();
        put_bytes(&mut retry_info, 1, &duration);
        let mut any = BytesMut::new();
        put_bytes(&mut any, 1, RETRY_INFO.as_bytes());
        put_bytes(&mut any, 2, &retry_info);
        put_bytes(&mut status, 3, &any);
    }
    status.freeze()
}

/// `ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1; error_message = 2 } }`: empty where nothing was refused.
pub(crate) fn encode_response(rejected_spans: u64, message: &str) -> Bytes {
    if rejected_spans == 0 && message.is_empty() {
        return Bytes::new();
    }
    let mut partial = BytesMut::new();
    put_number(&mut partial, 1, rejected_spans);
    put_bytes(&mut partial, 2, message.as_bytes());
    let mut response = BytesMut::new();
    put_bytes(&mut response, 1, &partial);
    response.freeze()
}

/// The same `google.rpc.Status` as JSON.
pub(crate) fn encode_json(code: i32, message: &str, retry_after: Option<Duration>) -> Bytes {
    let mut text = format!("{{\"code\":{code},\"message\":{}", json_text(message));
    if let Some(delay) = retry_after {
        let seconds = delay.as_secs_f64();
        // Writing into a `String` cannot fail.
        write!(text, ",\"details\":[{{\"@type\":\"{RETRY_INFO}\",\"retryDelay\":\"{seconds}s\"}}]")
            .unwrap_or_default();
    }
    text.push('}');
    Bytes::from(text)
}

/// The same `ExportTraceServiceResponse` as JSON, in which a 64-bit number is text.
pub(crate) fn encode_json_response(rejected_spans: u64, message: &str) -> Bytes {
    if rejected_spans == 0 && message.is_empty() {
        return Bytes::from_static(b"{}");
    }
    let message = json_text(message);
    Bytes::from(format!(
        "{{\"partialSuccess\":{{\"rejectedSpans\":\"{rejected_spans}\",\"errorMessage\":{message}}}}}"
    ))
}

fn json_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..=' ' if letter != ' ' => {
                write!(quoted, "\\u{:04x}", u32::from(letter)).unwrap_or_default();
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn put_number(message: &mut BytesMut, field: u64, number: u64) {
    if number != 0 {
        put_varint(message, field << 3);
        put_varint(message, number);
    }
}

fn put_bytes(message: &mut BytesMut, field: u64, bytes: &[u8]) {
    put_varint(message, field << 3 | 2);
    put_varint(message, bytes.len() as u64);
    message.put_slice(bytes);
}

fn put_varint(message: &mut BytesMut, mut number: u64) {
    while number >= 0x80 {
        message.put_u8((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    message.put_u8(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are those that any protobuf library writes for these values.
    #[test]
    fn the_messages_are_those_of_their_schemas() {
        assert_eq!(encode(3, "no", None), &b"\x08\x03\x12\x02no"[..]);
        let mut expected = b"\x08\x08\x12\x00\x1a\x32\x0a\x28".to_vec();
        expected.extend_from_slice(RETRY_INFO.as_bytes());
        expected.extend_from_slice(b"\x12\x06\x0a\x04\x08\x01\x10\x05");
        let encoded = encode(8, "", Some(Duration::new(1, 5)));
        assert_eq!(encoded, expected);
        assert_eq!(encode_response(0, ""), Bytes::new());
        assert_eq!(encode_response(300, "x"), &b"\x0a\x06\x08\xac\x02\x12\x01x"[..]);
    }

    #[test]
    fn the_same_messages_are_json() {
        assert_eq!(encode_json(3, "no \"x\"\n", None), r#"{"code":3,"message":"no \"x\"\u000a"}"#);
        assert_eq!(
            encode_json(8, "", Some(Duration::from_millis(1_500))),
            r#"{"code":8,"message":"","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}"#
        );
        assert_eq!(encode_json_response(0, ""), "{}");
        assert_eq!(
            encode_json_response(300, "x"),
            r#"{"partialSuccess":{"rejectedSpans":"300","errorMessage":"x"}}"#
        );
    }
}
