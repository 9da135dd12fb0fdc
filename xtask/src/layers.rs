//! `cargo xtask layers`: which crate may use which, over what Cargo says.

mod table;

use anyhow::Result;

use crate::metadata::{self, Dependency, Kind, Package};
use crate::steps::ended;
use table::{FENCES, LAYERS, STRANGERS};

/// Checks the workspace as it stands.
pub(crate) fn run() -> Result<()> {
    let ours: Vec<Package> = metadata::packages()?.into_iter().filter(|package| package.is_ours).collect();
    let findings = check(&ours);
    for finding in &findings {
        println!("{finding}");
    }
    ended(findings.len(), "the layers: see `xtask/src/layers/table.rs`")?;
    println!("layers: {} crates keep to the table", ours.len());
    Ok(())
}

fn check(ours: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in ours {
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == package.name) else {
            findings.push(format!(
                "`{}` has no line in the layers table: a new crate needs an ADR",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            findings.extend(against_table(package, layer, dependency));
            findings.extend(against_strangers(package, dependency));
            findings.extend(against_fences(package, dependency));
        }
    }
    findings
}

/// Tests may use what they like of ours; the crate itself only what its line says.
fn against_table(package: &Package, layer: &table::Layer, dependency: &Dependency) -> Option<String> {
    let is_ours = LAYERS.iter().any(|layer| layer.name == dependency.name);
    let allowed = layer.may_use.is_none_or(|names| names.contains(&dependency.name.as_str()));
    (is_ours && !allowed && dependency.kind != Kind::Test).then(|| {
        let may_use = layer.may_use.unwrap_or_default().join("`, `");
        let may_use = if may_use.is_empty() { "nothing of ours".to_owned() } else { format!("`{may_use}`") };
        format!("`{}` uses `{}`; it may use {may_use}", package.name, dependency.name)
    })
}

fn against_strangers(package: &Package, dependency: &Dependency) -> Option<String> {
    STRANGERS
        .iter()
        .any(|(name, strangers)| package.name == *name && strangers.contains(&dependency.name.as_str()))
        .then(|| {
            format!(
                "`{}` names `{}`, even if only in tests: they share no code",
                package.name, dependency.name
            )
        })
}

fn against_fences(package: &Package, dependency: &Dependency) -> Option<String> {
    let fence =
        FENCES.iter().find(|fence| fence.crates.iter().any(|pattern| matches(pattern, &dependency.name)))?;
    let may =
        fence.holders.contains(&package.name.as_str()) || (fence.in_tests && dependency.kind == Kind::Test);
    (!may).then(|| {
        format!(
            "`{}` names `{}`, which only `{}` may: {}",
            package.name,
            dependency.name,
            fence.holders.join("`, `"),
            fence.why
        )
    })
}

/// `arrow*` stands for `arrow` and all that begins with it.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests;
