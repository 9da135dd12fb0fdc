//! OTLP/gRPC, by a client that frames its messages itself.

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use fanlight_runtime::{Outcome, spawn};
use http::request::Builder;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};

use crate::support::{PATIENCE, Server, empty_spans, gzip, request, request_with_a_bad_span, zstd};

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[derive(Clone)]
struct Tasks;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        drop(spawn("test", future));
    }
}

pub(crate) fn message(compressed: bool, bytes: &[u8]) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(u8::from(compressed));
    framed.put_u32(bytes.len() as u32);
    framed.put_slice(bytes);
    framed.freeze()
}

/// The response's message, or the status.
async fn call(server: &Server, path: &str, encoding: Option<&str>, body: Bytes) -> Result<Bytes, Status> {
    let mut request = http::Request::post(format!("http://localhost{path}"));
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    send(server, request, Full::new(body)).await
}

/// To the usual method, under a name, as a page of `origin` would where there is one.
pub(crate) async fn call_from(
    server: &Server,
    host: &str,
    origin: Option<&str>,
    body: Bytes,
) -> Result<Bytes, Status> {
    let mut request = http::Request::post(format!("http://{host}{TRACES}"));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    send(server, request, Full::new(body)).await
}

pub(crate) async fn send<B>(server: &Server, request: Builder, body: B) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    let stream = TcpStream::connect(server.address("otlp_grpc")).await.unwrap();
    let (mut client, connection) = http2::handshake(Tasks, TokioIo::new(stream)).await.unwrap();
    drop(spawn("test", connection));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    let answered = client.send_request(request.body(body).unwrap());
    let response = tokio::time::timeout(PATIENCE, answered).await.expect("an answer in time").unwrap();
    assert_eq!(response.status(), 200);
    if let Some(status) = Status::from_header_map(response.headers()) {
        return Err(status);
    }
    let collected = response.into_body().collect().await.unwrap();
    let status = collected.trailers().and_then(Status::from_header_map).expect("a status in the trailers");
    match status.code() {
        Code::Ok => Ok(collected.to_bytes().slice(5..)),
        _ => Err(status),
    }
}

