//! Tokens that somebody made up, or got for something else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fanlight_identity::{BearerError, BearerPolicy, JwtVerifier};
use ring::hmac;
use ring::signature::KeyPair;
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, ISSUER, NOW, Signer, base64url, claims, claims_with, ed, es, load, policy, rsa, signers,
    verifier, verify,
};

fn check(verifier: &JwtVerifier, what: &str, token: &str, expected: BearerError) {
    let error = verify(verifier, token).expect_err(what);
    assert_eq!(error, expected, "{what}");
    assert!(error.word().starts_with("jwt_"), "{what}");
    let told = error.to_string();
    for secret in [ISSUER, AUDIENCE, "client-1"].into_iter().chain(token.split('.')) {
        assert!(secret.len() < 8 || !told.contains(secret), "{what}: `{told}` tells `{secret}`");
    }
}

#[test]
fn a_token_of_each_algorithm_lets_in() {
    let signers = signers();
    for signer in &signers {
        let verifier = verifier(std::slice::from_ref(signer));
        let bearer = verify(&verifier, &signer.token(&claims())).unwrap();
        assert_eq!(bearer.subject.as_deref(), Some("client-1"));
        assert_eq!(bearer.client_id.as_deref(), Some("client-1"));
        let several = claims_with("aud", json!(["other", AUDIENCE]));
        assert!(verify(&verifier, &signer.token(&several)).is_ok());
    }
}

