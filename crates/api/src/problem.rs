//! What went wrong, as `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use fanlight_model::TraceId;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::caller::new_trace_id;

/// Why a request has no answer: a stable code for programs, a sentence and a way out for people.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) hint: Cow<'static, str>,
    /// What few problems have: apart, so that a result that may be a problem stays small.
    more: Option<Box<More>>,
}

#[derive(Clone, Debug, Default)]
struct More {
    /// Members of this kind of problem alone.
    members: Vec<(&'static str, Value)>,
    /// When to ask again, in seconds.
    retry_after: Option<u64>,
}

/// How long a server that is busy, or not ready, asks to be left alone.
const RETRY_AFTER_SECONDS: u64 = 5;

impl Problem {
    /// A problem. `detail` says what happened, `hint` what to do about it; both are shown to whoever asked.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, title, detail: detail.into(), hint: hint.into(), more: None }
    }

    /// Adds a member for programs: where in the request the trouble lies.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.get_or_insert_default().members.push((name, value.into()));
        self
    }

    /// Says when to ask again, in seconds.
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.more.get_or_insert_default().retry_after = Some(seconds);
        self
    }

    /// A fault of ours: the inside text is for the log, under the request's trace id, and none of it leaves.
    pub(crate) fn internal(code: &'static str, detail: &'static str, cause: &dyn std::error::Error) -> Self {
        tracing::error!(name: "api.request.failed", code, error = %fanlight_runtime::error_chain(cause), "a request failed");
        let hint = "this is not the request's fault: the server's log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, "the server failed", detail, hint)
    }

    /// The body, with the request's own trace id.
    pub(crate) fn answer(&self, trace_id: TraceId) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
            "trace_id": trace_id.to_string(),
        });
        if let Value::Object(members) = &mut body {
            let more = self.more.iter().flat_map(|more| &more.members);
            members.extend(more.map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"fanlight\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        let usual = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS);
        if let Some(seconds) = self.more.as_ref().and_then(|more| more.retry_after).or(usual) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Whole by itself, for layers around the router; within it, the request's own trace id takes the place of the one made here.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.answer(new_trace_id());
        response.extensions_mut().insert(self);
        response
    }
}
