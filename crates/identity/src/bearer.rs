//! Access tokens that an authorisation server signed (RFC 9068): verified with its keys, under a policy, at a given moment.
//!
//! What may be done is decided by the key and never by the token: a token names a key and an algorithm, and is refused where the
//! key has another. It is read only once its signature is right. No message holds more of a token or of a key than a key's id.

mod claims;
mod error;
mod json;
mod jwks;
mod key;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanlight_model::Timestamp;
use serde_json::Value;

pub use error::{BearerError, JwksError};

use json::Object;
use jwks::KeySet;
use key::{Algorithm, Key};

/// Tokens of Entra with two hundred groups have about 8 KiB.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Ids of keys are hashes or short names.
const MAX_KEY_ID_BYTES: usize = 256;

/// Headers that name a key to trust, or that must not be passed over.
const REFUSED_HEADERS: [&str; 4] = ["jku", "x5u", "jwk", "crit"];

/// The kinds of token that may be shown: an access token, or one that does not say what it is.
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// What a token must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerPolicy {
    /// Its `iss`, letter for letter.
    pub issuer: String,
    /// Its `aud`, or one of them.
    pub audience: String,
    /// One of these is its `sub`, `azp`, `client_id` or `appid`; empty is anybody whom the issuer gives a token for the audience.
    pub subjects: Vec<String>,
}

/// For whom a token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// `sub`.
    pub subject: Option<String>,
    /// `client_id`, `azp` or `appid`: the program that was given the token.
    pub client_id: Option<String>,
}

/// Verifies tokens with the keys of one authorisation server.
#[derive(Clone, Debug)]
pub struct JwtVerifier {
    policy: BearerPolicy,
    keys: KeySet,
}

/// A token's parts, decoded.
struct Parts<'a> {
    header: Object,
    signed: &'a [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl JwtVerifier {
    /// Reads a JWK set (RFC 7517) from a file. Blocks on the disk.
    ///
    /// # Errors
    /// [`JwksError`] with the file and the way out.
    pub fn load(file: &Path, policy: BearerPolicy) -> Result<Self, JwksError> {
        Ok(Self { policy, keys: jwks::load(file)? })
    }

    /// Lets nobody in: what is in force where the authorisation server has no key any more.
    pub fn without_keys(policy: BearerPolicy) -> Self {
        Self { policy, keys: KeySet::default() }
    }

    /// How many keys it goes by.
    pub fn keys(&self) -> usize {
        self.keys.keys.len()
    }

    /// How many of the file's keys are for something else, or for algorithms that are not taken.
    pub fn keys_passed_over(&self) -> usize {
        self.keys.passed_over
    }

    /// Judges a token at a moment.
    ///
    /// # Errors
    /// [`BearerError`], which is safe to show to whoever sent it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Bearer, BearerError> {
        let Parts { header, signed, payload, signature } = split(token)?;
        for name in REFUSED_HEADERS {
            if header.contains_key(name) {
                return Err(BearerError::Header(name));
            }
        }
        let named = header.get("alg").and_then(Value::as_str);
        let algorithm = named.and_then(Algorithm::from_name).ok_or(BearerError::Algorithm)?;
        check_type(&header)?;
        let key = self.key(key_id(&header)?, algorithm)?;
        if !key.verifies(algorithm, signed, &signature) {
            return Err(BearerError::Signature);
        }
        claims::judge(&json::object(&payload).ok_or(NO_OBJECT)?, &self.policy, now)
    }

    /// The one key that a token means: of that id, or the only one of that algorithm where the token names none.
    fn key(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key, BearerError> {
        let mut named =
            self.keys.keys.iter().filter(|key| id.is_none() || key.id.as_deref() == id).peekable();
        if named.peek().is_none() {
            return Err(BearerError::UnknownKey);
        }
        let mut fitting = named.filter(|key| key.takes(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(BearerError::NotOfTheKey),
            (Some(_), Some(_)) => Err(BearerError::KeyUnclear),
        }
    }
}

const NO_OBJECT: BearerError = BearerError::Malformed("a part of it is no JSON object, or has a name twice");

fn split(token: &str) -> Result<Parts<'_>, BearerError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(BearerError::TooLarge);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(BearerError::Malformed("it has not three parts"));
    };
    let signed = token.as_bytes().get(..header.len() + 1 + payload.len()).unwrap_or_default();
    let decoded = |part| from_base64url(part).ok_or(BearerError::Malformed("a part of it is not base64url"));
    Ok(Parts {
        header: json::object(&decoded(header)?).ok_or(NO_OBJECT)?,
        signed,
        payload: decoded(payload)?,
        signature: decoded(signature)?,
    })
}

/// A token of another kind, such as a proof of possession by the same key, is not to be taken for one that lets in.
fn check_type(header: &Object) -> Result<(), BearerError> {
    let Some(told) = header.get("typ") else { return Ok(()) };
    let is_taken = |told: &str| TYPES.iter().any(|name| told.eq_ignore_ascii_case(name));
    if told.as_str().is_some_and(is_taken) { Ok(()) } else { Err(BearerError::Type) }
}

fn key_id(header: &Object) -> Result<Option<&str>, BearerError> {
    let Some(told) = header.get("kid") else { return Ok(None) };
    match told.as_str().filter(|id| id.len() <= MAX_KEY_ID_BYTES) {
        Some(id) => Ok(Some(id)),
        None => Err(BearerError::Malformed("its `kid` is no text, or longer than 256 bytes")),
    }
}

/// Without padding, and with nothing in the bits that the last character leaves over: of each value there is one spelling.
fn from_base64url(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
