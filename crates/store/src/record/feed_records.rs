//! `feed_records`: the records that bear on no one request, in their sender's own words.

use fanlight_model::{KeptRecord, OcsfClass, RecordHeader};

use super::cell::Cell::Map;
use super::{Column, Columns, Headed, column, headed, identity_of};
use crate::Table;

impl Headed for KeptRecord {
    fn header(&self) -> &RecordHeader {
        &self.header
    }

    fn ocsf(&self) -> (OcsfClass, u8) {
        (self.header.feed.ocsf_class(), self.ocsf_activity)
    }
}

impl Columns for KeptRecord {
    const TABLE: Table = Table::FeedRecords;

    fn columns() -> Vec<Column<Self>> {
        headed(vec![column(
            "fields",
            Map(|row, write| {
                row.fields.iter().for_each(|(token, value)| write(token, value));
            }),
        )])
    }

    fn identity(&self) -> ([u8; 16], u64) {
        identity_of(&self.header)
    }
}
