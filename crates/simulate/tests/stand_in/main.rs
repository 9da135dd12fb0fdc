//! The stand-in against real sockets: what it writes is compared with the vendor's template as the design page
//! `zscaler.md` §1.3 gives it, never with our own decoder.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod scene;

use std::net::SocketAddr;
use std::time::Duration;

use fanlight_simulate::stand_in::{Settings, StandIn, StandInError, Template, User};
use scene::{Line, Scene};

/// `zscaler.md` §1.3, User Activity: key and type letter (`j` quoted string, `d` integer, `f` six decimals, `t` a time as C
/// writes it, `i` ISO 8601 with milliseconds or empty).
const DEFAULT_TEMPLATE: &str = "LogTimestamp/t, Customer/j, SessionID/j, ConnectionID/j, InternalReason/j, \
    ConnectionStatus/j, IPProtocol/d, DoubleEncryption/d, Username/j, ServicePort/d, ClientPublicIP/j, ClientPrivateIP/j, \
    ClientLatitude/f, ClientLongitude/f, ClientCountryCode/j, ClientZEN/j, Policy/j, Connector/j, ConnectorZEN/j, \
    ConnectorIP/j, ConnectorPort/d, Host/j, Application/j, AppGroup/j, Server/j, ServerIP/j, ServerPort/d, \
    PolicyProcessingTime/d, ServerSetupTime/d, TimestampConnectionStart/i, TimestampConnectionEnd/i, TimestampCATx/i, \
    TimestampCARx/i, TimestampAppLearnStart/i, TimestampZENFirstRxClient/i, TimestampZENFirstTxClient/i, \
    TimestampZENLastRxClient/i, TimestampZENLastTxClient/i, TimestampConnectorZENSetupComplete/i, \
    TimestampZENFirstRxConnector/i, TimestampZENFirstTxConnector/i, TimestampZENLastRxConnector/i, \
    TimestampZENLastTxConnector/i, ZENTotalBytesRxClient/d, ZENBytesRxClient/d, ZENTotalBytesTxClient/d, ZENBytesTxClient/d, \
    ZENTotalBytesRxConnector/d, ZENBytesRxConnector/d, ZENTotalBytesTxConnector/d, ZENBytesTxConnector/d, Idp/j, \
    ClientToClient/j, ClientCity/j, MicroTenantID/j, AppMicroTenantID/j";

fn check_template(line: &Line) {
    let expected: Vec<(&str, &str)> =
        DEFAULT_TEMPLATE.split(", ").filter_map(|entry| entry.trim().split_once('/')).collect();
    let keys: Vec<&str> = line.pairs().iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>(), "keys and their order");
    for (key, kind) in expected {
        let value = line.raw(key);
        let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let right = match kind {
            "j" => text.is_some(),
            "d" => value.parse::<u64>().is_ok(),
            "f" => value.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 6),
            "t" => text.is_some_and(|text| shape(text) == "Aaa Aaa 00 00:00:00 0000"),
            "i" => text.is_some_and(|text| text.is_empty() || shape(text) == "0000-00-00A00:00:00.000A"),
            other => panic!("no such type: {other}"),
        };
        assert!(right, "`{key}` is {value}, which is not of type `{kind}`");
    }
}

/// A blank in the day of a month stands for its first digit.
fn shape(text: &str) -> String {
    text.replace("  ", " 0")
        .chars()
        .map(|character| match character {
            '0'..='9' => '0',
            'A'..='Z' => 'A',
            'a'..='z' => 'a',
            other => other,
        })
        .collect()
}

