//! The one play that every stack is put through.

use std::collections::BTreeSet;

use anyhow::Result;
use fanlight_e2e::connection::Connection;
use fanlight_e2e::{App, LOOPBACK, Row, Server, Stack, StandIn, StandInOptions, curl};
use fanlight_model::Timestamp;
use serde_json::Value;

const ANA: &str = "ana@example.com";
const BEN: &str = "ben@example.com";
const EVE: &str = "eve@example.com";
const SETUP_DELAY: &str = "80ms";
const SETUP_DELAY_NS: i64 = 80_000_000;
/// The default template's stamps are a millisecond fine.
const STAMP_NS: i64 = 1_000_000;

/// Each of Ana and Ben: two requests by `curl`, and two over a connection that is kept open.
const LINKED: usize = 8;
const DIRECT: usize = 2;
/// Each of Ana and Ben: two connections by `curl` and the kept one; and Eve's.
const CONNECTIONS: usize = 7;

/// Which records the stand-in writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Records {
    /// `open`, `active`, `close`: the edge's word is there before the span.
    All,
    /// `close` alone: for a connection that lives on, the span is there first.
    CloseAlone,
}

/// What must come of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// The rung of every link.
    pub(crate) rung: &'static str,
}

/// Connections that are still open.
struct Kept {
    _ana: Connection,
    _ben: Connection,
}

pub(crate) async fn check(stack: Stack, resource: &str, records: Records, expected: Expected) {
    play(stack, resource, records, expected).await.expect("the peers play their parts");
}

async fn play(stack: Stack, resource: &str, records: Records, expected: Expected) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path(), LOOPBACK).await?;
    let app = App::start(stack, server.otlp()?, resource, folder.path()).await?;
    let options = StandInOptions {
        users: &[ANA, BEN],
        denied: &[EVE],
        setup_delay: SETUP_DELAY,
        records: if records == Records::All { "" } else { "close" },
        ..StandInOptions::default()
    };
    let stand_in = StandIn::start(app.address, server.lss()?, options, folder.path()).await?;

    let kept = drive(&app, &stand_in).await?;
    let spans = server.rows("select * from spans where kind = 'server'", LINKED + DIRECT).await?;
    // Only now do the kept connections close: their spans are in the store, so a `close` record alone is late for them.
    drop(kept);
    server.rows("select * from access_events where end_time is not null", CONNECTIONS).await?;
    server.rows("select * from links where state = 'asserted'", LINKED).await?;

    let links = server.sql("select * from links").await?;
    let events = server.sql("select * from access_events").await?;
    let synthetic = server.sql("select * from spans where synthetic").await?;
    assert_eq!(spans.len(), LINKED + DIRECT, "one server span a request, none for the denied");
    assert_eq!(events.len(), CONNECTIONS, "one access event a connection, whatever its records");
    assert_eq!(links.len(), LINKED, "one link a span behind the edge: {links:#?}");
    let by_rung = server.sql("select rung, count(*) as links from links group by rung").await?;
    let told: Vec<_> = by_rung.iter().map(|row| (text(row, "rung"), text(row, "links"))).collect();
    assert_eq!(told, [(expected.rung.to_owned(), LINKED.to_string())], "any other rung fails");
    for span in &spans {
        check_span(span, &links, &events, expected);
    }
    check_denied(&spans, &events);
    match records {
        Records::All => assert!(synthetic.is_empty(), "the edge's word was there in time: {synthetic:#?}"),
        Records::CloseAlone => check_late(&server, &spans, &links, &synthetic).await?,
    }
    server.stop().await
}

/// Ana and Ben at the same time, so that nothing but the join can tell their requests apart; then Eve, and somebody direct.
async fn drive(app: &App, stand_in: &StandIn) -> Result<Kept> {
    let user = |name: &'static str, short: &'static str| async move {
        let address = stand_in.address(name)?;
        let mut kept = Connection::open(address).await?;
        for number in 1..=2 {
            assert_eq!(curl(&format!("http://{address}/orders/{short}-curl-{number}")).await?, Some(200));
            assert_eq!(kept.get(&format!("/orders/{short}-kept-{number}")).await?.as_u16(), 200);
        }
        anyhow::Ok(kept)
    };
    let (ana, ben) = tokio::join!(user(ANA, "ana"), user(BEN, "ben"));
    let eve = stand_in.address(EVE)?;
    assert_eq!(curl(&format!("http://{eve}/orders/eve")).await?, None, "Eve is cut off");
    for number in 1..=DIRECT {
        assert_eq!(curl(&format!("http://{}/orders/direct-{number}", app.address)).await?, Some(200));
    }
    Ok(Kept { _ana: ana?, _ben: ben? })
}

