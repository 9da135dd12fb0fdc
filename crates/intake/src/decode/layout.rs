//! What the lines of a stream look like, learned from the first of them: the next one is compared with it byte by byte, and only
//! the values are looked for. What does not fit is read the long way.
//!
//! INVARIANT: what was learned has no influence on what comes out, and is bounded.

mod steps;

use std::sync::Arc;

use fanlight_model::Feed;

use super::detect::{Found, detect, is_decisive};
use super::feed_table::FeedTable;
use super::flat_json::{Object, Value};
use super::note::Notes;
use super::slots::Slots;
use steps::Steps;

/// An order of keys, and what each means.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) table: &'static FeedTable,
    pub(crate) dialect: &'static str,
    /// Seconds east of UTC of stamps without a zone.
    pub(crate) zone_seconds: i64,
    /// What is odd about the keys themselves.
    pub(crate) notes: Notes,
    keys: Box<[Box<str>]>,
    /// Values that decided which feed it is, by the place of their key.
    decisive: Box<[(usize, Box<str>)]>,
    tokens: Box<[u16]>,
    /// `None` where the line is no way through others.
    steps: Option<Steps>,
}

impl Layout {
    fn new(found: Found, object: &Object<'_>, text: &str) -> Self {
        let tokens = found.tokens;
        let steps = Steps::of(object, text, &tokens);
        let decisive = object.fields.iter().enumerate().filter_map(|(at, (key, value))| match value {
            Value::Text(text) if is_decisive(key) => Some((at, Box::from(&**text))),
            _ => None,
        });
        Self {
            table: found.table,
            dialect: found.dialect,
            zone_seconds: found.zone_seconds,
            notes: found.notes,
            keys: object.fields.iter().map(|(key, _)| Box::from(&**key)).collect(),
            decisive: decisive.collect(),
            tokens,
            steps,
        }
    }

    /// The token of each key, in the order of the keys.
    pub(crate) fn tokens(&self) -> &[u16] {
        &self.tokens
    }

    /// The same keys in the same order, and the same values where they decide.
    fn fits(&self, object: &Object<'_>) -> bool {
        self.keys.len() == object.fields.len()
            && self.keys.iter().zip(&object.fields).all(|(known, (key, _))| **known == **key)
            && object.fields.iter().enumerate().filter(|(_, (key, _))| is_decisive(key)).all(
                |(at, (_, value))| {
                    let known = self.decisive.iter().find(|(place, _)| *place == at).map(|(_, text)| &**text);
                    match value {
                        Value::Text(text) => known == Some(&**text),
                        _ => known.is_none(),
                    }
                },
            )
    }

    fn predict(&self, text: &str, slots: &mut Slots, notes: &mut Notes) -> Option<()> {
        let steps = self.steps.as_ref()?;
        slots.clear(self.table.fields.len());
        let read = steps.read(text, &self.keys, slots, notes);
        if read.is_none() {
            *notes = Notes::default();
        }
        read
    }
}

/// The layouts that each port's lines had, a bounded number.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    by_hint: Vec<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The last used first.
    layouts: Vec<Arc<Layout>>,
    misses: u32,
}

/// A port that is sent more templates than this reads some lines the long way.
const MAX_LAYOUTS: usize = 8;

/// Once there are so many, one line in this many replaces the least used.
const REPLACE_EVERY: u32 = 16;

impl Layouts {
    fn known(&mut self, hint: Feed) -> &mut Known {
        let at = usize::from(hint.code());
        if self.by_hint.len() <= at {
            self.by_hint.resize_with(at + 1, Known::default);
        }
        // The line above made room.
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        &mut self.by_hint[at]
    }

    /// Reads a line that looks like one that was there before; what was mended is noted.
    pub(crate) fn predict(
        &mut self,
        hint: Feed,
        text: &str,
        slots: &mut Slots,
        notes: &mut Notes,
    ) -> Option<Arc<Layout>> {
        let known = self.known(hint);
        let at = known.layouts.iter().position(|layout| layout.predict(text, slots, notes).is_some())?;
        known.use_one(at)
    }

    /// What an object read the long way looks like; `None` where it is of no feed that is known.
    pub(crate) fn of(
        &mut self,
        hint: Feed,
        object: &Object<'_>,
        text: &str,
        mended: bool,
    ) -> Option<Arc<Layout>> {
        let known = self.known(hint);
        known.misses = known.misses.wrapping_add(1);
        match known.layouts.iter().position(|layout| layout.fits(object)) {
            Some(at) if !known.may_learn(at, mended) => known.use_one(at),
            _ => {
                let layout = Arc::new(Layout::new(detect(hint, object)?, object, text));
                known.learn(Arc::clone(&layout));
                Some(layout)
            }
        }
    }
}

impl Known {
    fn use_one(&mut self, at: usize) -> Option<Arc<Layout>> {
        if at > 0 {
            self.layouts.swap(at, at - 1);
        }
        self.layouts.get(at.saturating_sub(1)).cloned()
    }

    /// Whether another layout with the keys of this one is worth its place. A mended line is a poor model where there is one.
    fn may_learn(&self, at: usize, mended: bool) -> bool {
        let now = self.misses.is_multiple_of(REPLACE_EVERY);
        match mended {
            true => now && self.layouts.get(at).is_some_and(|layout| layout.steps.is_none()),
            false => now || self.layouts.len() < MAX_LAYOUTS,
        }
    }

    fn learn(&mut self, layout: Arc<Layout>) {
        if self.layouts.len() == MAX_LAYOUTS {
            self.layouts.pop();
        }
        self.layouts.push(layout);
    }
}
