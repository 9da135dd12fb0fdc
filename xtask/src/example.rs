//! `cargo xtask example`: the example configuration and the page of all fields, written from the types that read them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::place;
use crate::process::{cargo, output, run as run_command};

/// Each file, and the command that prints it.
const FILES: [(&str, [&str; 2]); 2] =
    [("fanlight.example.toml", ["config", "example"]), ("docs/feeds.md", ["config", "fields"])];

/// Builds the program and writes the files, or compares them for `--check`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    run_command(&mut cargo(["build", "--workspace", "--bins"]))?;
    match arguments {
        [] => {
            for (file, arguments) in FILES {
                fs::write(place::root().join(file), generated(arguments)?)
                    .with_context(|| format!("cannot write `{file}`"))?;
                println!("wrote {file}");
            }
            Ok(())
        }
        [only] if only == "--check" => check(),
        _ => bail!("`example` takes nothing but `--check`"),
    }
}

/// Compares the files with what the built program says.
pub(crate) fn check() -> Result<()> {
    for (file, arguments) in FILES {
        let written =
            fs::read_to_string(place::root().join(file)).with_context(|| format!("cannot read `{file}`"))?;
        match first_difference(&written, &generated(arguments)?) {
            None => println!("{file} is what the types say"),
            Some(line) => bail!("`{file}` differs from the types at line {line}: run `cargo xtask example`"),
        }
    }
    Ok(())
}

fn generated(arguments: [&str; 2]) -> Result<String> {
    output(Command::new(place::fanlight()).args(arguments).current_dir(place::root()))
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
