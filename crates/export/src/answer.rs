//! What a receiver's answer means for what was sent.

use std::time::Duration;

use http::StatusCode;

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Taken, but for this many spans.
    Taken { rejected: u64, message: String },
    /// Not now; the same again later.
    Later { after: Option<Duration>, why: String },
    /// The receiver is in trouble, perhaps over these very bytes: a few tries, then as refused.
    Stumbled { why: String },
    /// Never: these bytes are not wanted.
    Refused { why: String },
}

/// Sorts an answer by its status. What says more about the receiver's set-up than about the bytes (no access, no such
/// path, moved) waits for its operator: the queue keeps what would else be given up.
pub(crate) fn of_status(status: StatusCode, after: Option<Duration>, body: &[u8]) -> Answer {
    let why = || format!("status {}{}", status.as_u16(), quoted(body));
    match status.as_u16() {
        200..=299 => {
            let (rejected, message) = partial_success(body).unwrap_or_default();
            Answer::Taken { rejected, message }
        }
        408 | 429 | 502 | 503 | 504 => Answer::Later { after, why: why() },
        100..=199 | 300..=399 | 401 | 403 | 404 | 405 | 407 => Answer::Later { after, why: why() },
        500..=599 => Answer::Stumbled { why: why() },
        _ => Answer::Refused { why: why() },
    }
}

const MAX_QUOTED_CHARS: usize = 300;

/// The receiver's words, as far as they can be shown: no control characters, not much of them.
fn quoted(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body)
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_QUOTED_CHARS)
        .collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// Reads `ExportTraceServiceResponse`: field 1 is `partial_success`, in it field 1 the rejected spans and field 2 the message.
fn partial_success(body: &[u8]) -> Option<(u64, String)> {
    let (mut rejected, mut message) = (0, String::new());
    let mut fields = Fields(body);
    while let Some((number, value)) = fields.next()? {
        let (1, Value::Bytes(partial)) = (number, value) else { continue };
        let mut fields = Fields(partial);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                // The field is signed; nothing sane is negative.
                (1, Value::Number(spans)) => rejected = u64::try_from(spans.cast_signed()).unwrap_or(0),
                (2, Value::Bytes(text)) => message = quoted(text).trim_start_matches(": ").to_owned(),
                _ => {}
            }
        }
    }
    Some((rejected, message))
}

struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Fields<'a> {
    /// The next field; `Some(None)` at the end, `None` for what is no protobuf.
    fn next(&mut self) -> Option<Option<(u64, Value<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Other)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some(Some((key >> 3, value)))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(body: &[u8]) -> (u64, String) {
        match of_status(StatusCode::OK, None, body) {
            Answer::Taken { rejected, message } => (rejected, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn partial_success_is_read_from_the_answer() {
        assert_eq!(taken(b""), (0, String::new()));
        assert_eq!(taken(b"\x0a\x00"), (0, String::new()));
        assert_eq!(taken(b"\x0a\x0a\x08\xac\x02\x12\x05a\nbad"), (300, "abad".to_owned()));
        assert_eq!(taken(b"\x12\x01x\x0a\x02\x08\x03"), (3, String::new()), "unknown fields are passed over");
        assert_eq!(
            taken(b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            (0, String::new()),
            "minus one"
        );
    }

    /// An answer that is no protobuf is still a 200.
    #[test]
    fn rubbish_in_a_success_changes_nothing() {
        for body in [b"ok".as_slice(), b"{}", b"\x0a\xff", b"\x0a\x05\x08", &[0x80; 40], b"\x0b"] {
            assert_eq!(taken(body).0, 0);
        }
    }

    #[test]
    fn the_status_decides() {
        let of = |status| of_status(StatusCode::from_u16(status).expect("a status"), None, b"no\x1b[31m!");
        for status in [408, 429, 502, 503, 504, 401, 403, 404, 301] {
            assert!(matches!(of(status), Answer::Later { .. }), "{status}");
        }
        for status in [500, 501, 599] {
            assert!(matches!(of(status), Answer::Stumbled { .. }), "{status}");
        }
        for status in [400, 413, 415, 422] {
            assert!(matches!(of(status), Answer::Refused { .. }), "{status}");
        }
        assert_eq!(of(400), Answer::Refused { why: "status 400: no[31m!".to_owned() });
    }
}