/// A request goes through; the connection leaves an `open` and a `close` record.
/// Each has every key of the vendor's default template, in its order, with its type.
#[tokio::test]
async fn records_follow_the_vendors_default_template() {
    let scene = Scene::begin(|_| {}).await;
    scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    let (open, close) = (scene.next_line().await, scene.next_line().await);
    check_template(&open);
    check_template(&close);
    assert_eq!((open.text("ConnectionStatus"), close.text("ConnectionStatus")), ("open", "close"));
    assert_eq!(close.text("Username"), "ana@example.com");
    assert_eq!(open.text("ConnectionID"), close.text("ConnectionID"));
    let (session, connection) = close.text("ConnectionID").split_once(',').expect("two parts");
    assert_eq!((session, session.len(), connection.len()), (close.text("SessionID"), 20, 20));
    assert_eq!((open.text("TimestampConnectionEnd"), open.text("InternalReason")), ("", ""));
}

/// What the app sees of the connection is what the record says of it.
#[tokio::test]
async fn a_record_carries_the_real_four_tuple_and_the_real_bytes() {
    let scene = Scene::begin(|_| {}).await;
    let seen = scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    let seen: SocketAddr = seen.trim().parse().expect("the app answers with its peer's address");
    let open = scene.next_line().await;
    let close = scene.next_line().await;
    for line in [&open, &close] {
        assert_eq!(line.text("ConnectorIP"), seen.ip().to_string());
        assert_eq!(line.number("ConnectorPort"), u64::from(seen.port()));
        assert_eq!(line.text("ServerIP"), scene.upstream().ip().to_string());
        assert_eq!(line.number("ServerPort"), u64::from(scene.upstream().port()));
    }
    assert_eq!(seen.ip().to_string(), "127.0.1.1", "the app connector has an address of its own");
    let answer = seen.to_string().len() as u64 + 1;
    for (side, bytes) in [("RxClient", 6), ("TxConnector", 6), ("RxConnector", answer), ("TxClient", answer)]
    {
        assert_eq!(close.number(&format!("ZENTotalBytes{side}")), bytes, "{side}");
        assert_eq!(close.number(&format!("ZENBytes{side}")), bytes, "{side}");
        assert_eq!(open.number(&format!("ZENTotalBytes{side}")), 0, "{side}");
    }
}

/// The app connector takes 150 ms to set up. The record says so, in the stamps as in the timers, and the parts add up.
/// Without the delay the same request has no such time: the stamps are measured, not made.
#[tokio::test]
async fn removing_the_set_up_delay_removes_its_time() {
    const DELAY_US: u64 = 150_000;
    for (delay_us, least, most) in [(DELAY_US, DELAY_US, u64::MAX), (0, 1, DELAY_US / 2)] {
        let scene = Scene::begin(|settings| {
            settings.setup_delay = Duration::from_micros(delay_us);
            settings.template = Template::Superset;
        })
        .await;
        scene.request("ana@example.com", b"hello\n").await.expect("an answer");
        let open = scene.next_line().await;
        assert_eq!(open.pairs().first(), Some(&("fl".to_owned(), "\"zpa.ua/1\"".to_owned())));
        let setup = open.number("ConnectionSetupTime");
        assert!((least..most).contains(&setup), "{setup} µs with a delay of {delay_us} µs");
        let stamps =
            open.number("TimestampConnectorZENSetupComplete") - open.number("TimestampConnectionStart");
        assert_eq!(stamps, setup, "the stamps and the timer tell the same");
        let parts = ["PolicyProcessingTime", "CAProcessingTime", "ConnectorZENSetupTime"];
        assert!(parts.iter().all(|part| open.number(part) > 0), "0 would mean not measured");
        let rest =
            setup.checked_sub(parts.iter().map(|part| open.number(part)).sum()).expect("never negative");
        assert!(rest < 5_000, "{rest} µs belong to no part");
        assert!(open.number("ServerSetupTime") <= open.number("ConnectorZENSetupTime"));
        assert!(open.number("ConnectorZENSetupTime") >= delay_us, "the delay is the app connector's");
    }
}

/// In the default template the set-up shows as the distance of two stamps, a millisecond fine.
#[tokio::test]
async fn the_default_template_shows_the_set_up_in_its_stamps() {
    let scene = Scene::begin(|settings| settings.setup_delay = Duration::from_millis(120)).await;
    scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    let open = scene.next_line().await;
    let setup = open.millis("TimestampConnectorZENSetupComplete") - open.millis("TimestampConnectionStart");
    assert!((119..2_000).contains(&setup), "{setup} ms");
}

