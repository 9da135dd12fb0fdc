use std::time::Duration;

use fanlight_intake::{Columns, FeedClock, FeedSettings};
use fanlight_model::Feed;

use super::*;

fn check(text: &str, expected: &str) {
    let error = parse(text, "fanlight.toml", Path::new("/nowhere")).expect_err(text);
    assert_eq!(error.to_string(), expected);
}

#[test]
fn an_unknown_key_is_refused_with_what_was_meant() {
    check(
        "version = 1\n[intake.otlp_grpc]\nlisten = \"127.0.0.1:1\"\nalow = []\n",
        "fanlight.toml:4:1: unknown key `intake.otlp_grpc.alow`\n  hint: did you mean `allow`? known here: `allow`, `listen`, `tls`, `token_file`",
    );
    check(
        "[[export]]\nname = \"a\"\nurl = \"http://127.0.0.1\"\n",
        "fanlight.toml:3:1: unknown key `export.url`\n  hint: known here: `ca_file`, `certificate_file`, `compression`, `endpoint`, `header_files`, `key_file`, `name`, `preset`, `protocol`, `queue`, `timeout`, `token_file`, `token_header`",
    );
}

#[test]
fn a_listener_beyond_loopback_needs_allow() {
    check(
        "[intake.zpa_user_activity]\nlisten = \"0.0.0.0:9015\"\n",
        "fanlight.toml:2:10: `intake.zpa_user_activity.listen`: `0.0.0.0:9015` is reachable from other machines, and nothing says who may connect\n  hint: list the senders' networks: `allow = [\"192.0.2.0/24\"]` under `[intake.zpa_user_activity]`, want client certificates: `client_ca` under `[intake.zpa_user_activity.tls]`, or listen on `127.0.0.1`",
    );
    check(
        "[intake.otlp_http]\nlisten = \"0.0.0.0:4318\"\n",
        "fanlight.toml:2:10: `intake.otlp_http.listen`: `0.0.0.0:4318` is reachable from other machines, and nothing says who may connect\n  hint: list the senders' networks: `allow = [\"192.0.2.0/24\"]` under `[intake.otlp_http]`, name a `token_file`, want client certificates: `client_ca` under `[intake.otlp_http.tls]`, or listen on `127.0.0.1`",
    );
    let settings = parse("[api]\nlisten = \"0.0.0.0:0\"\nallow = [\"192.0.2.0/24\"]\n", "f", Path::new("."))
        .expect("allowed");
    assert_eq!(settings.api.map(|api| api.access.allow.len()), Some(1));
}

/// A folder with every file that the example names.
fn secrets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join("secrets").join(name), text).expect("written");
    };
    std::fs::create_dir(folder.path().join("secrets")).expect("made");
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["fanlight.example.com".to_owned()]).expect("a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(params, key).expect("signed");
    let revoked = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 1, 1),
        next_update: rcgen::date_time_ymd(2027, 1, 1),
        crl_number: 1_u64.into(),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    write("server.crt", &authority.pem());
    write("server.key", &authority.key().serialize_pem());
    write("clients.crt", &authority.pem());
    write("clients.crl", &revoked.signed_by(&authority).expect("signed").pem().expect("PEM"));
    write("otlp-tokens", "a-token-that-is-long\n");
    write("push-tokens", "a-token-that-is-long\n");
    write(
        "jwks.json",
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    );
    write("lightstep", "token\n");
    folder
}

#[test]
fn a_token_or_a_client_certificate_opens_a_listener_to_others() {
    let folder = secrets();
    let parsed = |text: &str| parse(text, "f", folder.path());
    let beyond = "listen = \"0.0.0.0:0\"\n";
    assert!(parsed(&format!("[intake.otlp_grpc]\n{beyond}token_file = \"secrets/otlp-tokens\"\n")).is_ok());
    let tls = "tls = { certificate = \"secrets/server.crt\", key = \"secrets/server.key\"";
    let authority = "client_ca = \"secrets/clients.crt\"";
    assert!(parsed(&format!("[intake.zpa_user_activity]\n{beyond}{tls}, {authority} }}\n")).is_ok());
    let alone = parsed(&format!("[intake.zpa_user_activity]\n{beyond}{tls} }}\n"))
        .expect_err("TLS lets everybody in");
    assert!(alone.to_string().contains("nothing says who may connect"), "{alone}");
    let error =
        parsed("[intake.zpa_user_activity]\ntoken_file = \"secrets/otlp-tokens\"\n").expect_err("no tokens");
    assert!(error.to_string().contains("unknown key `intake.zpa_user_activity.token_file`"), "{error}");
    let error =
        parsed("[api]\ntoken_file = \"secrets/otlp-tokens\"\n").expect_err("the API has its own token");
    assert!(error.to_string().contains("unknown key `api.token_file`"), "{error}");
}

