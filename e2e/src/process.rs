//! A child process that never outlives its test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::wait::until;

/// How much of a failed peer's output is shown.
const SHOWN: usize = 4_000;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A process that this test started; it is killed, by its own id, when the value is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Process {
    /// Starts a command; what it prints goes to files in `folder`.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let output = folder.join(format!("{name}-{number}.out"));
        let errors = folder.join(format!("{name}-{number}.err"));
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&output).with_context(|| format!("cannot create `{}`", output.display()))?)
            .stderr(File::create(&errors).with_context(|| format!("cannot create `{}`", errors.display()))?)
            .spawn()
            .with_context(|| format!("cannot start `{name}`: {:?}", command.get_program()))?;
        Ok(Self { name: name.to_owned(), child, output, errors })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }

    /// What it wrote to its error stream so far.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.errors).unwrap_or_default()).into_owned()
    }

    /// Ends it at once, as a power cut would: SIGKILL.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("cannot kill `{}`", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for `{}`", self.name))?;
        Ok(())
    }

    /// Asks it to end, SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn stop(&mut self, patience: Duration) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended(patience).await
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(id.context("a process has no id")?, signal)
            .with_context(|| format!("cannot signal `{}`", self.name))
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn ended(&mut self, patience: Duration) -> Result<ExitStatus> {
        let what = format!("`{}` has not ended", self.name);
        let child = std::sync::Mutex::new(&mut self.child);
        until(&what, patience, || async {
            let mut child = child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(child.try_wait()?)
        })
        .await
    }

    /// Fails, with what it printed, if it has ended.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("`{}` has ended ({status}) and said:\n{}", self.name, self.last_words()),
            None => Ok(()),
        }
    }

    /// The first line that it prints.
    ///
    /// # Errors
    /// Where it ends before, or does not print in time.
    pub async fn first_line(&mut self, patience: Duration) -> Result<String> {
        let what = format!("`{}` has printed no line", self.name);
        let process = std::sync::Mutex::new(self);
        until(&what, patience, || async {
            let mut process = process.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some((line, _)) = process.output().split_once('\n') {
                return Ok(Some(Ok(line.to_owned())));
            }
            Ok(process.check_alive().err().map(Err))
        })
        .await?
    }

    fn last_words(&self) -> String {
        let all = self.output() + &self.errors();
        let from = all.char_indices().rev().nth(SHOWN).map_or(0, |(at, _)| at);
        all.get(from..).unwrap_or_default().to_owned()
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "a failing test shows what its peers said")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- {} said ----\n{}", self.name, self.last_words());
        }
        // It may have ended before: then there is nothing to kill, and nothing to tell.
        self.kill().unwrap_or_default();
    }
}
