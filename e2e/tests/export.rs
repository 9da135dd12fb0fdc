//! Enriched OTLP on its way to other people's backends, through a second real pipeline.
//!
//! App → a tee that keeps what the app sent → Fanlight → rotel → a sink that keeps what arrived.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::BTreeMap;

use anyhow::Result;
use fanlight_e2e::connection::Connection;
use fanlight_e2e::otlp::{Placed, attribute, hex, spans, without_additions};
use fanlight_e2e::{App, LOOPBACK, PATIENCE, Rotel, Server, Sink, Stack, StandIn, StandInOptions, until};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

const ANA: &str = "ana@example.com";
const REQUESTS: usize = 3;

/// INV-5, enrichment only adds: each span arrives once, with its resource and its scope, as the app sent it but for our
/// attributes. Each server span carries them, and none of them is a name.
#[tokio::test(flavor = "multi_thread")]
async fn flask_spans_arrive_as_they_were_but_for_our_attributes() {
    check(Stack::Flask, Over::Http).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn flask_spans_arrive_over_grpc_as_they_were_but_for_our_attributes() {
    check(Stack::Flask, Over::Grpc).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_spans_arrive_as_they_were_but_for_our_attributes() {
    check(Stack::FastApi, Over::Http).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_spans_arrive_as_they_were_but_for_our_attributes() {
    check(Stack::Express, Over::Http).await.expect("the peers play their parts");
}

/// How Fanlight speaks to rotel.
#[derive(Clone, Copy, Debug)]
enum Over {
    Http,
    Grpc,
}

fn target(rotel: &Rotel, over: Over) -> String {
    match over {
        Over::Http => {
            format!("[[export]]\nname = \"rotel\"\nendpoint = \"http://{}/v1/traces\"\n", rotel.address)
        }
        Over::Grpc => format!(
            "[[export]]\nname = \"rotel\"\nprotocol = \"grpc\"\nendpoint = \"http://{}\"\n",
            rotel.grpc_address
        ),
    }
}

async fn check(stack: Stack, over: Over) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arrived = Sink::start(None).await?;
    let rotel = Rotel::start(arrived.address, folder.path()).await?;
    let server = Server::start(folder.path(), &format!("{LOOPBACK}{}", target(&rotel, over))).await?;
    let tee = Sink::start(Some(server.otlp()?)).await?;
    let app = App::start(stack, tee.address, "", folder.path()).await?;
    let options = StandInOptions { users: &[ANA], ..StandInOptions::default() };
    let stand_in = StandIn::start(app.address, server.lss()?, options, folder.path()).await?;

    let mut connection = Connection::open(stand_in.address(ANA)?).await?;
    for number in 1..=REQUESTS {
        assert_eq!(connection.get(&format!("/orders/{number}")).await?.as_u16(), 200);
    }
    let sent = until("not all server spans were sent", PATIENCE, || async {
        let sent = by_id(&tee)?;
        Ok((servers(&sent) == REQUESTS).then_some(sent))
    })
    .await?;
    until("not all that was sent has arrived", PATIENCE, || async {
        let arrived = by_id(&arrived)?;
        Ok(sent.keys().all(|id| arrived.contains_key(id)).then_some(()))
    })
    .await?;
    drop(connection);

    let arrived = by_id(&arrived)?;
    for (id, copies) in &arrived {
        let [placed] = copies.as_slice() else { panic!("span `{id}` arrived {} times", copies.len()) };
        let is_ours = attribute(&placed.span, "fanlight.synthetic").is_some();
        assert!(is_ours || sent.contains_key(id), "span `{id}` was never sent");
    }
    for (id, copies) in &sent {
        let original = copies.first().expect("it was sent");
        let placed = arrived[id].first().expect("it arrived");
        assert_eq!(without_additions(placed.clone()), *original, "span `{id}`");
        if original.span.kind == SpanKind::Server as i32 {
            check_enriched(placed);
        } else {
            assert_eq!(placed, original, "nothing is known of span `{id}`");
        }
    }
    server.stop().await
}

fn check_enriched(placed: &Placed) {
    let value = |key: &str| attribute(&placed.span, key);
    for key in
        ["fanlight.link.id", "fanlight.link.rung", "fanlight.link.confidence", "fanlight.access.event.uid"]
    {
        assert!(value(key).is_some(), "`{key}` is missing: {placed:#?}");
    }
    assert_eq!(value("fanlight.access.product").as_deref(), Some("zpa"));
    assert_eq!(value("fanlight.access.disposition").as_deref(), Some("allowed"));
    assert_eq!(value("fanlight.access.client.address").as_deref(), Some("127.0.0.1"));
    assert!(value("security_rule.name").is_some());
    let user = value("user.id").expect("the principal's pseudonym");
    assert!(user.starts_with("fl:") && user.contains(":h:"), "a person's pseudonym: {user}");
    let text = format!("{placed:?}");
    assert!(!text.contains("ana@example.com"), "names leave only where the configuration says so");
}

fn by_id(sink: &Sink) -> Result<BTreeMap<String, Vec<Placed>>> {
    let mut found: BTreeMap<String, Vec<Placed>> = BTreeMap::new();
    for request in sink.requests()? {
        for placed in spans(&request) {
            found.entry(hex(&placed.span.span_id)).or_default().push(placed);
        }
    }
    Ok(found)
}

fn servers(spans: &BTreeMap<String, Vec<Placed>>) -> usize {
    spans.values().flatten().filter(|placed| placed.span.kind == SpanKind::Server as i32).count()
}

const SETUP_DELAY: &str = "80ms";
const SETUP_DELAY_NS: u64 = 80_000_000;
/// The default template's stamps are a millisecond fine.
const STAMP_NS: u64 = 1_000_000;

/// The edge's word comes when the spans are long gone: each link adds one span to its trace, and that arrives too, once, below the span
/// that it explains.
#[tokio::test(flavor = "multi_thread")]
async fn late_links_arrive_as_synthetic_spans() {
    check_late(Over::Http).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn late_links_arrive_as_synthetic_spans_over_grpc() {
    check_late(Over::Grpc).await.expect("the peers play their parts");
}

async fn check_late(over: Over) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arrived = Sink::start(None).await?;
    let rotel = Rotel::start(arrived.address, folder.path()).await?;
    let server = Server::start(folder.path(), &format!("{LOOPBACK}{}", target(&rotel, over))).await?;
    let app = App::start(Stack::Flask, server.otlp()?, "", folder.path()).await?;
    let options = StandInOptions {
        users: &[ANA],
        setup_delay: SETUP_DELAY,
        records: "close",
        ..StandInOptions::default()
    };
    let stand_in = StandIn::start(app.address, server.lss()?, options, folder.path()).await?;
    let mut connection = Connection::open(stand_in.address(ANA)?).await?;
    for number in 1..=REQUESTS {
        assert_eq!(connection.get(&format!("/orders/{number}")).await?.as_u16(), 200);
    }
    let before = until("not all server spans have arrived", PATIENCE, || async {
        let found = by_id(&arrived)?;
        Ok((servers(&found) == REQUESTS).then_some(found))
    })
    .await?;
    assert!(before.values().flatten().all(|placed| !is_synthetic(placed)), "nothing is known yet");
    // Only now does the connection end, and its one record come.
    drop(connection);
    let after = until("not all synthetic spans have arrived", PATIENCE, || async {
        let found = by_id(&arrived)?;
        let count = found.values().flatten().filter(|placed| is_synthetic(placed)).count();
        Ok((count >= REQUESTS).then_some(found))
    })
    .await?;
    let synthetic: Vec<&Placed> = after.values().flatten().filter(|placed| is_synthetic(placed)).collect();
    assert_eq!(synthetic.len(), REQUESTS, "one a span, each once: {synthetic:#?}");
    let mut first = 0;
    for placed in before.values().flatten().filter(|placed| placed.span.kind == SpanKind::Server as i32) {
        let of_trace = synthetic.iter().filter(|made| made.span.trace_id == placed.span.trace_id);
        let [made] = of_trace.collect::<Vec<_>>()[..] else { panic!("not one for {placed:#?}") };
        check_synthetic(made, placed);
        first += usize::from(
            placed.span.start_time_unix_nano - made.span.start_time_unix_nano >= SETUP_DELAY_NS - STAMP_NS,
        );
    }
    assert_eq!(first, 1, "the first request of the connection shows the set-up before it, no other");
    server.stop().await
}

fn check_synthetic(made: &Placed, explained: &Placed) {
    assert_eq!(made.span.parent_span_id, explained.span.span_id, "the root stays the root");
    let [link] = made.span.links.as_slice() else { panic!("not one span link: {made:#?}") };
    assert_eq!((&link.trace_id, &link.span_id), (&explained.span.trace_id, &explained.span.span_id));
    assert_eq!(made.span.kind, SpanKind::Internal as i32);
    assert_eq!(made.span.end_time_unix_nano, explained.span.end_time_unix_nano);
    assert!(attribute(&explained.span, "fanlight.link.id").is_none(), "it had gone before anybody knew");
    let late = attribute(&made.span, "fanlight.link.late_by_ms").and_then(|text| text.parse::<f64>().ok());
    assert!(late.is_some_and(|late| late > 0.0), "{made:#?}");
    check_enriched(made);
}

fn is_synthetic(placed: &Placed) -> bool {
    attribute(&placed.span, "fanlight.synthetic").as_deref() == Some("true")
}

/// F9. One backend is dead, another takes connections and says nothing, over either protocol. Senders are acknowledged all the same, a
/// sound backend gets everything, and what the others are owed waits on disk.
#[tokio::test(flavor = "multi_thread")]
async fn dead_backends_cost_the_senders_nothing() {
    check_dead().await.expect("the peers play their parts");
}

const BATCHES: u64 = 200;

async fn check_dead() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sound = Sink::start(None).await?;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let target = |name: &str, more: &str| format!("[[export]]\nname = \"{name}\"\n{more}\n");
    let grpc = |address| format!("protocol = \"grpc\"\nendpoint = \"http://{address}\"\ntimeout = \"1s\"");
    let http = |address| format!("endpoint = \"http://{address}/v1/traces\"\ntimeout = \"1s\"");
    let targets = [
        target("dead-grpc", &grpc(nobody)),
        target("dead-http", &http(nobody)),
        target("mute-grpc", &grpc(mute.local_addr()?)),
        target("mute-http", &http(mute.local_addr()?)),
        target("sound", &http(sound.address)),
    ];
    let server = Server::start(folder.path(), &format!("{LOOPBACK}{}", targets.concat())).await?;
    let client = fanlight_e2e::HttpClient::default();
    for number in 1..=BATCHES {
        let mut trace_id = [7; 16];
        trace_id[8..].copy_from_slice(&number.to_be_bytes());
        let span = fanlight_e2e::otlp::server_span(trace_id, number.to_be_bytes(), "sound", vec![]);
        let body = fanlight_e2e::otlp::encode(&fanlight_e2e::otlp::request("shop", vec![], vec![span]));
        let answer = client.post_otlp(server.otlp()?, body).await?;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    until("the sound backend does not have everything", PATIENCE, || async {
        Ok((by_id(&sound)?.len() as u64 == BATCHES).then_some(()))
    })
    .await?;
    for name in ["dead-grpc", "dead-http", "mute-grpc", "mute-http"] {
        let retried = [("stage", "export"), ("record", "request"), ("outcome", "retried"), ("reason", name)];
        server.counted(&retried, 1).await?;
        for (outcome, count) in [("received", BATCHES), ("exported", 0), ("dropped", 0)] {
            let labels = [("stage", "export"), ("record", "span"), ("outcome", outcome), ("reason", name)];
            assert_eq!(server.counter(&labels).await?, count, "`{name}` {outcome}");
        }
    }
    drop(server);
    Ok(())
}
