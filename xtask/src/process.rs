//! Other programs, run in the open: every command is printed before it runs.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::place;

/// Cargo, the same that runs us, in the workspace's root.
pub(crate) fn cargo<I, S>(arguments: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(place::root());
    command
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = if program.ends_with("/cargo") { "cargo".into() } else { program };
    let mut text = name.into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let plain =
            !argument.is_empty() && !argument.contains(|c: char| c.is_whitespace() || "'\"$`\\".contains(c));
        text.push(' ');
        if plain {
            text.push_str(&argument);
        } else {
            text.push('\'');
            text.push_str(&argument.replace('\'', r"'\''"));
            text.push('\'');
        }
    }
    text
}

/// Prints the command and runs it with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it wrote to its standard output; its standard error stays ours.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` wrote something that is no text"))
}

/// True when the command starts and ends well; nothing is printed.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_as_one_would_type_it() {
        let mut command = Command::new("printf");
        command.args(["%s", "two words", "it's"]);
        assert_eq!(line(&command), r"printf %s 'two words' 'it'\''s'");
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_end() {
        let error = run(&mut Command::new("false")).expect_err("`false` fails");
        assert_eq!(error.to_string(), "`false` ended with exit status: 1");
    }
}
