//! A customer's own template, read as text: which key would stand for which token. Pure; whatever is pasted gives something.
//!
//! ZPA: `"Key": %j{Token}`, `%d{Token:epoch}`, `[%j(,){Token}]`. ZIA: `%s{token}`, `%02d{hh}`, with braces of the format itself written
//! as `\{` and `\}`.

use super::dialect::Syntax;

/// One `%…{token}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// What stands between `%` and the brace: `j`, `02d`, `j(,)`.
    pub(crate) conversion: String,
    pub(crate) token: String,
    /// What stands behind a colon in the braces: `epoch_us`.
    pub(crate) modifier: Option<String>,
}

/// A key and what its value is made of, or a cell of a template without keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Option<String>,
    /// Several where a value is put together, as a date of its parts.
    pub(crate) specs: Vec<Spec>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) syntax: Syntax,
    pub(crate) entries: Vec<Entry>,
    /// Whether it says itself that a record ends with a line.
    pub(crate) ends_line: bool,
}

/// A feed has a few hundred tokens; what is pasted beyond this is no template.
const MAX_ENTRIES: usize = 2_000;
/// Longer than any flags, width and list form.
const MAX_CONVERSION: usize = 16;

/// Text between tokens, unescaped, or a token.
enum Part {
    Text(String),
    Spec(Spec),
}

pub(crate) fn parse(template: &str) -> Parsed {
    let template = template.trim();
    let parts = parts(template);
    let text: String = parts.iter().filter_map(text_of).collect();
    let syntax = syntax(&text);
    let mut entries: Vec<Entry> = Vec::new();
    let mut before = "";
    for part in &parts {
        match part {
            Part::Text(text) => before = text,
            Part::Spec(spec) => {
                let key = key_before(before, syntax);
                let goes_on = key.is_none() && !ends_cell(before, syntax);
                let specs = vec![spec.clone()];
                if let Some(entry) = entries.last_mut().filter(|_| goes_on) {
                    entry.specs.extend(specs);
                } else if entries.len() < MAX_ENTRIES {
                    entries.push(Entry { key, specs });
                }
                before = "";
            }
        }
    }
    if !is_readable(syntax, &text, &entries) {
        return Parsed { syntax: Syntax::Unreadable, entries: Vec::new(), ends_line: true };
    }
    Parsed {
        syntax,
        entries,
        ends_line: template.ends_with("\\n") || text.trim_end_matches('"').ends_with('\n'),
    }
}

const fn text_of(part: &Part) -> Option<&str> {
    match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Spec(_) => None,
    }
}

fn parts(template: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        if letter == '\\' {
            let (meant, length) = unescaped(after);
            text.push(meant);
            rest = after.get(length..).unwrap_or_default();
        } else if let Some((spec, after)) = spec(rest) {
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Spec(spec));
            rest = after;
        } else {
            text.push(letter);
            rest = after;
        }
    }
    parts.push(Part::Text(text));
    parts
}

/// What a backslash and what follows it mean, and how long that is.
fn unescaped(after: &str) -> (char, usize) {
    match after.chars().next() {
        Some('n') => ('\n', 1),
        Some('t') => ('\t', 1),
        Some('r') => ('\r', 1),
        Some(letter @ ('\\' | '{' | '}' | '%' | '"' | ',' | '=' | '|' | '/')) => (letter, 1),
        _ => ('\\', 0),
    }
}

/// The token that a text begins with, and the rest behind it.
fn spec(text: &str) -> Option<(Spec, &str)> {
    let inside = text.strip_prefix('%')?;
    let open = inside.find('{').filter(|open| *open <= MAX_CONVERSION)?;
    let (conversion, inside) = (inside.get(..open)?, inside.get(open + 1..)?);
    let plain = conversion.split('(').next().unwrap_or_default();
    let is_conversion = plain.ends_with(|letter: char| letter.is_ascii_alphabetic())
        && plain
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '+' | '.' | '#'))
        && (plain.len() == conversion.len() || conversion.ends_with(')'));
    let close = inside.find(['}', '{', '\n'])?;
    let named = inside.get(..close)?;
    if !is_conversion || !inside.get(close..)?.starts_with('}') || named.trim().is_empty() {
        return None;
    }
    let (token, modifier) = match named.split_once(':') {
        Some((token, modifier)) => (token, Some(modifier.trim().to_owned())),
        None => (named, None),
    };
    let spec = Spec { conversion: conversion.to_owned(), token: token.trim().to_owned(), modifier };
    Some((spec, inside.get(close + 1..)?))
}

