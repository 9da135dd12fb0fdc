//! What a customer's own template will be taken for: key by key, what it lacks, and what it makes possible.

use fanlight_model::{Feed, Product};

use super::detect::name_of_key;
use super::dialect::Syntax;
use super::feed_table::{FeedTable, Field, Kind, StampForm, Unit};
use super::table::feed_table;
use super::template_parse::{Entry, Parsed, Spec, parse};
use crate::health::{Gain, Use, gains, possible, wanted};

/// One key of a template, or one cell where it has no keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedKey {
    /// The key on the wire.
    pub key: Option<String>,
    /// What fills it, as the template writes it.
    pub template: String,
    /// The field that the decoder takes it for.
    pub field: Option<&'static str>,
    /// Our column, where it goes into one.
    pub column: Option<&'static str>,
    /// What is wrong with it, and the way out.
    pub problem: Option<String>,
}

/// What a template will be taken for.
#[derive(Clone, Debug)]
pub struct ExplainedTemplate {
    /// How keys and values stand.
    pub syntax: Syntax,
    /// Each key.
    pub keys: Vec<ExplainedKey>,
    /// Tokens that the vendor does not have.
    pub unknown_tokens: Vec<String>,
    /// How the record's own time is written: its form, its step, its zone.
    pub time: String,
    /// Wanted fields that it lacks.
    pub missing: Vec<&'static str>,
    /// What would be gained with them.
    pub gains: Vec<Gain>,
    /// What it makes possible.
    pub possible: Vec<&'static Use>,
    /// What is wrong with it as a whole, in sentences with the way out.
    pub problems: Vec<String>,
}

/// Explains a template of one of Zscaler's feeds; `None` for others, whose templates are of another language.
pub fn explain(feed: Feed, template: &str) -> Option<ExplainedTemplate> {
    let table = feed_table(feed).filter(|_| feed.product() != Product::Envoy)?;
    let parsed = parse(template);
    let keys: Vec<ExplainedKey> =
        parsed.entries.iter().map(|entry| key(feed, table, &parsed, entry)).collect();
    // Another rendering of a field says what it says.
    let stands_for = |of: &'static str| field(table, of).and_then(|field| field.kind.base());
    let has = |name: &str| {
        keys.iter().filter_map(|key| key.field).any(|of| of == name || stands_for(of) == Some(name))
    };
    let missing: Vec<&'static str> = wanted(feed).filter(|name| !has(name)).collect();
    let specs = || parsed.entries.iter().flat_map(|entry| &entry.specs);
    let mut unknown_tokens: Vec<String> = Vec::new();
    for spec in specs().filter(|spec| of_token(table, &spec.token).is_none() && !is_time_part(&spec.token)) {
        if !unknown_tokens.contains(&spec.token) {
            unknown_tokens.push(spec.token.clone());
        }
    }
    Some(ExplainedTemplate {
        syntax: parsed.syntax,
        time: time(table, &parsed, &keys),
        gains: gains(feed, &missing),
        possible: possible(feed, &missing),
        problems: problems(feed, template, &parsed),
        keys,
        unknown_tokens,
        missing,
    })
}

fn key(feed: Feed, table: &'static FeedTable, parsed: &Parsed, entry: &Entry) -> ExplainedKey {
    let template: String = entry.specs.iter().map(Spec::to_text).collect();
    let by_token = match &*entry.specs {
        [spec] => of_token(table, &spec.token),
        _ => None,
    };
    let by_key = entry.key.as_deref().and_then(|key| field(table, name_of_key(feed, key)?));
    let positional = matches!(parsed.syntax, Syntax::Csv | Syntax::Tsv);
    let field = if positional { by_token } else { by_key };
    let problem = key_problem(entry, by_key, by_token, positional);
    let column = field.and_then(|field| field.target.column());
    ExplainedKey { key: entry.key.clone(), template, field: field.map(|field| field.name), column, problem }
}

fn key_problem(
    entry: &Entry,
    by_key: Option<&Field>,
    by_token: Option<&Field>,
    positional: bool,
) -> Option<String> {
    let spec = entry.specs.first()?;
    if let Some(token) = by_token.map(|field| field.token).filter(|token| *token != spec.token) {
        return Some(format!("the token is spelled `{token}`: case matters, or it is sent as it stands"));
    }
    match (&entry.key, by_key, by_token) {
        _ if positional => None,
        (Some(key), None, Some(field)) => Some(format!(
            "the key `{key}` is not known: name it `{}`, else its value is in the raw line only",
            field.name
        )),
        (Some(key), Some(known), Some(field)) if !same_value(known, field) => Some(format!(
            "the key `{key}` is taken for {}, and is filled with {}: name it `{}`",
            known.name, field.name, field.name
        )),
        (Some(_), _, None) if entry.specs.len() == 1 && !is_time_part(&spec.token) => Some(format!(
            "`{}` is no token of this feed: it is sent as it stands, or the template cannot be saved",
            spec.token
        )),
        _ => None,
    }
}

