//! `raw_lines`: the lines of the feeds as received, each content once, apart from what was read in them.

use fanlight_model::RawLine;

use super::cell::Cell::{Text, Time, Uid};
use super::{Column, Columns, column};
use crate::Table;

impl Columns for RawLine {
    const TABLE: Table = Table::RawLines;

    fn columns() -> Vec<Column<Self>> {
        vec![
            column("raw_address", Uid(|row| row.address.0)),
            column("arrival_time", Time(|row| row.arrival_time)),
            column("feed", Text(|row| row.feed.as_str())),
            column("parse_level", Text(|row| row.parse_level.as_str())),
            column("line", Text(|row| &row.line)),
        ]
    }

    fn identity(&self) -> ([u8; 16], u64) {
        (self.address.0, 0)
    }

    fn text_bytes(&self) -> usize {
        self.line.len()
    }
}