/// What is wrong with a file is told at the key that names it.
#[test]
fn files_that_cannot_be_used_are_refused_with_their_place() {
    let folder = secrets();
    let says = |text: &str, place: &str, what: &str| {
        let error = parse(text, "f", folder.path()).expect_err(text).to_string();
        assert!(error.starts_with(place) && error.contains(what), "{error}");
    };
    says(
        "[api]\n[api.tls]\ncertificate = \"secrets/server.crt\"\n",
        "f:2:1: `api.tls.key`: is missing",
        "`certificate` and `key`",
    );
    says(
        "[api.tls]\ncertificate = \"secrets/server.crt\"\nkey = \"secrets/clients.crt\"\n",
        "f:3:7: `api.tls.key`: cannot use `",
        "holds no private key",
    );
    says(
        "[intake.otlp_http]\ntoken_file = \"secrets/nowhere\"\n",
        "f:2:14: `intake.otlp_http.token_file`: cannot read `",
        "nowhere",
    );
    says(
        "[api]\ntls = { client_ca = \"secrets/clients.crt\" }\n",
        "f:2:7: `api.tls.certificate`: is missing",
        "leave all of it out",
    );
}

#[test]
fn wrong_values_name_their_place_and_the_way_out() {
    check(
        "[store]\nseal_after = \"soon\"\n",
        "fanlight.toml:2:14: `store.seal_after`: `soon` is not a duration; write a number with a unit, like `15s`",
    );
    check(
        "version = 2\n",
        "fanlight.toml:1:11: `version`: version 2 is not known to this Fanlight\n  hint: write `version = 1`",
    );
    check("[store\n", "fanlight.toml:1:7: unclosed table, expected `]`");
    check(
        "[store]\nseal_rows = \"many\"\n",
        "fanlight.toml:2:13: invalid type: string \"many\", expected u64",
    );
    check(
        "[[export]]\nname = \"a\"\nendpoint = \"ftp://x\"\n",
        "fanlight.toml:3:12: `export.0.endpoint`: `ftp://x` is not an http or https URL\n  hint: write it whole, like `\"https://ingest.example.com/v1/traces\"`",
    );
}

/// The example is parsed by the same code, and what it shows as defaults are the defaults.
#[test]
fn the_example_is_the_default_configuration() {
    let text = example();
    let shown = parse(&text, "example", Path::new(".")).expect("the example parses");
    let default = parse("", "empty", Path::new(".")).expect("an empty file is the default");
    assert_eq!(format!("{shown:?}"), format!("{default:?}"));
    assert_eq!(default.seal_after, Duration::from_secs(300));
}

