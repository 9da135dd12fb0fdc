use std::collections::BTreeMap;
use std::path::Path;

use fanlight_simulate::{Settings, SimulateError, Summary, write};

use super::run::small;

fn written(settings: &Settings, out: &Path) -> Summary {
    write(settings, out, |_| {}).expect("a folder of our own")
}

fn hashes(summary: &Summary) -> BTreeMap<String, String> {
    let files = summary.wire.iter().chain(&summary.truth);
    files.map(|file| (file.name.clone(), file.sha256.clone())).collect()
}

/// The same seed is written twice, another once.
/// The two are byte for byte the same, manifest included; the other differs in every stream that has anything.
#[test]
fn one_seed_makes_one_company() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = |name: &str| folder.path().join(name);
    let (one, two) = (written(&small(), &out("one")), written(&small(), &out("two")));
    let other = written(&Settings { seed: 12, ..small() }, &out("other"));
    assert_eq!(hashes(&one), hashes(&two));
    let manifest = |name: &str| std::fs::read_to_string(out(name).join("manifest.json")).expect("a manifest");
    assert_eq!(manifest("one"), manifest("two"));
    let (one, other) = (hashes(&one), hashes(&other));
    for name in ["wire/otlp.services.pb", "wire/zpa_user_activity.group-1.ndjson", "wire/zia_web.nss.ndjson"]
    {
        assert_ne!(one[name], other[name], "{name}");
    }
    let parsed: serde_json::Value = serde_json::from_str(&manifest("other")).expect("JSON");
    assert_eq!(parsed["seed"], "12");
    assert!(!parsed["absent"].as_array().expect("a list").is_empty());
}

/// What a folder says of itself is what is in it: a line in `.arrivals` for each piece, in order.
#[test]
fn a_folder_holds_what_its_manifest_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut reports = Vec::new();
    let summary = write(&small(), folder.path(), |progress| reports.push(progress.share)).expect("a folder");
    assert_eq!(reports.last(), Some(&1.0));
    for file in summary.wire.iter().filter(|file| file.stream.is_some()) {
        let bytes = std::fs::read(folder.path().join(&file.name)).expect("the file");
        let arrivals = std::fs::read_to_string(folder.path().join(format!("{}.arrivals", file.name)));
        let deltas: Vec<i64> =
            arrivals.expect("its arrivals").lines().map(|line| line.parse().expect("a number")).collect();
        assert_eq!(bytes.len() as u64, file.bytes);
        assert_eq!(deltas.len() as u64, file.pieces, "{}", file.name);
        assert!(deltas.iter().all(|delta| *delta >= 0));
        assert_eq!(deltas.iter().sum::<i64>(), file.last_arrival.map_or(0, |last| last.as_nanos()));
        let pieces = if file.name.ends_with(".pb") {
            requests(&bytes)
        } else {
            bytes.split(|byte| *byte == b'\n').count() - 1
        };
        assert_eq!(pieces as u64, file.pieces, "{}", file.name);
    }
    assert!(matches!(write(&small(), folder.path(), |_| {}), Err(SimulateError::NotEmpty(_))));
    assert!(!folder.path().join(".spool").exists());
}

fn requests(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        bytes = &rest[u32::from_le_bytes(*length) as usize..];
        count += 1;
    }
    count
}
