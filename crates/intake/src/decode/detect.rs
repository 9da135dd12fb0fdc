//! Which feed a line is of, and which key is which token.
//!
//! The port's feed is the hint. A marker decides; else the feed that knows most of the keys, where one of them is a key that few
//! other feeds have; else the hint, where it knows enough of them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use fanlight_model::{Feed, Product};

use super::dialect::{CUSTOM, Dialect, FANLIGHT, Syntax, dialects};
use super::feed_table::FeedTable;
use super::flat_json::{Object, Value};
use super::label::{Role, is_label, roles};
use super::note::{Note, Notes};
use super::product::Suggested;
use super::table::TABLES;

/// A key that carries nothing of the record, and is no surprise in any feed.
const ENVELOPE: &[&str] =
    &[MARKER_KEY, SYNTAX_KEY, "EventType", "sourcetype", "product", "vendor", "version"];

/// Fanlight's own templates say which they are.
const MARKER_KEY: &str = "fl";
const MARKER_VERSION: &str = "1";

/// Fewer known keys than this are chance.
const LEAST_KNOWN: usize = 3;

/// A key of no token.
pub(crate) const NO_TOKEN: u16 = u16::MAX;

/// A key that is known and carries nothing of the record. Tokens are smaller.
pub(crate) const IGNORED: u16 = NO_TOKEN - 1;

/// Under it the scanners of other syntaxes than JSON say which they are. No template can have such a key.
pub(crate) const SYNTAX_KEY: &str = "(syntax)";

/// Keys whose value says which feed it is, or what another key means: it is part of what a line looks like.
pub(crate) fn is_decisive(key: &str) -> bool {
    matches!(key, MARKER_KEY | SYNTAX_KEY | "sourcetype" | "product") || is_label(key)
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
            if name.is_empty() {
                know(key, usize::from(IGNORED));
            } else if let Some(token) = table.fields.iter().position(|field| field.name == *name) {
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

    fn token(&self, key: &str, lower: &str) -> Option<u16> {
        self.tokens.get(key).or_else(|| self.tokens.get(lower)).copied()
    }

    fn word(&self, word: &str) -> Option<u16> {
        self.token(word, &word.to_ascii_lowercase()).filter(|token| *token < IGNORED)
    }

    fn name_of(&self, token: u16) -> &'static str {
        self.table.fields.get(usize::from(token)).map_or("", |field| field.name)
    }

    fn is_rendering(&self, token: u16, of: u16) -> bool {
        let base = self.table.fields.get(usize::from(token)).and_then(|field| field.kind.base());
        base == Some(self.name_of(of))
    }

    /// The token of a key, or of the label that it has.
    fn token_of(&self, key: &Key<'_>) -> Option<u16> {
        let own = || self.token(key.text, key.lower.as_ref());
        let Some((label, value)) = key.label else {
            return if matches!(key.role, Role::Label(_)) { Some(IGNORED) } else { own() };
        };
        // Details whose names are the sender's own stand in pairs, `attr1_name` and `attr1_val`.
        let detail = self.token(key.value_key, &key.value_key.to_ascii_lowercase());
        if let Some(stem) = detail.and_then(|token| self.name_of(token).strip_suffix("_val")) {
            return if matches!(key.role, Role::Label(_)) {
                self.word(&format!("{stem}_name"))
            } else {
                detail
            };
        }
        let (labelled, swapped) = (self.word(label), self.word(value));
        match key.role {
            Role::Label(_) if labelled.is_none() && swapped.is_some() => swapped,
            Role::Label(_) => Some(IGNORED),
            _ if labelled.is_none() && swapped.is_some() => Some(IGNORED),
            _ => match (own(), labelled) {
                // The label has the token's name, the template another rendering of it.
                (Some(own), Some(labelled)) if self.is_rendering(own, labelled) => Some(own),
                (own, labelled) => labelled.or(own),
            },
        }
    }

    /// How many keys it knows, and whether one of them is a sign.
    fn score(&self, keys: &[Key<'_>]) -> (usize, bool) {
        let mut known = 0;
        let mut sign = false;
        for token in keys.iter().filter_map(|key| self.token_of(key)).filter(|token| *token < IGNORED) {
            known += 1;
            sign |= self.table.signs.contains(&self.name_of(token));
        }
        (known, sign)
    }

    fn can_be(&self, syntax: &str) -> bool {
        self.dialect.is_none_or(|dialect| dialect.syntax.word() == syntax)
    }
}

/// A key of an object, with what its meaning depends on.
struct Key<'o> {
    text: &'o str,
    lower: Cow<'o, str>,
    role: Role,
    /// The texts of its label and of what is labelled, where it is one of the two.
    label: Option<(&'o str, &'o str)>,
    /// The key that is labelled.
    value_key: &'o str,
}

