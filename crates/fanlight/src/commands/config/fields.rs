//! The page of every field of every feed, written from the tables that the decoder reads with.

use std::fmt::Write;

use fanlight_intake::{FeedTable, Field, feed_table};
use fanlight_model::Feed;

const HEAD: &str = "\
# Every field of every feed

Written by `fanlight config fields` from the tables that lines are decoded with; `cargo xtask example` writes it here.

*Key* is the key of the vendor's default template, in *italics* where an answer is missing without it (`fanlight ingest test` and
`fanlight doctor` tell which a template lacks). *Token* is what a template spells in braces. *Also* are other keys that mean the same.
*Not there* are the texts that stand for no value; times and durations of 0 are never measured ones. *Goes to* is the column of the
feed's table; what goes nowhere is kept in the raw line.
";

/// The whole page, as Markdown.
pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for table in Feed::ALL.iter().filter_map(|feed| feed_table(*feed)) {
        section(&mut page, table);
    }
    page
}

fn section(page: &mut String, table: &FeedTable) {
    let class = table.feed.ocsf_class().uid();
    put(
        page,
        format_args!("\n## {}\n\nVendor's log type `{}`; OCSF class {class}.\n\n", table.feed, table.code),
    );
    put(page, format_args!("| Key | Token | Also | Meaning | Holds | Unit | Not there | Goes to |\n"));
    put(page, format_args!("|---|---|---|---|---|---|---|---|\n"));
    for field in table.fields {
        row(page, field);
    }
}

fn row(page: &mut String, field: &Field) {
    let key = if field.wanted { format!("*{}*", code(field.name)) } else { code(field.name) };
    let token = if field.token == field.name { String::new() } else { code(field.token) };
    let also: Vec<String> = field.aliases.iter().map(|alias| code(alias)).collect();
    let nulls: Vec<String> = field
        .nulls
        .iter()
        .map(|null| if null.is_empty() { "empty".to_owned() } else { code(null) })
        .collect();
    put(
        page,
        format_args!(
            "| {key} | {token} | {} | {} | {} | {} | {} | {} |\n",
            also.join(", "),
            field.meaning.replace('|', "\\|"),
            field.kind.describe(),
            field.kind.unit(),
            nulls.join(", "),
            field.target.column().map(code).unwrap_or_default(),
        ),
    );
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

/// Writing to a text does not fail.
fn put(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row has as many cells as the head, whatever stands in them.
    #[test]
    fn every_row_is_whole() {
        let page = page();
        for row in page.lines().filter(|line| line.starts_with('|')) {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 9, "{row}");
        }
        assert!(page.contains("| *`ConnectorIP`* |"), "a known row stands in it");
    }
}
