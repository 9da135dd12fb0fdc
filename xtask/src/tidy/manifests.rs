//! What a manifest must say.

use super::finding::Finding;
use crate::source::Source;

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A member takes every dependency, its lints and its licence from the workspace.
pub(crate) fn member(file: &Source) -> Vec<Finding> {
    // The fuzz targets are a workspace of their own: what instruments them never meets the main build.
    if file.file_name() != "Cargo.toml" || ["Cargo.toml", "fuzz/Cargo.toml"].contains(&file.path.as_str()) {
        return Vec::new();
    }
    let Ok(manifest) = file.text.parse::<toml::Table>() else {
        return vec![Finding::fail(&file.path, 1, "is no TOML")];
    };
    let mut findings = Vec::new();
    for (name, dependency) in TABLES.iter().filter_map(|table| manifest.get(*table)?.as_table()).flatten() {
        if !is_of_workspace(Some(dependency)) {
            findings.push(Finding::fail(
                &file.path,
                line_of(file, name),
                format!("`{name}` is not the workspace's"),
            ));
        }
    }
    if !is_of_workspace(manifest.get("lints")) {
        findings.push(Finding::fail(&file.path, 1, "does not take the workspace's lints"));
    }
    if !is_of_workspace(manifest.get("package").and_then(|package| package.get("license"))) {
        findings.push(Finding::fail(&file.path, 1, "does not take the workspace's licence"));
    }
    findings
}

/// The workspace's dependencies come without default features, with a version, and with a sentence each.
pub(crate) fn workspace(file: &Source) -> Vec<Finding> {
    if file.path != "Cargo.toml" {
        return Vec::new();
    }
    let Ok(manifest) = file.text.parse::<toml::Table>() else {
        return vec![Finding::fail(&file.path, 1, "is no TOML")];
    };
    let dependencies = manifest.get("workspace").and_then(|table| table.get("dependencies"));
    let dependencies = dependencies.and_then(toml::Value::as_table).into_iter().flatten();
    dependencies
        .filter(|(_, dependency)| dependency.get("path").is_none())
        .flat_map(|(name, dependency)| {
            let line = line_of(file, name);
            dependency_faults(file, line, dependency)
                .into_iter()
                .map(move |fault| Finding::fail(&file.path, line, format!("`{name}` {fault}")))
        })
        .collect()
}

fn dependency_faults(file: &Source, line: usize, dependency: &toml::Value) -> Vec<&'static str> {
    let mut faults = Vec::new();
    if dependency.get("default-features").and_then(toml::Value::as_bool) != Some(false) {
        faults.push("comes with its default features: name those that are needed");
    }
    if dependency.get("version").and_then(toml::Value::as_str).is_none_or(|version| version.contains('*')) {
        faults.push("has no version");
    }
    let text = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    if text.split_once(" # ").is_none_or(|(_, sentence)| sentence.split_whitespace().count() < 2) {
        faults.push("lacks its sentence: what does it save us?");
    }
    faults
}

fn is_of_workspace(value: Option<&toml::Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
}

fn line_of(file: &Source, name: &str) -> usize {
    let begins = |line: &str| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.trim_start().starts_with('=') || rest.starts_with('.'))
    };
    file.text.lines().position(begins).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    #[test]
    fn a_member_that_goes_its_own_way_is_found() {
        let text = "[package]\nlicense = \"MIT\"\n[dependencies]\nbytes.workspace = true\nserde = \"1\"\n";
        assert_eq!(
            told(member, "crates/log/Cargo.toml", text),
            [
                "5: `serde` is not the workspace's",
                "1: does not take the workspace's lints",
                "1: does not take the workspace's licence",
            ]
        );
    }

    #[test]
    fn a_dependency_of_the_workspace_has_a_version_no_defaults_and_a_sentence() {
        let text = "[workspace.dependencies]\n\
                    fanlight-log = { path = \"crates/log\" }\n\
                    bytes = { version = \"1\", default-features = false } # shared slices of bodies\n\
                    serde = { version = \"*\" }\n";
        assert_eq!(
            told(workspace, "Cargo.toml", text),
            [
                "4: `serde` comes with its default features: name those that are needed",
                "4: `serde` has no version",
                "4: `serde` lacks its sentence: what does it save us?",
            ]
        );
    }
}