fn keys<'o>(object: &'o Object<'_>) -> Vec<Key<'o>> {
    let text = |at: usize| match object.fields.get(at) {
        Some((_, Value::Text(text))) => Some(&**text),
        Some((_, Value::Bare(text))) => Some(*text),
        _ => None,
    };
    let key = |at: usize| object.fields.get(at).map_or("", |(key, _)| &**key);
    let with = |(at, role): (usize, Role)| {
        let (label, value) = match role {
            Role::Plain => (None, None),
            Role::Labelled(label) => (Some(label), Some(at)),
            Role::Label(value) => (Some(at), value),
        };
        let lower = match key(at) {
            lower if !lower.bytes().any(|byte| byte.is_ascii_uppercase()) => Cow::Borrowed(lower),
            mixed => Cow::Owned(mixed.to_ascii_lowercase()),
        };
        let label = label.and_then(text).zip(value.map(|at| text(at).unwrap_or_default()));
        Key { text: key(at), lower, role, label, value_key: value.map_or("", key) }
    };
    roles(object).into_iter().enumerate().map(with).collect()
}

fn syntax_of<'o>(object: &'o Object<'_>) -> &'o str {
    match object.fields.first() {
        Some((key, Value::Text(syntax))) if key == SYNTAX_KEY => syntax,
        _ => Syntax::Json.word(),
    }
}

static VOCABULARIES: LazyLock<Vec<Vocabulary>> = LazyLock::new(|| {
    let mut all: Vec<Vocabulary> = TABLES.iter().map(|table| Vocabulary::new(table, None)).collect();
    for dialect in dialects().filter(|dialect| !dialect.keys.is_empty()) {
        if let Some(table) = TABLES.iter().find(|table| table.feed == dialect.feed) {
            all.push(Vocabulary::new(table, Some(dialect)));
        }
    }
    all
});

/// True for a key that any feed knows in any dialect.
pub(crate) fn is_known_key(key: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        VOCABULARIES.iter().flat_map(|vocabulary| vocabulary.tokens.keys().map(String::as_str)).collect()
    });
    KNOWN.contains(key) || is_label(key)
}

/// True for a key whose value is the name of whoever did it, in any feed and dialect.
pub(crate) fn names_a_principal(key: &str) -> bool {
    static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let of_person = |vocabulary: &Vocabulary, token: u16| {
            let field = vocabulary.table.fields.get(usize::from(token));
            field.is_some_and(|field| field.target.column() == Some("user_name"))
        };
        let keys = |vocabulary: &'static Vocabulary| {
            let names = vocabulary.tokens.iter().filter(|(_, token)| of_person(vocabulary, **token));
            names.map(|(key, _)| key.as_str())
        };
        VOCABULARIES.iter().flat_map(keys).collect()
    });
    NAMES.contains(key)
}

