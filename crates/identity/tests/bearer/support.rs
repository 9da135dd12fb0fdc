//! An authorisation server: its keys, its set of them, and what it signs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanlight_identity::{Bearer, BearerError, BearerPolicy, JwksError, JwtVerifier};
use fanlight_model::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://login.example.com/tenant";
pub(crate) const AUDIENCE: &str = "fanlight-nss";
pub(crate) const NOW: i64 = 1_800_000_000;

/// Made for these tests and used nowhere else: no library of ours makes RSA keys.
const RSA: &[u8] = include_bytes!("rsa-2048.pk8");

pub(crate) enum Signer {
    Rs(RsaKeyPair),
    Ps(RsaKeyPair),
    Es(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(crate) fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(RSA).unwrap()
}

pub(crate) fn es() -> Signer {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    Signer::Es(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap())
}

pub(crate) fn ed() -> Signer {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Signer::Ed(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap())
}

/// One of each algorithm.
pub(crate) fn signers() -> [Signer; 4] {
    [Signer::Rs(rsa()), Signer::Ps(rsa()), es(), ed()]
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Rs(_) => "RS256",
            Self::Ps(_) => "PS256",
            Self::Es(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rs(pair) | Self::Ps(pair) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = pair.public().into();
                json!({"kty": "RSA", "use": "sig", "kid": kid, "n": base64url(n), "e": base64url(e)})
            }
            Self::Es(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "x": base64url(x), "y": base64url(y)})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64url(pair.public_key())})
            }
        }
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(padding, &random, message, &mut signature).unwrap();
            signature
        };
        match self {
            Self::Rs(pair) => rsa(pair, &RSA_PKCS1_SHA256),
            Self::Ps(pair) => rsa(pair, &RSA_PSS_SHA256),
            Self::Es(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// Both parts letter for letter.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(claims));
        format!("{signed}.{}", base64url(self.signature(signed.as_bytes())))
    }

    pub(crate) fn header(&self) -> Value {
        json!({"typ": "at+jwt", "alg": self.alg(), "kid": self.alg()})
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// What a good token says.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "client-1", "client_id": "client-1",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 300,
    })
}

pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub(crate) fn policy() -> BearerPolicy {
    BearerPolicy { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), subjects: Vec::new() }
}

pub(crate) fn load(set: &Value) -> Result<JwtVerifier, JwksError> {
    load_text(&set.to_string())
}

pub(crate) fn load_text(text: &str) -> Result<JwtVerifier, JwksError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, text).unwrap();
    JwtVerifier::load(&file, policy())
}

/// Knows each signer's key by the name of its algorithm.
pub(crate) fn verifier(signers: &[Signer]) -> JwtVerifier {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk(signer.alg())).collect();
    load(&json!({"keys": keys})).unwrap()
}

pub(crate) fn verify(verifier: &JwtVerifier, token: &str) -> Result<Bearer, BearerError> {
    verifier.verify(token, Timestamp::from_seconds(NOW))
}
