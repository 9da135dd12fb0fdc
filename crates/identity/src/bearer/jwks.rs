//! The keys of an authorisation server, as a JWK set (RFC 7517).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::error::JwksError;
use super::json::{Object, Strict};
use super::key::{Algorithm, Key, Material};
use super::{MAX_KEY_ID_BYTES, from_base64url};

/// Servers of large clouds publish about ten keys with their certificates: 20 KiB.
const MAX_FILE_BYTES: u64 = 1 << 20;
const MAX_KEYS: usize = 100;

/// Below it a key can be had for money; above it a signature costs us too much time.
const MIN_RSA_BITS: usize = 2_048;
const MAX_RSA_BITS: usize = 8_192;

/// What ring takes.
const MAX_RSA_EXPONENT: u64 = (1 << 33) - 1;

const P256_BYTES: usize = 32;
const ED25519_BYTES: usize = 32;

/// Keys that verify, each told apart from every other by id and algorithm.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<Key>,
    /// Keys that are for something else.
    pub(crate) passed_over: usize,
}

#[derive(Deserialize)]
struct Typed {
    keys: Vec<Strict>,
}

pub(crate) fn load(file: &Path) -> Result<KeySet, JwksError> {
    let text = read(file).map_err(|cause| JwksError::Unreadable { file: file.to_owned(), cause })?;
    let unusable = |problem| JwksError::Unusable { file: file.to_owned(), problem };
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(unusable(format!("it has more than {MAX_FILE_BYTES} bytes")));
    }
    let set = parse(&text).map_err(unusable)?;
    if set.keys.is_empty() { Err(JwksError::Empty { file: file.to_owned() }) } else { Ok(set) }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(file)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(text: &[u8]) -> Result<KeySet, String> {
    // What the reader says may quote the text, and the text may be a secret that went astray.
    let Typed { keys: typed } = serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!(
            "it is no JWK set (`{{\"keys\":[…]}}`) from line {line}, column {column}; write what the server's `jwks_uri` gives"
        )
    })?;
    if typed.len() > MAX_KEYS {
        return Err(format!("it holds more than {MAX_KEYS} keys"));
    }
    let mut set = KeySet::default();
    for (number, Strict(typed)) in typed.into_iter().enumerate() {
        let name = name(&typed, number);
        match key(&typed).map_err(|problem| format!("{name} {problem}"))? {
            Some(key) if set.keys.iter().any(|other| other.is_confused_with(&key)) => {
                return Err(format!("{name} has the id of another, for the same algorithm"));
            }
            Some(key) => set.keys.push(key),
            None => set.passed_over += 1,
        }
    }
    Ok(set)
}

/// A key as a person would find it: by its id, which is public, or else by its place.
fn name(typed: &Object, number: usize) -> String {
    const MAX_CHARACTERS: usize = 64;
    match typed.get("kid").and_then(Value::as_str) {
        Some(id) => {
            let id: String = id.chars().filter(|letter| !letter.is_control()).take(MAX_CHARACTERS).collect();
            format!("the key `{id}`")
        }
        None => format!("key {} of the list", number + 1),
    }
}

/// `None` is a key for something else. What is wrong with one that is for us, or with one that has no business in a file that
/// everybody may read, makes the whole file unusable.
fn key(typed: &Object) -> Result<Option<Key>, String> {
    let text = |name: &str| typed.get(name).and_then(Value::as_str);
    let kind = text("kty").ok_or("has no `kty`")?;
    if kind == "oct" {
        return Err("is a symmetric one (`oct`), by which whoever checks a token can make one; have the server sign with RS256, PS256, ES256 or EdDSA".to_owned());
    }
    if typed.contains_key("d") {
        return Err("is a private one (`d`); exchange it, and write the public part alone".to_owned());
    }
    let id = match typed.get("kid") {
        None => None,
        Some(Value::String(id)) if id.len() <= MAX_KEY_ID_BYTES => Some(id.clone()),
        Some(_) => {
            return Err(format!("has a `kid` that is no text, or longer than {MAX_KEY_ID_BYTES} bytes"));
        }
    };
    let is_for_us = text("use").is_none_or(|purpose| purpose == "sig")
        && typed
            .get("key_ops")
            .and_then(Value::as_array)
            .is_none_or(|purposes| purposes.iter().any(|purpose| purpose.as_str() == Some("verify")));
    let only = text("alg").map(Algorithm::from_name);
    if !is_for_us || only == Some(None) {
        return Ok(None);
    }
    let material = match (kind, text("crv")) {
        ("RSA", _) => rsa(typed)?,
        ("EC", Some("P-256")) => {
            let (x, y) = (coordinate(typed, "x", P256_BYTES)?, coordinate(typed, "y", P256_BYTES)?);
            Material::P256([vec![4], x, y].concat())
        }
        ("OKP", Some("Ed25519")) => Material::Ed25519(coordinate(typed, "x", ED25519_BYTES)?),
        _ => return Ok(None),
    };
    let only = only.flatten();
    if only.is_some_and(|only| !material.can(only)) {
        return Err("has an `alg` that its `kty` is not for".to_owned());
    }
    Ok(Some(Key { id, material, only }))
}

fn rsa(typed: &Object) -> Result<Material, String> {
    let (modulus, exponent) = (integer(typed, "n")?, integer(typed, "e")?);
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err(format!(
            "is an RSA key of {bits} bits, which can be broken; have the server sign with one of {MIN_RSA_BITS} or more"
        ));
    }
    if bits > MAX_RSA_BITS {
        return Err(format!("is an RSA key of {bits} bits; {MAX_RSA_BITS} are the most that is taken"));
    }
    let is_small = exponent.len() <= size_of::<u64>();
    let value = exponent.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let is_odd = |digits: &[u8]| digits.last().is_some_and(|last| last % 2 == 1);
    if !is_small || !(3..=MAX_RSA_EXPONENT).contains(&value) || !is_odd(&exponent) || !is_odd(&modulus) {
        return Err("is no RSA key: its `n` or `e` cannot be one".to_owned());
    }
    Ok(Material::Rsa { modulus, exponent })
}

fn member(typed: &Object, name: &str) -> Result<Vec<u8>, String> {
    let text = typed.get(name).and_then(Value::as_str).ok_or_else(|| format!("has no `{name}`"))?;
    from_base64url(text).ok_or_else(|| format!("has a `{name}` that is not base64url"))
}

/// Some servers write the sign's zero in front.
fn integer(typed: &Object, name: &str) -> Result<Vec<u8>, String> {
    let digits = member(typed, name)?;
    Ok(digits.into_iter().skip_while(|digit| *digit == 0).collect())
}

fn coordinate(typed: &Object, name: &str, bytes: usize) -> Result<Vec<u8>, String> {
    let found = member(typed, name)?;
    if found.len() == bytes {
        Ok(found)
    } else {
        Err(format!("has a `{name}` that is not {bytes} bytes long"))
    }
}
