//! Where the built things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The `fanlight` binary that was built beside the running test.
pub fn fanlight() -> Result<PathBuf> {
    let binary = profile_folder()?.join("fanlight");
    if !binary.exists() {
        bail!(
            "there is no `{}`: run `cargo build --workspace --bins`, or `cargo xtask test`, which does",
            binary.display()
        );
    }
    Ok(binary)
}

/// A peer's own file, such as `flask/app.py`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What `cargo xtask test` installed for the peers: `target/e2e/…`.
///
/// # Errors
/// Where it is not there, with the command that installs it.
pub fn installed(name: &str) -> Result<PathBuf> {
    let target = profile_folder()?.parent().context("the build's folder has no parent")?.to_owned();
    let path = target.join("e2e").join(name);
    if !path.exists() {
        bail!(
            "a peer is not installed (there is no `{}`): run `cargo xtask test`, which installs it and runs this test",
            path.display()
        );
    }
    Ok(path)
}

/// The vendor's published samples, which lie beside the project and not in it; `None` where they are not at hand.
pub fn samples_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/zscaler");
    folder.is_dir().then_some(folder)
}

/// `target/debug`, from `target/debug/deps/name-of-the-test`.
fn profile_folder() -> Result<PathBuf> {
    let test = std::env::current_exe().context("cannot tell where the running test is")?;
    let folder = test.parent().and_then(Path::parent).context("the running test is in no build folder")?;
    Ok(folder.to_owned())
}