fn syntax(text: &str) -> Syntax {
    let begins = text.trim_start();
    if text.contains("CEF:") && text.contains('|') {
        Syntax::Cef
    } else if text.contains("LEEF:") {
        Syntax::Leef
    } else if text.contains("^^") {
        Syntax::Rsa
    } else if begins.starts_with('{') || begins.starts_with("[{") || text.contains("\":") {
        Syntax::Json
    } else if text.contains('=') {
        Syntax::KeyValue
    } else if text.contains('\t') {
        Syntax::Tsv
    } else {
        Syntax::Csv
    }
}

/// Whether lines of it would be read: cells and pairs are told by what stands between them.
fn is_readable(syntax: Syntax, text: &str, entries: &[Entry]) -> bool {
    /// As many as a line of pairs has at least.
    const LEAST_PAIRS: usize = 3;
    // `<?xml`, `<event>`; a syslog header has a number there.
    let is_markup = text.trim_start().strip_prefix('<').is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '?' | '!'))
    });
    match syntax {
        Syntax::Cef | Syntax::Leef | Syntax::Rsa => !entries.is_empty(),
        Syntax::Json => !entries.is_empty() && !is_markup,
        Syntax::Csv | Syntax::Tsv => entries.len() > 1 && !is_markup,
        Syntax::KeyValue => {
            text.matches('\t').count() + 1 >= LEAST_PAIRS && entries.len() >= LEAST_PAIRS && !is_markup
        }
        Syntax::Alert | Syntax::Unreadable => false,
    }
}

/// The key that a text ends with, just before its value.
fn key_before(text: &str, syntax: Syntax) -> Option<String> {
    match syntax {
        Syntax::Json => {
            let text = text.trim_end().trim_end_matches(['"', '[']).trim_end();
            let text = text.strip_suffix(':')?.trim_end().strip_suffix('"')?;
            let key = text.get(text.rfind('"')? + 1..)?;
            (!key.is_empty()).then(|| key.to_owned())
        }
        Syntax::Csv | Syntax::Tsv | Syntax::Unreadable => None,
        _ => {
            let text = text.trim_end_matches('"').strip_suffix('=')?;
            let is_key = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
            let begins = text.trim_end_matches(is_key).len();
            let key = text.get(begins..)?;
            (!key.is_empty()).then(|| key.to_owned())
        }
    }
}

