//! Which feed a line is of, and which key is which token.
//!
//! The port's feed is the hint. A marker decides; else the feed that knows most of the keys, where one of them is a key that few
//! other feeds have; else the hint, where it knows enough of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use fanlight_model::Feed;

use super::dialect::{CUSTOM, DIALECTS, Dialect, FANLIGHT};
use super::feed_table::FeedTable;
use super::flat_json::{Object, Value};
use super::note::{Note, Notes};
use super::table::TABLES;

/// A key that carries nothing of the record, and is no surprise in any feed.
const ENVELOPE: &[&str] = &[MARKER_KEY, "EventType", "sourcetype"];

/// Fanlight's own templates say which they are.
const MARKER_KEY: &str = "fl";
const MARKER_VERSION: &str = "1";

/// Fewer known keys than this are chance.
const LEAST_KNOWN: usize = 3;

/// A key of no token.
pub(crate) const NO_TOKEN: u16 = u16::MAX;

/// Keys whose value says which feed it is: it is part of what a line looks like.
pub(crate) fn is_decisive(key: &str) -> bool {
    matches!(key, MARKER_KEY | "sourcetype" | "product")
}

/// What was found out about a line.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) table: &'static FeedTable,
    pub(crate) dialect: &'static str,
    pub(crate) zone_seconds: i64,
    /// The token of each key, in the order of the keys.
    pub(crate) tokens: Box<[u16]>,
    /// What is odd about the keys themselves.
    pub(crate) notes: Notes,
}

/// The words of one table, or of one dialect with keys of its own.
struct Vocabulary {
    table: &'static FeedTable,
    dialect: Option<&'static Dialect>,
    tokens: HashMap<String, u16>,
}

impl Vocabulary {
    /// By exact spelling, and in lower case for those who spell otherwise, the vendor among them.
    fn new(table: &'static FeedTable, dialect: Option<&'static Dialect>) -> Self {
        let mut tokens = HashMap::new();
        let mut know = |key: &str, token: usize| {
            let token = u16::try_from(token).unwrap_or(NO_TOKEN);
            tokens.entry(key.to_owned()).or_insert(token);
            tokens.entry(key.to_ascii_lowercase()).or_insert(token);
        };
        for (key, name) in dialect.map_or(&[][..], |dialect| dialect.keys) {
            if let Some(token) = table.fields.iter().position(|field| field.name == *name) {
                know(key, token);
            }
        }
        for (token, field) in table.fields.iter().enumerate() {
            know(field.name, token);
        }
        for (token, field) in table.fields.iter().enumerate() {
            know(field.token, token);
            field.aliases.iter().for_each(|alias| know(alias, token));
        }
        Self { table, dialect, tokens }
    }

    fn token(&self, key: &str) -> Option<u16> {
        self.tokens.get(key).or_else(|| self.tokens.get(&key.to_ascii_lowercase())).copied()
    }

    /// How many keys it knows, and whether one of them is a sign.
    fn score(&self, object: &Object<'_>) -> (usize, bool) {
        let mut known = 0;
        let mut sign = false;
        for (key, _) in &object.fields {
            if let Some(token) = self.token(key) {
                known += 1;
                let field = self.table.fields.get(usize::from(token));
                sign |= field.is_some_and(|field| self.table.signs.contains(&field.name));
            }
        }
        (known, sign)
    }
}

static VOCABULARIES: LazyLock<Vec<Vocabulary>> = LazyLock::new(|| {
    let mut all: Vec<Vocabulary> = TABLES.iter().map(|table| Vocabulary::new(table, None)).collect();
    for dialect in DIALECTS.iter().filter(|dialect| !dialect.keys.is_empty()) {
        if let Some(table) = TABLES.iter().find(|table| table.feed == dialect.feed) {
            all.push(Vocabulary::new(table, Some(dialect)));
        }
    }
    all
});

/// The field that a key of a feed's line is taken for; `None` where it is known to no template of the feed.
pub(crate) fn name_of_key(feed: Feed, key: &str) -> Option<&'static str> {
    let mut of_feed = VOCABULARIES.iter().filter(|vocabulary| vocabulary.table.feed == feed);
    let known = of_feed.find_map(|vocabulary| Some((vocabulary.table, vocabulary.token(key)?)));
    known.and_then(|(table, token)| Some(table.fields.get(usize::from(token))?.name))
}

/// Finds the feed of an object, with the token of each of its keys; `None` where it is of none that is known.
pub(crate) fn detect(hint: Feed, object: &Object<'_>) -> Option<Found> {
    let marker = object.fields.iter().find_map(|(key, value)| match value {
        Value::Text(text) if key == MARKER_KEY => Some(&**text),
        _ => None,
    });
    let marked = marker.and_then(|marker| {
        let version =
            |table: &FeedTable| marker.strip_prefix(table.marker).map(|version| version == MARKER_VERSION);
        VOCABULARIES.iter().find_map(|vocabulary| version(vocabulary.table).map(|known| (vocabulary, known)))
    });
    let mut notes = Notes::default();
    let (vocabulary, dialect) = match marked {
        Some((vocabulary, known_version)) => {
            if !known_version {
                notes.add(Note::UnknownTemplateVersion);
            }
            (vocabulary, FANLIGHT)
        }
        None => {
            let (vocabulary, known) = best(hint, object)?;
            (vocabulary, dialect_name(vocabulary, known))
        }
    };
    let mut seen = vec![false; vocabulary.table.fields.len()];
    let token_of = |(key, _): &(std::borrow::Cow<'_, str>, Value<'_>)| {
        let Some(token) = vocabulary.token(key) else {
            if !ENVELOPE.contains(&&**key) {
                notes.add(Note::UnknownKey(key.as_ref().into()));
            }
            return NO_TOKEN;
        };
        let place = usize::from(token);
        if let (Some(seen), Some(field)) = (seen.get_mut(place), vocabulary.table.fields.get(place))
            && std::mem::replace(seen, true)
        {
            notes.add(Note::DuplicateKey(field.name));
        }
        token
    };
    let tokens = object.fields.iter().map(token_of).collect();
    let zone_seconds = vocabulary.dialect.map_or(0, |dialect| dialect.zone_seconds);
    Some(Found { table: vocabulary.table, dialect, zone_seconds, tokens, notes })
}

fn best(hint: Feed, object: &Object<'_>) -> Option<(&'static Vocabulary, usize)> {
    let mut best: Option<(&'static Vocabulary, usize)> = None;
    for vocabulary in VOCABULARIES.iter() {
        let (known, sign) = vocabulary.score(object);
        let hinted = vocabulary.table.feed == hint;
        let enough = sign || (hinted && known * 2 >= object.fields.len());
        // One more for the hint: where two feeds know the line equally well the port decides.
        let rank = |known: usize, hinted: bool| known * 2 + usize::from(hinted);
        let better = best.is_none_or(|(other, other_known)| {
            rank(known, hinted) > rank(other_known, other.table.feed == hint)
        });
        if known >= LEAST_KNOWN && enough && better {
            best = Some((vocabulary, known));
        }
    }
    best
}

fn dialect_name(vocabulary: &Vocabulary, known: usize) -> &'static str {
    if let Some(dialect) = vocabulary.dialect {
        return dialect.name;
    }
    let fits = |dialect: &&Dialect| {
        dialect.feed == vocabulary.table.feed && dialect.keys.is_empty() && known >= dialect.least_keys
    };
    DIALECTS.iter().find(fits).map_or(CUSTOM, |dialect| dialect.name)
}
