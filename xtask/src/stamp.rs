//! What was made from what: a file that holds a hash, so that a step is left out while its sources stand.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The hash of the sources, and the file that says what was last made.
pub(crate) struct Stamp {
    pub(crate) file: PathBuf,
    pub(crate) value: String,
}

impl Stamp {
    /// True where the same sources were made before.
    pub(crate) fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|value| value == self.value)
    }

    /// Says that it is made; only once it is whole.
    pub(crate) fn write(&self) -> Result<()> {
        let write = || -> std::io::Result<()> {
            if let Some(folder) = self.file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&self.file, &self.value)
        };
        write().with_context(|| format!("cannot write `{}`", self.file.display()))
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// FNV-1a over the parts and their lengths: it tells that a file changed, nobody attacks it, and it needs no crate.
pub(crate) fn hash(parts: &[&[u8]]) -> String {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        let length = (part.len() as u64).to_be_bytes();
        for byte in length.iter().chain(*part) {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{state:016x}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
