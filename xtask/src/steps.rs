//! Steps in order, the time each took, and a closing table.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::chain;

/// A run of steps. The first that fails ends it.
pub(crate) struct Steps {
    title: &'static str,
    rows: Vec<Row>,
    failure: Option<Failure>,
}

struct Row {
    name: &'static str,
    took: Duration,
    failed: bool,
}

struct Failure {
    step: &'static str,
    why: String,
    alone: String,
}

impl Steps {
    /// No steps yet.
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new(), failure: None }
    }

    /// Does one step, unless an earlier one failed. `alone` is the command that does this step by itself.
    pub(crate) fn step(&mut self, name: &'static str, alone: &str, work: impl FnOnce() -> Result<()>) {
        if self.failure.is_some() {
            return;
        }
        println!("\n==> {name}");
        let started = now();
        let result = work();
        self.note(name, alone, started.elapsed(), result);
    }

    fn note(&mut self, name: &'static str, alone: &str, took: Duration, result: Result<()>) {
        self.rows.push(Row { name, took, failed: result.is_err() });
        if let Err(error) = result {
            self.failure = Some(Failure { step: name, why: chain(&error), alone: alone.to_owned() });
        }
    }

    /// Prints the table; an error where a step failed.
    pub(crate) fn finish(self) -> Result<()> {
        print!("\n{}", self.table());
        match self.failure {
            None => Ok(()),
            Some(Failure { step, why, alone }) => {
                bail!("{} stopped in step `{step}`\n{why}\nto run this step alone: {alone}", self.title)
            }
        }
    }

    fn table(&self) -> String {
        let total: Duration = self.rows.iter().map(|row| row.took).sum();
        let mut text = format!("{}\n", self.title);
        for row in &self.rows {
            let result = if row.failed { "failed" } else { "ok" };
            text.push_str(&format!("  {:<12} {result:<8} {:>12}\n", row.name, in_words(row.took)));
        }
        text.push_str(&format!("  {:<12} {:<8} {:>12}\n", "total", "", in_words(total)));
        text
    }
}

/// The end of a check: nothing where nothing was found, else how much, and where.
pub(crate) fn ended(findings: usize, place: &str) -> Result<()> {
    match findings {
        0 => Ok(()),
        1 => bail!("1 finding in {place}"),
        _ => bail!("{findings} findings in {place}"),
    }
}

/// How long the work took.
pub(crate) fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let started = now();
    work().map(|()| started.elapsed())
}

/// `3.2 s`, `4 min 07 s`.
pub(crate) fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[expect(clippy::disallowed_methods, reason = "chores time themselves and use no crate of the workspace")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second of three steps fails: the third is not done, and the end names the step, the cause and the command.
    #[test]
    fn a_failing_step_stops_and_is_told() {
        let mut steps = Steps::new("test");
        let mut done = Vec::new();
        steps.step("first", "cargo first", || Ok(()));
        steps.step("second", "cargo second", || bail!("two findings"));
        steps.step("third", "cargo third", || {
            done.push("third");
            Ok(())
        });
        assert!(done.is_empty());
        let table = steps.table();
        assert!(table.contains("second       failed"), "{table}");
        let end = steps.finish().expect_err("a step failed").to_string();
        assert!(
            end.contains("`second`") && end.contains("two findings") && end.contains("cargo second"),
            "{end}"
        );
    }

    #[test]
    fn times_are_told_in_seconds_and_then_in_minutes() {
        assert_eq!(in_words(Duration::from_millis(3_240)), "3.2 s");
        assert_eq!(in_words(Duration::from_secs(247)), "4 min 07 s");
    }
}