/// What a feed's lines do not say, said by the site; and what is wrong with it, where and with the way out.
#[test]
fn the_output_of_a_feed_is_declared() {
    let folder = tempfile::tempdir().expect("temp dir");
    std::fs::write(folder.path().join("web.txt"), "\"%s{time}\",\"%s{login}\"\\n").expect("written");
    std::fs::write(folder.path().join("json.txt"), "\\{\"login\":\"%s{login}\"\\}\\n").expect("written");
    let read = |keys: &str| {
        parse(&format!("[[intake.feed_output]]\nfeed = \"zia.web\"\n{keys}\n"), "f", folder.path())
            .map(|settings| settings.feed_output)
            .map_err(|error| error.to_string())
    };
    let zone = FeedSettings::default().with_clock(Feed::ZiaWeb, FeedClock { zone_seconds: -12_600 });
    assert_eq!(read("zone = \"-03:30\""), Ok(zone));
    let columns = Columns::from_template("\"%s{time}\",\"%s{login}\"").expect("two cells");
    assert_eq!(
        read("template_file = \"web.txt\"\nzone = \"UTC\""),
        Ok(FeedSettings::default()
            .with_clock(Feed::ZiaWeb, FeedClock::default())
            .with_columns(Feed::ZiaWeb, columns))
    );
    let twice = "zone = \"UTC\"\n[[intake.feed_output]]\nfeed = \"zia_web\"\nzone = \"+01:00\"";
    for (keys, expected) in [
        (twice, "`zia_web` has a table already"),
        ("zone = \"Europe/Berlin\"", "`Europe/Berlin` is no zone that can be set\n  hint: write `UTC`"),
        ("zone = \"+25:00\"", "`+25:00` is no zone"),
        ("zone = \"+1:00\"", "`+1:00` is no zone"),
        ("template_file = \"none.txt\"", "cannot read `"),
        ("[[intake.feed_output]]\nfeed = \"zia_web\"", "nothing is said of `zia_web`"),
        ("template_file = \"json.txt\"", "json.txt` holds no template with cells"),
    ] {
        let error = read(keys).expect_err(keys);
        assert!(error.starts_with("f:") && error.contains(expected), "{keys}: {error}");
    }
}

/// Each line of the example that is commented out for want of a default is a valid one too.
#[test]
fn the_commented_examples_are_valid() {
    let folder = secrets();
    for file in ["token", "tenant", "ca.pem", "fanlight.pem", "fanlight.key"] {
        std::fs::write(folder.path().join("secrets").join(file), "of-a-file\n").expect("written");
    }
    std::fs::create_dir(folder.path().join("templates")).expect("made");
    std::fs::write(folder.path().join("templates/zia_web.txt"), "%s{time},%s{login}\\n").expect("written");
    let text: String = example()
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| {
                    rest.starts_with("[[")
                        || rest.split_once(" = ").is_some_and(|(key, _)| {
                            key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
                        })
                })
                .unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let settings = parse(&text, "example", folder.path()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(settings.export.len(), 1);
    assert_eq!(settings.associations.len(), 1);
}

/// Each feed has a listener; those without a usual port are off until they are given one.
#[test]
fn every_feed_can_have_a_listener() {
    use fanlight_model::Feed;

    let ports = |text: &str| -> Vec<(Feed, Option<u16>)> {
        let settings = parse(text, "f", Path::new(".")).expect("parses");
        let port = |listener: &Option<Listener>| listener.as_ref().map(|listener| listener.listen.port());
        settings.streams.iter().map(|(feed, listener)| (*feed, port(listener))).collect()
    };
    let default = ports("");
    assert_eq!(default.len(), Feed::ALL.len());
    assert_eq!(default.iter().filter(|(_, port)| port.is_some()).count(), 10);
    for feed in Feed::ALL {
        let typed = ports(&format!("[intake.{feed}]\nlisten = \"127.0.0.1:7\"\n"));
        assert!(typed.contains(&(*feed, Some(7))), "{feed}");
        let off = ports(&format!("[intake.{feed}]\nlisten = \"off\"\n"));
        assert!(off.contains(&(*feed, None)), "{feed}");
    }
    check(
        "[intake.zia_tunnel]\nallow = [\"192.0.2.0/24\"]\n",
        "fanlight.toml:1:1: `intake.zia_tunnel.listen`: is missing\n  hint: this listener is off until it has an address: write it like `\"127.0.0.1:9030\"`, or `\"off\"`",
    );
    check(
        "[intake.zia_web]\nlisten = 7\n",
        "fanlight.toml:2:10: invalid type: integer `7`, expected a string",
    );
}

