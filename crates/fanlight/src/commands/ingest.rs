//! `fanlight ingest test FILE --feed F`.

mod columns;

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines};
use fanlight_runtime::Clock;
use serde_json::{Value, json};

use super::terminal::print;
use crate::command_line::{Ingest, IngestTest, Output};
use crate::outcome::{Exit, Failure};
use crate::wiring::feed_named;

pub(super) fn run(command: Ingest) -> Result<(), Failure> {
    let Ingest::Test(typed) = command;
    let IngestTest { file, feed, output } = typed;
    let feed = feed_named(&feed)?;
    if !matches!(output, Output::Json | Output::Ndjson) {
        return Err(Failure::text(Exit::Usage, "`fanlight ingest test` prints JSON, an object a line")
            .with_hint("leave `--output` away"));
    }
    let text = std::fs::read(&file)
        .map_err(|cause| anyhow::Error::new(cause).context(format!("cannot read `{}`", file.display())))?;
    let namer = PrincipalNamer::with_key("unnamed", [0; 32]);
    for line in decode_lines(
        feed,
        &text,
        fanlight_intake::Settings::default().max_line_bytes,
        Clock::system().now(),
        &namer,
    ) {
        print(&object(&line).to_string());
    }
    Ok(())
}

fn object(line: &DecodedLine) -> Value {
    json!({
        "line": line.line,
        "feed": line.feed.as_str(),
        "dialect": line.dialect,
        "level": line.level.as_str(),
        "event": line.event.as_ref().map_or(Value::Null, columns::of),
        "missing": line.missing,
        "notes": line.notes,
    })
}
