//! Names become pseudonyms.

use std::path::Path;
use std::sync::Arc;

use fanlight_model::{PrincipalId, PrincipalKind};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{KeyError, SecretFile};

/// Turns what a feed calls a principal into the principal's id:
/// `fl:<tenant>:<h|w|a>:<26 base32 characters of HMAC-SHA256(key, kind ‖ issuer ‖ 0x1F ‖ name)>`.
#[derive(Clone)]
pub struct PrincipalNamer {
    tenant: Arc<str>,
    key: Arc<[u8; 32]>,
}

/// The only tenant of a single process.
const DEFAULT_TENANT: &str = "default";

/// 26 base32 characters hold 130 bits.
const ID_CHARACTERS: usize = 26;

/// RFC 4648 base32 in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl std::fmt::Debug for PrincipalNamer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrincipalNamer").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl PrincipalNamer {
    /// With the key in `keys_dir/principal`, made on first use (mode 0600).
    ///
    /// # Errors
    /// [`KeyError`] where the key cannot be had. A damaged key is never replaced: every pseudonym would change.
    pub fn open(keys_dir: &Path) -> Result<Self, KeyError> {
        Ok(Self::with_key(DEFAULT_TENANT, SecretFile::load_or_create(&keys_dir.join("principal"))?))
    }

    /// With a given key: for decoding without a data folder, where ids must not look like the server's.
    pub fn with_key(tenant: &str, key: [u8; 32]) -> Self {
        Self { tenant: Arc::from(tenant), key: Arc::new(key) }
    }

    /// With a fixed key that everybody knows.
    pub fn for_tests() -> Self {
        Self::with_key("test", [0; 32])
    }

    /// The id of the principal whom `issuer` (a feed's product, or an identity provider) calls `name`.
    /// Surrounding blanks and case do not matter.
    pub fn name(&self, kind: PrincipalKind, issuer: &str, name: &str) -> PrincipalId {
        let letter = kind.letter();
        let mut bits = 0_u32;
        let mut held = 0;
        let mut id = format!("fl:{}:{letter}:", self.tenant);
        let mut written = 0;
        for byte in self.digest(letter, issuer, &name.trim().to_lowercase()) {
            bits = bits << 8 | u32::from(byte);
            held += 8;
            while held >= 5 && written < ID_CHARACTERS {
                held -= 5;
                let digit = (bits >> held) & 31;
                id.extend(BASE32.get(digit as usize).map(|letter| char::from(*letter)));
                written += 1;
            }
        }
        PrincipalId(Arc::from(id))
    }

    fn digest(&self, letter: char, issuer: &str, name: &str) -> Vec<u8> {
        // A key shorter than the hash's block is padded with zeros (RFC 2104 §2).
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(self.key.iter()) {
            *to = *from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        let mut kind = [0; 4];
        mac.update(letter.encode_utf8(&mut kind).as_bytes());
        mac.update(issuer.as_bytes());
        mac.update(&[0x1f]);
        mac.update(name.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, issuer, name and key each change the id; case and blanks do not.
    #[test]
    fn an_id_is_stable_and_tells_nothing() {
        let namer = PrincipalNamer::for_tests();
        let ana = namer.name(PrincipalKind::Human, "zpa", "ana@example.com");
        assert_eq!(ana, namer.name(PrincipalKind::Human, "zpa", " Ana@EXAMPLE.com"));
        assert_ne!(ana, namer.name(PrincipalKind::Workload, "zpa", "ana@example.com"));
        assert_ne!(ana, namer.name(PrincipalKind::Human, "zia", "ana@example.com"));
        assert_ne!(
            ana,
            PrincipalNamer::with_key("test", [1; 32]).name(PrincipalKind::Human, "zpa", "ana@example.com")
        );
        assert_eq!(ana.0.len(), "fl:test:h:".len() + ID_CHARACTERS);
        assert!(!ana.0.contains("ana"));
    }

    /// The same value comes from any other HMAC-SHA256 and RFC 4648 base32 over the same bytes.
    #[test]
    fn the_id_is_base32_of_hmac_sha256() {
        let id = PrincipalNamer::for_tests().name(PrincipalKind::Human, "zpa", "ana@example.com");
        assert_eq!(&*id.0, "fl:test:h:saa5l5zkpfd7brrsqdz4dnj47h");
    }
}