#[tokio::test]
async fn a_request_is_durable_when_it_is_acknowledged() {
    let mut server = Server::start().await;
    let body = request(3);
    assert_eq!(call(&server, TRACES, None, message(false, &body)).await.unwrap(), Bytes::new());
    assert_eq!(call(&server, TRACES, Some("gzip"), message(true, &gzip(&body))).await.unwrap(), Bytes::new());
    assert_eq!(call(&server, TRACES, Some("zstd"), message(true, &zstd(&body))).await.unwrap(), Bytes::new());
    assert_eq!(call(&server, TRACES, Some("zstd"), message(false, &body)).await.unwrap(), Bytes::new());
    for _ in 0..4 {
        let logged = server.next().await;
        assert_eq!((logged.frame.kind, &logged.frame.bytes), (1, &body));
        assert!(logged.payload.permit.is_some_and(|permit| permit.bytes() >= body.len() as u64));
    }
    server.check_ledger("span").await;
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_bad_span_is_refused_alone() {
    let mut server = Server::start().await;
    let response = call(&server, TRACES, None, message(false, &request_with_a_bad_span())).await.unwrap();
    assert!(String::from_utf8_lossy(&response).ends_with(
        "1 of 501 spans refused, the others are stored: 1 because the span id is missing or zero"
    ));
    assert_eq!(server.next().await.payload.batch.map(|batch| batch.len()), Some(500));
    server.check_ledger("span").await;
}

#[tokio::test]
async fn what_is_not_collected_is_said_and_counted() {
    let server = Server::start().await;
    for (signal, path) in [
        ("logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        ("metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    ] {
        let status = call(&server, path, None, message(false, b"")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
        assert!(
            status
                .message()
                .starts_with(&format!("{signal} are not collected here, only traces; turn them off")),
            "{status}"
        );
    }
    assert_eq!(server.count("request", Outcome::Refused, "not_collected"), 2);
    let status = call(&server, "/x.Y/Z", None, message(false, b"")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().starts_with("nothing is at `/x.Y/Z`; traces go to"), "{status}");
    server.check_ledger("request").await;
}

#[tokio::test]
async fn truncated_protobuf_is_refused_with_the_place() {
    let server = Server::start().await;
    let body = request(3);
    let status = call(&server, TRACES, None, message(false, &body[..body.len() - 7])).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("cannot read the framing of `"), "{status}");
    let mut cut = message(false, &body);
    cut.truncate(cut.len() - 7);
    assert!(call(&server, TRACES, None, cut).await.is_err(), "a message shorter than its prefix says");
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_message_over_the_cap_is_refused_for_good() {
    let server = Server::start_with(|settings| settings.max_body_bytes = 10_000).await;
    let large = vec![0; 10_001];
    for (encoding, body) in [
        (None, message(false, &large)),
        (Some("gzip"), message(true, &gzip(&large))),
        (Some("zstd"), message(true, &zstd(&large))),
    ] {
        let status = call(&server, TRACES, encoding, body).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(status.details().is_empty(), "no RetryInfo: the same message would be refused again");
    }
    assert_eq!(server.count("request", Outcome::Refused, "too_large"), 3);
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_bomb_of_spans_is_refused_by_their_number() {
    let server = Server::start().await;
    let spans = empty_spans(2_000_000);
    for (encoding, bomb) in [("gzip", gzip(&spans)), ("zstd", zstd(&spans))] {
        let status = call(&server, TRACES, Some(encoding), message(true, &bomb)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(
            status.message().ends_with("the request has more than 131072 spans; send smaller batches"),
            "{status}"
        );
    }
}

#[tokio::test]
async fn another_encoding_and_another_framing_are_refused() {
    let server = Server::start().await;
    let status = call(&server, TRACES, Some("snappy"), message(true, b"x")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), "the encoding `snappy` is not read; send gzip, zstd or no compression");
    assert_eq!(status.metadata().get("grpc-accept-encoding").unwrap(), "identity,gzip,zstd");
    let status = call(&server, TRACES, None, message(true, &gzip(&request(1)))).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().ends_with("and no `grpc-encoding` says how"), "{status}");
    let two = [message(false, &request(1)), message(false, &request(1))].concat();
    let status = call(&server, TRACES, None, Bytes::from(two)).await.unwrap_err();
    assert!(status.message().ends_with("has one message; send one a request"), "{status}");
    let status = call(&server, TRACES, None, Bytes::from_static(&[7, 0, 0, 0, 0])).await.unwrap_err();
    assert!(status.message().ends_with("is not framed as gRPC frames it"), "{status}");
    for short in [b"".as_slice(), &[0, 0, 0]] {
        let status = call(&server, TRACES, None, Bytes::copy_from_slice(short)).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Cancelled, "the body broke off"));
    }
    server.check_ledger("request").await;
}

#[tokio::test]
async fn lightsteps_own_tracers_are_told_what_to_do() {
    let server = Server::start().await;
    let path = "/lightstep.collector.CollectorService/Report";
    let status = call(&server, path, None, message(false, b"")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().starts_with("reports of Lightstep's own tracers are not read"), "{status}");
}

const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";

fn has_retry_info(status: &Status) -> bool {
    status.details().windows(RETRY_INFO.len()).any(|window| window == RETRY_INFO)
}

#[tokio::test]
async fn a_full_disk_asks_to_come_again_until_there_is_room() {
    let mut server = Server::start().await;
    let body = message(false, &request(5));
    server.disk.set_room(Some(0));
    let status = call(&server, TRACES, None, body.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().starts_with("no space is left on Fanlight's disk"), "{status}");
    assert!(has_retry_info(&status));
    server.disk.set_room(None);
    assert!(call(&server, TRACES, None, body).await.is_ok());
    assert_eq!(server.next().await.payload.batch.map(|batch| batch.len()), Some(5));
    server.check_ledger("span").await;
    server.check_ledger("request").await;
}

#[tokio::test]
async fn too_much_in_flight_asks_to_come_again() {
    let mut server = Server::start_with(|settings| settings.in_flight_bytes = 20_000).await;
    let body = message(false, &request(200));
    assert!(call(&server, TRACES, None, body.clone()).await.is_ok());
    let status = call(&server, TRACES, None, body.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "too much is in flight; nothing was taken, send it again in a second");
    assert!(has_retry_info(&status));
    assert_eq!(server.count("request", Outcome::Refused, "busy"), 1);
    drop(server.next().await);
    assert!(call(&server, TRACES, None, body).await.is_ok());
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_peer_outside_the_list_is_refused() {
    let server = Server::start_with(|settings| {
        settings.otlp_grpc.as_mut().unwrap().access.allow = vec!["192.0.2.0/24".parse().unwrap()];
    })
    .await;
    let status = call(&server, TRACES, None, message(false, &request(1))).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.message().starts_with("your address may not send here"), "{status}");
    server.check_ledger("request").await;
}

#[tokio::test]
async fn a_client_of_another_protocol_is_told_the_right_port() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address("otlp_grpc")).await.unwrap();
    stream
        .write_all(b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert!(
        answer.contains("this port speaks OTLP/gRPC; for OTLP/HTTP use the port of `intake.otlp_http`"),
        "{answer}"
    );
}
