//! What a receiver's answer means for what was sent.

use std::time::Duration;

use http::StatusCode;
use tonic::{Code, Status};

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

impl Answer {
    /// In one word, where it was not taken.
    pub(crate) fn error(&self) -> Option<&'static str> {
        match self {
            Self::Taken { .. } => None,
            Self::Later { .. } => Some("not_now"),
            Self::Stumbled { .. } => Some("stumbled"),
            Self::Refused { .. } => Some("refused"),
        }
    }
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

/// Sorts an answer by its gRPC status, with the same three fates in mind. OTLP's list of what may be retried is followed but for two
/// kinds: what a server says of itself and may mean these bytes (too large for it, an error inside it) gets a few tries and is then
/// looked for in halves; and no access, or no such method, waits for the operator.
pub(crate) fn of_grpc(status: &Status, message: &[u8]) -> Answer {
    let after = retry_delay(status.details());
    let why = || format!("gRPC status {:?}{}", status.code(), quoted(status.message().as_bytes()));
    match status.code() {
        Code::Ok => {
            let (rejected, message) = partial_success(message).unwrap_or_default();
            Answer::Taken { rejected, message }
        }
        Code::Cancelled | Code::DeadlineExceeded | Code::Aborted | Code::Unavailable | Code::DataLoss => {
            Answer::Later { after, why: why() }
        }
        Code::ResourceExhausted if after.is_some() => Answer::Later { after, why: why() },
        Code::Unauthenticated | Code::PermissionDenied | Code::Unimplemented | Code::NotFound => {
            Answer::Later { after, why: why() }
        }
        // Without a delay it is as often a message over the server's own limit as a server that is busy.
        Code::ResourceExhausted | Code::OutOfRange | Code::Internal | Code::Unknown => {
            Answer::Stumbled { why: why() }
        }
        Code::InvalidArgument | Code::FailedPrecondition | Code::AlreadyExists => {
            Answer::Refused { why: why() }
        }
    }
}

/// Reads `google.rpc.Status`: among its details (field 3, each an `Any`) a `RetryInfo`, whose field 1 is a `Duration`.
fn retry_delay(details: &[u8]) -> Option<Duration> {
    let mut fields = Fields(details);
    while let Some((number, value)) = fields.next()? {
        let (3, Value::Bytes(any)) = (number, value) else { continue };
        if let Some(delay) = retry_info(any) {
            return Some(delay);
        }
    }
    None
}

fn retry_info(any: &[u8]) -> Option<Duration> {
    let (mut is_wanted, mut info) = (false, &[][..]);
    let mut fields = Fields(any);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(kind)) => is_wanted = kind.ends_with(b"google.rpc.RetryInfo"),
            (2, Value::Bytes(bytes)) => info = bytes,
            _ => {}
        }
    }
    let mut fields = Fields(info);
    while is_wanted && let Some((number, value)) = fields.next()? {
        if let (1, Value::Bytes(duration)) = (number, value) {
            return duration_of(duration);
        }
    }
    // A `RetryInfo` without a delay says: at once.
    is_wanted.then_some(Duration::ZERO)
}

fn duration_of(bytes: &[u8]) -> Option<Duration> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Fields(bytes);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            // Both are signed; nobody waits a negative time.
            (1, Value::Number(number)) => seconds = u64::try_from(number.cast_signed()).unwrap_or(0),
            (2, Value::Number(number)) => nanos = u32::try_from(number.cast_signed()).unwrap_or(0),
            _ => {}
        }
    }
    Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(u64::from(nanos))))
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

    fn of_code(code: Code, details: &[u8]) -> Answer {
        of_grpc(&Status::with_details(code, "no\n!", details.to_vec().into()), b"")
    }

    /// Wait for 1.5 s, as any protobuf library writes it, with a detail of another kind before it.
    fn retry_in_a_while() -> Vec<u8> {
        let any = |kind: &str, value: &[u8]| {
            let kind = [&[0x0a, u8::try_from(kind.len()).expect("short")], kind.as_bytes()].concat();
            let value = [&[0x12, u8::try_from(value.len()).expect("short")], value].concat();
            [vec![0x1a, u8::try_from(kind.len() + value.len()).expect("short")], kind, value].concat()
        };
        let delay = b"\x0a\x08\x08\x01\x10\x80\xca\xb5\xee\x01";
        [
            b"\x08\x08\x12\x02no".to_vec(),
            any("type.googleapis.com/google.rpc.ErrorInfo", b"\x0a\x01x"),
            any("type.googleapis.com/google.rpc.RetryInfo", delay),
        ]
        .concat()
    }

    #[test]
    fn a_delay_is_read_from_the_details() {
        assert_eq!(retry_delay(&retry_in_a_while()), Some(Duration::from_millis(1_500)));
        let whole = retry_in_a_while();
        for end in 0..whole.len() {
            assert!(retry_delay(&whole[..end]).is_none_or(|delay| delay <= Duration::from_millis(1_500)));
        }
        assert_eq!(retry_delay(b""), None);
    }

    #[test]
    fn the_grpc_status_decides() {
        for code in [
            Code::Cancelled,
            Code::DeadlineExceeded,
            Code::Aborted,
            Code::Unavailable,
            Code::DataLoss,
            Code::Unauthenticated,
            Code::PermissionDenied,
            Code::Unimplemented,
        ] {
            assert!(matches!(of_code(code, b""), Answer::Later { after: None, .. }), "{code:?}");
        }
        for code in [Code::ResourceExhausted, Code::Unavailable] {
            let after = Some(Duration::from_millis(1_500));
            let asked = of_code(code, &retry_in_a_while());
            assert_eq!(asked, Answer::Later { after, why: format!("gRPC status {code:?}: no!") });
        }
        for code in [Code::ResourceExhausted, Code::OutOfRange, Code::Internal, Code::Unknown] {
            assert!(matches!(of_code(code, b""), Answer::Stumbled { .. }), "{code:?}");
        }
        for code in [Code::InvalidArgument, Code::FailedPrecondition, Code::AlreadyExists] {
            assert!(matches!(of_code(code, b""), Answer::Refused { .. }), "{code:?}");
        }
        let some = of_grpc(&Status::ok(""), b"\x0a\x09\x08\x02\x12\x05a\nbad");
        assert_eq!(some, Answer::Taken { rejected: 2, message: "abad".to_owned() });
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
