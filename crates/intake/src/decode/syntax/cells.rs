//! Cells without names: the vendor's default columns where they are published, else what the site declared.

use std::borrow::Cow;

use fanlight_model::Feed;

use super::{Field, Scanned, header, object, value};
use crate::decode::dialect::{Syntax, dialects};
use crate::decode::feed_setting::{Column, Columns};
use crate::decode::flat_json::{Object, Value};
use crate::decode::line::RawReason;
use crate::decode::note::{Note, Notes};
use crate::decode::stamp::{Dating, Stamp};

/// The vendor's default columns of the port's feed. The first cell must be a time and their number must be right: shifted cells would
/// give one field's value to another.
pub(super) fn vendors<'a>(text: &'a str, hint: Feed, notes: &mut Notes) -> Scanned<'a> {
    let (text, _) = header::without_priority(text);
    let columns = dialects().find(|dialect| dialect.feed == hint && !dialect.columns.is_empty())?.columns;
    if !text.starts_with('"') && !text.contains([',', '\t']) {
        return None;
    }
    let mut repairs = Notes::default();
    let delimiter = if text.contains("\"\t\"") || !text.contains(',') { b'\t' } else { b',' };
    let cells = cells_of(text, delimiter, is_all_quoted(text), columns.len(), &mut repairs);
    let dated =
        cells.first().is_some_and(|cell| matches!(Stamp::read(cell, Dating::default()), Stamp::At(_)));
    if !dated {
        return None;
    }
    if cells.len() != columns.len() {
        return Some(Err(RawReason::UnknownColumns));
    }
    notes.extend(&repairs);
    let fields = columns.iter().zip(cells).map(|(name, cell)| (Cow::Borrowed(*name), of(cell))).collect();
    Some(object(if delimiter == b'\t' { Syntax::Tsv } else { Syntax::Csv }, fields))
}

/// A declared template.
pub(super) fn declared<'a>(
    text: &'a str,
    template: &'a Columns,
    notes: &mut Notes,
) -> Result<Object<'a>, RawReason> {
    let (text, _) = header::without_priority(text);
    let columns = &template.columns;
    // ZPA's connection ids always hold a comma, and its cells have no quotes.
    let id = columns.iter().position(|column| &*column.name == "ConnectionID");
    let id = id.filter(|_| !template.quoted && template.delimiter == b',');
    let expected = columns.len() + usize::from(id.is_some());
    let mut cells = cells_of(text, template.delimiter, template.quoted, expected, notes);
    if let Some(at) = id {
        if cells.len() != expected {
            return Err(RawReason::UnknownColumns);
        }
        let second = cells.remove(at + 1);
        if let Some(first) = cells.get_mut(at) {
            *first = Cow::Owned(format!("{first},{second}"));
        }
    }
    // Tabs at a line's end are blanks to whoever carried it.
    while template.delimiter == b'\t' && cells.len() < columns.len() {
        cells.push(Cow::Borrowed(""));
    }
    if cells.len() != columns.len() {
        return Err(RawReason::UnknownColumns);
    }
    let fields = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| (Cow::Borrowed(&*column.name), of(inside(cell, column))));
    object(
        if template.delimiter == b'\t' { Syntax::Tsv } else { Syntax::Csv },
        fields.collect::<Vec<Field<'a>>>(),
    )
}

/// Without what the template writes around the token.
fn inside<'a>(cell: Cow<'a, str>, column: &Column) -> Cow<'a, str> {
    let text = cell.trim();
    let text = text.strip_prefix(column.before.trim_start()).unwrap_or(text);
    let text = text.strip_suffix(column.after.trim_end()).unwrap_or(text);
    let from = (text.as_ptr() as usize) - (cell.as_ptr() as usize);
    let length = text.len();
    match cell {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(from..from + length).unwrap_or(text)),
        Cow::Owned(text) => Cow::Owned(text.get(from..from + length).unwrap_or(&text).to_owned()),
    }
}

fn of(cell: Cow<'_, str>) -> Value<'_> {
    match cell {
        Cow::Borrowed(text) => value(text.trim()),
        Cow::Owned(text) => Value::Text(Cow::Owned(text)),
    }
}

/// Of a template that quotes each cell a quote ends one only where the next begins.
fn is_all_quoted(text: &str) -> bool {
    text.len() > 1 && text.starts_with('"') && text.ends_with('"')
}

/// As RFC 4180 has it where that gives as many cells as are expected, else mended.
fn cells_of<'a>(
    text: &'a str,
    delimiter: u8,
    all_quoted: bool,
    expected: usize,
    notes: &mut Notes,
) -> Vec<Cow<'a, str>> {
    let strictly = strict(text, delimiter, expected).filter(|cells| cells.len() == expected);
    strictly.unwrap_or_else(|| split(text, delimiter, all_quoted, notes))
}

