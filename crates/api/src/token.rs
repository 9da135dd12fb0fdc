//! The administrator's bearer token, and how secrets are kept and compared.

use std::fmt;
use std::path::Path;

use fanlight_identity::{KeyError, SecretFile};
use fanlight_model::hash_parts;

/// The token that opens `/api`, kept as its hash: what is not in memory cannot leak from it.
#[derive(Clone)]
pub struct AdminToken {
    hash: SecretHash,
}

/// A secret as its hash.
#[derive(Clone)]
pub(crate) struct SecretHash([u8; 16]);

impl SecretHash {
    pub(crate) fn of(secret: &str) -> Self {
        Self(hash_parts(&[secret.as_bytes()]))
    }

    /// Takes the same time wherever the two differ: all of both is compared.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let differing =
            self.0.iter().zip(other.0).fold(0, |differing, (own, other)| differing | (own ^ other));
        std::hint::black_box(differing) == 0
    }
}

impl AdminToken {
    /// Reads the token file, or makes it: 32 bytes of the kernel's randomness as hex, mode 0600. The file's text is the token.
    ///
    /// # Errors
    /// [`KeyError`] where the file cannot be read or written, is open to others, or is damaged.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let secret = SecretFile::load_or_create(path)?;
        let text: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { hash: SecretHash::of(&text) })
    }

    /// True for the token itself. Takes the same time whatever is wrong with `presented`.
    pub fn is(&self, presented: &str) -> bool {
        self.hash.is(&SecretHash::of(presented))
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_the_file_is_the_token() {
        let folder = tempfile::tempdir().expect("a directory of its own");
        let path = folder.path().join("admin.token");
        let token = AdminToken::load_or_create(&path).expect("can be made");
        let text = std::fs::read_to_string(&path).expect("was made");
        assert!(token.is(text.trim()));
        assert!(AdminToken::load_or_create(&path).expect("is there").is(text.trim()));
        assert!(!token.is(&text.trim()[1..]));
        assert!(!token.is(""));
    }
}