/// True for a key that a feed of this product knows: in its lines other products' words are free text.
pub(crate) fn is_key_of(product: Product, key: &str) -> bool {
    let mut of_product = VOCABULARIES.iter().filter(|vocabulary| vocabulary.table.feed.product() == product);
    of_product.any(|vocabulary| vocabulary.tokens.contains_key(key)) || is_label(key)
}

/// The field that a key of a feed's line is taken for; `None` where it is known to no template of the feed.
pub(crate) fn name_of_key(feed: Feed, key: &str) -> Option<&'static str> {
    let mut of_feed = VOCABULARIES.iter().filter(|vocabulary| vocabulary.table.feed == feed);
    let known = of_feed.find_map(|vocabulary| Some((vocabulary.table, vocabulary.word(key)?)));
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
    let keys = keys(object);
    let (vocabulary, dialect) = match marked {
        Some((vocabulary, known_version)) => {
            if !known_version {
                notes.add(Note::UnknownTemplateVersion);
            }
            (vocabulary, FANLIGHT)
        }
        None => {
            let (vocabulary, known) = best(hint, object, &keys)?;
            (vocabulary, dialect_name(vocabulary, known, object))
        }
    };
    let mut seen = vec![false; vocabulary.table.fields.len()];
    let token_of = |key: &Key<'_>| {
        let Some(token) = vocabulary.token_of(key) else {
            if !ENVELOPE.contains(&key.text) {
                notes.add(Note::UnknownKey(key.text.into()));
            }
            return NO_TOKEN;
        };
        let place = usize::from(token);
        if let (Some(seen), Some(field)) = (seen.get_mut(place), vocabulary.table.fields.get(place)) {
            if std::mem::replace(seen, true) {
                notes.add(Note::DuplicateKey(field.name));
            }
            if matches!(key.role, Role::Label(_)) && !field.name.ends_with("_name") {
                notes.add(Note::SwappedLabel(field.name));
            }
        }
        token
    };
    let tokens = keys.iter().map(token_of).collect();
    let zone_seconds = vocabulary.dialect.map_or(0, |dialect| dialect.zone_seconds);
    Some(Found { table: vocabulary.table, dialect, zone_seconds, tokens, notes })
}

fn best(hint: Feed, object: &Object<'_>, keys: &[Key<'_>]) -> Option<(&'static Vocabulary, usize)> {
    let (suggested, syntax) = (Suggested::by(object), syntax_of(object));
    let mut best: Option<(&'static Vocabulary, usize, usize)> = None;
    for vocabulary in VOCABULARIES.iter().filter(|vocabulary| vocabulary.can_be(syntax)) {
        let (known, sign) = vocabulary.score(keys);
        let feed = vocabulary.table.feed;
        // The port and what the line calls itself weigh a key or two: where two feeds know it equally well they decide.
        let hints = usize::from(feed == hint) + suggested.weight(feed);
        let enough = sign || (hints > 0 && known * 2 >= keys.len());
        let rank = known * 2 + hints;
        if known >= LEAST_KNOWN && enough && best.is_none_or(|(_, _, other)| rank > other) {
            best = Some((vocabulary, known, rank));
        }
    }
    best.map(|(vocabulary, known, _)| (vocabulary, known))
}

fn dialect_name(vocabulary: &Vocabulary, known: usize, object: &Object<'_>) -> &'static str {
    if let Some(dialect) = vocabulary.dialect {
        return dialect.name;
    }
    let syntax = syntax_of(object);
    let in_order = |columns: &[&str]| {
        let keys = object.fields.iter().skip(1).map(|(key, _)| &**key);
        columns.is_empty() || columns.iter().copied().eq(keys)
    };
    let fits = |dialect: &&Dialect| {
        dialect.feed == vocabulary.table.feed
            && dialect.keys.is_empty()
            && dialect.syntax.word() == syntax
            && (known >= dialect.least_keys || dialect.syntax == Syntax::Alert)
            && in_order(dialect.columns)
    };
    dialects().find(fits).map_or(CUSTOM, |dialect| dialect.name)
}
