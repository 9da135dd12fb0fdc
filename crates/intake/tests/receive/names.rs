//! A page in a browser cannot write spans: neither by a name that it had resolved to us, nor as a page of another site.

use fanlight_runtime::Outcome;
use tonic::Code;

use crate::grpc::{call_from, message};
use crate::http::{PROTOBUF, post_to, send};
use crate::support::{Server, request};

const EVIL: &str = "http://evil.example.com:4318";
const EVIL_GRPC: &str = "http://evil.example.com:4317";

#[tokio::test]
async fn a_page_that_had_its_name_resolved_to_us_is_refused() {
    let mut server = Server::start().await;
    let body = request(1);
    for (host, origin, status, words) in [
        ("evil.example.com:4318", Some(EVIL), 421, "not this server's"),
        ("evil.example.com:4318", None, 421, "not this server's"),
        ("localhost:4318", Some(EVIL), 403, "a page of another site"),
        ("localhost:4318", Some("null"), 403, "a page of another site"),
        ("localhost:4318", Some("https://localhost:4318"), 403, "a page of another site"),
        ("localhost:4318\r\nhost: localhost:4318", None, 400, "one; send one"),
    ] {
        let origin = origin.map(|origin| format!("origin: {origin}\r\n")).unwrap_or_default();
        let answer = send(&server, &post_to(host, &format!("{origin}{PROTOBUF}"), &body)).await;
        assert_eq!(answer.status, status, "{host} {origin}");
        assert!(answer.rpc_status().1.contains(words), "{:?}", answer.rpc_status());
    }
    for host in ["localhost:4318", "127.0.0.1", "[::1]:4318", "host.docker.internal:4318", "otlp.localhost"] {
        assert_eq!(send(&server, &post_to(host, PROTOBUF, &body)).await.status, 200, "{host}");
        assert_eq!(server.next().await.frame.bytes, body);
    }
    let page = format!("origin: http://localhost:4318\r\n{PROTOBUF}");
    assert_eq!(send(&server, &post_to("localhost:4318", &page, &body)).await.status, 200);
    let refused = ["host_not_allowed", "origin_not_allowed", "host_invalid"]
        .map(|word| server.count("request", Outcome::Refused, word));
    assert_eq!(refused, [2, 3, 1]);
    server.check_ledger("request").await;
}

/// Where programs come by names that nobody lists, a token is asked for: only what a page made is judged by its name.
#[tokio::test]
async fn beyond_loopback_programs_may_use_any_name() {
    let server = Server::start_with(|settings| {
        let listener = settings.otlp_http.as_mut().unwrap();
        listener.listen = "0.0.0.0:0".parse().unwrap();
        listener.access.allow = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let body = request(1);
    let host = "collector.example.com:4318";
    assert_eq!(send(&server, &post_to(host, PROTOBUF, &body)).await.status, 200);
    let page = format!("origin: http://{host}\r\n{PROTOBUF}");
    assert_eq!(send(&server, &post_to(host, &page, &body)).await.status, 421);
}

/// No page gets as far as gRPC today; one that did would be refused as elsewhere. A program may use any name.
#[tokio::test]
async fn a_page_that_speaks_grpc_is_refused() {
    let mut server = Server::start().await;
    let body = request(1);
    for (host, origin) in [("evil.example.com:4317", EVIL_GRPC), ("localhost:4317", EVIL_GRPC)] {
        let status = call_from(&server, host, Some(origin), message(false, &body)).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{host}: {status}");
    }
    let refused = ["host_not_allowed", "origin_not_allowed"]
        .map(|word| server.count("request", Outcome::Refused, word));
    assert_eq!(refused, [1, 1]);
    assert!(call_from(&server, "collector.example.com:4317", None, message(false, &body)).await.is_ok());
    assert_eq!(server.next().await.frame.bytes, body);
    server.check_ledger("request").await;
}
