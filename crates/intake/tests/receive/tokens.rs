//! Listeners that want a token: each protocol's own words for it, said before a body is read.

use bytes::{BufMut, Bytes, BytesMut};
use fanlight_runtime::{Outcome, spawn};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};

use crate::support::{PATIENCE, Server, request};

const TOKEN: &str = "the-token-of-july-2";

async fn server() -> (Server, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, format!("the-token-of-june-1\n{TOKEN}\n")).unwrap();
    let server = Server::start_with(|settings| {
        for listener in [&mut settings.otlp_grpc, &mut settings.otlp_http] {
            listener.as_mut().unwrap().access.token_file = Some(file.clone());
        }
    })
    .await;
    (server, folder)
}

fn builder(uri: &str, content_type: &str, token: Option<&str>) -> http::request::Builder {
    let request = http::Request::post(uri).header("content-type", content_type).header("te", "trailers");
    match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    }
}

#[tokio::test]
async fn otlp_http_wants_a_token() {
    let (mut server, _folder) = server().await;
    let stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    drop(spawn("test", connection));
    for (token, status, code) in
        [(None, 401, Some(16)), (Some("wrong"), 401, Some(16)), (Some(TOKEN), 200, None)]
    {
        let request = builder("/v1/traces", "application/x-protobuf", token).header("host", "localhost");
        let answered = client.send_request(request.body(Full::new(request_body())).unwrap());
        let answer = tokio::time::timeout(PATIENCE, answered).await.unwrap().unwrap();
        assert_eq!(answer.status(), status, "{token:?}");
        assert_eq!(answer.headers().contains_key("www-authenticate"), status == 401);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.get(1).copied(), code, "UNAUTHENTICATED of `google.rpc.Status`");
    }
    assert_eq!(server.next().await.frame.bytes, request_body());
    check_counts(&server).await;
}

/// The answer to whoever has no token does not wait for the body.
#[tokio::test]
async fn a_body_is_not_waited_for() {
    let (server, _folder) = server().await;
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[derive(Clone)]
struct Tasks;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        drop(spawn("test", future));
    }
}

#[tokio::test]
async fn otlp_grpc_wants_a_token() {
    const TRACES: &str = "http://x/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let (mut server, _folder) = server().await;
    let stream = TcpStream::connect(server.address("otlp_grpc")).await.unwrap();
    let (mut client, connection) = http2::handshake(Tasks, TokioIo::new(stream)).await.unwrap();
    drop(spawn("test", connection));
    let mut message = BytesMut::new();
    message.put_u8(0);
    message.put_u32(request_body().len() as u32);
    message.put_slice(&request_body());
    for (token, code) in
        [(None, Code::Unauthenticated), (Some("wrong"), Code::Unauthenticated), (Some(TOKEN), Code::Ok)]
    {
        let request = builder(TRACES, "application/grpc", token);
        let answered = client.send_request(request.body(Full::new(message.clone().freeze())).unwrap());
        let answer = tokio::time::timeout(PATIENCE, answered).await.unwrap().unwrap();
        assert_eq!(answer.status(), 200);
        let status = match Status::from_header_map(answer.headers()) {
            Some(status) => status,
            None => {
                let collected = answer.into_body().collect().await.unwrap();
                collected.trailers().and_then(Status::from_header_map).expect("a status")
            }
        };
        assert_eq!(status.code(), code, "{token:?}: {status}");
    }
    assert_eq!(server.next().await.frame.bytes, request_body());
    check_counts(&server).await;
}

fn request_body() -> Bytes {
    request(1)
}

async fn check_counts(server: &Server) {
    assert_eq!(server.count("request", Outcome::Refused, "token_missing"), 1);
    assert_eq!(server.count("request", Outcome::Refused, "token_wrong"), 1);
    server.check_ledger("request").await;
}
