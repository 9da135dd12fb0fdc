//! Sets of keys: those that are exchanged, and those that must not be used.

use fanlight_identity::{BearerError, JwksError, JwtVerifier};
use serde_json::{Value, json};

use crate::support::{Signer, base64url, claims, ed, es, load, load_text, policy, rsa, signers, verify};

/// The new key is published beside the old one, and then alone.
#[test]
fn a_key_that_is_gone_is_dead() {
    let (old, new) = (es(), es());
    let named = |signer: &Signer, kid: &str| {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        signer.sign(&header, &claims().to_string())
    };
    let (of_old, of_new) = (named(&old, "k1"), named(&new, "k2"));
    let before = load(&json!({"keys": [old.jwk("k1")]})).unwrap();
    assert!(verify(&before, &of_old).is_ok());
    assert_eq!(verify(&before, &of_new), Err(BearerError::UnknownKey));
    let both = load(&json!({"keys": [old.jwk("k1"), new.jwk("k2")]})).unwrap();
    assert!(verify(&both, &of_old).is_ok() && verify(&both, &of_new).is_ok());
    let after = load(&json!({"keys": [new.jwk("k2")]})).unwrap();
    assert_eq!(verify(&after, &of_old), Err(BearerError::UnknownKey));
    assert!(verify(&after, &of_new).is_ok());
    let none = JwtVerifier::without_keys(policy());
    assert_eq!(verify(&none, &of_new), Err(BearerError::UnknownKey));
}