#[test]
fn pushes_and_files_are_read_with_their_places() {
    let folder = secrets();
    let text = "[intake.push]\ntoken_file = \"secrets/push-tokens\"\nheader = \"X-Api-Key\"\n[[intake.tail.files]]\npath = \"access.log\"\nfeed = \"envoy\"\n";
    let settings = parse(text, "f", folder.path()).expect("parses");
    assert!(settings.push_access.is_restricted());
    assert_eq!(settings.push_header.as_ref().map(http::HeaderName::as_str), Some("x-api-key"));
    let files: Vec<_> = settings.tail.iter().map(|file| (&*file.path, file.feed)).collect();
    assert_eq!(files, [(&*folder.path().join("access.log"), fanlight_model::Feed::Envoy)]);
    check(
        "[intake.push]\nheader = \"a b\"\n",
        "fanlight.toml:2:10: `intake.push.header`: `a b` is not a header's name\n  hint: letters, digits and `-`",
    );
    assert_eq!(settings.push_oauth, None);
    let error = parse("[intake.tail]\nfiles = [{ path = \"a\", feed = \"apache\" }]\n", "f", folder.path());
    let error = error.expect_err("no such feed").to_string();
    assert!(error.starts_with("f:2:31: `intake.tail.files.0.feed`: `apache` is not a feed"), "{error}");
}

/// A table with any of its keys wants all that a token is judged by.
#[test]
fn an_authorisation_server_is_read_with_its_keys() {
    let folder = secrets();
    let server =
        "[intake.push.oauth]\nissuer = \"https://login.example.com\"\njwks_file = \"secrets/jwks.json\"\n";
    let settings = parse(&format!("{server}audience = \"nss\"\n"), "f", folder.path()).expect("parses");
    let oauth = settings.push_oauth.expect("it is there");
    assert_eq!((&*oauth.policy.issuer, &*oauth.policy.audience), ("https://login.example.com", "nss"));
    assert_eq!(oauth.jwks_file, folder.path().join("secrets/jwks.json"));
    let says = |text: &str, what: &str| {
        let error = parse(text, "f", folder.path()).expect_err(text).to_string();
        assert!(error.contains(what), "{error}");
    };
    says(server, "`intake.push.oauth.audience`: is missing");
    says("[intake.push.oauth]\nsubjects = [\"a\"]\n", "`intake.push.oauth.issuer`: is missing");
    says(
        &format!("{server}audience = \"nss\"\n").replace("jwks.json", "push-tokens"),
        "f:3:13: `intake.push.oauth.jwks_file`: cannot use `",
    );
    says("[intake.push.oauth]\naudience = \"\"\n", "`intake.push.oauth.issuer`: is missing");
    says("[intake.push.oauth]\njwks_url = \"\"\n", "unknown key `intake.push.oauth.jwks_url`");
}

#[test]
fn ports_are_shifted_but_for_port_0() {
    let mut settings = parse("[api]\nlisten = \"127.0.0.1:0\"\n", "f", Path::new(".")).expect("parses");
    settings.shift_ports(1_000).expect("fits");
    assert_eq!(settings.otlp_grpc.as_ref().map(|listener| listener.listen.port()), Some(5_317));
    assert_eq!(settings.api.as_ref().map(|listener| listener.listen.port()), Some(0));
    assert!(settings.shift_ports(60_000).is_err());
}

/// A target of these lines, with the secrets that they may name.
fn target(lines: &str) -> Result<fanlight_export::Target, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [("token", "abc\n"), ("basic", "Basic abc"), ("two", "a\nb"), ("pem", "PEM")] {
        std::fs::write(folder.path().join(file), text).expect("written");
    }
    let text = format!("[[export]]\nname = \"t\"\n{lines}");
    parse(&text, "f", folder.path()).map(|mut settings| settings.export.remove(0).target)
}

fn headers(target: &fanlight_export::Target) -> Vec<(&str, &str)> {
    target.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect()
}

