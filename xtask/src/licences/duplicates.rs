//! Crates that come in more than one version, and the reason for each.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

use crate::metadata::Package;

/// One entry of the list.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    name: String,
    lines: BTreeSet<String>,
}

/// Reads `[[crate]]` entries of `name`, `versions` and `reason`.
pub(crate) fn read(text: &str) -> Result<Vec<Reason>> {
    let table: toml::Table = text.parse().context("not TOML")?;
    let entries = table.get("crate").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    entries.iter().map(read_entry).collect()
}

fn read_entry(entry: &toml::Value) -> Result<Reason> {
    let word = |key: &str| entry.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let (name, reason) = (word("name"), word("reason"));
    let versions = entry.get("versions").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let lines: BTreeSet<String> =
        versions.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect();
    if name.is_empty() || reason.is_empty() || lines.len() < 2 {
        bail!("an entry needs `name`, at least two `versions`, and a `reason`; one named `{name}` does not");
    }
    Ok(Reason { name, lines })
}

/// Doubled crates without an entry, and entries that no longer say what is.
pub(crate) fn check(packages: &[Package], reasons: &[Reason]) -> Vec<String> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        found.entry(&package.name).or_default().insert(line_of(&package.version));
    }
    found.retain(|_, lines| lines.len() > 1);
    let mut findings = Vec::new();
    for (name, lines) in &found {
        match reasons.iter().find(|reason| reason.name == *name) {
            None => findings.push(format!("`{name}` comes in {} and no entry says why", list(lines))),
            Some(reason) if reason.lines != *lines => {
                findings.push(format!(
                    "`{name}` comes in {}, its entry says {}",
                    list(lines),
                    list(&reason.lines)
                ));
            }
            Some(_) => {}
        }
    }
    for reason in reasons {
        if !found.contains_key(reason.name.as_str()) {
            findings.push(format!("`{}` has an entry and no longer comes twice: delete it", reason.name));
        }
    }
    findings
}

/// The versions that Cargo would unify share a line: `1.2.3` is of `1`, `0.14.5` of `0.14`, `0.0.7` is alone.
fn line_of(version: &str) -> String {
    let core = version.split(['-', '+']).next().unwrap_or(version);
    let mut parts = core.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("0"), Some("0"), Some(patch)) => format!("0.0.{patch}"),
        (Some("0"), Some(minor), _) => format!("0.{minor}"),
        (Some(major), ..) => major.to_owned(),
        (None, ..) => version.to_owned(),
    }
}

fn list(lines: &BTreeSet<String>) -> String {
    let words: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: &str = r#"
        [[crate]]
        name = "hashbrown"
        versions = ["0.15", "0.17"]
        reason = "petgraph has not moved"
    "#;

    fn findings(packages: &[(&str, &str)], reasons: &str) -> Vec<String> {
        let packages: Vec<Package> = packages
            .iter()
            .map(|(name, version)| Package {
                name: (*name).to_owned(),
                version: (*version).to_owned(),
                ..Package::default()
            })
            .collect();
        check(&packages, &read(reasons).expect("readable"))
    }

    #[test]
    fn a_doubled_crate_with_a_reason_passes() {
        let packages = [("hashbrown", "0.15.5"), ("hashbrown", "0.17.2"), ("bytes", "1.11.1")];
        assert!(findings(&packages, REASONS).is_empty());
    }

    #[test]
    fn a_doubled_crate_without_a_reason_is_found() {
        let packages = [("rand", "0.9.5"), ("rand", "0.10.4")];
        assert_eq!(findings(&packages, ""), ["`rand` comes in `0.10` and `0.9` and no entry says why"]);
    }

    #[test]
    fn an_entry_that_no_longer_holds_is_found() {
        assert_eq!(
            findings(&[("hashbrown", "0.17.2")], REASONS),
            ["`hashbrown` has an entry and no longer comes twice: delete it"]
        );
        assert_eq!(
            findings(&[("hashbrown", "0.14.0"), ("hashbrown", "0.17.2")], REASONS),
            ["`hashbrown` comes in `0.14` and `0.17`, its entry says `0.15` and `0.17`"]
        );
    }

    #[test]
    fn an_entry_without_a_reason_cannot_be_read() {
        assert!(read("[[crate]]\nname = \"rand\"\nversions = [\"0.9\", \"0.10\"]\n").is_err());
    }

    #[test]
    fn versions_fall_into_lines_as_cargo_unifies_them() {
        for (version, line) in [("1.2.3", "1"), ("0.14.5", "0.14"), ("0.0.7", "0.0.7"), ("2.0.0-rc.1", "2")] {
            assert_eq!(line_of(version), line);
        }
    }
}
