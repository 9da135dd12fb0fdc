//! `cargo xtask example`: the example configuration, written from the types that read it.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place;
use crate::process::{cargo, output, run as run_command};

const FILE: &str = "fanlight.example.toml";

/// Builds the program and writes the file, or compares it for `--check`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    run_command(&mut cargo(["build", "--workspace", "--bins"]))?;
    match arguments {
        [] => {
            fs::write(place::root().join(FILE), generated()?)
                .with_context(|| format!("cannot write `{FILE}`"))?;
            println!("wrote {FILE}");
            Ok(())
        }
        [only] if only == "--check" => check(),
        _ => bail!("`example` takes nothing but `--check`"),
    }
}

/// Compares the file with what the built program says.
pub(crate) fn check() -> Result<()> {
    let written =
        fs::read_to_string(place::root().join(FILE)).with_context(|| format!("cannot read `{FILE}`"))?;
    match first_difference(&written, &generated()?) {
        None => {
            println!("{FILE} is what the types say");
            Ok(())
        }
        Some(line) => bail!("`{FILE}` differs from the types at line {line}: run `cargo xtask example`"),
    }
}

fn generated() -> Result<String> {
    output(Command::new(place::fanlight()).args(["config", "example"]).current_dir(place::root()))
}

/// The first line that differs, counted from one.
fn first_difference(written: &str, generated: &str) -> Option<usize> {
    if written == generated {
        return None;
    }
    let same = written.lines().zip(generated.lines()).take_while(|(ours, theirs)| ours == theirs).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a", "a\n"), Some(2));
    }
}