#[test]
fn a_preset_fills_in_and_every_key_overrides_it() {
    use fanlight_export::Protocol;

    let lightstep = target("preset = \"lightstep\"\ntoken_file = \"token\"\n").expect("a target");
    assert_eq!(lightstep.endpoint.to_string(), "https://ingest.lightstep.com:443/");
    assert_eq!((lightstep.protocol, lightstep.gzip), (Protocol::Grpc, true));
    assert_eq!(headers(&lightstep), [("lightstep-access-token", "abc")]);

    let eu = "preset = \"lightstep\"\nendpoint = \"https://ingest.eu.example.com\"\ntoken_header = \"x-token\"\ntoken_file = \"token\"\ncompression = \"none\"\n";
    let eu = target(eu).expect("a target");
    assert_eq!((eu.endpoint.host(), eu.gzip), (Some("ingest.eu.example.com"), false));
    assert_eq!(headers(&eu), [("x-token", "abc")]);

    let over_http = "preset = \"lightstep\"\nprotocol = \"http\"\nheader_files = { Lightstep-Access-Token = \"token\" }\n";
    let over_http = target(over_http).expect("a target");
    assert_eq!(over_http.endpoint.to_string(), "https://ingest.lightstep.com/traces/otlp/v0.9");
    assert_eq!(headers(&over_http), [("lightstep-access-token", "abc")]);

    let generic =
        target("preset = \"generic\"\nendpoint = \"http://127.0.0.1:1/v1/traces\"\ntoken_file = \"token\"\n");
    let generic = generic.expect("a target");
    assert_eq!(generic.protocol, Protocol::Http);
    assert_eq!(headers(&generic), [("authorization", "Bearer abc")]);
    let basic =
        target("endpoint = \"http://127.0.0.1:1/v1/traces\"\ntoken_file = \"basic\"\n").expect("a target");
    assert_eq!(headers(&basic), [("authorization", "Basic abc")]);
    let grpc = target(
        "protocol = \"grpc\"\nendpoint = \"https://127.0.0.1:4317\"\nca_file = \"pem\"\ncertificate_file = \"pem\"\nkey_file = \"pem\"\n",
    );
    let grpc = grpc.expect("a target");
    assert_eq!(grpc.protocol, Protocol::Grpc);
    assert_eq!(format!("{:?}", grpc.tls), "ClientTls { has_authorities: true, has_identity: true }");
}

#[test]
fn what_a_target_cannot_be_is_told_with_the_way_out() {
    let endpoint = "endpoint = \"http://127.0.0.1:1/v1/traces\"\n";
    for (lines, expected) in [
        (
            "preset = \"datadog\"\n".to_owned(),
            "f:3:10: `export.0.preset`: `datadog` is not a preset\n  hint: known: `generic`, `lightstep`",
        ),
        (
            "preset = \"lightstep\"\n".to_owned(),
            "f:3:10: `export.0.preset`: the preset `lightstep` sends a token, and nothing says which\n  hint: write it into a file and name that: `token_file = \"secrets/token\"`",
        ),
        (
            format!("protocol = \"thrift\"\n{endpoint}"),
            "f:3:12: `export.0.protocol`: `thrift` is not known\n  hint: write `http` or `grpc`",
        ),
        (
            format!("protocol = \"grpc\"\n{endpoint}"),
            "f:4:12: `export.0.endpoint`: `http://127.0.0.1:1/v1/traces` has a path, which gRPC has not\n  hint: write it whole, like `\"https://ingest.example.com:4317\"`",
        ),
        (
            format!("ca_file = \"pem\"\n{endpoint}"),
            "f:3:11: `export.0.ca_file`: it is for `https`, and the endpoint is not\n  hint: write the endpoint as `https://…`",
        ),
        (
            "certificate_file = \"pem\"\nendpoint = \"https://127.0.0.1:1/v1/traces\"\n".to_owned(),
            "f:3:20: `export.0.certificate_file`: a certificate without its key\n  hint: name its key in `key_file`",
        ),
        (
            format!("token_header = \"a b\"\n{endpoint}"),
            "f:3:16: `export.0.token_header`: `a b` is not a header's name\n  hint: letters, digits and `-`",
        ),
    ] {
        assert_eq!(target(&lines).expect_err("wrong").to_string(), expected);
    }
    let two = target(&format!("token_file = \"two\"\n{endpoint}")).expect_err("wrong").to_string();
    assert!(
        two.ends_with("two` holds more than a header can carry\n  hint: one line of visible ASCII"),
        "{two}"
    );
    let absent = target(&format!("token_file = \"no\"\n{endpoint}")).expect_err("wrong").to_string();
    assert!(
        absent.contains("cannot read `") && absent.ends_with("hint: the value stands in this file, alone"),
        "{absent}"
    );
}

#[test]
fn the_switches_are_off_until_they_are_on() {
    let off = parse("", "f", Path::new(".")).expect("parses");
    assert!(!off.lightstep && !off.self_trace);
    let text = "[intake]\nlightstep = true\n[telemetry]\nself_trace = true\n";
    let on = parse(text, "f", Path::new(".")).expect("parses");
    assert!(on.lightstep && on.self_trace);
}