/// Whether a text ends one value, so that what follows is another one.
fn ends_cell(text: &str, syntax: Syntax) -> bool {
    let ends: &[char] = match syntax {
        Syntax::Json => &[',', '{', '['],
        Syntax::Csv => &[','],
        Syntax::Cef | Syntax::Leef => &['|', '\t'],
        Syntax::Tsv | Syntax::KeyValue => &['\t'],
        Syntax::Rsa => &['^'],
        Syntax::Alert | Syntax::Unreadable => &[],
    };
    text.contains(ends)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(template: &str, syntax: Syntax, ends_line: bool, expected: &[&str]) {
        let parsed = parse(template);
        let told: Vec<String> = parsed
            .entries
            .iter()
            .map(|entry| {
                let specs: Vec<String> = entry
                    .specs
                    .iter()
                    .map(|spec| {
                        let modifier =
                            spec.modifier.as_ref().map_or_else(String::new, |word| format!(":{word}"));
                        format!("{} {}{modifier}", spec.conversion, spec.token)
                    })
                    .collect();
                format!("{}={}", entry.key.as_deref().unwrap_or("-"), specs.join("+"))
            })
            .collect();
        assert_eq!(told, expected);
        assert_eq!((parsed.syntax, parsed.ends_line), (syntax, ends_line));
    }

    #[test]
    fn zpa_json_with_modifiers_and_lists() {
        let template = r#"{"LogTimestamp": %j{LogTimestamp:time},"ConnectorPort": %d{ConnectorPort},"PosturesHit": [%j(,){PosturesHit}],"Own" : "%J{Policy}","Start":%d{TimestampConnectionStart}}\n"#;
        let expected = [
            "LogTimestamp=j LogTimestamp:time",
            "ConnectorPort=d ConnectorPort",
            "PosturesHit=j(,) PosturesHit",
            "Own=J Policy",
            "Start=d TimestampConnectionStart",
        ];
        check(template, Syntax::Json, true, &expected);
        check(&template.replace("\\n", ""), Syntax::Json, false, &expected);
    }

    #[test]
    fn zia_json_with_escaped_braces_and_a_date_of_parts() {
        let template = r#"\{ "sourcetype" : "zscalernss-web", "event" : \{"datetime":"%d{yy}-%02d{mth}-%02d{dd} %02d{hh}:%02d{mm}:%02d{ss}","reason":"%s{reason}","status":"%s{respcode}"\}\}\n"#;
        let expected =
            ["datetime=d yy+02d mth+02d dd+02d hh+02d mm+02d ss", "reason=s reason", "status=s respcode"];
        check(template, Syntax::Json, true, &expected);
    }

    #[test]
    fn keys_before_an_equals_sign_and_cells_without_keys() {
        check(
            r"time=%s{time}\tlogin=%s{login}\turl=%s{url}\n",
            Syntax::KeyValue,
            true,
            &["time=s time", "login=s login", "url=s url"],
        );
        check(
            r#""%s{time}","%s{login}","%s{proto}"\n"#,
            Syntax::Csv,
            true,
            &["-=s time", "-=s login", "-=s proto"],
        );
        check(r"%s{time}\t%s{login}", Syntax::Tsv, false, &["-=s time", "-=s login"]);
        check(
            r"ZSCALERNSS: time=%s{time}^^login=%s{login}",
            Syntax::Rsa,
            false,
            &["time=s time", "login=s login"],
        );
        let cef = r"%s{mon} %02d{dd} zscaler-nss CEF:0|Zscaler|NSSWeblog|5.7|%s{action}|%s{reason}|3|act=%s{action} suser=%s{login}\n";
        check(
            cef,
            Syntax::Cef,
            true,
            &["-=s mon+02d dd", "-=s action", "-=s reason", "act=s action", "suser=s login"],
        );
        let leef = r"LEEF:1.0|Zscaler|ZPA|4.1|%s{ConnectionStatus}%s{InternalReason}|cat=ZPA User Activity\tsrc=%s{ClientPublicIP}\n";
        check(leef, Syntax::Leef, true, &["-=s ConnectionStatus+s InternalReason", "src=s ClientPublicIP"]);
    }

    #[test]
    fn what_is_no_token_is_text() {
        for text in ["", "100 % {sure}", "%j{}", "%{x}", "%j{a", "%j{a{b}}", "\\", "\\%j{a}"] {
            assert_eq!(parse(text).entries, [], "{text}");
        }
    }

    #[test]
    fn what_no_scanner_reads_is_no_template() {
        for template in [
            "<event><login>%s{login}</login><url>%s{url}</url></event>\\n",
            "<event login=\"%s{login}\" url=\"%s{url}\" host=\"%s{host}\"/>\\n",
            "login=%s{login} url=%s{url} host=%s{host}\\n",
            "%s{time}|%s{login}|%s{url}\\n",
            "%s{login} went to %s{url}\\n",
            "%s{login}",
        ] {
            let parsed = parse(template);
            assert_eq!((parsed.syntax, parsed.entries), (Syntax::Unreadable, Vec::new()), "{template}");
        }
    }

    proptest! {
        /// Whatever is pasted: no panic, and no more than was pasted.
        #[test]
        fn anything_is_read(text in "(\\PC|[%{}\\\\\":=,|\t\n]|%j\\{[a-z]{0,3}\\}){0,60}") {
            let parsed = parse(&text);
            let specs: usize = parsed.entries.iter().map(|entry| entry.specs.len()).sum();
            prop_assert!(specs <= text.matches('%').count());
            prop_assert!(parsed.entries.iter().all(|entry| !entry.specs.is_empty()));
        }

        /// What was rendered from keys and tokens reads back as them.
        #[test]
        fn a_template_reads_back(pairs in prop::collection::vec(("[A-Za-z_]{1,12}", "[A-Za-z0-9_]{1,12}", "[jdsJf]|02d|j\\(,\\)"), 1..40), zia in any::<bool>()) {
            let pieces: Vec<String> = pairs.iter().map(|(key, token, conversion)| format!("\"{key}\": %{conversion}{{{token}}}")).collect();
            let (open, close) = if zia { ("\\{", "\\}") } else { ("{", "}") };
            let parsed = parse(&format!("{open}{}{close}\\n", pieces.join(",")));
            prop_assert!(parsed.ends_line && parsed.syntax == Syntax::Json);
            let read: Vec<(String, String, String)> = parsed.entries.into_iter().map(|entry| {
                let spec = entry.specs.into_iter().next().unwrap();
                (entry.key.unwrap(), spec.token, spec.conversion)
            }).collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