/// Stamps of one connection, in the order in which things happened.
#[tokio::test]
async fn stamps_are_in_the_order_of_events() {
    let scene = Scene::begin(|settings| settings.template = Template::Superset).await;
    scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    scene.next_line().await;
    let close = scene.next_line().await;
    let stamps = [
        "TimestampConnectionStart",
        "TimestampCATx",
        "TimestampCARx",
        "TimestampConnectorZENSetupComplete",
        "TimestampZENFirstRxClient",
        "TimestampZENFirstTxConnector",
        "TimestampZENFirstRxConnector",
        "TimestampZENFirstTxClient",
        "TimestampZENLastTxClient",
        "TimestampConnectionEnd",
        "LogTimestamp",
    ];
    for pair in stamps.windows(2) {
        assert!(close.number(pair[0]) <= close.number(pair[1]), "{} is after {}", pair[0], pair[1]);
    }
    assert!(close.number("TimestampConnectionStart") > 0);
    assert_eq!(close.number("TimestampAppLearnStart"), 0, "nothing is learned");
}

/// Ben is denied: his connection is closed at once, the app never hears of it, and one record says why.
/// Ana is not: hers goes through.
#[tokio::test]
async fn a_denied_user_never_reaches_the_app() {
    let scene = Scene::begin(|settings| {
        settings.denied.insert("ben@example.com".to_owned());
    })
    .await;
    assert!(scene.request("ben@example.com", b"hello\n").await.is_none(), "closed without an answer");
    let record = scene.next_line().await;
    check_template(&record);
    assert_eq!(record.text("Username"), "ben@example.com");
    assert_eq!(record.text("ConnectionStatus"), "close");
    assert_eq!(record.text("InternalReason"), "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY");
    for (key, value) in
        [("Connector", "0"), ("ConnectorZEN", "0"), ("Server", "0"), ("ConnectorIP", ""), ("ServerIP", "")]
    {
        assert_eq!(record.text(key), value, "{key}");
    }
    assert_eq!(record.number("ConnectorPort"), 0);
    for key in ["TimestampCATx", "TimestampConnectorZENSetupComplete", "TimestampZENFirstTxConnector"] {
        assert_eq!(record.text(key), "", "{key} did not happen");
    }
    assert!(record.number("PolicyProcessingTime") > 0, "policy was evaluated");
    assert_eq!(scene.connections(), 0, "the app was not reached");
    scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    assert_eq!(scene.connections(), 1);
    assert_eq!(scene.next_line().await.text("Username"), "ana@example.com");
}

#[tokio::test]
async fn an_app_that_is_not_there_is_the_app_connectors_failure() {
    let scene = Scene::begin(|settings| settings.upstream = "127.0.0.1:1".parse().expect("an address")).await;
    assert!(scene.request("ana@example.com", b"hello\n").await.is_none());
    let record = scene.next_line().await;
    check_template(&record);
    assert_eq!(record.text("InternalReason"), "AST_MT_SETUP_ERR_OPEN_SERVER_CONN");
    assert_eq!((record.text("ConnectionStatus"), record.text("ServerIP")), ("close", ""));
    assert_eq!(
        (record.number("ConnectorPort"), record.number("ServerPort"), record.number("ServerSetupTime")),
        (0, 1, 0)
    );
    assert_ne!(record.text("TimestampCARx"), "", "the dispatcher did answer");
}

/// With `--records close` alone nothing is said before the end.
#[tokio::test]
async fn close_records_alone_are_one_a_connection() {
    let scene = Scene::begin(|settings| {
        settings.records = "close".parse().expect("a list of records");
        settings.active_every = Duration::from_millis(5);
    })
    .await;
    for _ in 0..3 {
        scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    }
    let lines = [scene.next_line().await, scene.next_line().await, scene.next_line().await];
    assert!(lines.iter().all(|line| line.text("ConnectionStatus") == "close"));
    assert_ne!(lines[0].text("ConnectionID"), lines[1].text("ConnectionID"));
    assert_eq!(lines[0].text("SessionID"), lines[1].text("SessionID"), "one ZPA session a user");
}