/// Whether two fields say the same, one of them perhaps in another writing.
fn same_value(a: &Field, b: &Field) -> bool {
    let base = |field: &Field| match field.kind {
        Kind::Hex(token) | Kind::Base64(token) => token,
        _ => field.token,
    };
    let column = |field: &Field| field.target.column();
    base(a) == base(b) || (column(a).is_some() && column(a) == column(b))
}

fn field(table: &'static FeedTable, name: &str) -> Option<&'static Field> {
    table.fields.iter().find(|field| field.name == name)
}

/// By its exact spelling, else by any.
fn of_token(table: &'static FeedTable, token: &str) -> Option<&'static Field> {
    let exact = table.fields.iter().find(|field| field.token == token);
    exact.or_else(|| table.fields.iter().find(|field| field.token.eq_ignore_ascii_case(token)))
}

/// Parts of which ZIA's templates put a time together.
fn is_time_part(token: &str) -> bool {
    const PARTS: &[&str] = &[
        "yy",
        "yyyy",
        "yyy",
        "mon",
        "mth",
        "dd",
        "hh",
        "mm",
        "ss",
        "ms",
        "us",
        "day",
        "time",
        "tz",
        "epochtime",
    ];
    PARTS.contains(&token)
}

/// How the record's own time will be read.
fn time(table: &'static FeedTable, parsed: &Parsed, keys: &[ExplainedKey]) -> String {
    let own = ["log_time", "start_time", "change_time"]
        .into_iter()
        .find_map(|column| keys.iter().zip(&parsed.entries).find(|(key, _)| key.column == Some(column)));
    let Some((key, entry)) = own else {
        return "no stamp of its own: the time of arrival stands in for it, so neither lateness nor a late record can be told".to_owned();
    };
    let name = key.key.as_deref().or(key.field).unwrap_or_default();
    let Some(spec) = entry.specs.first() else { return String::new() };
    let zone = "no zone: UTC is assumed, so the feed has to be set to GMT";
    if entry.specs.len() > 1 {
        return format!("`{name}` is put together of parts, whole seconds, {zone}");
    }
    let written = match spec.modifier.as_deref() {
        Some("epoch_us") => "microseconds since 1970, which needs no zone".to_owned(),
        Some("epoch_ms") => "milliseconds since 1970, which needs no zone".to_owned(),
        Some("epoch") => "whole seconds since 1970, which needs no zone".to_owned(),
        Some("iso8601") => "ISO 8601 with milliseconds, in UTC".to_owned(),
        Some("time") => {
            format!("whole seconds as text, {zone}; `:epoch_us` in place of `:time` gives microseconds")
        }
        Some(other) => format!("a part of the time, `{other}`, which alone is no time"),
        None if spec.token == "epochtime" => "whole seconds since 1970, which needs no zone".to_owned(),
        None if spec.conversion.ends_with('d') => "a count since 1970, which needs no zone".to_owned(),
        None => match of_token(table, &spec.token).map(|field| field.kind) {
            Some(Kind::Stamp(StampForm::Iso)) => "ISO 8601 with milliseconds, in UTC".to_owned(),
            Some(Kind::Stamp(StampForm::Epoch(Unit::Micros))) => "microseconds since 1970".to_owned(),
            _ => format!("whole seconds as text, {zone}"),
        },
    };
    format!("`{name}` is {written}")
}

fn problems(feed: Feed, template: &str, parsed: &Parsed) -> Vec<String> {
    let mut problems = Vec::new();
    if parsed.syntax == Syntax::Unreadable {
        problems.push(why_unreadable(feed, template));
        return problems;
    }
    if !parsed.ends_line {
        problems.push("it does not end in `\\n`: all records run together into one line, of which only the first ones are read. Put `\\n` at its very end".to_owned());
    }
    match parsed.syntax {
        Syntax::Csv | Syntax::Tsv => problems.push("it has no keys: cells are told by their place, which breaks where a value holds the separator; prefer JSON".to_owned()),
        Syntax::Json => {
            let plain = parsed.entries.iter().flat_map(|entry| &entry.specs).any(|spec| spec.conversion == "s");
            if plain && feed.as_str().starts_with("zpa") {
                problems.push("`%s` does not escape quotes: use `%j`, without quotes around it".to_owned());
            }
        }
        _ => {}
    }
    problems
}

/// What is wrong with a template of no syntax that is read, and the way out.
fn why_unreadable(feed: Feed, template: &str) -> String {
    if feed == Feed::ZiaNssAlert {
        return "alerts have no template: the NSS writes them in one form, which is read as it is".to_owned();
    }
    let example = if feed.as_str().starts_with("zpa") { "%j{ConnectorIP}" } else { "%s{login}" };
    let why = if template.trim().is_empty() {
        "it is empty: paste what stands in the feed's settings".to_owned()
    } else if !template.contains('%') || !template.contains('{') {
        format!("no token such as `{example}` is in it")
    } else {
        "it is neither JSON nor CSV, LEEF, CEF or `key=value` between tabs (`\\t`): all of its lines would be kept raw".to_owned()
    };
    format!("{why}; `fanlight config template {feed}` prints a JSON template that is whole")
}

impl Spec {
    fn to_text(&self) -> String {
        let modifier = self.modifier.as_ref().map_or_else(String::new, |modifier| format!(":{modifier}"));
        format!("%{}{{{}{modifier}}}", self.conversion, self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Gives;
    use crate::template;

    /// Our own templates have nothing to be said against them.
    #[test]
    fn the_recommended_template_is_whole() {
        for feed in Feed::ALL {
            let Some(text) = template(*feed) else { continue };
            let Some(explained) = explain(*feed, &text) else {
                assert_eq!(feed.product(), Product::Envoy);
                continue;
            };
            assert_eq!(explained.missing, Vec::<&str>::new(), "{feed}");
            assert_eq!(explained.unknown_tokens, Vec::<String>::new(), "{feed}");
            assert_eq!(explained.problems, Vec::<String>::new(), "{feed}");
            assert!(explained.keys.iter().all(|key| key.problem.is_none()), "{feed} {:?}", explained.keys);
            assert!(
                explained.possible.iter().any(|one| one.gives == Gives::Rung("R2"))
                    || *feed != Feed::ZpaUserActivity
            );
        }
    }

    #[test]
    fn keys_are_taken_for_what_the_decoder_takes_them_for() {
        let template = r#"{"LogTimestamp": %j{LogTimestamp:time},"srcip": %j{ConnectorIP},"ServerPort": %d{ConnectorPort},"Policy": %j{policy},"Nope": %j{Nope},"Host": %j{Host}}"#;
        let explained = explain(Feed::ZpaUserActivity, template).unwrap();
        let of = |key: &str| explained.keys.iter().find(|known| known.key.as_deref() == Some(key)).unwrap();
        let says = |key: &str, words: &str| {
            assert!(of(key).problem.as_deref().unwrap().contains(words), "{:?}", of(key))
        };
        assert_eq!(
            (of("Host").field, of("Host").column, &of("Host").problem),
            (Some("Host"), Some("host"), &None)
        );
        says("srcip", "name it `ConnectorIP`");
        says("ServerPort", "is taken for ServerPort, and is filled with ConnectorPort");
        says("Policy", "spelled `Policy`");
        says("Nope", "no token of this feed");
        assert_eq!(explained.unknown_tokens, ["Nope"]);
        assert!(explained.missing.contains(&"ConnectorIP") && explained.missing.contains(&"ConnectorPort"));
        assert!(explained.gains.iter().any(|gain| gain.gives == Gives::Rung("R2")));
        assert!(explained.problems[0].contains("`\\n` at its very end"));
        assert!(explained.time.contains("no zone") && explained.time.contains("epoch_us"));
    }

    #[test]
    fn what_is_no_template_says_so() {
        let explained = explain(Feed::ZpaUserActivity, "hello").unwrap();
        assert!(explained.problems[0].contains("fanlight config template zpa_user_activity"));
        assert!(explained.time.starts_with("no stamp"));
    }

    /// Each says what it is, claims no key, and shows the way out.
    #[test]
    fn what_cannot_be_read_says_why() {
        for (template, words) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("hello", "no token such as `%s{login}`"),
            ("<event><login>%s{login}</login><url>%s{url}</url></event>\\n", "neither JSON nor CSV"),
            ("login=%s{login} url=%s{url} host=%s{host}\\n", "neither JSON nor CSV"),
            ("%s{time}|%s{login}|%s{url}\\n", "neither JSON nor CSV"),
        ] {
            let explained = explain(Feed::ZiaWeb, template).unwrap();
            assert_eq!((explained.syntax, explained.keys.len()), (Syntax::Unreadable, 0), "{template}");
            let [problem] = &*explained.problems else { panic!("{template} {:?}", explained.problems) };
            assert!(problem.contains(words), "{template} {problem}");
            assert!(problem.contains("`fanlight config template zia_web`"), "{problem}");
            assert_eq!(explained.possible.len(), 0, "{template}");
        }
        let alert = explain(Feed::ZiaNssAlert, "%s{text}").unwrap();
        assert!(alert.problems[0].contains("alerts have no template"), "{:?}", alert.problems);
    }

    #[test]
    fn epoch_time_needs_no_zone() {
        let explained =
            explain(Feed::ZpaUserActivity, r#"{"LogTimestamp": %d{LogTimestamp:epoch},"Host": %j{Host}}\n"#)
                .unwrap();
        assert!(explained.time.contains("whole seconds since 1970"), "{}", explained.time);
        assert_eq!(explained.problems, Vec::<String>::new());
    }
}
