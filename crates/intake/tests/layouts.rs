//! What was learned from other lines has no influence on what a line gives.

#![cfg(test)]

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines};
use fanlight_model::{Feed, ParseLevel, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

const ARRIVAL: Timestamp = Timestamp::from_seconds(1_772_612_442);
const FEED: Feed = Feed::ZpaUserActivity;

fn read(text: &[u8]) -> Vec<DecodedLine> {
    decode_lines(FEED, text, 1 << 20, ARRIVAL, &PrincipalNamer::for_tests())
}

/// All that a line gives, as text; which line of the stream it was is no part of it.
fn told(lines: &[DecodedLine]) -> Vec<String> {
    let told = |line: &DecodedLine| {
        let DecodedLine { line: _, feed, dialect, level, event, missing, notes } = line;
        format!("{feed} {dialect} {level} {missing:?} {notes:?} {event:?}")
    };
    lines.iter().map(told).collect()
}

/// Values as they stand behind the colon: sound ones, and what senders and strangers make of them.
const VALUES: &[&str] = &[
    r#""Shop""#,
    r#""Staff to shop, all""#,
    r#""""#,
    r#"" 0 ""#,
    "443",
    "0",
    "48.250000",
    "-1.5e3",
    "007",
    "null",
    "true",
    "[]",
    r#"["a","b"]"#,
    r#"{"a":"b"}"#,
    "",
    "oops",
    r#""2026-03-04T08:20:42.230Z""#,
    r#""Wed Mar  4 08:20:42 2026""#,
    r#""é😀""#,
    r#""C:\\Program Files""#,
    r#""C:\Program Files""#,
    r#""say \"hi\"""#,
    r#""say "hi" there""#,
    r#""say "hi", there""#,
    r#""ends in \""#,
    r#""ends in "quotes"""#,
    r#""x","Username":"evil@example.net""#,
    r#""x "y","Username": "evil@example.net""#,
    r#""x "y","Host": "evil.example.net","z""#,
    r#""x\","Host": "evil.example.net","z""#,
    r#""x"} {"y""#,
    r#""{"id":1,"Policy":"inner"}""#,
    r#""[a] b "c" d""#,
    r#""%j{Policy}""#,
    "%j{Policy}",
    r#""%x"y""#,
    "\"tab\tinside\"",
    "\"\u{1}\"",
];

/// Orders of keys that streams have: most lines of a stream share one.
const ORDERS: &[&[&str]] = &[
    &[
        "LogTimestamp",
        "ConnectionID",
        "Username",
        "Policy",
        "ConnectorIP",
        "ConnectorPort",
        "Host",
        "Application",
    ],
    &["fl", "ConnectionID", "Policy", "Username", "ConnectorIP", "ConnectorPort", "Host", "Application"],
    &["ConnectionID", "Extra", "ConnectorIP", "Policy", "ConnectorPort", "Policy", "Username", "Host"],
    &["Username", "Policy", "Username", "ConnectorIP", "ConnectorPort", "Host", "event"],
    &["cs1", "cs1Label", "ConnectionID", "Policy", "ConnectorIP", "ConnectorPort", "Username", "Host"],
];

/// What every value of a key is mostly like.
fn usual(key: &str) -> &'static str {
    match key {
        "fl" => r#""zpa.ua/1""#,
        "LogTimestamp" => r#""Wed Mar  4 08:20:42 2026""#,
        "ConnectionID" => r#""s,1""#,
        "ConnectorIP" => r#""192.0.2.7""#,
        "ConnectorPort" => "40001",
        "Username" => r#""ana@example.com""#,
        "cs1Label" => r#""Policy""#,
        "event" => r#"{"Application":"Shop"}"#,
        _ => r#""Shop""#,
    }
}