/// A living connection tells of itself every so often; each record says what flowed since the last.
#[tokio::test]
async fn active_records_add_up_to_the_total() {
    let scene = Scene::begin(|settings| settings.active_every = Duration::from_millis(20)).await;
    let mut talk = scene.talk("ana@example.com").await;
    let mut told = 0;
    let mut active = 0;
    scene.next_line().await;
    talk.say(b"hello\n").await;
    while active < 3 {
        let line = scene.next_line().await;
        assert_eq!(line.text("ConnectionStatus"), "active");
        told += line.number("ZENBytesRxClient");
        active += 1;
    }
    talk.say(b"and again\n").await;
    drop(talk);
    let close = loop {
        let line = scene.next_line().await;
        told += line.number("ZENBytesRxClient");
        if line.text("ConnectionStatus") == "close" {
            break line;
        }
    };
    assert_eq!((told, close.number("ZENTotalBytesRxClient")), (16, 16));
    assert_eq!(close.text("InternalReason"), "BRK_MT_CLOSED_FROM_CLIENT");
}

/// The receiver goes away and comes back. What happened meanwhile arrives then.
#[tokio::test]
async fn records_wait_for_a_receiver_that_is_away() {
    let scene = Scene::begin(|settings| settings.records = "close".parse().expect("a list of records")).await;
    scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    scene.next_line().await;
    scene.receiver_leaves().await;
    for _ in 0..3 {
        scene.request("ana@example.com", b"hello\n").await.expect("an answer");
    }
    scene.receiver_returns().await;
    for _ in 0..3 {
        assert_eq!(scene.next_line().await.text("ConnectionStatus"), "close");
    }
}

/// The stand-in is told to stop while somebody is connected: their close record still leaves.
#[tokio::test]
async fn stopping_ends_open_connections_with_their_records() {
    let scene = Scene::begin(|_| {}).await;
    let mut talk = scene.talk("ana@example.com").await;
    talk.say(b"hello\n").await;
    scene.next_line().await;
    scene.stop().await;
    let close = scene.next_line().await;
    assert_eq!(
        (close.text("ConnectionStatus"), close.text("InternalReason")),
        ("close", "BRK_MT_TERMINATED")
    );
    assert_eq!(close.number("ZENTotalBytesRxClient"), 6);
}

/// What cannot work is refused before anything is listened for, with the way out.
#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let clock = fanlight_runtime::Clock::system();
    let address = |text: &str| text.parse().expect("an address");
    let nobody = Settings::new(address("127.0.0.1:80"), address("127.0.0.1:81"));
    assert!(matches!(StandIn::bind(nobody.clone(), clock.clone()).await, Err(StandInError::NoUser)));

    let mut stranger = nobody.clone();
    stranger.users.push(User::new("ana@example.com", address("127.0.0.1:0")));
    stranger.denied.insert("eve@example.com".to_owned());
    let refused = StandIn::bind(stranger.clone(), clock.clone()).await.expect_err("nobody is called so");
    assert_eq!(refused.to_string(), "`eve@example.com` is to be denied, but no user has that name");

    let mut elsewhere = stranger.clone();
    elsewhere.denied.clear();
    elsewhere.connector_ip = Some("192.0.2.7".parse().expect("an address"));
    let refused = StandIn::bind(elsewhere, clock.clone()).await.expect_err("not an address of this machine");
    assert!(refused.to_string().starts_with("cannot connect from `192.0.2.7`"), "{refused}");

    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let mut busy = nobody;
    busy.users.push(User::new("ana@example.com", taken.local_addr().expect("bound")));
    let refused = StandIn::bind(busy, clock).await.expect_err("the port is taken");
    assert!(refused.to_string().contains("for `ana@example.com`"), "{refused}");
}
