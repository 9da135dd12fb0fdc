//! `POST /api/v1/sign-in`, `/sign-out`, `/codes`.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use crate::sign_in::NotSignedIn;
use crate::state::Shared;
use crate::{Problem, body, caller, cookie};

/// A code and the JSON around it.
const MAX_BODY_BYTES: usize = 1 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    code: String,
}

/// Changes a code for a cookie.
pub(crate) async fn sign_in(State(shared): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (peer, has_tls) = (caller::address(&request), caller::came_over_tls(&request));
    let (parts, body): (_, Body) = request.into_parts();
    let form = "{\"code\": \"…\"}";
    let presented: Presented = body::json(&parts.headers, body, MAX_BODY_BYTES, form).await?;
    match shared.api.sign_in.redeem(presented.code.trim(), peer) {
        Ok(session) => Ok(with_cookie(cookie::of_session(&session, has_tls))),
        Err(NotSignedIn::Unknown) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "code_unknown",
            "the code is not good",
            "the code is not known here, was used, or is too old",
            "a code is good once and for ten minutes; `fanlight url` prints a URL with a new one",
        )),
        Err(NotSignedIn::TooManyTries { retry_after }) => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_tries",
            "too many tries",
            "too many codes of no use came from this address",
            "wait a minute, then open the URL that `fanlight url` prints",
        )
        .with_retry_after(retry_after.as_secs().max(1))),
        Err(NotSignedIn::NoRandomness(error)) => {
            Err(Problem::internal("no_randomness", "no session can be made", &error))
        }
    }
}

/// Ends the sessions that the request names, and takes the cookie back.
pub(crate) async fn sign_out(State(shared): State<Shared>, request: Request) -> Result<Response, Problem> {
    let headers: &HeaderMap = request.headers();
    if cookie::sessions(headers).next().is_some() {
        cookie::check_same_origin(request.method(), headers)?;
    }
    cookie::sessions(headers).for_each(|session| shared.api.sign_in.end(session));
    Ok(with_cookie(cookie::of_none(caller::came_over_tls(&request))))
}

fn with_cookie(cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// A new code, for whoever has the token.
pub(crate) async fn new_code(State(shared): State<Shared>) -> Result<impl IntoResponse, Problem> {
    let code = shared.api.sign_in.new_code();
    let code = code.map_err(|error| Problem::internal("no_randomness", "no code can be made", &error))?;
    let answer = json!({
        "code": code.code(),
        "expires_time": code.expires_time().to_rfc3339(),
        "path": format!("/{}", code.fragment()),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}
