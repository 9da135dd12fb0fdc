//! `fanlight simulate --out DIR`.

use std::io::{IsTerminal, Write, stderr};

use fanlight_simulate::{Progress, Settings, SimulateError, write};

use super::terminal::print;
use crate::command_line::Simulate;
use crate::outcome::{Exit, Failure};

pub(super) fn run(typed: &Simulate) -> Result<(), Failure> {
    let settings = Settings {
        seed: typed.seed,
        profile: typed.profile,
        minutes: typed.minutes,
        scenario: typed.scenario,
        ..Settings::default()
    };
    let is_watched = stderr().is_terminal();
    let summary = write(&settings, &typed.out, |progress| {
        if is_watched {
            tell(progress);
        }
    });
    if is_watched {
        // What the terminal shows of it is for whoever waits; where it cannot be written nobody does.
        drop(write_line("\r\u{1b}[K"));
    }
    let summary = summary.map_err(|error| match error {
        SimulateError::NotEmpty(_) => Failure::new(Exit::Usage, error),
        error => Failure::new(Exit::Failed, error),
    })?;
    let (wire, truth) = (summary.wire.len(), summary.truth.len());
    print(&format!(
        "{}: {wire} wire files and {truth} truth files, {} pieces, {:.1} MB",
        typed.out.display(),
        summary.pieces,
        summary.bytes as f64 / 1e6
    ));
    for (what, count) in &summary.counts {
        print(&format!("  {what} {count}"));
    }
    Ok(())
}

fn tell(progress: Progress) {
    let Progress { time, share, pieces } = progress;
    drop(write_line(&format!("\r{:3.0} %  {time}  {pieces} pieces\u{1b}[K", share * 100.0)));
}

fn write_line(text: &str) -> std::io::Result<()> {
    let mut terminal = stderr().lock();
    terminal.write_all(text.as_bytes())?;
    terminal.flush()
}
