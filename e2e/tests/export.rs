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
    check(Stack::Flask).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn fastapi_spans_arrive_as_they_were_but_for_our_attributes() {
    check(Stack::FastApi).await.expect("the peers play their parts");
}

#[tokio::test(flavor = "multi_thread")]
async fn express_spans_arrive_as_they_were_but_for_our_attributes() {
    check(Stack::Express).await.expect("the peers play their parts");
}

async fn check(stack: Stack) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arrived = Sink::start(None).await?;
    let rotel = Rotel::start(arrived.address, folder.path()).await?;
    let target = format!("[[export]]\nname = \"rotel\"\nendpoint = \"http://{}/v1/traces\"\n", rotel.address);
    let server = Server::start(folder.path(), &format!("{LOOPBACK}{target}")).await?;
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
