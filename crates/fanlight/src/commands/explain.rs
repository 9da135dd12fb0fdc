//! `fanlight config explain FILE --feed F`: what a customer's own template will be taken for.

use std::io::Read;
use std::path::Path;

use fanlight_intake::health::Use;
use fanlight_intake::{ExplainedKey, ExplainedTemplate, explain, template};
use fanlight_model::Feed;
use serde_json::{Value, json};

use super::terminal::{harmless, print};
use crate::command_line::Output;
use crate::outcome::{Exit, Failure};
use crate::wiring::feed_named;

/// Longer than any template.
const MAX_BYTES: u64 = 1 << 20;

pub(super) fn run(file: &Path, feed: &str, output: Output) -> Result<(), Failure> {
    if !matches!(output, Output::Table | Output::Json) {
        return Err(Failure::text(Exit::Usage, "`fanlight config explain` prints a table or JSON")
            .with_hint("write `--output table` or `--output json`"));
    }
    let feed = feed_named(feed)?;
    let text = read(file)?;
    let explained = explain(feed, &text).ok_or_else(|| {
        Failure::text(Exit::Usage, format!("`{feed}` has no template of Zscaler's: `fanlight ingest test FILE --feed {feed}` shows how its lines are read"))
    })?;
    match output {
        Output::Json => print(&object(feed, &explained).to_string()),
        _ => print(&drawn(feed, &explained)),
    }
    Ok(())
}

/// The file, or what is typed or piped in where it is `-`.
fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|cause| anyhow::Error::new(cause).context(format!("cannot read `{}`", file.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn drawn(feed: Feed, explained: &ExplainedTemplate) -> String {
    let mut lines = vec![format!("a template of {feed}, {:?}", explained.syntax), String::new()];
    let width = |of: fn(&ExplainedKey) -> usize| explained.keys.iter().map(of).max().unwrap_or(0).min(40);
    let key_width = width(|key| key.key.as_deref().map_or(0, |key| key.chars().count()));
    let template_width = width(|key| key.template.chars().count());
    for (place, key) in explained.keys.iter().enumerate() {
        let name = key.key.clone().unwrap_or_else(|| format!("cell {}", place + 1));
        let goes = match (key.field, key.column) {
            (Some(_), Some(column)) => column.to_owned(),
            (Some(_), None) => "in the raw line".to_owned(),
            (None, _) => "not known: in the raw line".to_owned(),
        };
        lines.push(format!("  {name:<key_width$}  {:<template_width$}  {goes}", key.template));
        lines.extend(key.problem.iter().map(|problem| format!("    ! {problem}")));
    }
    lines.extend([String::new(), format!("time: {}", explained.time)]);
    if !explained.unknown_tokens.is_empty() {
        lines.push(format!("tokens that the vendor does not have: {}", explained.unknown_tokens.join(", ")));
    }
    lines.extend(explained.problems.iter().map(|problem| format!("! {problem}")));
    lines.extend([String::new(), "makes possible".to_owned()]);
    lines.extend(explained.possible.iter().map(|one| format!("  {}: {}", one.gives.name(), one.words)));
    if !explained.missing.is_empty() {
        lines.extend([
            String::new(),
            format!("lacks {}", explained.missing.join(", ")),
            "would gain".to_owned(),
        ]);
        let gain = |gain: &fanlight_intake::health::Gain| {
            format!("  {} with {}: {}", gain.gives.name(), gain.fields.join(", "), gain.words)
        };
        lines.extend(explained.gains.iter().map(gain));
        if template(feed).is_some() {
            lines.push(format!("`fanlight config template {feed}` prints one that has them all"));
        }
    }
    lines.iter().map(|line| harmless(line)).collect::<Vec<_>>().join("\n")
}

fn object(feed: Feed, explained: &ExplainedTemplate) -> Value {
    let key = |key: &ExplainedKey| json!({ "key": key.key, "template": key.template, "field": key.field, "column": key.column, "problem": key.problem });
    let possible =
        |one: &&Use| json!({ "kind": one.gives.kind(), "name": one.gives.name(), "words": one.words });
    let gains: Vec<Value> = explained
        .gains
        .iter()
        .map(|gain| json!({ "kind": gain.gives.kind(), "name": gain.gives.name(), "fields": gain.fields, "words": gain.words }))
        .collect();
    json!({
        "feed": feed.as_str(),
        "syntax": format!("{:?}", explained.syntax).to_ascii_lowercase(),
        "keys": explained.keys.iter().map(key).collect::<Vec<_>>(),
        "unknown_tokens": explained.unknown_tokens,
        "time": explained.time,
        "missing": explained.missing,
        "possible": explained.possible.iter().map(possible).collect::<Vec<_>>(),
        "gains": gains,
        "problems": explained.problems,
    })
}
