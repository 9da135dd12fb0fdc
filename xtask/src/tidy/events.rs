//! Events of `tracing` have fixed names: `crate.subject.happening`.

use super::finding::Finding;
use crate::code;
use crate::source::Source;

/// Every event of a crate begins with its name, which begins with the crate's.
pub(crate) fn have_fixed_names(file: &Source) -> Vec<Finding> {
    let Some(owner) = file.crate_folder() else {
        return Vec::new();
    };
    ["error", "warn", "info", "debug", "trace", "event"]
        .into_iter()
        .flat_map(|level| code::words(&file.code, level).map(move |at| (at, at + level.len())))
        .filter(|(_, end)| file.code.get(*end..).is_some_and(|rest| rest.starts_with("!(")))
        .filter_map(|(at, end)| {
            let arguments = file.text.get(end + 2..).unwrap_or_default().trim_start();
            let wrong = match name_of(arguments) {
                None => "has no name".to_owned(),
                Some(name) if !is_fixed(name, owner) => format!("is named `{name}`"),
                Some(_) => return None,
            };
            let form = format!("`name: \"{owner}.subject.happening\"`");
            Some(Finding::at(file, at, format!("an event {wrong}; it begins with {form}")))
        })
        .collect()
}

fn name_of(arguments: &str) -> Option<&str> {
    arguments.strip_prefix("name:")?.trim_start().strip_prefix('"')?.split('"').next()
}

fn is_fixed(name: &str, owner: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let is_word =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    matches!(parts.as_slice(), [first, _, _] if *first == owner) && parts.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::told;

    fn check(text: &str, finding: Option<&str>) {
        let found = told(have_fixed_names, "crates/intake/src/receive.rs", text);
        let expected: Vec<String> = finding
            .map(|what| format!("1: an event {what}; it begins with `name: \"intake.subject.happening\"`"))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_event_with_a_fixed_name_passes() {
        check("warn!(name: \"intake.otlp.refused\", records = n, \"full\");", None);
        check("tracing::error!(\n  name: \"intake.listener.failed\",\n);", None);
        check("// warn!(\"words\")", None);
        check("let warn = info(1);", None);
    }

    #[test]
    fn an_event_without_a_name_or_with_a_loose_one_is_found() {
        check("warn!(\"dropped {n}\");", Some("has no name"));
        check("info!(name: \"intake.started\");", Some("is named `intake.started`"));
        check("info!(name: \"store.part.sealed\");", Some("is named `store.part.sealed`"));
        check("info!(name: \"intake.Otlp.refused\");", Some("is named `intake.Otlp.refused`"));
    }
}
