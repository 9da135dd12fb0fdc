//! Where things lie.

use std::path::{Path, PathBuf};

/// The workspace's root: the folder above this crate. `cargo run` says where that is now; where it was built may be another
/// clone, if two share a target folder.
pub(crate) fn root() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Cargo's target folder: as the environment says, else the one that this program was built into.
pub(crate) fn target() -> PathBuf {
    if let Some(folder) = std::env::var_os("CARGO_TARGET_DIR") {
        return root().join(folder);
    }
    let built_into = std::env::current_exe().ok().and_then(|program| {
        program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).map(Path::to_path_buf)
    });
    built_into.unwrap_or_else(|| root().join("target"))
}

/// What the end-to-end peers run from: `venv/` for Python, a folder a peer for Node.
pub(crate) fn peers() -> PathBuf {
    target().join("e2e")
}

/// The program as the one build profile leaves it (docs/adr/0005).
pub(crate) fn fanlight() -> PathBuf {
    target().join("debug").join("fanlight")
}

/// A program of the release profile.
pub(crate) fn release(program: &str) -> PathBuf {
    target().join("release").join(program)
}
