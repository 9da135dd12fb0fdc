//! Why a request is not taken, in the words of each protocol.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use fanlight_identity::BearerError;
use fanlight_listen::{BodyError, Denied, NameError};
use fanlight_log::AppendError;
use fanlight_otlp::{JsonError, ScanError};
use http::StatusCode;
use tonic::{Code, Status};

use super::status;

/// Why a request is not taken. Its text is for the sender, with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The sender is not on the listener's list.
    NotAllowed,
    /// The listener wants a token, and the request has none.
    TokenMissing,
    /// The request's token is not one of the listener's.
    TokenWrong,
    /// The request's token is none of the authorisation server's that lets in.
    BearerWrong(BearerError),
    /// The request came under a name that is not ours, or from a page of another site.
    Misnamed(NameError),
    /// Too many bytes are in flight, or the queue before the log is full.
    Busy,
    /// No space left for the log.
    DiskFull,
    /// The log's disk failed.
    DiskFailed,
    /// The server is ending.
    Stopping,
    /// The body passes the cap.
    TooLarge {
        /// The cap in bytes.
        limit: usize,
    },
    /// The body did not come in time.
    TooSlow,
    /// The body broke off.
    BrokenOff,
    /// What is said to be gzip is not.
    BadGzip,
    /// What is said to be zstd is not, or asks for too large a window.
    BadZstd,
    /// A body that was compressed more than once.
    NestedEncoding,
    /// A body encoding that is not read.
    UnknownEncoding(String),
    /// A content type that is not read.
    UnknownContentType(String),
    /// The protobuf cannot be read, or passes a cap of its items.
    Unreadable(String),
    /// What is to be read again is not in the form of kept lines.
    NoKeptLines(String),
    /// A signal that is not collected.
    NotCollected(&'static str),
    /// What Lightstep's own tracers sent before OTLP.
    TracerReports,
    /// A path of Lightstep's, which is not switched on.
    LightstepIsOff(String),
    /// A path or gRPC method that does not exist.
    NoSuchPath(String),
    /// A method other than POST.
    WrongMethod,
}

/// Soon enough that an SDK's own queue does not overflow.
const RETRY_SOON: Duration = Duration::from_secs(1);
/// Room on a disk does not come within a second.
const RETRY_LATER: Duration = Duration::from_secs(5);

impl Refusal {
    /// The word that counters use.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::TokenMissing => "token_missing",
            Self::TokenWrong => "token_wrong",
            Self::BearerWrong(error) => error.word(),
            Self::Misnamed(NameError::Unclear) => "host_invalid",
            Self::Misnamed(NameError::NotOurs) => "host_not_allowed",
            Self::Misnamed(NameError::OtherOrigin) => "origin_not_allowed",
            Self::Busy => "busy",
            Self::DiskFull => "disk_full",
            Self::DiskFailed => "disk_failed",
            Self::Stopping => "stopping",
            Self::TooLarge { .. } => "too_large",
            Self::TooSlow => "too_slow",
            Self::BrokenOff => "broken_off",
            Self::BadGzip => "bad_gzip",
            Self::BadZstd => "bad_zstd",
            Self::NestedEncoding => "nested_encoding",
            Self::UnknownEncoding(_) => "unknown_encoding",
            Self::UnknownContentType(_) => "unknown_content_type",
            Self::Unreadable(_) => "unreadable",
            Self::NoKeptLines(_) => "no_kept_lines",
            Self::NotCollected(_) => "not_collected",
            Self::TracerReports => "tracer_reports",
            Self::LightstepIsOff(_) => "lightstep_is_off",
            Self::NoSuchPath(_) => "no_such_path",
            Self::WrongMethod => "wrong_method",
        }
    }

    /// When the sender shall come again; `None` where the same request would be refused again.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy | Self::Stopping => Some(RETRY_SOON),
            Self::DiskFull | Self::DiskFailed => Some(RETRY_LATER),
            _ => None,
        }
    }

    pub(crate) fn http_status(&self) -> StatusCode {
        match self {
            Self::NotAllowed | Self::Misnamed(NameError::OtherOrigin) => StatusCode::FORBIDDEN,
            Self::Misnamed(NameError::NotOurs) => StatusCode::MISDIRECTED_REQUEST,
            Self::Misnamed(NameError::Unclear) => StatusCode::BAD_REQUEST,
            Self::TokenMissing | Self::TokenWrong | Self::BearerWrong(_) => StatusCode::UNAUTHORIZED,
            Self::Busy | Self::DiskFull | Self::DiskFailed | Self::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::BadGzip | Self::BadZstd | Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::NoKeptLines(_) => StatusCode::UNPROCESSABLE_ENTITY,

            Self::NestedEncoding | Self::UnknownEncoding(_) | Self::UnknownContentType(_) => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::NotCollected(_) | Self::TracerReports => StatusCode::NOT_IMPLEMENTED,
            Self::NoSuchPath(_) | Self::LightstepIsOff(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// `google.rpc.Code`. Without a `RetryInfo`, OTLP senders take `RESOURCE_EXHAUSTED` for final.
    pub(crate) fn grpc_code(&self) -> Code {
        match self {
            Self::NotAllowed | Self::Misnamed(_) => Code::PermissionDenied,
            Self::TokenMissing | Self::TokenWrong | Self::BearerWrong(_) => Code::Unauthenticated,
            Self::Busy | Self::TooLarge { .. } => Code::ResourceExhausted,
            Self::DiskFull | Self::DiskFailed | Self::Stopping => Code::Unavailable,
            Self::TooSlow => Code::DeadlineExceeded,
            Self::BrokenOff => Code::Cancelled,
            Self::BadGzip
            | Self::BadZstd
            | Self::NestedEncoding
            | Self::UnknownContentType(_)
            | Self::Unreadable(_)
            | Self::NoKeptLines(_) => Code::InvalidArgument,
            Self::UnknownEncoding(_)
            | Self::NotCollected(_)
            | Self::TracerReports
            | Self::NoSuchPath(_)
            | Self::LightstepIsOff(_)
            | Self::WrongMethod => Code::Unimplemented,
        }
    }

    /// As gRPC says it, with a `RetryInfo` where the sender shall come again.
    pub(crate) fn to_status(&self) -> Status {
        let message = self.to_string();
        match self.retry_after() {
            Some(delay) => {
                let details = status::encode(self.grpc_code() as i32, &message, Some(delay));
                Status::with_details(self.grpc_code(), message, details)
            }
            None => Status::new(self.grpc_code(), message),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Address => Self::NotAllowed,
            Denied::TokenMissing => Self::TokenMissing,
            Denied::TokenWrong => Self::TokenWrong,
        }
    }
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        Self::Misnamed(error)
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Broken(_) => Self::BrokenOff,
        }
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full => Self::DiskFull,
            AppendError::Failed => Self::DiskFailed,
            AppendError::Closed => Self::Stopping,
            AppendError::Busy => Self::Busy,
            AppendError::TooLarge => Self::TooLarge { limit: fanlight_log::MAX_FRAME_BYTES },
        }
    }
}

