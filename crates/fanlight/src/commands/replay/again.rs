//! Kept lines, to be read again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fanlight_intake::KeptLine;
use fanlight_log::{Disk, StdDisk};
use fanlight_model::{Feed, ParseLevel, RawLine};
use fanlight_store::visit_raw_lines;
use tokio::runtime::Runtime;

use crate::command_line::{LevelName, Reach, Replay};
use crate::commands::client::Client;
use crate::commands::terminal::print;
use crate::outcome::{Exit, Failure};
use crate::wiring::feed_named;

/// A request is at most about this large: well below what a server takes, and enough that the way there costs nothing.
const REQUEST_BYTES: usize = 1 << 20;

/// A server under pressure is asked again for so long, then given up.
const TRIES: u32 = 120;
const PAUSE: Duration = Duration::from_millis(500);

/// Why a server may not take them.
const WAY_OUT: &str = "`--to` names the server's API, and `--token-file` a token of `[intake.push]` where it wants one; what was sent is safe, and sending it again changes nothing";

pub(super) fn run(typed: &Replay) -> Result<(), Failure> {
    if typed.speed != "max" {
        return Err(Failure::text(
            Exit::Usage,
            format!("`--speed {}`: kept lines have no pace", typed.speed),
        )
        .with_hint("leave `--speed` away: they go as fast as the server takes them"));
    }
    if !typed.folder.join("raw_lines").is_dir() {
        let text =
            format!("`{}` is no data folder with kept lines: it has no `raw_lines`", typed.folder.display());
        return Err(
            Failure::text(Exit::Usage, text).with_hint("name what `fanlight serve --data DIR` was given")
        );
    }
    let feed = typed.feed.as_deref().map(feed_named).transpose()?;
    let level = typed.level.map(level_of);
    let reach =
        Reach { server: Some(typed.server.clone()), token_file: typed.token_file.clone(), data: None };
    let mut sender = Sender {
        client: Client::with_own_token(&reach)?,
        runtime: crate::commands::runtime()?,
        open: BTreeMap::new(),
        sent: BTreeMap::new(),
        requests: 0,
    };
    let disk: Arc<dyn Disk> = Arc::new(StdDisk);
    let damaged = visit_raw_lines(&disk, &typed.folder, &mut |line: RawLine| {
        let is_wanted =
            feed.is_none_or(|feed| feed == line.feed) && level.is_none_or(|level| level == line.parse_level);
        if is_wanted { sender.add(&line) } else { Ok(()) }
    })?;
    sender.end()?;
    print(&sender.told());
    match damaged.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Failure::text(
            Exit::Failed,
            format!(
                "{} parts could not be read, so their lines were not sent; the first is `{}`: {}",
                damaged.len(),
                first.path.display(),
                first.reason
            ),
        )),
    }
}

const fn level_of(name: LevelName) -> ParseLevel {
    match name {
        LevelName::Strict => ParseLevel::Strict,
        LevelName::Repaired => ParseLevel::Repaired,
        LevelName::Raw => ParseLevel::Raw,
    }
}

/// Gathers lines by feed, and sends each feed's when there are enough of them.
struct Sender {
    client: Client,
    runtime: Runtime,
    open: BTreeMap<Feed, Vec<u8>>,
    sent: BTreeMap<Feed, u64>,
    requests: u64,
}

impl Sender {
    fn add(&mut self, line: &RawLine) -> Result<(), Failure> {
        let body = self.open.entry(line.feed).or_default();
        KeptLine { arrival: line.arrival_time, level: line.parse_level, line: &line.line }.write(body);
        *self.sent.entry(line.feed).or_default() += 1;
        if body.len() >= REQUEST_BYTES {
            let body = std::mem::take(body);
            self.send(line.feed, body)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        for (feed, body) in std::mem::take(&mut self.open) {
            if !body.is_empty() {
                self.send(feed, body)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, feed: Feed, body: Vec<u8>) -> Result<(), Failure> {
        let (path, body) = (format!("/intake/reparse/{feed}"), bytes::Bytes::from(body));
        for tried in 1..=TRIES {
            let sent = self.runtime.block_on(self.client.send(&path, body.clone()));
            match sent.map_err(|failure| failure.with_hint(WAY_OUT))? {
                Ok(()) => {
                    self.requests += 1;
                    return Ok(());
                }
                Err(refused) if refused.is_busy() && tried < TRIES => {
                    self.runtime.block_on(async { tokio::time::sleep(PAUSE).await });
                }
                Err(refused) => return Err(refused.into_failure().with_hint(WAY_OUT)),
            }
        }
        Ok(())
    }

    fn told(&self) -> String {
        let lines: u64 = self.sent.values().sum();
        let feeds: Vec<String> = self.sent.iter().map(|(feed, lines)| format!("{feed} {lines}")).collect();
        let of = if feeds.is_empty() { String::new() } else { format!(": {}", feeds.join(", ")) };
        let later = "what came since the server last sealed its rows (`store.seal_after`) is in no part yet, and not among them";
        format!("{lines} lines sent to be read again, in {} requests{of}\n{later}", self.requests)
    }
}
