//! What the end-to-end peers run from: one Python environment, one folder with modules a Node app. Each is stamped with a
//! hash of what it was made from, and made anew when that changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::run as run_command;
use crate::stamp::{Stamp, hash, read};

use super::Need;

/// One thing to make.
pub(crate) struct Work {
    /// In a few words.
    pub(crate) what: String,
    stamp: Stamp,
    how: How,
}

enum How {
    Python { python: String, requirements: PathBuf, venv: PathBuf },
    Node { folder: PathBuf },
    Debian { package: &'static str, program: &'static str, folder: PathBuf },
}

/// Programs taken out of a package of Debian without installing it, because installing it would start a server.
const UNPACKED: [(&str, &str); 1] = [("prometheus", "usr/bin/promtool")];

const REQUIREMENTS: &str = "e2e/requirements.txt";
const STAMP: &str = "made-from";
/// What a Node app needs to be installed.
const NODE_INSTALLS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Copies the sources of the Node apps, and lists what has to be made.
pub(crate) fn plan(need: Need, root: &Path, peers: &Path, python: &str) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    works.extend(plan_python(root, peers, python)?);
    if need == Need::Test {
        works.extend(UNPACKED.map(|(package, program)| plan_debian(peers, package, program)));
    }
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

fn plan_debian(peers: &Path, package: &'static str, program: &'static str) -> Work {
    let folder = peers.join(package);
    Work {
        what: format!("`{}`, `{program}` of Debian's package `{package}`", folder.display()),
        stamp: Stamp { file: folder.join(STAMP), value: hash(&[package.as_bytes(), program.as_bytes()]) },
        how: How::Debian { package, program, folder },
    }
}

fn plan_node(source: &Path, folder: &Path, name: &str) -> Result<Work> {
    copy(source, folder)?;
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
            How::Debian { package, program, folder } => unpack(package, program, folder)?,
        }
        self.stamp.write()
    }
}

fn make_venv(python: &str, requirements: &Path, venv: &Path) -> Result<()> {
    run_command(Command::new(python).args(["-m", "venv", "--clear"]).arg(venv))?;
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run_command(Command::new(venv.join("bin").join("python")).args(quiet).arg(requirements))
}

/// Downloads the package beside the program and takes that out of it; nothing of the system changes.
fn unpack(package: &str, program: &str, folder: &Path) -> Result<()> {
    drop(fs::remove_dir_all(folder));
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    run_command(Command::new("apt-get").args(["--quiet", "download", package]).current_dir(folder))
        .with_context(|| {
            format!("`apt-get update` may help; else put `{program}` into `{}`", folder.display())
        })?;
    let is_package = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "deb");
    let Some(downloaded) = files(folder)?.into_iter().find(is_package) else {
        bail!("`apt-get download {package}` left no package in `{}`", folder.display());
    };
    run_command(Command::new("dpkg-deb").arg("--extract").arg(&downloaded).arg(folder))?;
    let name = Path::new(program).file_name().unwrap_or_default();
    fs::rename(folder.join(program), folder.join(name))
        .with_context(|| format!("there is no `{program}` in `{package}`"))?;
    for rest in ["usr", "etc", "var", "lib"] {
        drop(fs::remove_dir_all(folder.join(rest)));
    }
    fs::remove_file(&downloaded).with_context(|| format!("cannot remove `{}`", downloaded.display()))
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

/// The files of a folder and of those in it, but for what npm installed there by hand.
fn copy(source: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    for entry in entries(source)? {
        let name = entry.file_name().unwrap_or_default();
        let to = folder.join(name);
        if entry.is_file() {
            fs::copy(&entry, &to).with_context(|| format!("cannot copy `{}`", entry.display()))?;
        } else if name != "node_modules" {
            copy(&entry, &to)?;
        }
    }
    Ok(())
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
            plan(Need::Run, &self.0.join("root"), &self.0.join("peers"), "python3").expect("planned")
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
}