impl From<ScanError> for Refusal {
    fn from(error: ScanError) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::Unreadable(format!("{error}{cause}"))
    }
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Cap(error) => error.into(),
            JsonError::TooLarge { limit } => Self::TooLarge { limit },
            error => Self::Unreadable(error.to_string()),
        }
    }
}

impl Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => f.write_str(
                "your address may not send here; have it added to `allow` of this listener in Fanlight's configuration",
            ),
            Self::TokenMissing => f.write_str(
                "a token is needed: send the header `authorization: Bearer …` (`OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20…`)",
            ),
            Self::TokenWrong => f.write_str("the token is not one of this listener's `token_file`"),
            Self::BearerWrong(error) => error.fmt(f),
            Self::Misnamed(NameError::Unclear) => f.write_str("the request has no `Host`, or more than one; send one"),
            Self::Misnamed(NameError::NotOurs) => f.write_str(
                "the request came under a name that is not this server's; send to `127.0.0.1` or `localhost`, or add the name to `hosts` under `[api]` in Fanlight's configuration",
            ),
            Self::Misnamed(NameError::OtherOrigin) => f.write_str(
                "the request was made by a page of another site; have the page send its spans to its own server, which passes them on",
            ),
            Self::Busy => f.write_str("too much is in flight; nothing was taken, send it again in a second"),
            Self::DiskFull => f.write_str(
                "no space is left on Fanlight's disk; nothing was taken, send it again, it is taken once there is room",
            ),
            Self::DiskFailed => {
                f.write_str("Fanlight's disk failed; nothing was taken, send it again, and see the server's log")
            }
            Self::Stopping => f.write_str("the server is stopping; nothing was taken, send it again"),
            Self::TooLarge { limit } => write!(
                f,
                "the body is larger than {limit} bytes, before or after inflating; send smaller batches"
            ),
            Self::TooSlow => f.write_str("the body did not come in time"),
            Self::BrokenOff => f.write_str("the body broke off"),
            Self::BadGzip => f.write_str("the body is not valid gzip, as its encoding says it is"),
            Self::BadZstd => f.write_str(
                "the body is not valid zstd, as its encoding says it is, or needs a window of more than 8 MiB; compress it at level 19 or lower",
            ),
            Self::NestedEncoding => {
                f.write_str("the body is compressed more than once; compress it once, with gzip or zstd")
            }
            Self::UnknownEncoding(encoding) => {
                write!(f, "the encoding `{encoding}` is not read; send gzip, zstd or no compression")
            }
            Self::UnknownContentType(found) => write!(
                f,
                "the content type `{found}` is not read; send protobuf (`application/x-protobuf`, `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`) or JSON (`application/json`)"
            ),
            Self::NoKeptLines(reason) => {
                write!(f, "this is no body of kept lines: {reason}; `fanlight replay DIR --to URL --reparse` makes them")
            }
            Self::Unreadable(why) => write!(f, "not an OTLP trace request that can be taken: {why}"),
            Self::NotCollected(signal) => write!(
                f,
                "{signal} are not collected here, only traces; turn them off for this target (`OTEL_{}_EXPORTER=none`)",
                signal.to_ascii_uppercase()
            ),
            Self::TracerReports => f.write_str(
                "reports of Lightstep's own tracers are not read, only OTLP; move the service to an OpenTelemetry SDK, or put a collector with a receiver for them in between, and send OTLP to `/v1/traces`",
            ),
            Self::LightstepIsOff(path) => write!(
                f,
                "`{path}` is a path of Lightstep's; set `lightstep = true` under `[intake]` in Fanlight's configuration, or send traces to `/v1/traces`"
            ),
            Self::NoSuchPath(path) => write!(
                f,
                "nothing is at `{path}`; traces go to `/v1/traces` over HTTP, and over gRPC to `{}`",
                super::otlp_grpc::TRACES
            ),
            Self::WrongMethod => f.write_str("only POST is understood here"),
        }
    }
}

/// A sender's text, cut and without control characters, for a message that goes back to it.
pub(crate) fn quoted(text: &str) -> String {
    const MAX_CHARACTERS: usize = 100;
    text.chars().filter(|character| !character.is_control()).take(MAX_CHARACTERS).collect()
}
