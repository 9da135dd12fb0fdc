//! Lines in which a stranger's text looks like more than it is, and bodies in which one element is odd.

#![cfg(test)]

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{Decoded, DecodedLine, Decoder, decode_lines, frame_kind};
use fanlight_log::Frame;
use fanlight_model::{Feed, FeedRecord, ParseLevel, Timestamp};
use fanlight_otlp::Limits;
use fanlight_runtime::{Ledger, Outcome};

fn arrival() -> Timestamp {
    Timestamp::parse_rfc3339("2026-03-04T08:21:00Z").unwrap()
}

fn read(feed: Feed, line: &str) -> DecodedLine {
    let mut read = decode_lines(feed, line.as_bytes(), 1 << 20, arrival(), &PrincipalNamer::for_tests());
    assert_eq!(read.len(), 1, "{line}");
    read.remove(0)
}

fn web(more: &str) -> String {
    format!(
        "{{\"sourcetype\":\"zscalernss-web\",\"event\":{{\"epochtime\":\"1772612442\",\"login\":\"ana@example.com\",\"action\":\"Allowed\",\
         \"reason\":\"Allowed\",\"host\":\"shop.example.com\",\"reqmethod\":\"GET\",{more}\"respcode\":\"200\",\"cip\":\"192.0.2.9\",\"recordid\":\"7300000000000000001\"}}}}"
    )
}

/// A document that is not escaped is one value, whatever stands in it.
#[test]
fn a_document_inside_a_string_changes_nothing_outside() {
    let line = r#"{"sourcetype":"zscalernss-audit","event":{"time":"Wed Mar  4 08:20:42 2026","recordid":"7","action":"UPDATE","category":"FIREWALL","resource":"Rule 1","adminid":"ana@example.com","result":"SUCCESS","preaction":"{"id":1,"action":"ALLOW","adminid":"evil","resource":"inner"}","postaction":"{"id":1,"action":"BLOCK"}"}}"#;
    let read = read(Feed::ZiaAudit, line);
    let Some(FeedRecord::ConfigChange(change)) = &read.event else { panic!("{read:?}") };
    assert_eq!(change.user_name.as_deref(), Some("ana@example.com"));
    assert_eq!(
        (change.operation.as_deref(), change.object_name.as_deref()),
        (Some("UPDATE"), Some("Rule 1"))
    );
    assert_eq!(
        change.old_value.as_deref(),
        Some(r#"{"id":1,"action":"ALLOW","adminid":"evil","resource":"inner"}"#)
    );
    assert_eq!(read.level, ParseLevel::Repaired);
}

/// The browser chooses its own name, not its user's; and what it chooses costs nobody the record.
#[test]
fn a_browsers_name_says_nothing_but_itself() {
    for agent in [
        r#"x","login":"evil@example.net"#,
        r#"x","baz":1 more"#,
        r#"Foo "bar", "baz":1 C:\Program Files\x"#,
        r#"x", "zzz":1 y"#,
    ] {
        let line = web(&format!("\"ua\":\"{agent}\"z\","));
        let read = read(Feed::ZiaWeb, &line);
        assert_eq!(read.level, ParseLevel::Repaired, "{line} {:?}", read.notes);
        let event = read.event.as_ref().and_then(FeedRecord::as_access_event).unwrap();
        assert_eq!(event.user_name.as_deref(), Some("ana@example.com"), "{agent}");
        assert_eq!((event.host.as_deref(), event.status), (Some("shop.example.com"), Some(200)), "{agent}");
    }
}

/// In CEF as well: a key that was there before is not taken from free text.
#[test]
fn a_browsers_name_says_nothing_but_itself_in_cef_either() {
    let line = "Mar 04 08:20:42 zscaler-nss CEF:0|Zscaler|NSSWeblog|5.7|Allowed|Allowed|3|act=Allowed suser=ana@example.com src=192.0.2.9 dhost=shop.example.com requestClientApplication=Mozilla/5.0 (X; a=b) src=198.51.100.66 act=Blocked suser=evil@example.net requestMethod=GET externalId=7300000000000000001";
    let read = read(Feed::ZiaWeb, line);
    let event = read.event.as_ref().and_then(FeedRecord::as_access_event).unwrap();
    assert_eq!(event.user_name.as_deref(), Some("ana@example.com"));
    assert_eq!(event.client_address.as_deref(), Some("192.0.2.9"));
    assert_eq!(event.disposition.map(|disposition| disposition.as_str()), Some("allowed"));
    assert_eq!(event.method.as_deref(), Some("GET"));
}

fn record(number: u32) -> String {
    web("").replace("7300000000000000001", &format!("73000000000000000{number:02}"))
}

fn pushed(body: &str) -> Vec<FeedRecord> {
    let mut decoder =
        Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), Ledger::default());
    let kind = frame_kind::pushed(Feed::ZiaWeb);
    let frame = Frame { kind, arrival: arrival(), source_id: 1, encoding: 0, bytes: body.to_owned().into() };
    match decoder.apply(&frame, None) {
        Decoded::Records(records) => records,
        _ => Vec::new(),
    }
}

