//! The door for pushed records, among the API's routes.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use fanlight_api::Problem;
use fanlight_intake::{PushAnswer, PushDoor, PushRequest};
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

/// Its routes, to stand beside the API's.
pub(super) fn routes(door: PushDoor) -> Router {
    Router::new().route(PushDoor::PATHS, any(move |request: Request| take(door.clone(), request)))
}

async fn take(door: PushDoor, request: Request) -> Response {
    // A peer that nobody tells of is none on this machine.
    let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let told = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = told.map_or(unknown, |ConnectInfo(peer)| *peer);
    let (head, body) = request.into_parts();
    let asked = PushRequest { method: &head.method, path: head.uri.path(), headers: &head.headers, peer };
    let answer = door.take(asked, body).await;
    if answer.status.is_success() { (answer.status, answer.text).into_response() } else { refused(answer) }
}

fn refused(answer: PushAnswer) -> Response {
    let PushAnswer { status, retry_after, code, text, allow, challenge } = answer;
    let hint = match status {
        StatusCode::SERVICE_UNAVAILABLE => "keep the batch and send it again",
        StatusCode::PAYLOAD_TOO_LARGE => "let the sender make smaller batches",
        _ => "the detail says what is wrong; the batch was not taken",
    };
    let mut problem = Problem::new(status, code, "not taken", text, hint);
    if let Some(delay) = retry_after {
        problem = problem.with_retry_after(delay.as_secs());
    }
    let mut response = problem.into_response();
    if let Some(methods) = allow {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    }
    if let Some(challenge) = challenge {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_refusal_tells_when_to_come_again_and_which_methods_there_are() {
        let answer = |status, retry_after, allow| PushAnswer {
            status,
            retry_after,
            code: "busy",
            text: "too much is in flight".to_owned(),
            allow,
            challenge: (status == StatusCode::UNAUTHORIZED).then_some("Bearer"),
        };
        let busy = refused(answer(StatusCode::SERVICE_UNAVAILABLE, Some(Duration::from_secs(1)), None));
        assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(busy.headers()["retry-after"], "1");
        let wrong = refused(answer(StatusCode::METHOD_NOT_ALLOWED, None, Some("POST")));
        assert_eq!(wrong.headers()["allow"], "POST");
        assert!(!wrong.headers().contains_key("www-authenticate"));
        let unknown = refused(answer(StatusCode::UNAUTHORIZED, None, None));
        assert_eq!(unknown.headers()["www-authenticate"], "Bearer");
    }
}
