use std::collections::{BTreeMap, BTreeSet};

use fanlight_model::{SpanKind, TraceId};
use fanlight_otlp::{Batch, Limits, scan};

use super::run::{Run, SAMPLE};

pub(crate) fn batches(run: &Run) -> Vec<Batch> {
    let streams = ["otlp.services", "otlp.browsers", "otlp.agents"];
    let pieces = streams.into_iter().filter_map(|stream| run.pieces.get(stream)).flatten();
    pieces.map(|piece| scan(&piece.bytes.clone().into(), &Limits::default()).expect("a request")).collect()
}

/// Every request is taken whole, says how many spans it has, and none of its spans is refused.
#[test]
fn every_span_is_taken() {
    let mut spans = 0;
    for (name, pieces) in SAMPLE.pieces.iter().filter(|(name, _)| name.starts_with("otlp.")) {
        for piece in pieces {
            let batch = scan(&piece.bytes.clone().into(), &Limits::default()).expect("a request");
            assert!(batch.refused().is_empty(), "{name}: {:?}", batch.refused());
            assert_eq!(batch.len() as u32, piece.records, "{name}");
            spans += batch.len();
        }
    }
    assert!(spans > 2_000, "{spans}");
}

/// A trace hangs together: every parent is in it, but for a few that were lost on the way.
#[test]
fn traces_hang_together() {
    let mut spans: BTreeMap<TraceId, BTreeSet<_>> = BTreeMap::new();
    let mut parents = Vec::new();
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for batch in batches(&SAMPLE) {
        for span in batch.spans() {
            assert!(span.end() >= span.start());
            spans.entry(span.trace_id()).or_default().insert(span.span_id());
            *kinds.entry(span.kind().as_str()).or_default() += 1;
            if !span.parent_span_id().is_zero() {
                parents.push((span.trace_id(), span.parent_span_id()));
            }
        }
    }
    let missing = parents.iter().filter(|(trace, parent)| !spans[trace].contains(parent)).count();
    assert!(missing * 20 < parents.len(), "{missing} of {}", parents.len());
    for kind in [SpanKind::Server, SpanKind::Client, SpanKind::Producer] {
        assert!(kinds.contains_key(kind.as_str()), "{kinds:?}");
    }
}

/// Each stack tells of its socket what it really does, and nothing else.
#[test]
fn stacks_tell_what_they_tell() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for batch in batches(&SAMPLE) {
        for span in batch.spans().filter(|span| span.kind() == SpanKind::Server) {
            let scope = span.scope_name().to_owned();
            let has = |key| span.has_attribute(key);
            let (peer, old_peer, client_port) =
                (has("network.peer.port"), has("net.peer.port"), has("client.port"));
            assert!(!has("network.local.address"), "{scope}");
            match scope.as_str() {
                "io.opentelemetry.tomcat-10.0" => assert!(peer && !client_port && has("client.address")),
                "opentelemetry.instrumentation.flask" => assert!(old_peer && !peer && has("net.host.port")),
                "opentelemetry.instrumentation.fastapi" => {
                    assert!(client_port && !peer && !has("network.peer.address"))
                }
                "Microsoft.AspNetCore" => assert!(!peer && !old_peer && !client_port),
                name if name.ends_with("otelgrpc") => assert!(!peer && has("server.address")),
                name if name.ends_with("otelhttp") => assert!(peer && !client_port),
                "@opentelemetry/instrumentation-http" => assert!(peer != old_peer),
                "envoy" => assert!(has("peer.address") && !peer),
                other => panic!("{other}"),
            }
            *seen.entry(scope).or_default() += 1;
        }
    }
    assert!(seen.len() >= 6, "{seen:?}");
}
