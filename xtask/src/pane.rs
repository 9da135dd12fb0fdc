//! The pane: its modules by `npm ci`, and its build, which the `api` crate embeds. Cargo never runs npm; these chores do, before
//! they run cargo. Both steps are stamped with a hash of what they were made from, and left out while that stands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::place;
use crate::process::run as run_command;
use crate::stamp::{Stamp, hash, read};

/// Written by npm and Vite: not sources.
const MADE: [&str; 4] = ["node_modules", "dist", "coverage", ".vite"];
/// What decides which modules there are.
const INSTALLS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs and builds what changed.
pub(crate) fn build() -> Result<()> {
    let folder = folder();
    let (modules, dist) = (modules(&folder)?, dist(&folder)?);
    if !modules.holds() || !folder.join("node_modules").exists() {
        run_command(npm(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        modules.write()?;
    }
    if !dist.holds() || !folder.join("dist").join("index.html").exists() {
        run_command(npm(&folder).args(["run", "build"]))?;
        dist.write()?;
    }
    println!("pane: built");
    Ok(())
}

/// Its types, its unit tests, and that its API types are those of `openapi.json`.
pub(crate) fn check() -> Result<()> {
    let folder = folder();
    for script in ["types:check", "check", "test"] {
        run_command(npm(&folder).args(["run", script]))?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    place::root().join("pane")
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.arg("--silent").current_dir(folder);
    command
}

fn modules(folder: &Path) -> Result<Stamp> {
    let paths = INSTALLS.map(|name| folder.join(name));
    stamp("modules", folder, paths.iter().filter(|path| path.exists()).cloned().collect())
}

fn dist(folder: &Path) -> Result<Stamp> {
    let mut sources = Vec::new();
    list(folder, &mut sources)?;
    sources.sort();
    stamp("dist", folder, sources)
}

/// The names count, too: a file that moved is a change.
fn stamp(what: &str, folder: &Path, sources: Vec<PathBuf>) -> Result<Stamp> {
    let mut parts = vec![folder.to_string_lossy().into_owned().into_bytes()];
    for path in &sources {
        parts.push(path.to_string_lossy().into_owned().into_bytes());
        parts.push(read(path)?);
    }
    let value = hash(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Ok(Stamp { file: place::target().join("pane").join(what), value })
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot list `{}`", folder.display()))?.path();
        let is_made = path.file_name().is_some_and(|name| MADE.iter().any(|made| name == *made));
        if is_made {
            continue;
        }
        if path.is_dir() {
            list(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What npm and Vite write is no source; every other file is, with its name.
    #[test]
    fn a_build_is_stale_when_a_source_changes_or_moves() {
        let folder = std::env::temp_dir().join(format!("fanlight-xtask-pane-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        for made in MADE {
            fs::create_dir_all(folder.join(made)).expect("made");
        }
        fs::create_dir_all(folder.join("src")).expect("made");
        fs::write(folder.join("src/main.ts"), "one").expect("written");
        let stamp = || dist(&folder).expect("stamped").value;
        let first = stamp();
        fs::write(folder.join("dist/index.html"), "built").expect("written");
        fs::write(folder.join("node_modules/module.js"), "installed").expect("written");
        assert_eq!(stamp(), first);
        fs::rename(folder.join("src/main.ts"), folder.join("src/start.ts")).expect("moved");
        let moved = stamp();
        assert_ne!(moved, first);
        fs::write(folder.join("src/start.ts"), "two").expect("written");
        assert_ne!(stamp(), moved);
        drop(fs::remove_dir_all(&folder));
    }
}
