//! What whoever pushes is told.

use std::time::Duration;

use fanlight_model::Feed;
use http::StatusCode;

use super::{ENVOY, NGINX, ZSCALER, is_zscalers};
use crate::receive::refusal::Refusal;

/// How to answer a request. Never with 400: Zscaler's cloud would give the batch up for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushAnswer {
    /// The status.
    pub status: StatusCode,
    /// When to come again; for `retry-after`.
    pub retry_after: Option<Duration>,
    /// A stable word for programs.
    pub code: &'static str,
    /// What happened and, where something is to be done, what.
    pub text: String,
    /// For `allow`, where the method is not taken.
    pub allow: Option<&'static str>,
    /// For `www-authenticate`, where a token is wanted (RFC 6750).
    pub challenge: Option<&'static str>,
}

impl PushAnswer {
    pub(super) fn taken(text: &str) -> Self {
        let (status, text) = (StatusCode::OK, format!("{text}\n"));
        Self { status, retry_after: None, code: "ok", text, allow: None, challenge: None }
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let status = match refusal.http_status() {
            StatusCode::BAD_REQUEST => StatusCode::SERVICE_UNAVAILABLE,
            status => status,
        };
        let allow = matches!(refusal, Refusal::WrongMethod).then_some("GET, HEAD, POST");
        let challenge = match refusal {
            Refusal::TokenMissing => Some("Bearer"),
            Refusal::TokenWrong | Refusal::BearerWrong(_) => Some("Bearer error=\"invalid_token\""),
            _ => None,
        };
        let (retry_after, code, text) = (refusal.retry_after(), refusal.word(), text(refusal));
        Self { status, retry_after, code, text, allow, challenge }
    }
}

fn text(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotAllowed => {
            "your address may not push here; have it added to `allow` under `[intake.push]` in Fanlight's configuration".to_owned()
        }
        Refusal::TokenMissing => "a token is needed: send the header `authorization: Bearer …` (or `Splunk …`, or `Basic …` with the token as the password) with a line of the file that `token_file` under `[intake.push]` names, or `Bearer …` with a token of the authorisation server under `[intake.push.oauth]`; without either, only senders on the server's own machine may push".to_owned(),
        Refusal::TokenWrong => "the token is not one of `token_file` under `[intake.push]`, nor, as `Bearer …`, one of the authorisation server under `[intake.push.oauth]`".to_owned(),
        Refusal::BearerWrong(error) => format!("{error} (judged by `[intake.push.oauth]`)"),
        Refusal::NoSuchPath(path) => format!("no feed is pushed to `{path}`; known: {}", paths()),
        Refusal::NestedEncoding => {
            "the body is compressed more than twice; compress it once, with gzip or zstd, or not at all".to_owned()
        }
        Refusal::WrongMethod => "records are pushed by POST; GET tells whether the address and the token are right".to_owned(),
        refusal => refusal.to_string(),
    }
}

fn paths() -> String {
    let zscaler =
        Feed::ALL.iter().filter(|feed| is_zscalers(**feed)).map(|feed| format!("`{ZSCALER}{feed}`"));
    let others = [ENVOY, NGINX].map(|path| format!("`{path}`"));
    zscaler.chain(others).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_answered_with_400() {
        for refusal in [
            Refusal::BrokenOff,
            Refusal::BadGzip,
            Refusal::BadZstd,
            Refusal::Unreadable(String::new()),
            Refusal::TooSlow,
        ] {
            assert_ne!(PushAnswer::refused(&refusal).status, StatusCode::BAD_REQUEST, "{refusal:?}");
        }
    }

    #[test]
    fn an_unknown_feed_is_told_the_known_ones() {
        let told = PushAnswer::refused(&Refusal::NoSuchPath("/intake/zscaler/x".to_owned()));
        assert_eq!(told.status, StatusCode::NOT_FOUND);
        for path in ["`/intake/zscaler/zia_web`", "`/intake/envoy`", "`/intake/nginx`"] {
            assert!(told.text.contains(path), "{}", told.text);
        }
        assert!(!told.text.contains("zscaler/envoy"));
    }
}