/// Cells of which a quoted one holds quotes only doubled, and ends before a delimiter or the line's end; `None` where one does not.
fn strict(text: &str, delimiter: u8, at_most: usize) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::with_capacity(at_most);
    let mut rest = text;
    while cells.len() < at_most {
        let end = match rest.strip_prefix('"') {
            Some(inside) => {
                let length = strict_end(inside)?;
                cells.push(content(inside, length, inside.get(..length)?.contains('"')));
                length + 2
            }
            None => {
                let length = memchr::memchr(delimiter, rest.as_bytes()).unwrap_or(rest.len());
                cells.push(Cow::Borrowed(rest.get(..length)?));
                length
            }
        };
        match rest.as_bytes().get(end) {
            None => return Some(cells),
            Some(byte) if *byte == delimiter => rest = rest.get(end + 1..)?.trim_start_matches(' '),
            Some(_) => return None,
        }
    }
    None
}

/// The first quote that is not doubled.
fn strict_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        at = quote + 2;
    }
}

/// Cells between delimiters. A quoted one ends at the quote that the delimiter, and where all are quoted the next quote, or the line's end
/// follows; doubled quotes are one.
fn split<'a>(text: &'a str, delimiter: u8, all_quoted: bool, notes: &mut Notes) -> Vec<Cow<'a, str>> {
    const MAX_CELLS: usize = 512;
    let mut cells = Vec::new();
    let mut rest = text;
    while cells.len() < MAX_CELLS {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted, delimiter, all_quoted, notes),
            None => match rest.split_once(char::from(delimiter)) {
                Some((cell, after)) => (Cow::Borrowed(cell), Some(after)),
                None => (Cow::Borrowed(rest), None),
            },
        };
        cells.push(cell);
        let Some(after) = after else { break };
        rest = after.trim_start_matches(' ');
    }
    cells
}

fn quoted_cell<'a>(
    text: &'a str,
    delimiter: u8,
    all_quoted: bool,
    notes: &mut Notes,
) -> (Cow<'a, str>, Option<&'a str>) {
    let next_begins = |from: usize| {
        !all_quoted || text.get(from..).is_some_and(|rest| rest.trim_start_matches(' ').starts_with('"'))
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut doubled = false;
    while let Some(found) = memchr::memchr(b'"', bytes.get(at..).unwrap_or_default()) {
        let quote = at + found;
        let follows = bytes.get(quote + 1).copied();
        match follows {
            None => return (content(text, quote, doubled), None),
            Some(byte) if byte == delimiter && next_begins(quote + 2) => {
                return (content(text, quote, doubled), text.get(quote + 2..));
            }
            Some(b'"') if bytes.get(quote + 2).is_some() && bytes.get(quote + 2) != Some(&delimiter) => {
                doubled = true;
                at = quote + 2;
            }
            Some(_) => {
                notes.add(Note::RawQuote);
                at = quote + 1;
            }
        }
    }
    notes.add(Note::RawQuote);
    (Cow::Borrowed(text), None)
}

fn content(text: &str, end: usize, doubled: bool) -> Cow<'_, str> {
    let text = text.get(..end).unwrap_or_default();
    if doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, all_quoted: bool) -> Vec<String> {
        split(text, b',', all_quoted, &mut Notes::default()).into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn quotes_and_commas_inside_a_cell_stay_there() {
        assert_eq!(cells("\"a,b\",\"c\"\"d\",e,\"\"", false), ["a,b", "c\"d", "e", ""]);
        assert_eq!(cells("\"say \"hi\" twice\",\"x\"", false), ["say \"hi\" twice", "x"]);
        assert_eq!(cells("\"a\",\"b \"x\", y\",\"c\"", true), ["a", "b \"x\", y", "c"]);
        assert_eq!(cells("\"open", false), ["open"]);
        assert_eq!(cells("\"a\", \"b\"", false), ["a", "b"]);
        assert_eq!(cells("\"ends in a quote\"\",\"b\"", false), ["ends in a quote\"", "b"]);
    }

    /// RFC 4180 doubles a quote inside a cell, before a delimiter too: nothing is to mend there.
    #[test]
    fn doubled_quotes_are_strict() {
        let read = |text: &str, expected| {
            let mut notes = Notes::default();
            let cells = cells_of(text, b',', is_all_quoted(text), expected, &mut notes);
            (cells.into_iter().map(Cow::into_owned).collect::<Vec<_>>(), notes.has_repair())
        };
        let cells = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(read("\"a\"\",b\",\"c\"", 2), (cells(&["a\",b", "c"]), false));
        assert_eq!(read("\"say \"\"hi\"\"\",\"\"\"\",\"\"", 3), (cells(&["say \"hi\"", "\"", ""]), false));
        assert_eq!(read("a,\"b\"\"\",c", 3), (cells(&["a", "b\"", "c"]), false));
        assert_eq!(read("\"a\"b\",\"c\"", 2), (cells(&["a\"b", "c"]), true));
    }

    /// One cell too many or too few would give a field's value to its neighbour.
    #[test]
    fn a_wrong_number_of_cells_is_no_record() {
        let columns = Columns::from_template("%s{time},%s{login},%s{ConnectionID}").unwrap();
        let read = |text| declared(text, &columns, &mut Notes::default()).map(|object| object.fields.len());
        assert_eq!(read("t,ana,s"), Err(RawReason::UnknownColumns));
        assert_eq!(read("t,ana,s,c"), Ok(4));
        assert_eq!(read("t,ana"), Err(RawReason::UnknownColumns));
        assert_eq!(read("t,ana,b,s,c"), Err(RawReason::UnknownColumns));
    }
}
