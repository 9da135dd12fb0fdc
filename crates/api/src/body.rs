//! A request's body, as JSON.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::Problem;

/// A caller that sends slower than this holds a connection for nothing.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Reads a body of at most `max_bytes`; `form` shows what it should look like.
pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    form: &'static str,
) -> Result<T, Problem> {
    let refused = |status, code, detail: String| {
        let hint = format!("send `{form}` as `application/json`");
        Problem::new(status, code, "the request's body cannot be used", detail, hint)
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "the body is not declared as `application/json`".to_owned();
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail));
    }
    let bytes = match tokio::time::timeout(BODY_TIME, to_bytes(body, max_bytes)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let detail = format!("the body is longer than {max_bytes} bytes, or broke off");
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail));
        }
        Err(_) => {
            let detail = format!("the body did not come within {} s", BODY_TIME.as_secs());
            return Err(refused(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        refused(StatusCode::BAD_REQUEST, "body_invalid", format!("the body cannot be read: {error}"))
    })
}
