use fanlight_model::{SpanId, Timestamp, TraceId};
use fanlight_otlp::{Attributes, Limits, SpanDraft, encode_request, scan};

use super::*;

/// `key=value` pairs; numbers become ints.
fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    let mut attributes = Attributes::default();
    for (key, value) in pairs {
        match value.parse() {
            Ok(number) => attributes.push_int(key, number),
            Err(_) => attributes.push_str(key, value),
        }
    }
    attributes
}

fn probes_of(kind: SpanKind, scope: &str, resource: &Attributes, span: &[(&str, &str)]) -> Vec<Probe> {
    let draft = SpanDraft {
        trace_id: TraceId([1; 16]),
        span_id: SpanId([2; 8]),
        kind,
        start: Timestamp::from_seconds(10),
        end: Timestamp::from_seconds(11),
        attributes: attributes(span),
        ..SpanDraft::default()
    };
    probes(&scan(&encode_request(resource, scope, &[draft]), &Limits::default()).unwrap())
}

/// What a server span with these attributes, under this scope and resource, says: `peer -> address:port`, `?` for what is not known.
fn check(scope: &str, resource: &[(&str, &str)], span: &[(&str, &str)], expected: &str) {
    let shown = match probes_of(SpanKind::Server, scope, &attributes(resource), span).as_slice() {
        [] => "no probe".to_owned(),
        [probe] => {
            let address = probe.local.address.map_or("?".to_owned(), |address| address.to_string());
            let port = probe.local.port.map_or("?".to_owned(), |port| port.to_string());
            format!("{} -> {address} {port}", probe.peer)
        }
        _ => "several probes".to_owned(),
    };
    assert_eq!(shown, expected, "{scope} {resource:?} {span:?}");
}

const PEER: [(&str, &str); 2] = [("network.peer.address", "192.0.2.7"), ("network.peer.port", "40001")];

#[test]
fn the_peer_is_taken_from_the_first_convention_that_has_it() {
    let old = [("net.sock.peer.addr", "192.0.2.8"), ("net.sock.peer.port", "40002")];
    let oldest = [("net.peer.ip", "192.0.2.9"), ("net.peer.port", "40003")];
    check("x", &[], &[&PEER[..], &old, &oldest].concat(), "192.0.2.7:40001 -> ? ?");
    check("x", &[], &[&old[..], &oldest].concat(), "192.0.2.8:40002 -> ? ?");
    check("x", &[], &oldest, "192.0.2.9:40003 -> ? ?");
    check("x", &[], &[("network.peer.address", "::ffff:192.0.2.7"), PEER[1]], "192.0.2.7:40001 -> ? ?");
    check("x", &[], &[("network.peer.address", "127.0.1.1"), PEER[1]], "127.0.1.1:40001 -> ? ?");
}

#[test]
fn what_is_no_socket_is_no_peer() {
    for address in ["app.example.com", "169.254.3.4", "fe80::1", "0.0.0.0", "::", "fe80::1%eth0", ""] {
        check("x", &[], &[("network.peer.address", address), PEER[1]], "no probe");
    }
    check("x", &[], &[PEER[0], ("network.peer.port", "0")], "no probe");
    check("x", &[], &[PEER[0]], "no probe");
    let old = [("net.peer.ip", "192.0.2.9"), ("net.peer.port", "40003")];
    let name = [("network.peer.address", "app.example.com"), PEER[1]];
    check("x", &[], &[&name[..], &old].concat(), "192.0.2.9:40003 -> ? ?");
}

/// Elsewhere `client.address` is whoever the proxy headers name.
#[test]
fn the_client_stands_for_the_peer_under_pythons_server_scopes_only() {
    let client = [("client.address", "192.0.2.7"), ("client.port", "40001")];
    for scope in ["asgi", "wsgi", "flask", "fastapi", "starlette", "django"] {
        check(&format!("opentelemetry.instrumentation.{scope}"), &[], &client, "192.0.2.7:40001 -> ? ?");
    }
    check("@opentelemetry/instrumentation-http", &[], &client, "no probe");
    check("opentelemetry.instrumentation.requests", &[], &client, "no probe");
    let proxied = [("client.address", "198.51.100.9"), ("client.port", "0")];
    check("opentelemetry.instrumentation.asgi", &[], &proxied, "no probe");
}

