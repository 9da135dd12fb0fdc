//! `fanlight replay DIR --to URL`: a company's wire files over the real protocols, or with `--reparse` kept lines.

mod again;
mod wire;

use crate::command_line::Replay;
use crate::outcome::Failure;

pub(super) fn run(typed: &Replay) -> Result<(), Failure> {
    if typed.reparse { again::run(typed) } else { wire::run(typed) }
}
