//! Peers that take their time. The clock of these tests stands still while anything can happen and jumps when nothing can.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use fanlight_runtime::Outcome;
use hyper::body::{Body, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use crate::grpc;
use crate::http::{PROTOBUF, post_to, send};
use crate::support::{Server, request};

async fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_end_is_given_up_after_ten_seconds() {
    let server = Server::start().await;
    let started = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    stream.write_all(b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.unwrap();
    until_closed(&mut stream).await;
    let taken = started.elapsed().as_secs();
    assert!((9..=12).contains(&taken), "{taken} s");
    assert_eq!(server.count("connection", Outcome::Dropped, "slow_header"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_given_up_after_ten_seconds() {
    let server = Server::start().await;
    let started = tokio::time::Instant::now();
    let mut stream = TcpStream::connect(server.address("otlp_grpc")).await.unwrap();
    assert_eq!(until_closed(&mut stream).await, "");
    let taken = started.elapsed().as_secs();
    assert!((9..=12).contains(&taken), "{taken} s");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_given_up_with_a_word() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100\r\n\r\nabc";
    stream.write_all(head.as_bytes()).await.unwrap();
    server.wait_for_count("request", Outcome::Received, "otlp_http", 1).await;
    let answer = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
    assert!(answer.contains("the body did not come in time"), "{answer}");
    server.check_ledger("request").await;
}

/// Peers that announce much and send nothing leave room for the others.
#[tokio::test]
async fn what_is_only_announced_takes_no_room() {
    let mut server = Server::start_with(|settings| settings.in_flight_bytes = 1 << 20).await;
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n{PROTOBUF}content-length: 16000000\r\n\r\nabc"
    );
    let mut slow = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(server.address("otlp_http")).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    server.wait_for_count("request", Outcome::Received, "otlp_http", 32).await;
    let body = request(1);
    assert_eq!(send(&server, &post_to("localhost", PROTOBUF, &body)).await.status, 200);
    assert_eq!(server.next().await.frame.bytes, body);
    assert_eq!(server.count("request", Outcome::Refused, "busy"), 0);
}

/// Half a message, and nothing more.
struct Halted(Option<Bytes>);

impl Body for Halted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_over_grpc_that_does_not_come_is_refused_with_a_status() {
    let server = Server::start().await;
    let whole = grpc::message(false, &request(3));
    let half = Halted(Some(whole.slice(..whole.len() / 2)));
    let builder = http::Request::post(format!("http://localhost{}", grpc::TRACES));
    let started = tokio::time::Instant::now();
    let status = grpc::send(&server, builder, half).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "the body did not come in time"));
    let taken = started.elapsed().as_secs();
    assert!((9..=12).contains(&taken), "{taken} s");
    assert_eq!(server.count("request", Outcome::Refused, "too_slow"), 1);
    server.check_ledger("request").await;
}