#[test]
fn the_own_side_is_the_local_attributes_else_the_port_and_the_resources_address() {
    let local = [("network.local.address", "198.51.100.5"), ("network.local.port", "8080")];
    let old_port = [("net.host.port", "5000")];
    let host = [("host.ip", "198.51.100.6")];
    check("x", &host, &[&PEER[..], &local, &old_port].concat(), "192.0.2.7:40001 -> 198.51.100.5 8080");
    check("x", &host, &[&PEER[..], &old_port].concat(), "192.0.2.7:40001 -> 198.51.100.6 5000");
    check("x", &[], &[&PEER[..], &old_port].concat(), "192.0.2.7:40001 -> ? 5000");
    check("x", &host, &PEER, "192.0.2.7:40001 -> 198.51.100.6 ?");
    let pod = [("host.ip", "198.51.100.6"), ("k8s.pod.ip", "198.51.100.77")];
    check("x", &pod, &PEER, "192.0.2.7:40001 -> 198.51.100.77 ?");
    check(
        "x",
        &host,
        &[&PEER[..], &[("network.local.address", "0.0.0.0")]].concat(),
        "192.0.2.7:40001 -> 198.51.100.6 ?",
    );
}

/// It is the Host header: what the client meant, not the socket. Go's gRPC instrumentation is the exception.
#[test]
fn the_servers_name_is_never_the_own_side_but_under_otelgrpc() {
    let server = [("server.address", "198.51.100.5"), ("server.port", "443")];
    check("x", &[], &[&PEER[..], &server].concat(), "192.0.2.7:40001 -> ? ?");
    check(LOCAL_IS_SERVER, &[], &[&PEER[..], &server].concat(), "192.0.2.7:40001 -> 198.51.100.5 443");
}

#[test]
fn a_host_with_several_addresses_that_could_be_meant_has_none() {
    let check_hosts = |hosts: &[&str], peer: &str, expected: &str| {
        let mut resource = Attributes::default();
        resource.push_str_list("host.ip", hosts);
        let span = [("network.peer.address", peer), PEER[1]];
        let found = probes_of(SpanKind::Server, "x", &resource, &span)[0].local.address;
        assert_eq!(found.map_or("?".to_owned(), |address| address.to_string()), expected, "{hosts:?} {peer}");
    };
    check_hosts(&["127.0.0.1", "198.51.100.6", "fe80::1"], "192.0.2.7", "198.51.100.6");
    check_hosts(&["198.51.100.6", "172.17.0.1"], "192.0.2.7", "?");
    check_hosts(&["198.51.100.6", "198.51.100.6"], "192.0.2.7", "198.51.100.6");
    check_hosts(&["198.51.100.6", "2001:db8::6"], "2001:db8::7", "2001:db8::6");
    check_hosts(&["127.0.0.1"], "127.0.1.1", "127.0.0.1");
    check_hosts(&["127.0.0.1", "198.51.100.6"], "127.0.1.1", "127.0.0.1");
    check_hosts(&["127.0.0.1"], "192.0.2.7", "?");
    check_hosts(&["nonsense"], "192.0.2.7", "?");
}

#[test]
fn only_the_spans_of_servers_have_probes() {
    for (kind, expected) in [
        (SpanKind::Server, 1),
        (SpanKind::Consumer, 1),
        (SpanKind::Client, 0),
        (SpanKind::Internal, 0),
        (SpanKind::Unspecified, 0),
    ] {
        assert_eq!(probes_of(kind, "x", &Attributes::default(), &PEER).len(), expected, "{kind:?}");
    }
}

#[test]
fn a_service_is_its_namespace_name_and_environment() {
    let service =
        |resource: &[(&str, &str)]| probes_of(SpanKind::Server, "x", &attributes(resource), &PEER)[0].service;
    let shop = [("service.name", "shop")];
    assert_eq!(service(&shop), service_id("", "shop", ""));
    let whole = [("service.namespace", "emea"), shop[0], ("deployment.environment.name", "prod")];
    assert_eq!(service(&whole), service_id("emea", "shop", "prod"));
    let older = [("service.namespace", "emea"), shop[0], ("deployment.environment", "prod")];
    assert_eq!(service(&older), service(&whole));
    assert_ne!(service_id("a", "b", ""), service_id("", "ab", ""));
    assert_eq!(service(&[]), ServiceId::UNKNOWN);
    assert_eq!(service(&[("service.name", "unknown_service:node")]), ServiceId::UNKNOWN);
    assert_eq!(service(&[("service.name", "unknown_service")]), ServiceId::UNKNOWN);
}
