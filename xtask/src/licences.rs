//! `cargo xtask licences`: what we depend on may be given away with us, and nothing comes in twice without a reason.

mod duplicates;
mod expression;

use std::fs;

use anyhow::{Context, Result};

use crate::metadata::{self, Package};
use crate::place;
use crate::steps::ended;

/// Licences that ask for no more than to be named. Another one is a decision, not an entry: weigh it, then add it.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

const OURS: &str = "Apache-2.0";
const REASONS: &str = "xtask/duplicates.toml";

/// Checks the lock file as it stands.
pub(crate) fn run() -> Result<()> {
    let packages = metadata::packages()?;
    let text = fs::read_to_string(place::root().join(REASONS))
        .with_context(|| format!("cannot read `{REASONS}`"))?;
    let reasons = duplicates::read(&text).with_context(|| format!("cannot read `{REASONS}`"))?;
    let mut findings: Vec<String> = packages.iter().filter_map(licence_of).collect();
    findings.extend(duplicates::check(&packages, &reasons));
    for finding in &findings {
        println!("{finding}");
    }
    ended(findings.len(), "licences and versions")?;
    println!(
        "licences: {} packages may be given away; {} come in more than one version, each with its reason",
        packages.len(),
        reasons.len()
    );
    Ok(())
}

fn licence_of(package: &Package) -> Option<String> {
    let Package { name, version, licence, .. } = package;
    if package.is_ours {
        return (licence != OURS).then(|| format!("`{name}` is ours and not under `{OURS}`"));
    }
    if licence.is_empty() {
        return Some(format!("`{name}` {version} names no licence"));
    }
    match expression::allows(licence, ALLOWED) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{name}` {version} is under `{licence}`, which is not on the list")),
        Err(wrong) => Some(format!("`{name}` {version} has a licence that cannot be read: {wrong}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(licence: &str, finding: Option<&str>) {
        let package = Package {
            name: "x".into(),
            version: "1.0.0".into(),
            licence: licence.into(),
            ..Package::default()
        };
        assert_eq!(licence_of(&package).as_deref(), finding, "{licence}");
    }

    #[test]
    fn only_listed_licences_pass() {
        check("MIT OR Apache-2.0", None);
        check("GPL-3.0-only", Some("`x` 1.0.0 is under `GPL-3.0-only`, which is not on the list"));
        check("", Some("`x` 1.0.0 names no licence"));
        check("MIT AND", Some("`x` 1.0.0 has a licence that cannot be read: `MIT AND` ends too early"));
    }

    #[test]
    fn our_own_crates_are_under_our_licence() {
        let package = Package { name: "fanlight-log".into(), is_ours: true, ..Package::default() };
        assert_eq!(
            licence_of(&package).as_deref(),
            Some("`fanlight-log` is ours and not under `Apache-2.0`")
        );
    }
}
