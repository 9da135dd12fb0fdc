//! What is pasted gives lines that are read strictly and lack nothing.

use std::fmt::Write;

use fanlight_intake::{DecodedLine, feed_table, template};
use fanlight_model::{Feed, FeedRecord, ParseLevel, Timestamp};

use crate::golden::decode;

const FEEDS: &[Feed] = &[
    Feed::ZiaWeb,
    Feed::ZiaFirewall,
    Feed::ZiaDns,
    Feed::ZiaTunnel,
    Feed::ZiaAudit,
    Feed::ZiaSaasSecurity,
    Feed::ZiaEndpointDlp,
    Feed::ZiaEmailDlp,
    Feed::CloudConnectorSession,
    Feed::CloudConnectorDns,
    Feed::CloudConnectorEvent,
];

/// Fills each token as the NSS does, and gives the line and the names of the tokens.
fn render(template: &str) -> (String, Vec<String>) {
    let (mut line, mut tokens, mut rest) = (String::new(), Vec::new(), template);
    while let Some(character) = rest.chars().next() {
        let escape = ["\\{", "\\}", "\\n"].into_iter().find(|escape| rest.starts_with(escape));
        if let Some(escape) = escape {
            line.push_str(match escape {
                "\\n" => "\n",
                brace => &brace[1..],
            });
            rest = &rest[2..];
        } else if character == '%' {
            let (directive, after) = rest.split_once('}').unwrap();
            let (kind, token) = directive[1..].split_once('{').unwrap();
            assert!(matches!(kind, "s" | "d" | "ld" | "lu"), "`%{kind}` is one of the vendor's");
            line.push_str(&value(kind, token));
            tokens.push(token.to_owned());
            rest = after;
        } else {
            assert!(!matches!(character, '{' | '}' | '\\'), "a brace of the template itself is escaped");
            line.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    (line, tokens)
}

fn value(kind: &str, token: &str) -> String {
    match token {
        "epochtime" | "epochmailsenttime" => "1772612442",
        "tz" => "GMT",
        _ if token.ends_with("time") && kind == "s" => "Wed Mar  4 08:20:42 2026",
        _ if token.starts_with("b64") => "YSJiXGM=",
        _ if token.contains("sip") || token.ends_with("ip") || token.ends_with("_ip") || token == "cdip" => {
            "192.0.2.7"
        }
        "resolver" | "destvip" => "192.0.2.7",
        "numsessions" | "num_sess" | "num_aggr_sess" => "1",
        "respcode" | "http_code" => "200",
        _ if kind == "s" => "a%22b",
        _ => "7",
    }
    .to_owned()
}

fn one(feed: Feed, line: &str) -> DecodedLine {
    let mut read = decode(feed, line.as_bytes());
    assert_eq!(read.len(), 1, "{feed}");
    read.remove(0)
}

#[test]
fn the_templates_that_are_shipped_lack_nothing() {
    for feed in FEEDS.iter().copied() {
        let (line, tokens) = render(&template(feed).unwrap());
        assert!(line.ends_with('\n'), "{feed}");
        let read = one(feed, &line);
        assert_eq!(
            (read.feed, read.dialect, read.level),
            (feed, "fanlight", ParseLevel::Strict),
            "{:?}",
            read.notes
        );
        assert_eq!((&read.notes, &read.missing), (&vec![], &vec![]), "{feed}");
        let log_time = read.event.as_ref().and_then(FeedRecord::log_time);
        assert_eq!(log_time, Some(Timestamp::from_seconds(1_772_612_442)), "{feed}");
        let mut unique = tokens.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), tokens.len(), "{feed}: no token stands twice");
        for token in tokens {
            let known = feed_table(feed).unwrap().fields.iter().any(|field| field.token == token);
            assert!(known, "{feed}: {token}");
        }
    }
}

/// Envoy renders the keys of a `json_format` as JSON; the snippet is YAML of one depth.
#[test]
fn envoys_snippet_lacks_nothing() {
    let mut line = String::from("{");
    for entry in template(Feed::Envoy).unwrap().lines().skip(1) {
        let (key, operator) = entry.trim().split_once(": ").unwrap();
        let value = match operator.trim_matches('"') {
            "%START_TIME(%s.%6f)%" => "1772612442.230117",
            address if address.contains("ADDRESS") || address.contains("_HOST") => "192.0.2.7:443",
            "%TRACE_ID%" => "0123456789abcdef0123456789abcdef",
            "%REQ(TRACEPARENT)%" => "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
            operator if operator.starts_with('%') => "7",
            literal => literal,
        };
        write!(line, "{}\"{key}\":\"{value}\"", if line.len() > 1 { "," } else { "" }).unwrap();
    }
    let read = one(Feed::Envoy, &format!("{line}}}"));
    assert_eq!(
        (read.dialect, read.level, &read.missing),
        ("fanlight", ParseLevel::Strict, &vec![]),
        "{:?}",
        read.notes
    );
}

#[test]
fn nginxs_snippet_lacks_nothing() {
    let snippet = template(Feed::Nginx).unwrap();
    let snippet = &*snippet;
    let format: String = snippet.split('\'').skip(1).step_by(2).collect();
    let mut line = String::new();
    for (at, part) in format.split('$').enumerate() {
        let end = part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap();
        let (name, after) = part.split_at(if at == 0 { 0 } else { end });
        line.push_str(match name {
            "" => "",
            "msec" => "1772612442.250",
            "upstream_addr" => "192.0.2.7:443",
            name if name.ends_with("_addr") => "192.0.2.7",
            name if name.ends_with("_time") => "0.001",
            _ => "7",
        });
        line.push_str(after);
    }
    let read = one(Feed::Nginx, &line);
    assert_eq!(
        (read.dialect, read.level, &read.missing),
        ("fanlight", ParseLevel::Strict, &vec![]),
        "{line} {:?}",
        read.notes
    );
}
