//! Bytes in, model out: `golden/NAME.ndjson` is decoded, printed, and compared with `golden/NAME.txt`.
//!
//! With `FANLIGHT_GOLDEN=rewrite` the printed form is written instead; look at the difference before keeping it.

#![cfg(test)]

use std::fmt::Write;
use std::path::PathBuf;

use fanlight_identity::PrincipalNamer;
use fanlight_intake::{DecodedLine, decode_lines, template};
use fanlight_model::{AccessEvent, Feed, FeedRecord, ParseLevel, Timestamp};

const MAX_LINE_BYTES: usize = 1 << 20;

fn decode(text: &[u8]) -> Vec<DecodedLine> {
    let arrival = Timestamp::from_seconds(1_772_700_000);
    decode_lines(Feed::ZpaUserActivity, text, MAX_LINE_BYTES, arrival, &PrincipalNamer::for_tests())
}

/// What is known of an event, a line a field; what is not measured does not stand there.
fn print_event(out: &mut String, event: &AccessEvent) {
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(out, "  {name}: {value}").unwrap();
        }
    };
    let text = |value: &Option<std::sync::Arc<str>>| value.as_ref().map(ToString::to_string);
    field("event_uid", Some(event.event_uid.to_string()));
    field("vendor_uid", text(&event.vendor_uid));
    field("start_time", Some(event.start_time.to_string()));
    field("end_time", event.end_time.map(|time| time.to_string()));
    field("last_time", Some(event.last_time.to_string()));
    field("log_time", event.log_time.map(|time| time.to_string()));
    field("principal_id", event.principal_id.as_ref().map(ToString::to_string));
    field("user_name", text(&event.user_name));
    field("device", text(&event.device));
    field("client_address", text(&event.client_address));
    field("service_edge", text(&event.service_edge));
    field("app_connector", text(&event.app_connector));
    field("connector", event.connector.map(|endpoint| endpoint.to_string()));
    field("server_address", event.server_address.map(|address| address.to_string()));
    field("server_port", event.server_port.map(|port| port.to_string()));
    field("ip_protocol", event.ip_protocol.map(|protocol| protocol.to_string()));
    field("host", text(&event.host));
    field("service_port", event.service_port.map(|port| port.to_string()));
    field("app", text(&event.app));
    field("app_segment", text(&event.app_segment));
    field("disposition", event.disposition.map(|disposition| disposition.to_string()));
    field("effects", (!event.effects.is_empty()).then(|| format!("{:?}", event.effects)));
    field("rule", text(&event.rule));
    field("reason", text(&event.reason));
    field("connection_status", text(&event.connection_status));
    field("total_bytes", (event.total_bytes > 0).then(|| event.total_bytes.to_string()));
    field("raw_bytes", Some(event.raw.len().to_string()));
    print_measured(out, event);
}

fn print_measured(out: &mut String, event: &AccessEvent) {
    let stamps = &event.stamps;
    for (name, stamp) in [
        ("connection_start", stamps.connection_start),
        ("connection_end", stamps.connection_end),
        ("ca_tx", stamps.ca_tx),
        ("ca_rx", stamps.ca_rx),
        ("app_learn_start", stamps.app_learn_start),
        ("setup_complete", stamps.setup_complete),
        ("first_rx_client", stamps.first_rx_client),
        ("first_tx_client", stamps.first_tx_client),
        ("last_rx_client", stamps.last_rx_client),
        ("last_tx_client", stamps.last_tx_client),
        ("first_rx_connector", stamps.first_rx_connector),
        ("first_tx_connector", stamps.first_tx_connector),
        ("last_rx_connector", stamps.last_rx_connector),
        ("last_tx_connector", stamps.last_tx_connector),
    ] {
        if let Some(stamp) = stamp {
            writeln!(out, "  stamp {name}: {stamp}").unwrap();
        }
    }
    let phases = &event.phases;
    for (name, micros) in [
        ("policy", phases.policy_us),
        ("ca", phases.ca_us),
        ("app_learn", phases.app_learn_us),
        ("connector_setup", phases.connector_setup_us),
        ("setup", phases.setup_us),
        ("server_setup", phases.server_setup_us),
    ] {
        if let Some(micros) = micros {
            writeln!(out, "  phase {name}: {micros} us").unwrap();
        }
    }
}

fn print(lines: &[DecodedLine]) -> String {
    let mut out = String::new();
    for line in lines {
        writeln!(out, "line {} {} {} {}", line.line, line.feed, line.dialect, line.level).unwrap();
        match &line.event {
            Some(FeedRecord::AccessEvent(event)) => print_event(&mut out, event),
            Some(FeedRecord::DeviceFact(fact)) => print_fact(&mut out, fact),
            Some(FeedRecord::ConnectorHealth(health)) => print_health(&mut out, health),
            Some(FeedRecord::ConfigChange(change)) => print_change(&mut out, change),
            Some(FeedRecord::Kept(kept)) => print_kept(&mut out, kept),
            None => {}
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
    let (line, tokens) = render(template(Feed::ZpaUserActivity).unwrap());
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
