//! Published samples, where they lie beside the project. They are nobody's to copy: the test reads them and says what must hold.

use std::path::{Path, PathBuf};

use fanlight_intake::DecodedLine;
use fanlight_model::{Feed, FeedRecord, ParseLevel};

use crate::golden::{ARRIVAL, decode};

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/zscaler");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let ours = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with("zia_") || name.starts_with("nss_"))
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(ours).collect();
    files.sort();
    files
}

fn feed(path: &Path) -> Feed {
    let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
    Feed::from_name(name).unwrap_or_else(|| panic!("{name} is a feed"))
}

/// Years that a text speaks of, as four digits.
fn years(text: &str) -> Vec<String> {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit) && part.starts_with(b"20");
    text.as_bytes()
        .windows(4)
        .filter(|part| digits(part))
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect()
}

fn decoded(text: &str) -> String {
    let mut out = text.to_owned();
    for (escape, plain) in [("%40", "@"), ("%20", " ")] {
        out = out.replace(escape, plain);
    }
    out
}

fn user_name(line: &DecodedLine) -> Option<String> {
    match &line.event {
        Some(FeedRecord::AccessEvent(event)) => event.user_name.as_ref().map(ToString::to_string),
        Some(FeedRecord::ConfigChange(change)) => change.user_name.as_ref().map(ToString::to_string),
        _ => None,
    }
}

fn check(path: &Path, number: usize, text: &str) {
    let at = format!("{} line {number}", path.display());
    // A port of the right feed, and one of another: what the line is must not depend on it, but for cells without names.
    let wrong = if feed(path) == Feed::ZiaWeb { Feed::ZpaUserActivity } else { Feed::ZiaWeb };
    let cells = path.extension().is_some_and(|extension| extension == "csv");
    for hint in [feed(path), wrong] {
        let read = decode(hint, text.as_bytes());
        assert_eq!(read.len(), 1, "{at}: each line is one record");
        if cells && hint == wrong {
            continue;
        }
        let line = &read[0];
        assert_eq!(line.feed, feed(path), "{at}: {:?}", line.notes);
        assert_ne!(line.level, ParseLevel::Raw, "{at}: {:?}", line.notes);
        let log_time =
            line.event.as_ref().and_then(FeedRecord::log_time).unwrap_or_else(|| panic!("{at}: a time"));
        let year = log_time.to_string()[..4].to_owned();
        let told = years(text).contains(&year);
        // A header without a year is dated by its arrival, to the nearest.
        assert!(told || year == ARRIVAL.to_string()[..4] || year == "2025", "{at}: {log_time}");
        if let Some(name) = user_name(line) {
            let name = name.strip_prefix("obfuscated:").unwrap_or(&name).to_owned();
            assert!(text.contains(&name) || decoded(text).contains(&name), "{at}: `{name}` is in the line");
        }
    }
}

#[test]
fn published_samples_are_read_dated_and_name_nobody_new() {
    let files = samples();
    if files.is_empty() {
        eprintln!("no samples beside the project");
    }
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            check(&path, number + 1, line);
        }
    }
}