#[test]
fn a_token_that_names_no_key_means_the_only_one() {
    let (one, two, other) = (es(), es(), ed());
    let token = one.sign(r#"{"alg":"ES256"}"#, &claims().to_string());
    let set = |keys: &[Value]| load(&json!({"keys": keys})).unwrap();
    assert!(verify(&set(&[one.jwk("k1"), other.jwk("k2")]), &token).is_ok());
    let several = set(&[one.jwk("k1"), two.jwk("k2")]);
    assert_eq!(verify(&several, &token), Err(BearerError::KeyUnclear));
    assert_eq!(verify(&set(&[other.jwk("k2")]), &token), Err(BearerError::NotOfTheKey));
}

#[test]
fn keys_for_something_else_are_passed_over() {
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    let rsa = Signer::Rs(rsa()).jwk("k1");
    let set = json!({"keys": [
        with(rsa.clone(), "use", json!("enc")),
        with(rsa.clone(), "alg", json!("RS512")),
        with(rsa.clone(), "key_ops", json!(["encrypt"])),
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"},
        with(rsa, "key_ops", json!(["verify"])),
    ]});
    let verifier = load(&set).unwrap();
    assert_eq!((verifier.keys(), verifier.keys_passed_over()), (1, 6));
    let [rs, ps, ..] = signers();
    for signer in [rs, ps] {
        let header = json!({"alg": signer.alg(), "kid": "k1"}).to_string();
        assert!(verify(&verifier, &signer.sign(&header, &claims().to_string())).is_ok(), "{}", signer.alg());
    }
}

/// The sign's zero, which some servers write, changes nothing.
#[test]
fn a_leading_zero_is_no_digit() {
    use base64::Engine;
    let signer = Signer::Rs(rsa());
    let mut jwk = signer.jwk("RS256");
    let n = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    jwk["n"] = json!(base64url([vec![0], n].concat()));
    let verifier = load(&json!({"keys": [jwk]})).unwrap();
    assert!(verify(&verifier, &signer.token(&claims())).is_ok());
}

fn check(set: &Value, expected: &str) {
    let error = load(set).expect_err(expected);
    assert!(matches!(error, JwksError::Unusable { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains(expected), "`{told}` does not tell `{expected}`");
    let members =
        |key: &Value| ["n", "e", "x", "y", "k", "d"].map(|name| key[name].as_str().map(str::to_owned));
    for member in set["keys"].as_array().into_iter().flatten().flat_map(members).flatten() {
        assert!(member.len() < 8 || !told.contains(&member), "`{told}` holds a key");
    }
}

fn rsa_of(n: &[u8], e: &[u8]) -> Value {
    json!({"kty": "RSA", "kid": "k1", "n": base64url(n), "e": base64url(e)})
}

#[test]
fn a_key_that_must_not_be_used_is_refused_at_load() {
    let (good, e) = (es().jwk("k0"), [1, 0, 1]);
    let odd = |bytes: usize| [vec![0xff; bytes - 1], vec![0x01]].concat();
    let one = |key: Value| json!({"keys": [good, key]});
    check(&one(rsa_of(&odd(128), &e)), "the key `k1` is an RSA key of 1024 bits");
    check(&one(rsa_of(&[vec![0x7f], odd(255)].concat(), &e)), "an RSA key of 2047 bits");
    check(&one(rsa_of(&[vec![0; 200], odd(128)].concat(), &e)), "an RSA key of 1024 bits");
    check(&one(rsa_of(&odd(1_025), &e)), "an RSA key of 8200 bits");
    for e in [vec![], vec![1], vec![2], vec![0xff; 5], vec![0xff; 9], vec![0; 3]] {
        check(&one(rsa_of(&odd(256), &e)), "is no RSA key");
    }
    check(&one(rsa_of(&[0xfe; 256], &e)), "is no RSA key");
    let secret = base64url("a secret that is shared by many");
    check(&one(json!({"kty": "oct", "kid": "k1", "alg": "HS256", "k": secret})), "is a symmetric one");
    let mut private = ed().jwk("k1");
    private["d"] = json!(base64url([7; 32]));
    check(&one(private), "is a private one");
    let mut short = es().jwk("k1");
    short["x"] = json!(base64url([7; 31]));
    check(&one(short), "`x` that is not 32 bytes long");
    let mut padded = ed().jwk("k1");
    padded["x"] = json!(format!("{}=", padded["x"].as_str().unwrap()));
    check(&one(padded), "`x` that is not base64url");
    let mut mixed = es().jwk("k1");
    mixed["alg"] = json!("EdDSA");
    check(&one(mixed), "has an `alg` that its `kty` is not for");
    check(&one(es().jwk("k0")), "has the id of another");
    check(&one(es().jwk(&"k".repeat(257))), "longer than 256 bytes");
    check(&one(json!({"kid": "k1"})), "has no `kty`");
    check(&json!({"keys": vec![json!({"kty": "X"}); 101]}), "more than 100 keys");
}

/// A reader's own message would quote what it found.
#[test]
fn what_is_no_set_is_told_without_being_shown() {
    let secret = "the-token-of-july-2";
    for text in [
        format!(r#"{{"keys":"{secret}"}}"#),
        format!(r#"{{"keys":["{secret}"]}}"#),
        format!(r#"{{"keys":[],"keys":["{secret}"]}}"#),
        format!(r#"{{"keys":[{{"kty":"EC","kty":"{secret}"}}]}}"#),
        secret.to_owned(),
        "{\"keys\":[".to_owned(),
        String::new(),
    ] {
        let error = load_text(&text).expect_err(&text);
        let told = error.to_string();
        assert!(told.contains("is no JWK set") && told.contains("`jwks_uri`"), "{told}");
        assert!(!told.contains(secret), "{told}");
    }
    let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(1 << 20));
    assert!(load_text(&large).unwrap_err().to_string().contains("more than 1048576 bytes"));
    assert!(matches!(load_text(r#"{"keys":[]}"#), Err(JwksError::Empty { .. })));
    assert!(matches!(load(&json!({"keys": [{"kty": "AKP"}]})), Err(JwksError::Empty { .. })));
    let missing = JwtVerifier::load(std::path::Path::new("/nowhere/jwks.json"), policy()).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read `/nowhere/jwks.json`");
}
