//! What a token says, once it is known who said it.

use std::time::Duration;

use fanlight_model::Timestamp;
use serde_json::Value;

use super::error::BearerError;
use super::json::Object;
use super::{Bearer, BearerPolicy};

/// How far the authorisation server's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);

/// Past the year 5000 a number is no time in seconds, but one in another unit, or none.
const MAX_SECONDS: f64 = 1e11;

/// What a program that was given a token is called: by OAuth, OpenID Connect, and Entra's first version.
const CLIENTS: [&str; 3] = ["client_id", "azp", "appid"];

pub(crate) fn judge(claims: &Object, policy: &BearerPolicy, now: Timestamp) -> Result<Bearer, BearerError> {
    if text(claims, "iss")? != Some(&policy.issuer) {
        return Err(BearerError::Issuer);
    }
    if !is_for(claims, &policy.audience)? {
        return Err(BearerError::Audience);
    }
    let expiry = time(claims, "exp")?.ok_or(BearerError::NoExpiry)?;
    if expiry.after(LEEWAY) <= now {
        return Err(BearerError::Expired);
    }
    if time(claims, "nbf")?.is_some_and(|not_before| not_before.before(LEEWAY) > now) {
        return Err(BearerError::NotYetValid);
    }
    if time(claims, "iat")?.is_some_and(|issued| issued.before(LEEWAY) > now) {
        return Err(BearerError::FromTheFuture);
    }
    // A token that is bound to a key is worth nothing without a proof of that key (RFC 8705, RFC 9449), which no push carries.
    if claims.contains_key("cnf") {
        return Err(BearerError::Bound);
    }
    let subject = text(claims, "sub")?;
    let mut clients = Vec::new();
    for name in CLIENTS {
        clients.extend(text(claims, name)?);
    }
    let is_listed = |name: &str| policy.subjects.iter().any(|listed| listed == name);
    if !policy.subjects.is_empty() && !subject.iter().chain(&clients).any(|name| is_listed(name)) {
        return Err(BearerError::Subject);
    }
    Ok(Bearer {
        subject: subject.map(str::to_owned),
        client_id: clients.first().map(|client| (*client).to_owned()),
    })
}

fn text<'a>(claims: &'a Object, name: &'static str) -> Result<Option<&'a str>, BearerError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(BearerError::Claim(name)),
    }
}

/// One audience, or a list of them.
fn is_for(claims: &Object, audience: &str) -> Result<bool, BearerError> {
    match claims.get("aud") {
        None => Ok(false),
        Some(Value::String(only)) => Ok(only == audience),
        Some(Value::Array(list)) => Ok(list.iter().any(|one| one.as_str() == Some(audience))),
        Some(_) => Err(BearerError::Claim("aud")),
    }
}

/// Seconds since the epoch, with or without a fraction. What is there and is no such number is refused and never passed over.
fn time(claims: &Object, name: &'static str) -> Result<Option<Timestamp>, BearerError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|seconds| seconds.abs() < MAX_SECONDS);
    #[expect(clippy::cast_possible_truncation, reason = "bounded, and rounded before")]
    let whole = seconds.ok_or(BearerError::Claim(name))?.floor() as i64;
    Ok(Some(Timestamp::from_seconds(whole)))
}