/// What happens to a line on its way.
#[derive(Clone, Debug)]
enum Accident {
    None,
    WithoutKey(usize),
    Swapped(usize, usize),
    MoreBehind(&'static str),
    Before(&'static str),
    Without(usize),
    Envelope,
}

fn accident() -> impl Strategy<Value = Accident> {
    prop_oneof![
        8 => Just(Accident::None),
        1 => (0_usize..8).prop_map(Accident::WithoutKey),
        1 => (0_usize..8, 0_usize..8).prop_map(|(a, b)| Accident::Swapped(a, b)),
        1 => select(vec![" ", ",", "}", " x", "{", "\0", "{\"a\":1}"]).prop_map(Accident::MoreBehind),
        1 => select(vec![" ", "<134>", "\u{feff}", "[", "x "]).prop_map(Accident::Before),
        1 => any::<usize>().prop_map(Accident::Without),
        1 => Just(Accident::Envelope),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let odd = prop::collection::vec((0_usize..8, select(VALUES)), 0..3);
    let gaps = select(vec![("", ""), (" ", ""), (" ", " ")]);
    (select(ORDERS), odd, gaps, accident()).prop_map(|(order, odd, (colon, comma), accident)| {
        let mut fields: Vec<(&str, &str)> = order.iter().map(|key| (*key, usual(key))).collect();
        for (at, value) in odd {
            let at = at % fields.len();
            fields[at].1 = value;
        }
        match accident {
            Accident::WithoutKey(at) => drop(fields.remove(at % order.len())),
            Accident::Swapped(a, b) => fields.swap(a % order.len(), b % order.len()),
            _ => {}
        }
        let all: Vec<String> =
            fields.iter().map(|(key, value)| format!("\"{key}\":{colon}{value}")).collect();
        let object = format!("{{{}}}", all.join(&format!(",{comma}")));
        match accident {
            Accident::MoreBehind(more) => format!("{object}{more}"),
            Accident::Before(before) => format!("{before}{object}"),
            Accident::Envelope => format!("{{\"sourcetype\":\"x\",\"event\":{object}}}"),
            Accident::Without(at) => {
                let at = at % object.chars().count();
                object
                    .chars()
                    .enumerate()
                    .filter(|(place, _)| *place != at)
                    .map(|(_, letter)| letter)
                    .collect()
            }
            _ => object,
        }
    })
}

proptest! {
    /// A decoder that has seen other lines gives what one gives that has seen none.
    #[test]
    fn what_was_learned_changes_no_line(lines in prop::collection::vec(line(), 2..14)) {
        let warm = told(&read(lines.join("\n").as_bytes()));
        let cold: Vec<String> = lines.iter().flat_map(|line| told(&read(line.as_bytes()))).collect();
        prop_assert_eq!(warm, cold);
    }

    /// Likewise for one byte that was changed in a line like those before it.
    #[test]
    fn what_was_learned_changes_no_spoilt_line(good in line(), at in any::<usize>(), with in any::<u8>()) {
        let mut bad = good.clone().into_bytes();
        let at = at % bad.len();
        bad[at] = if with == b'\n' { b'"' } else { with };
        let stream = [good.as_bytes(), b"\n", good.as_bytes(), b"\n", &bad].concat();
        let (warm, cold) = (told(&read(&stream)), told(&read(&bad)));
        prop_assert_eq!(&warm[warm.len() - cold.len()..], &cold[..]);
    }
}

/// A stranger's text between its quotes becomes no field, when the line before taught where fields stand, too.
#[test]
fn a_spoofed_key_is_text_after_any_lines() {
    let line = |policy: &str| {
        format!(
            "{{\"ConnectionID\": \"s,1\",\"Username\": \"ana@example.com\",\"Policy\": \"{policy}\",\"ConnectorIP\": \"192.0.2.7\",\"Host\": \"shop.example.com\"}}"
        )
    };
    for spoof in [r#"x "y","Username": "evil@example.net"#, r#"x\y","Username": "evil@example.net"#] {
        for before in ["Shop", "a \"b\" c", r"C:\Program"] {
            let stream = [line(before), line(before), line(spoof)].join("\n");
            let lines = read(stream.as_bytes());
            let event = lines[2].event.as_ref().and_then(|event| event.as_access_event()).unwrap();
            assert_eq!(event.user_name.as_deref(), Some("ana@example.com"), "{spoof}");
            assert_eq!(event.rule.as_deref(), Some(spoof));
            assert_eq!(
                (lines[2].level, event.host.as_deref()),
                (ParseLevel::Repaired, Some("shop.example.com"))
            );
        }
    }
}
