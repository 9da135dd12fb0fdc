//! What Cargo says of the packages: ours and everybody else's.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{cargo, output};

/// One package of the lock file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, an SPDX expression; empty where it names none.
    pub(crate) licence: String,
    /// True for a member of this workspace.
    pub(crate) is_ours: bool,
    /// What it asks for.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency as a manifest states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's real name, whatever it is called in the code.
    pub(crate) name: String,
    /// What it is needed for.
    pub(crate) kind: Kind,
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The crate itself.
    Normal,
    /// Its tests and benchmarks.
    Test,
    /// Its build script.
    Build,
}

/// Asks Cargo; the lock file must be up to date.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let text = output(&mut cargo(["metadata", "--format-version", "1", "--locked"]))?;
    let json: Value = serde_json::from_str(&text).context("cannot read what `cargo metadata` printed")?;
    Ok(read(&json))
}

fn read(json: &Value) -> Vec<Package> {
    array(json, "packages").iter().map(read_package).collect()
}

fn read_package(package: &Value) -> Package {
    Package {
        name: text(package, "name"),
        version: text(package, "version"),
        licence: text(package, "license"),
        is_ours: package.get("source").is_none_or(Value::is_null),
        dependencies: array(package, "dependencies").iter().map(read_dependency).collect(),
    }
}

fn read_dependency(dependency: &Value) -> Dependency {
    let kind = match text(dependency, "kind").as_str() {
        "dev" => Kind::Test,
        "build" => Kind::Build,
        _ => Kind::Normal,
    };
    Dependency { name: text(dependency, "name"), kind }
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_a_source_is_ours() {
        let json = serde_json::json!({"packages": [
            {"name": "fanlight-log", "version": "0.1.0", "license": "Apache-2.0", "source": null,
             "dependencies": [{"name": "crc32c", "kind": null}, {"name": "tempfile", "kind": "dev"}]},
            {"name": "bytes", "version": "1.11.1", "license": "MIT", "source": "registry"},
        ]});
        let packages = read(&json);
        assert_eq!(packages.iter().map(|p| p.is_ours).collect::<Vec<_>>(), [true, false]);
        assert_eq!(
            packages[0].dependencies,
            [
                Dependency { name: "crc32c".into(), kind: Kind::Normal },
                Dependency { name: "tempfile".into(), kind: Kind::Test },
            ]
        );
    }
}
