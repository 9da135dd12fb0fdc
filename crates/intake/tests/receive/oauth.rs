//! Pushes with tokens of an authorisation server, over a real socket.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use fanlight_identity::BearerPolicy;
use fanlight_intake::{OauthSettings, PushRequest};
use fanlight_runtime::{Clock, Outcome};
use http::StatusCode;
use http_body_util::Full;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::push::{Pushed, WEB, records};

const ISSUER: &str = "https://login.example.com/tenant";
const AUDIENCE: &str = "fanlight-nss";
const LINE: &str = "the-token-of-july-2";

/// One key of an authorisation server.
struct Signer {
    kid: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new(kid: &'static str) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        Self { kid, pair }
    }

    fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, "x": encode(x), "y": encode(y)})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let signed =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    fn header(&self) -> Value {
        json!({"typ": "at+jwt", "alg": "ES256", "kid": self.kid})
    }

    fn token(&self) -> String {
        self.sign(&self.header(), &claims())
    }
}

fn now() -> i64 {
    Clock::system().now().as_nanos() / 1_000_000_000
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": [AUDIENCE], "sub": "zscaler", "iat": now(), "exp": now() + 300})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

/// A folder with a set of keys, and of lines.
struct Files {
    folder: TempDir,
}

impl Files {
    fn of(signers: &[&Signer]) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.publish(signers);
        fs::write(files.path("tokens"), format!("{LINE}\n")).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn publish(&self, signers: &[&Signer]) {
        let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
        self.replace(&json!({"keys": keys}).to_string());
    }

    /// As a timer should do it: whole, under another name first.
    fn replace(&self, text: &str) {
        fs::write(self.path("draft"), text).unwrap();
        fs::rename(self.path("draft"), self.path("jwks.json")).unwrap();
    }

    fn settings(&self) -> OauthSettings {
        let policy = BearerPolicy {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            subjects: vec!["zscaler".to_owned()],
        };
        OauthSettings { policy, jwks_file: self.path("jwks.json") }
    }

    async fn pushed(&self, has_lines: bool) -> Pushed {
        Pushed::start_with(|settings| {
            settings.push.oauth = Some(self.settings());
            settings.push.access.token_file = has_lines.then(|| self.path("tokens"));
        })
        .await
    }
}

async fn show(pushed: &Pushed, value: &str, body: &[u8]) -> StatusCode {
    pushed.post(WEB, &[("authorization", value)], body).await.0
}

/// Beside lines of a file, and alone.
#[tokio::test]
async fn a_token_of_the_server_lets_in_beside_lines_of_the_file() {
    let signer = Signer::new("k1");
    let files = Files::of(&[&signer]);
    let mut both = files.pushed(true).await;
    for (number, value) in [
        format!("Bearer {}", signer.token()),
        format!("bearer  {}", signer.token()),
        format!("Bearer {LINE}"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = records(number + 1);
        assert_eq!(show(&both, &value, &body).await, StatusCode::OK, "{value}");
        assert_eq!(both.server.next().await.frame.bytes, body);
    }
    for wrong in ["Bearer the-token-of-july-3".to_owned(), format!("Splunk {}", signer.token())] {
        assert_eq!(show(&both, &wrong, b"x").await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(both.server.count("request", Outcome::Refused, "token_wrong"), 2);
    both.check_ledger().await;

    let mut alone = files.pushed(false).await;
    assert_eq!(show(&alone, &format!("Bearer {}", signer.token()), &records(1)).await, StatusCode::OK);
    alone.server.next().await;
    assert_eq!(alone.post(WEB, &[], b"x").await.0, StatusCode::UNAUTHORIZED, "this machine needs one too");
    assert_eq!(show(&alone, &format!("Bearer {LINE}"), b"x").await, StatusCode::UNAUTHORIZED);
    assert_eq!(alone.server.count("request", Outcome::Refused, "token_missing"), 1);
    alone.check_ledger().await;
}

/// From elsewhere, as Zscaler's cloud comes; what is answered says that it is about the token.
#[tokio::test]
async fn it_lets_in_from_beyond_this_machine_and_nothing_else_does() {
    let signer = Signer::new("k1");
    let pushed = Files::of(&[&signer]).pushed(false).await;
    let take = async |value: Option<String>| {
        let mut headers = http::HeaderMap::new();
        headers.extend(value.map(|value| (http::header::AUTHORIZATION, value.parse().unwrap())));
        let (method, peer) = (&http::Method::POST, "198.51.100.7:4000".parse().unwrap());
        let asked = PushRequest { method, path: WEB, headers: &headers, peer };
        let answer = pushed.server.listening.push.take(asked, Full::new(Bytes::from(records(1)))).await;
        (answer.status, answer.challenge)
    };
    assert_eq!(take(Some(format!("Bearer {}", signer.token()))).await, (StatusCode::OK, None));
    assert_eq!(take(None).await, (StatusCode::UNAUTHORIZED, Some("Bearer")));
    let forged = format!("Bearer {}", Signer::new("k1").token());
    let invalid = (StatusCode::UNAUTHORIZED, Some("Bearer error=\"invalid_token\""));
    assert_eq!(take(Some(forged)).await, invalid);
}

#[tokio::test]
async fn each_forged_token_is_refused_and_counted() {
    let signer = Signer::new("k1");
    let mut pushed = Files::of(&[&signer]).pushed(true).await;
    let of = |header: Value| signer.sign(&header, &claims());
    let saying = |name: &str, value: Value| signer.sign(&signer.header(), &with(claims(), name, value));
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    let good = signer.token();
    let tampered = {
        let parts: Vec<&str> = good.split('.').collect();
        let other = URL_SAFE_NO_PAD.encode(with(claims(), "sub", json!("admin")).to_string());
        format!("{}.{other}.{}", parts[0], parts[2])
    };
    let corpus = [
        ("jwt_algorithm", of(with(signer.header(), "alg", json!("none")))),
        ("jwt_algorithm", of(with(signer.header(), "alg", json!("HS256")))),
        ("jwt_algorithm_of_key", of(with(signer.header(), "alg", json!("RS256")))),
        ("jwt_unknown_key", of(with(signer.header(), "kid", json!("k2")))),
        ("jwt_header", of(with(signer.header(), "crit", json!(["exp"])))),
        ("jwt_header", of(with(signer.header(), "jku", json!("https://example.com/keys")))),
        ("jwt_type", of(with(signer.header(), "typ", json!("dpop+jwt")))),
        ("jwt_malformed", of(with(signer.header(), "kid", json!("k".repeat(257))))),
        ("jwt_malformed", "a.b.c".to_owned()),
        ("jwt_too_large", saying("groups", json!("g".repeat(16 << 10)))),
        ("jwt_signature", tampered),
        ("jwt_issuer", saying("iss", json!("https://login.example.com/other"))),
        ("jwt_audience", saying("aud", json!("other"))),
        ("jwt_subject", saying("sub", json!("other"))),
        ("jwt_expired", saying("exp", json!(now() - 61))),
        ("jwt_not_yet_valid", saying("nbf", json!(now() + 90))),
        ("jwt_from_the_future", saying("iat", json!(now() + 90))),
        ("jwt_no_expiry", signer.sign(&signer.header(), &endless)),
        ("jwt_claim", saying("exp", json!("never"))),
        ("jwt_bound", saying("cnf", json!({}))),
    ];
    for (word, token) in corpus {
        let before = pushed.server.count("request", Outcome::Refused, word);
        let value = format!("Bearer {token}");
        let (status, text) = pushed.post(WEB, &[("authorization", &value)], &records(2)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{word}");
        assert!(text.contains("`[intake.push.oauth]`") && !text.contains(ISSUER), "{word}: {text}");
        assert_eq!(pushed.server.count("request", Outcome::Refused, word), before + 1, "{word}");
    }
    assert!(pushed.server.logged.try_recv().is_err(), "nothing of it is in the log");
    pushed.server.check_ledger("request").await;
}

/// The new key beside the old one, then alone, then a file that cannot be used, then one without any key.
#[tokio::test]
async fn keys_are_exchanged_while_the_server_runs() {
    let (old, new) = (Signer::new("k1"), Signer::new("k2"));
    let files = Files::of(&[&old]);
    let pushed = files.pushed(false).await;
    let oauth = &pushed.server.listening.oauth;
    let check = async |signer: &Signer, expected: StatusCode, what: &str| {
        assert_eq!(show(&pushed, &format!("Bearer {}", signer.token()), b"").await, expected, "{what}");
    };
    check(&old, StatusCode::OK, "at the start").await;
    check(&new, StatusCode::UNAUTHORIZED, "at the start").await;
    for (signers, of_old, of_new) in [
        (vec![&old, &new], StatusCode::OK, StatusCode::OK),
        (vec![&new], StatusCode::UNAUTHORIZED, StatusCode::OK),
    ] {
        files.publish(&signers);
        oauth.refresh(false);
        assert_eq!(oauth.trouble(), None);
        check(&old, of_old, "the old key").await;
        check(&new, of_new, "the new key").await;
    }
    for broken in ["{\"keys\":[", "", r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
        files.replace(broken);
        oauth.refresh(false);
        let trouble = oauth.trouble().expect("it is told");
        assert!(trouble.contains("jwks.json") && trouble.contains("oauth.jwks_file"), "{trouble}");
        check(&new, StatusCode::OK, "what was good stays").await;
        check(&old, StatusCode::UNAUTHORIZED, "what is gone stays so").await;
    }
    fs::remove_file(files.path("jwks.json")).unwrap();
    oauth.refresh(false);
    assert!(oauth.trouble().expect("it is told").contains("cannot read"));
    check(&new, StatusCode::OK, "what was good stays").await;
    files.publish(&[]);
    oauth.refresh(false);
    assert!(oauth.trouble().expect("it is told").contains("holds no key"));
    check(&new, StatusCode::UNAUTHORIZED, "nobody has a key any more").await;
    check(&old, StatusCode::UNAUTHORIZED, "nobody has a key any more").await;
    files.publish(&[&new]);
    oauth.refresh(false);
    assert_eq!(oauth.trouble(), None);
    check(&new, StatusCode::OK, "it is back").await;
    let count = |outcome| pushed.server.count("reload", outcome, "push_keys");
    assert_eq!((count(Outcome::Received), count(Outcome::Stored), count(Outcome::Rejected)), (8, 3, 5));
    oauth.refresh(false);
    assert_eq!(count(Outcome::Received), 8, "a file that stays is not read");
}

/// Another audience, and then none at all; what cannot be used changes nothing.
#[tokio::test]
async fn settings_are_exchanged_while_the_server_runs() {
    let signer = Signer::new("k1");
    let files = Files::of(&[&signer]);
    let pushed = files.pushed(false).await;
    let oauth = &pushed.server.listening.oauth;
    let push = async || show(&pushed, &format!("Bearer {}", signer.token()), b"").await;
    let nowhere = OauthSettings { jwks_file: files.path("nowhere"), ..files.settings() };
    assert!(nowhere.check().is_err() && files.settings().check().is_ok());
    assert_eq!(oauth.prepare(Some(nowhere)).unwrap_err().key(), "oauth.jwks_file");
    assert_eq!(push().await, StatusCode::OK);
    let mut other = files.settings();
    other.policy.audience = "other".to_owned();
    oauth.adopt(oauth.prepare(Some(other)).unwrap());
    assert_eq!(push().await, StatusCode::UNAUTHORIZED);
    oauth.adopt(oauth.prepare(None).unwrap());
    oauth.refresh(true);
    assert_eq!(pushed.post(WEB, &[], b"").await.0, StatusCode::OK, "open to this machine again");
    oauth.adopt(oauth.prepare(Some(files.settings())).unwrap());
    assert_eq!(push().await, StatusCode::OK);
    assert_eq!(pushed.post(WEB, &[], b"").await.0, StatusCode::UNAUTHORIZED);
}
