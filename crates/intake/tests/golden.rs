//! Bytes in, model out: `golden/NAME.ndjson` is decoded, printed, and compared with `golden/NAME.txt`.
//!
//! With `FANLIGHT_GOLDEN=rewrite` the printed form is written instead; look at the difference before keeping it.

#![cfg(test)]

#[path = "golden/form.rs"]
mod form;

use std::fmt::Write;
use std::path::PathBuf;

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines, template};
use fanlight_model::{Feed, ParseLevel, Timestamp};
use form::print_record;

const MAX_LINE_BYTES: usize = 1 << 20;

fn decode(text: &[u8]) -> Vec<DecodedLine> {
    let arrival = Timestamp::from_seconds(1_772_700_000);
    decode_lines(Feed::ZpaUserActivity, text, MAX_LINE_BYTES, arrival, &PrincipalNamer::for_tests())
}

fn print(lines: &[DecodedLine]) -> String {
    let mut out = String::new();
    for line in lines {
        writeln!(out, "line {} {} {} {}", line.line, line.feed, line.dialect, line.level).unwrap();
        if let Some(record) = &line.event {
            print_record(&mut out, record);
        }
        if !line.missing.is_empty() {
            writeln!(out, "  missing: {}", line.missing.join(" ")).unwrap();
        }
        for note in &line.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
    }
    out
}

fn check(name: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let printed = print(&decode(&std::fs::read(folder.join(format!("{name}.ndjson"))).unwrap()));
    let golden = folder.join(format!("{name}.txt"));
    if std::env::var("FANLIGHT_GOLDEN").is_ok_and(|value| value == "rewrite") {
        std::fs::write(&golden, &printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(&golden).unwrap(), "golden/{name}.txt");
}

#[test]
fn the_vendors_default_template_is_read() {
    check("default");
}

#[test]
fn fanlights_own_template_is_read_to_the_microsecond() {
    check("fanlight");
}

#[test]
fn odd_lines_are_mended_or_kept_with_the_reason() {
    check("odd");
}

/// All came in on the port of User Activity: their keys tell what they are.
#[test]
fn records_of_other_feeds_are_taken_for_what_they_are() {
    for name in ["user_status", "browser_access", "appprotection", "health", "audit_and_flows"] {
        check(name);
    }
}

/// A pending port, codes on no list, hashed names and words for nobody: what a record does not settle is not made up.
#[test]
fn what_is_not_settled_is_not_made_up() {
    check("unsettled");
}

#[test]
fn traps_of_time_and_shape_cost_nothing_but_themselves() {
    check("traps");
}

/// Whatever the port is for, a line is of the feed that its keys tell; and the order of lines does not matter to any of them.
#[test]
fn the_port_is_a_hint_and_no_more() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut text = String::new();
    for name in ["default", "user_status", "browser_access", "appprotection", "health", "audit_and_flows"] {
        text.push_str(&std::fs::read_to_string(folder.join(format!("{name}.ndjson"))).unwrap());
    }
    let arrival = Timestamp::from_seconds(1_772_700_000);
    let records = |feed: Feed, text: &str| -> Vec<_> {
        decode_lines(feed, text.as_bytes(), MAX_LINE_BYTES, arrival, &PrincipalNamer::for_tests())
            .into_iter()
            .map(|line| line.event.unwrap())
            .collect()
    };
    let expected = records(Feed::ZpaUserActivity, &text);
    assert!(expected.iter().all(|record| record.parse_level() != ParseLevel::Raw));
    for feed in Feed::ALL.iter().copied() {
        assert_eq!(records(feed, &text), expected, "{feed}");
    }
    let backwards: Vec<&str> = text.lines().rev().collect();
    let mut read = records(Feed::ZpaAudit, &backwards.join("\n"));
    read.reverse();
    assert_eq!(read, expected);
}

/// The vendor's published samples lie beside the project and not in it. Where they are at hand every record of ZPA's is read.
#[test]
fn no_published_sample_is_kept_raw() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/zscaler");
    let Ok(files) = std::fs::read_dir(&folder) else { return };
    for file in files.map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(feed) =
            name.split('.').next().filter(|name| name.starts_with("zpa_")).and_then(Feed::from_name)
        else {
            continue;
        };
        let text = std::fs::read(&file).unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
        for port in [feed, Feed::ZpaUserActivity, Feed::ZpaAudit] {
            let read =
                decode_lines(port, &text, MAX_LINE_BYTES, Timestamp::default(), &PrincipalNamer::for_tests());
            assert_eq!(read.len(), lines, "{name}");
            for line in read {
                assert_ne!(line.level, ParseLevel::Raw, "{name}: {:?}", line.notes);
                assert_eq!(line.feed, feed, "{name}");
                assert!(
                    !line.notes.iter().any(|note| note.contains("is not known")),
                    "{name}: {:?}",
                    line.notes
                );
            }
        }
    }
}

/// Fills each token of the template as ZPA does, and gives the line and the names of the tokens.
fn render(template: &str) -> (String, Vec<String>) {
    let (mut line, mut tokens, mut rest) = (String::new(), Vec::new(), template);
    while let Some(at) = rest.find('%') {
        let (before, directive) = rest.split_at(at);
        let end = directive.find('}').unwrap();
        let token = directive[3..end].split(':').next().unwrap();
        line.push_str(before);
        line.push_str(match &directive[1..2] {
            "j" if token.ends_with("IP") => "\"192.0.2.7\"",
            "j" if token == "InternalReason" => "\"MT_CLOSED_TERMINATED\"",
            "j" if token == "ConnectionStatus" => "\"close\"",
            "j" => "\"text\"",
            "f" => "48.000000",
            "d" if token.contains("Timestamp") => "1772612442230117",
            "d" => "7",
            other => panic!("the directive `%{other}` is not one of ZPA's"),
        });
        tokens.push(token.to_owned());
        rest = &directive[end + 1..];
    }
    line.push_str(rest);
    (line.strip_suffix("\\n").expect("a template ends in a newline's escape").to_owned(), tokens)
}

/// What a customer pastes gives lines that are read strictly, lack nothing, and are known by their marker.
#[test]
fn the_template_that_is_shipped_lacks_nothing() {
    let (line, tokens) = render(&template(Feed::ZpaUserActivity).unwrap());
    let read = decode(line.as_bytes());
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].dialect, "fanlight");
    assert_eq!((read[0].level, &read[0].missing, &read[0].notes), (ParseLevel::Strict, &vec![], &vec![]));
    for timer in ["AppLearnTime", "CAProcessingTime", "ConnectorZENSetupTime", "ConnectionSetupTime"] {
        assert!(tokens.iter().any(|token| token == timer), "{timer}");
    }
    let mut unique = tokens.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), tokens.len(), "no token stands twice");
}
