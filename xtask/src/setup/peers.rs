//! What the end-to-end peers run from: one Python environment, one folder with modules a Node app. Each is stamped with a
//! hash of what it was made from, and made anew when that changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run as run_command;

/// One thing to make.
pub(crate) struct Work {
    /// In a few words.
    pub(crate) what: String,
    stamp: Stamp,
    how: How,
}

struct Stamp {
    file: PathBuf,
    value: String,
}

enum How {
    Python { python: String, requirements: PathBuf, venv: PathBuf },
    Node { folder: PathBuf },
}

const REQUIREMENTS: &str = "e2e/requirements.txt";
const STAMP: &str = "made-from";
/// What a Node app needs to be installed.
const NODE_INSTALLS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Copies the sources of the Node apps, and lists what has to be made.
pub(crate) fn plan(root: &Path, peers: &Path, python: &str) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    works.extend(plan_python(root, peers, python)?);
    for (name, source) in node_apps(&root.join("e2e"))? {
        works.push(plan_node(&source, &peers.join(&name), &name)?);
    }
    Ok(works.into_iter().filter(|work| !work.stamp.holds()).collect())
}

fn plan_python(root: &Path, peers: &Path, python: &str) -> Result<Option<Work>> {
    let requirements = root.join(REQUIREMENTS);
    if !requirements.exists() {
        return Ok(None);
    }
    let venv = peers.join("venv");
    let value = hash(&[python.as_bytes(), &read(&requirements)?]);
    Ok(Some(Work {
        what: format!("`{}`, the Python peers of `{REQUIREMENTS}`", venv.display()),
        stamp: Stamp { file: venv.join(STAMP), value },
        how: How::Python { python: python.to_owned(), requirements, venv },
    }))
}

fn plan_node(source: &Path, folder: &Path, name: &str) -> Result<Work> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    for entry in files(source)? {
        let to = folder.join(entry.file_name().unwrap_or_default());
        fs::copy(&entry, &to).with_context(|| format!("cannot copy `{}`", entry.display()))?;
    }
    let mut parts = Vec::new();
    for install in NODE_INSTALLS {
        let path = source.join(install);
        parts.push(if path.exists() { read(&path)? } else { Vec::new() });
    }
    let value = hash(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Ok(Work {
        what: format!("`{}`, the Node modules of `e2e/{name}`", folder.display()),
        stamp: Stamp { file: folder.join(STAMP), value },
        how: How::Node { folder: folder.to_path_buf() },
    })
}

impl Work {
    /// Makes it, and stamps it once it is whole.
    pub(crate) fn act(&self) -> Result<()> {
        match &self.how {
            How::Python { python, requirements, venv } => make_venv(python, requirements, venv)?,
            How::Node { folder } => {
                let quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
                run_command(Command::new("npm").args(quiet).current_dir(folder))?;
            }
        }
        let Stamp { file, value } = &self.stamp;
        fs::write(file, value).with_context(|| format!("cannot write `{}`", file.display()))
    }
}

impl Stamp {
    fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|value| value == self.value)
    }
}

fn make_venv(python: &str, requirements: &Path, venv: &Path) -> Result<()> {
    run_command(Command::new(python).args(["-m", "venv", "--clear"]).arg(venv))?;
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run_command(Command::new(venv.join("bin").join("python")).args(quiet).arg(requirements))
}

/// Folders of `e2e/` with a lock file of npm.
fn node_apps(e2e: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !e2e.exists() {
        return Ok(Vec::new());
    }
    let mut apps: Vec<(String, PathBuf)> = entries(e2e)?
        .into_iter()
        .filter(|folder| folder.join("package-lock.json").exists())
        .map(|folder| (folder.file_name().unwrap_or_default().to_string_lossy().into_owned(), folder))
        .collect();
    apps.sort();
    Ok(apps)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_file()).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    list().with_context(|| format!("cannot list `{}`", folder.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// FNV-1a over the parts and their lengths: it tells that a file changed, nobody attacks it, and it needs no crate.
fn hash(parts: &[&[u8]]) -> String {
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

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("fanlight-xtask-{name}-{}", std::process::id()));
            drop(fs::remove_dir_all(&path));
            fs::create_dir_all(path.join("root/e2e/express")).expect("made");
            Self(path)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.join(name), text).expect("written");
        }

        fn plan(&self) -> Vec<Work> {
            plan(&self.0.join("root"), &self.0.join("peers"), "python3").expect("planned")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    /// A change of the app is copied and installs nothing; a change of the lock file installs anew.
    #[test]
    fn modules_are_installed_when_the_lock_changes_and_the_app_is_copied_always() {
        let folder = Folder::new("node");
        folder.write("root/e2e/express/package-lock.json", "{}");
        folder.write("root/e2e/express/app.js", "one");
        let works = folder.plan();
        assert_eq!(works.len(), 1);
        fs::write(&works[0].stamp.file, &works[0].stamp.value).expect("stamped");
        folder.write("root/e2e/express/app.js", "two");
        assert!(folder.plan().is_empty());
        assert_eq!(fs::read_to_string(folder.0.join("peers/express/app.js")).ok().as_deref(), Some("two"));
        folder.write("root/e2e/express/package-lock.json", "{\"a\":1}");
        assert_eq!(folder.plan().len(), 1);
    }

    #[test]
    fn the_python_environment_is_made_when_its_list_changes() {
        let folder = Folder::new("python");
        assert!(folder.plan().is_empty(), "without a list there is nothing to make");
        folder.write("root/e2e/requirements.txt", "flask==3.1.0\n");
        let works = folder.plan();
        assert_eq!(works.len(), 1);
        fs::create_dir_all(folder.0.join("peers/venv")).expect("made");
        fs::write(&works[0].stamp.file, &works[0].stamp.value).expect("stamped");
        assert!(folder.plan().is_empty());
        folder.write("root/e2e/requirements.txt", "flask==3.1.1\n");
        assert_eq!(folder.plan().len(), 1);
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
