//! `fanlight config check|example|explain|template`.

mod fields;

use super::terminal::print;
use crate::command_line::Config;
use crate::outcome::{Exit, Failure};
use crate::wiring::feed_named;

pub(super) fn run(command: Config) -> Result<(), Failure> {
    match command {
        Config::Check { file } => {
            crate::config::load(Some(&file)).map_err(|error| Failure::new(Exit::Config, error))?;
            print(&format!("`{}` is right", file.display()));
        }
        Config::Fields => print(fields::page().trim_end()),
        Config::Example => print(crate::config::example().trim_end()),
        Config::Explain { file, feed, output } => super::explain::run(&file, &feed, output)?,
        Config::Template { feed } => {
            let feed = feed_named(&feed)?;
            let template = fanlight_intake::template(feed).ok_or_else(|| {
                Failure::text(Exit::Usage, format!("there is no template for `{feed}` yet"))
            })?;
            print(template.trim_end());
        }
    }
    Ok(())
}
