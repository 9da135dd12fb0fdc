//! One record in the vendor's words: values by token.

use std::sync::Arc;

use super::fast_hash::FastHash;
use super::feed_table::{FeedTable, Field, Token};
use super::layout::Layout;
use super::slots::Slots;

/// A decoded record: what each token says, borrowed from the line.
#[derive(Debug)]
pub(crate) struct WireRecord<'a> {
    /// What the places in `slots` refer to.
    pub(crate) text: &'a str,
    pub(crate) slots: &'a Slots,
    pub(crate) layout: Arc<Layout>,
    /// Seconds east of UTC of stamps without a zone: the dialect's, and what the site says of the feed.
    pub(crate) zone_seconds: i64,
}

impl<'a> WireRecord<'a> {
    pub(crate) fn table(&self) -> &'static FeedTable {
        self.layout.table
    }

    /// The value at a token's place, without surrounding blanks; `None` where the template lacks the token, and where the value is one
    /// of the field's words for "not there".
    #[inline]
    pub(crate) fn at(&self, index: usize) -> Option<&'a str> {
        let value = self.slots.get(self.text, index)?;
        let field = self.table().fields.get(index)?;
        // Nearly all values are longer than any word for "not there".
        let is_null = |null: &&'static str| null.len() == value.len() && **null == *value;
        (!field.nulls.iter().any(is_null)).then_some(value)
    }

    pub(crate) fn get(&self, token: impl Token) -> Option<&'a str> {
        self.at(token.index())
    }

    /// Wanted fields that the template lacks, in whatever rendering.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let fields = || self.table().fields.iter().enumerate();
        let there = |at: usize| self.slots.get(self.text, at).is_some();
        let rendered = |name: &str| fields().any(|(at, field)| field.kind.base() == Some(name) && there(at));
        let lacks = |(at, field): &(usize, &Field)| field.wanted && !there(*at) && !rendered(field.name);
        fields().filter(lacks).map(|(_, field)| field.name).collect()
    }

    /// A hash of all values in the order of the table. Neither the order of the keys nor blanks around a value change it.
    pub(crate) fn hash(&self) -> u64 {
        let mut hash = FastHash::new();
        for (at, value) in self.slots.values(self.text).filter(|(_, value)| !value.is_empty()) {
            hash.numbered(at, value);
        }
        hash.finish()
    }
}
