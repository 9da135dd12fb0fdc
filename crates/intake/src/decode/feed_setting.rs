//! What a site says of a feed that no line can tell: the zone of its stamps, and the order of cells without names.

use std::sync::Arc;

use fanlight_model::Feed;

/// The clock of a feed's stamps that bear no zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedClock {
    /// Seconds east of UTC; 0 where nothing is set, which is the vendor's default too.
    pub zone_seconds: i64,
}

/// A template without keys: what each cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub(crate) delimiter: u8,
    /// Each cell stands in quotes.
    pub(crate) quoted: bool,
    pub(crate) columns: Vec<Column>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// The token; `column_3` for a cell of none, or of several that are no time.
    pub(crate) name: Box<str>,
    /// What the template writes before and after it.
    pub(crate) before: Box<str>,
    pub(crate) after: Box<str>,
}

impl Columns {
    /// Reads a template as it is pasted in the vendor's console: `"%s{time}","%s{login}"\n`, or with tabs. `None` where it is none: it
    /// has fewer than two cells.
    pub fn from_template(template: &str) -> Option<Self> {
        let template = template.trim();
        let template = template.strip_suffix("\\n").unwrap_or(template);
        let plain = template.replace("\\t", "\t").replace("\\\"", "\"");
        let delimiter = if plain.contains('\t') { b'\t' } else { b',' };
        let cells = split_outside_braces(&plain, char::from(delimiter));
        let columns: Vec<Column> = cells.iter().enumerate().map(|(at, cell)| column(at, cell)).collect();
        let quoted = cells.iter().all(|cell| cell.trim().starts_with('"') && cell.trim().ends_with('"'));
        (columns.len() > 1).then_some(Self { delimiter, quoted, columns })
    }
}

/// At each delimiter that is no part of a directive: `%j(,){PosturesHit}` is one cell.
fn split_outside_braces(text: &str, delimiter: char) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|character: char| {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && character == delimiter
    })
    .collect()
}

/// Parts of a written time.
const TIME_PARTS: &[&str] = &["yy", "yyyy", "mth", "mon", "dd", "hh", "mm", "ss", "day"];

fn column(at: usize, cell: &str) -> Column {
    let cell = cell.trim().trim_matches('"');
    let tokens: Vec<&str> = cell
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(token, _)| token.split(':').next().unwrap_or_default())
        .collect();
    let nameless = || format!("column_{}", at + 1).into_boxed_str();
    let bare = |name: Box<str>| Column { name, before: "".into(), after: "".into() };
    match tokens.as_slice() {
        [token] => {
            let before = cell.split('%').next().unwrap_or_default();
            let after = cell.rsplit('}').next().unwrap_or_default();
            Column { name: (*token).into(), before: before.into(), after: after.into() }
        }
        [] => bare(nameless()),
        several if several.iter().all(|token| TIME_PARTS.contains(token)) => bare("datetime".into()),
        _ => bare(nameless()),
    }
}

/// The settings of all feeds; a feed without any has the defaults. There are few: they are looked for one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedSettings {
    clocks: Vec<(Feed, FeedClock)>,
    columns: Vec<(Feed, Arc<Columns>)>,
}

impl FeedSettings {
    /// With this clock for a feed.
    #[must_use]
    pub fn with_clock(mut self, feed: Feed, clock: FeedClock) -> Self {
        self.clocks.retain(|(other, _)| *other != feed);
        self.clocks.push((feed, clock));
        self
    }

    /// With this declared template for the lines of a feed's port.
    #[must_use]
    pub fn with_columns(mut self, feed: Feed, columns: Columns) -> Self {
        self.columns.retain(|(other, _)| *other != feed);
        self.columns.push((feed, Arc::new(columns)));
        self
    }

    pub(crate) fn clock(&self, feed: Feed) -> FeedClock {
        self.clocks.iter().find(|(other, _)| *other == feed).map(|(_, clock)| *clock).unwrap_or_default()
    }

    pub(crate) fn columns(&self, feed: Feed) -> Option<Arc<Columns>> {
        self.columns.iter().find(|(other, _)| *other == feed).map(|(_, columns)| Arc::clone(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_template_gives_its_columns() {
        let columns = Columns::from_template(
            "\"%d{yy}-%02d{mth}-%02d{dd} %02d{hh}:%02d{mm}:%02d{ss}\",\"%s{login}\",\"x\",\"%s{a}%s{b}\"\\n",
        )
        .unwrap();
        let names: Vec<&str> = columns.columns.iter().map(|column| &*column.name).collect();
        assert_eq!(names, ["datetime", "login", "column_3", "column_4"]);
        let columns =
            Columns::from_template("%s{LogTimestamp:time} User Activity zpa-lss: ,%j(,){PosturesHit}\\n");
        let columns = columns.unwrap().columns;
        assert_eq!((columns.len(), &*columns[0].after), (2, " User Activity zpa-lss:"));
        assert_eq!(Columns::from_template("%s{time}\\t%s{login}").unwrap().delimiter, b'\t');
        assert_eq!(Columns::from_template("%s{time}"), None);
    }
}
