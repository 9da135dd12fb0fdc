//! When a token lets in: the clock is handed in, and may be a minute off.

use fanlight_identity::BearerError;
use serde_json::{Value, json};

use crate::support::{NOW, claims, claims_with, ed, verifier, verify};

fn check(name: &str, value: Value, expected: Result<(), BearerError>) {
    let signer = ed();
    let verifier = verifier(std::slice::from_ref(&signer));
    let token = signer.token(&claims_with(name, value.clone()));
    assert_eq!(verify(&verifier, &token).map(drop), expected, "{name} {value}");
}

#[test]
fn a_minute_of_leeway_and_no_more() {
    check("exp", json!(NOW - 59), Ok(()));
    check("exp", json!(NOW - 60), Err(BearerError::Expired));
    check("exp", json!(1_799_999_940.5), Err(BearerError::Expired));
    check("exp", json!(0), Err(BearerError::Expired));
    check("exp", json!(-1), Err(BearerError::Expired));
    check("nbf", json!(NOW + 60), Ok(()));
    check("nbf", json!(NOW + 61), Err(BearerError::NotYetValid));
    check("iat", json!(NOW + 60), Ok(()));
    check("iat", json!(NOW + 61), Err(BearerError::FromTheFuture));
}

/// What cannot be read is not as good as absent: that would be a token for ever.
#[test]
fn a_time_that_is_none_is_refused() {
    for name in ["exp", "nbf", "iat"] {
        for value in [json!("1800000000"), json!(null), json!([]), json!(true), json!(1e300), json!(u64::MAX)]
        {
            check(name, value, Err(BearerError::Claim(name)));
        }
    }
    // Milliseconds, by mistake: not an end in fifty thousand years.
    check("exp", json!(NOW * 1_000), Err(BearerError::Claim("exp")));
}

#[test]
fn a_token_without_an_end_is_refused() {
    let signer = ed();
    let verifier = verifier(std::slice::from_ref(&signer));
    let mut claims = claims();
    let without = |claims: &mut Value, name: &str| drop(claims.as_object_mut().unwrap().remove(name));
    without(&mut claims, "nbf");
    without(&mut claims, "iat");
    assert!(verify(&verifier, &signer.token(&claims)).is_ok());
    without(&mut claims, "exp");
    assert_eq!(verify(&verifier, &signer.token(&claims)), Err(BearerError::NoExpiry));
}