/// Entra's first version says `appid` and neither `typ: at+jwt` nor `client_id`; Okta says `cid` beside `sub`.
#[test]
fn the_usual_servers_tokens_let_in() {
    let signer = Signer::Rs(rsa());
    let verifier = load(&json!({"keys": [signer.jwk("k1")]})).unwrap();
    let header = json!({"typ": "JWT", "alg": "RS256", "x5t": "k1", "kid": "k1"}).to_string();
    let entra = json!({"aud": AUDIENCE, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 3_600, "appid": "a", "oid": "o", "sub": "o", "tid": "t", "ver": "1.0"});
    let bearer = verify(&verifier, &signer.sign(&header, &entra.to_string())).unwrap();
    assert_eq!(bearer.client_id.as_deref(), Some("a"));
    let okta = json!({"ver": 1, "jti": "j", "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3_600, "cid": "c", "scp": ["nss"], "sub": "c"});
    let header = r#"{"kid":"k1","alg":"RS256"}"#;
    assert_eq!(
        verify(&verifier, &signer.sign(header, &okta.to_string())).unwrap().subject.as_deref(),
        Some("c")
    );
}

#[test]
fn no_signature_is_none() {
    let verifier = verifier(&signers()[1..]);
    let claims = base64url(claims().to_string());
    for name in ["none", "None", "nOnE", "NONE", ""] {
        for kid in ["", r#","kid":"ES256""#] {
            let header = base64url(format!(r#"{{"alg":"{name}"{kid}}}"#));
            check(&verifier, name, &format!("{header}.{claims}."), BearerError::Algorithm);
            check(&verifier, name, &format!("{header}.{claims}.AAAA"), BearerError::Algorithm);
        }
    }
    let es256 = base64url(r#"{"alg":"ES256","kid":"ES256"}"#);
    check(&verifier, "an empty one", &format!("{es256}.{claims}."), BearerError::Signature);
    let zeros = base64url([0; 64]);
    check(&verifier, "one of zeros", &format!("{es256}.{claims}.{zeros}"), BearerError::Signature);
}

/// The public key is no secret: whoever takes it for one of HMAC takes everybody's tokens.
#[test]
fn a_public_key_is_no_secret_of_hmac() {
    let pair = rsa();
    let pkcs1 = pair.public_key().as_ref().to_vec();
    let pem = format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n",
        STANDARD.encode(&pkcs1)
    );
    let signer = Signer::Rs(pair);
    let jwk = signer.jwk("k1");
    let verifier = load(&json!({"keys": [jwk]})).unwrap();
    let n = jwk["n"].as_str().unwrap().as_bytes().to_vec();
    for (what, secret) in [("PEM", pem.into_bytes()), ("DER", pkcs1), ("modulus", n), ("nothing", Vec::new())]
    {
        for name in ["HS256", "HS384", "HS512", "RS256", "PS256"] {
            let header = json!({"alg": name, "kid": "k1"}).to_string();
            let signed = format!("{}.{}", base64url(header), base64url(claims().to_string()));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
            let expected = match name {
                "RS256" | "PS256" => BearerError::Signature,
                _ => BearerError::Algorithm,
            };
            check(&verifier, what, &format!("{signed}.{}", base64url(tag)), expected);
        }
    }
}

#[test]
fn a_header_that_brings_a_key_or_a_condition_is_refused() {
    let signer = es();
    let verifier = verifier(std::slice::from_ref(&signer));
    let stranger = es();
    for (name, value) in [
        ("jku", json!("https://login.example.com/keys")),
        ("x5u", json!("https://login.example.com/keys")),
        ("jwk", stranger.jwk("ES256")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", Value::Null),
    ] {
        let mut header = signer.header();
        header[name] = value;
        let token = signer.sign(&header.to_string(), &claims().to_string());
        check(&verifier, name, &token, BearerError::Header(name));
    }
    for (name, value, expected) in [
        ("typ", json!("dpop+jwt"), BearerError::Type),
        ("typ", json!("logout+jwt"), BearerError::Type),
        ("typ", json!(1), BearerError::Type),
        ("alg", json!("RS512"), BearerError::Algorithm),
        ("alg", json!(null), BearerError::Algorithm),
        ("alg", json!("es256"), BearerError::Algorithm),
    ] {
        let mut header = signer.header();
        header[name] = value;
        check(&verifier, name, &signer.sign(&header.to_string(), &claims().to_string()), expected);
    }
}

/// The key decides: a token cannot have another key's algorithm, nor its own key's other one.
#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    let signers = [Signer::Rs(rsa()), es(), ed()];
    let verifier = verifier(&signers);
    for signer in &signers {
        for other in signers.iter().filter(|other| other.alg() != signer.alg()) {
            let header = json!({"alg": signer.alg(), "kid": other.alg()}).to_string();
            let token = signer.sign(&header, &claims().to_string());
            check(&verifier, signer.alg(), &token, BearerError::NotOfTheKey);
            let header = json!({"alg": other.alg(), "kid": other.alg()}).to_string();
            let token = signer.sign(&header, &claims().to_string());
            check(&verifier, signer.alg(), &token, BearerError::Signature);
        }
    }
    let mut jwk = Signer::Rs(rsa()).jwk("PS256");
    jwk["alg"] = json!("RS256");
    let verifier = load(&json!({"keys": [jwk]})).unwrap();
    check(&verifier, "PS256", &Signer::Ps(rsa()).token(&claims()), BearerError::NotOfTheKey);
}

#[test]
fn a_key_that_is_not_in_the_set_is_unknown() {
    let (known, stranger) = (es(), es());
    let verifier = verifier(std::slice::from_ref(&known));
    check(&verifier, "the same id", &stranger.token(&claims()), BearerError::Signature);
    for kid in ["k2", "", "es256", "../../dev/null", &"k".repeat(256)] {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        let token = known.sign(&header, &claims().to_string());
        check(&verifier, kid, &token, BearerError::UnknownKey);
    }
    let malformed = BearerError::Malformed("its `kid` is no text, or longer than 256 bytes");
    for kid in [json!("k".repeat(257)), json!(7), json!(["ES256"]), json!(null)] {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        check(&verifier, "kid", &known.sign(&header, &claims().to_string()), malformed);
    }
}

#[test]
fn what_is_no_token_is_told_so() {
    let signer = es();
    let verifier = verifier(std::slice::from_ref(&signer));
    let header = signer.header().to_string();
    let token = signer.token(&claims());
    let large = signer.token(&claims_with("groups", json!("g".repeat(16 << 10))));
    check(&verifier, "large", &large, BearerError::TooLarge);
    let fits = signer.token(&claims_with("groups", json!("g".repeat(11 << 10))));
    assert!(fits.len() > 14 << 10 && verify(&verifier, &fits).is_ok(), "within the cap");
    let parts = BearerError::Malformed("it has not three parts");
    for text in ["", "a", "a.b", "a.b.c.d", "the-token-of-july-2", "a.b.c.d.e"] {
        check(&verifier, text, text, parts);
    }
    let base64 = BearerError::Malformed("a part of it is not base64url");
    for text in [format!("{token}="), format!("{token} "), format!(" {token}"), "a+b.c.d".to_owned()] {
        check(&verifier, &text, &text, base64);
    }
    let object = BearerError::Malformed("a part of it is no JSON object, or has a name twice");
    for (header, claims) in [
        (r#"{"alg":"none","alg":"ES256","kid":"ES256"}"#.to_owned(), claims().to_string()),
        (r#"{"alg":"ES256","kid":"x","kid":"ES256"}"#.to_owned(), claims().to_string()),
        (header.clone(), claims().to_string().replace("{", r#"{"exp":1,"#)),
        (header.clone(), "[]".to_owned()),
        (header.clone(), String::new()),
        (header.clone(), format!("{}x", claims())),
        ("{".to_owned(), claims().to_string()),
    ] {
        check(&verifier, &header, &signer.sign(&header, &claims), object);
    }
}

#[test]
fn a_payload_that_was_exchanged_is_refused() {
    let signers = signers();
    for signer in &signers {
        let verifier = verifier(std::slice::from_ref(signer));
        let token = signer.token(&claims());
        let other = base64url(claims_with("sub", json!("admin")).to_string());
        let parts: Vec<&str> = token.split('.').collect();
        let forged = format!("{}.{other}.{}", parts[0], parts[2]);
        check(&verifier, signer.alg(), &forged, BearerError::Signature);
    }
}

#[test]
fn a_token_for_another_is_refused() {
    let signer = ed();
    let verifier = verifier(std::slice::from_ref(&signer));
    for (name, value, expected) in [
        ("iss", json!("https://login.example.com/other"), BearerError::Issuer),
        ("iss", json!(format!("{ISSUER}/")), BearerError::Issuer),
        ("iss", json!([ISSUER]), BearerError::Claim("iss")),
        ("aud", json!("fanlight"), BearerError::Audience),
        ("aud", json!(["fanlight", ["fanlight-nss"]]), BearerError::Audience),
        ("aud", json!([]), BearerError::Audience),
        ("aud", json!({"fanlight-nss": 1}), BearerError::Claim("aud")),
        ("sub", json!(7), BearerError::Claim("sub")),
        ("azp", json!(null), BearerError::Claim("azp")),
        ("cnf", json!({"jkt": "x"}), BearerError::Bound),
    ] {
        check(&verifier, name, &signer.token(&claims_with(name, value)), expected);
    }
    for (name, expected) in [("iss", BearerError::Issuer), ("aud", BearerError::Audience)] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        check(&verifier, name, &signer.token(&claims), expected);
    }
}

#[test]
fn only_who_is_listed_is_let_in() {
    let signer = ed();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, json!({"keys": [signer.jwk("EdDSA")]}).to_string()).unwrap();
    let policy = BearerPolicy { subjects: vec!["zia".to_owned(), "zpa".to_owned()], ..policy() };
    let verifier = JwtVerifier::load(&file, policy).unwrap();
    check(&verifier, "another", &signer.token(&claims()), BearerError::Subject);
    for name in ["sub", "azp", "client_id", "appid"] {
        assert!(verify(&verifier, &signer.token(&claims_with(name, json!("zpa")))).is_ok(), "{name}");
        let token = signer.token(&claims_with(name, json!("ZPA")));
        check(&verifier, name, &token, BearerError::Subject);
    }
    check(&verifier, "oid", &signer.token(&claims_with("oid", json!("zpa"))), BearerError::Subject);
}