/// A span behind the edge has one link, by the expected rung, to the connection that it really came over and to the person
/// whose name is in its path. A span of direct traffic has none.
fn check_span(span: &Row, links: &[Row], events: &[Row], expected: Expected) {
    let order = order(span);
    let own: Vec<&Row> = links.iter().filter(|link| text(link, "span_id") == text(span, "span_id")).collect();
    if order.starts_with("direct") {
        assert!(own.is_empty(), "`{order}` went past the edge: {own:#?}");
        return;
    }
    let [link] = own.as_slice() else { panic!("`{order}` has not one link: {own:#?}") };
    assert_eq!(text(link, "rung"), expected.rung, "`{order}`: {link:#?}");
    assert_eq!(text(link, "state"), "asserted", "`{order}`");
    assert_eq!(text(link, "relation"), "same_connection", "`{order}`");
    assert!(link["confidence"].as_f64().is_some_and(|confidence| confidence >= 0.99), "`{order}`: {link:#?}");
    let event = events.iter().find(|event| text(event, "event_uid") == text(link, "event_uid"));
    let event = event.unwrap_or_else(|| panic!("`{order}` is linked to an event that is not there"));
    let user = if order.starts_with("ana") { ANA } else { BEN };
    assert_eq!(text(event, "user_name"), user, "`{order}`");
    assert_eq!(text(event, "disposition"), "allowed", "`{order}`");
    assert_eq!(text(event, "connector_address"), text(span, "peer_address"), "`{order}`");
    assert_eq!(text(event, "connector_port"), text(span, "peer_port"), "`{order}`");
    assert!(number(event, "setup_us") >= SETUP_DELAY_NS / 1_000 - 1_000, "`{order}`: {event:#?}");
}

/// Eve's attempt is an access event with its reason, and nothing else.
fn check_denied(spans: &[Row], events: &[Row]) {
    assert!(spans.iter().all(|span| !order(span).starts_with("eve")), "the app never saw Eve");
    let eve: Vec<&Row> = events.iter().filter(|event| text(event, "user_name") == EVE).collect();
    let [event] = eve.as_slice() else { panic!("Eve has not one access event: {eve:#?}") };
    assert_eq!(text(event, "disposition"), "blocked");
    assert_eq!(text(event, "reason"), "BRK_MT_SETUP_FAIL_REJECTED_BY_POLICY");
    assert_eq!(text(event, "connector_port"), "", "there is no upstream connection");
}

/// The links of the kept connections are late. Each has added one span to the trace, below the span that it explains, so that
/// there is still one root; the first request of a connection shows the set-up before it, the second does not.
async fn check_late(server: &Server, spans: &[Row], links: &[Row], synthetic: &[Row]) -> Result<()> {
    for span in spans.iter().filter(|span| order(span).contains("kept")) {
        let order = order(span);
        let link =
            links.iter().find(|link| text(link, "span_id") == text(span, "span_id")).expect("it has one");
        assert!(link["late_by_ms"].as_f64().is_some_and(|late| late > 0.0), "`{order}`: {link:#?}");
        let trace_id = text(span, "trace_id");
        let added: Vec<&Row> = synthetic.iter().filter(|made| text(made, "trace_id") == trace_id).collect();
        let [made] = added.as_slice() else { panic!("`{order}` has not one synthetic span: {added:#?}") };
        assert!(
            text(link, "link_id").starts_with(&text(made, "span_id")),
            "the id is the link's, at every replay"
        );
        assert_eq!(text(made, "parent_span_id"), text(span, "span_id"), "`{order}` is the root and stays it");
        assert_eq!(text(made, "kind"), "internal");
        assert_eq!(made["attributes"]["fanlight.synthetic"], "true");
        let before = time(span, "start_time").nanos_since(time(made, "start_time"));
        if order.ends_with('1') {
            assert!(before >= SETUP_DELAY_NS - STAMP_NS, "`{order}` shows {before} ns of set-up before it");
        } else {
            assert_eq!(before, 0, "`{order}` did not pay for the set-up");
        }
        let whole = server.sql(&format!("select * from spans where trace_id = '{trace_id}'")).await?;
        let roots = whole.iter().filter(|span| text(span, "parent_span_id").is_empty()).count();
        assert_eq!(roots, 1, "`{order}` has one root");
    }
    let ids: BTreeSet<String> = synthetic.iter().map(|made| text(made, "span_id")).collect();
    assert_eq!(ids.len(), synthetic.len(), "no synthetic span is there twice");
    Ok(())
}

/// `ana-kept-1` of `/orders/ana-kept-1`, from whichever attribute the conventions of the day put the path in.
fn order(span: &Row) -> String {
    let attributes = &span["attributes"];
    let path = ["url.path", "http.target"].iter().find_map(|key| attributes[*key].as_str());
    path.and_then(|path| path.strip_prefix("/orders/")).unwrap_or("?").to_owned()
}

fn text(row: &Row, column: &str) -> String {
    match &row[column] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(row: &Row, column: &str) -> i64 {
    text(row, column).parse().unwrap_or_default()
}

fn time(row: &Row, column: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&text(row, column)).expect("a time")
}
