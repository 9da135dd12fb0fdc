//! One public key, and what it verifies.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

/// The algorithms that are taken; there is no other, and none can be added by a file or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    Ed25519,
}

/// A key of an authorisation server.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// `kid`.
    pub(crate) id: Option<String>,
    pub(crate) material: Material,
    /// The one algorithm that it is for, where the file says one.
    pub(crate) only: Option<Algorithm>,
}

/// Big-endian, without leading zeros.
#[derive(Clone, Debug)]
pub(crate) enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// `0x04 ‖ x ‖ y`.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Algorithm {
    /// By its name in a token or a key (RFC 7518, RFC 8037, RFC 9864).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl Material {
    /// Which algorithms a key of this kind can be for.
    pub(crate) fn can(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Self::P256(_) => algorithm == Algorithm::Es256,
            Self::Ed25519(_) => algorithm == Algorithm::Ed25519,
        }
    }
}

impl Key {
    pub(crate) fn takes(&self, algorithm: Algorithm) -> bool {
        self.material.can(algorithm) && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether another key of the same id could be meant by the same token.
    pub(crate) fn is_confused_with(&self, other: &Self) -> bool {
        let all = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::Ed25519];
        self.id == other.id
            && all.into_iter().any(|algorithm| self.takes(algorithm) && other.takes(algorithm))
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        if !self.takes(algorithm) {
            return false;
        }
        let verified = match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, Algorithm::Rs256) => {
                rsa(&RSA_PKCS1_2048_8192_SHA256, modulus, exponent, signed, signature)
            }
            (Material::Rsa { modulus, exponent }, Algorithm::Ps256) => {
                rsa(&RSA_PSS_2048_8192_SHA256, modulus, exponent, signed, signature)
            }
            (Material::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature)
            }
            (Material::Ed25519(point), Algorithm::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, point).verify(signed, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

fn rsa(
    parameters: &'static RsaParameters,
    n: &[u8],
    e: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> Result<(), ring::error::Unspecified> {
    RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature)
}