/// What is odd about one element costs that element, in a body and in a line of a stream.
#[test]
fn an_odd_element_takes_no_other_along() {
    let [a, b, c, d] = [1, 2, 3, 4].map(record);
    for (body, good) in [
        (format!("[{a},null,{b}]"), 2),
        (format!("[{a},\"hello, you\",{b},{c}]"), 3),
        (format!("[{a},{{\"x\":,}},42,\"str\",null,{b}]"), 2),
        (format!("[{a}]\n[{b}]\n"), 2),
        (format!("[{a},{b}][{c},{d}]"), 4),
        (format!("[[{a},{b}],[{c}]]"), 3),
        (format!("[{a},true,{b}] and more"), 2),
    ] {
        let is_good =
            |record: &&FeedRecord| record.as_access_event().is_some_and(|event| event.vendor_uid.is_some());
        assert_eq!(pushed(&body).iter().filter(is_good).count(), good, "{body}");
        let lines =
            decode_lines(Feed::ZiaWeb, body.as_bytes(), 1 << 20, arrival(), &PrincipalNamer::for_tests());
        let of_lines = lines.iter().filter_map(|line| line.event.as_ref()).filter(is_good).count();
        assert_eq!(of_lines, good, "as a stream: {body}");
    }
}

/// Digits that mean something else do not date a record into another century.
#[test]
fn a_time_that_cannot_be_is_none() {
    for time in ["20260304082042", "99999999999", "4102444800", "1"] {
        let line = web("").replace("1772612442", time);
        let read = read(Feed::ZiaWeb, &line);
        let event = read.event.as_ref().and_then(FeedRecord::as_access_event).unwrap();
        assert_eq!((event.log_time, event.start_time), (None, arrival()), "{time}");
    }
}

/// Every feed has a template but the NSS's own alerts, and each is read back by its marker.
#[test]
fn each_feed_of_zpa_has_a_template_that_is_read_back() {
    for feed in Feed::ALL.iter().copied().filter(|feed| feed.as_str().starts_with("zpa_")) {
        let template = fanlight_intake::template(feed).unwrap();
        let mut line = String::new();
        let mut rest = template.strip_suffix("\\n").unwrap();
        while let Some(at) = rest.find('%') {
            let (before, directive) = rest.split_at(at);
            let from = directive.find('{').unwrap();
            let end = directive.find('}').unwrap();
            line.push_str(before);
            line.push_str(match (&directive[1..2], &directive[from + 1..end]) {
                ("j", token) if token.ends_with(":iso8601") => "\"2026-03-04T08:20:42.000Z\"",
                ("j", token) if token.ends_with("IP") || token.ends_with("Ip") => "\"192.0.2.7\"",
                ("j", _) => "\"7\"",
                ("f", _) => "48.000000",
                ("d", token) if token.ends_with(":epoch_us") || token.starts_with("Timestamp") => {
                    "1772612442000000"
                }
                ("d", _) => "7",
                other => panic!("{other:?}"),
            });
            rest = &directive[end + 1..];
        }
        line.push_str(rest);
        let read = read(feed, &line);
        assert_eq!((read.feed, read.dialect), (feed, "fanlight"), "{line}");
        assert_eq!(read.missing, Vec::<&str>::new(), "{feed}");
        assert_ne!(read.level, ParseLevel::Raw, "{feed} {:?}", read.notes);
    }
    assert!(
        fanlight_intake::template(Feed::ZpaAppprotection).unwrap().contains("TimestampResponseReceiveStart")
    );
}

/// Ten million bytes without a newline are one line that is too long, in whatever pieces they come; the next line is read.
#[test]
fn a_flood_without_a_newline_is_one_line_that_is_too_long() {
    let ledger = Ledger::default();
    let mut decoder = Decoder::new(Limits::default(), 1 << 20, PrincipalNamer::for_tests(), ledger.clone());
    let piece = bytes::Bytes::from(vec![b'{'; 64 << 10]);
    let mut apply = |bytes: bytes::Bytes| {
        let kind = frame_kind::stream_read(Feed::ZiaWeb);
        match decoder.apply(&Frame { kind, arrival: arrival(), source_id: 1, encoding: 0, bytes }, None) {
            Decoded::Records(records) => records.len(),
            _ => 0,
        }
    };
    for _ in 0..160 {
        assert_eq!(apply(piece.clone()), 0);
    }
    assert_eq!(apply(format!("\n{}\n", web("")).into()), 1);
    assert_eq!(ledger.get("intake", "line", Outcome::Dropped, "line_too_long"), 1);
    assert_eq!(ledger.get("intake", "line", Outcome::Stored, "strict"), 1);
}

/// A hundred thousand keys are one record that is kept raw, by the letter and with something to mend.
#[test]
fn a_hundred_thousand_keys_are_one_raw_line() {
    for end in ["}", ",}"] {
        let keys: Vec<String> = (0..100_000).map(|number| format!("\"k{number}\":1")).collect();
        let line = format!("{{{}{end}", keys.join(","));
        let mut read = decode_lines(
            Feed::ZpaUserActivity,
            line.as_bytes(),
            4 << 20,
            arrival(),
            &PrincipalNamer::for_tests(),
        );
        assert_eq!(read.len(), 1);
        let read = read.remove(0);
        assert_eq!(read.level, ParseLevel::Raw);
        assert_eq!(read.notes, ["more fields than any template has"]);
    }
}
