//! How many may be inside, and who.

use std::net::SocketAddr;

use fanlight_listen::{Access, Limits, Protocol};
use fanlight_runtime::{Clock, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::house::{House, PATIENCE, until};

async fn from(address: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

async fn is_closed(stream: &mut TcpStream) {
    timeout(PATIENCE, stream.read(&mut [0])).await.expect("closed at once").unwrap_or_default();
}

async fn is_answered(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// One peer takes its share and is refused more; another still comes in; what is given back can be had again.
#[tokio::test]
async fn nobody_alone_fills_a_listener() {
    let limits = Limits { connections: 4, connections_per_peer: 3, ..Limits::DEFAULT };
    let house = House::open_with(Protocol::Http1, Access::open(), limits, Clock::system()).await;
    let mut greedy = Vec::new();
    for _ in 0..3 {
        greedy.push(from("127.0.0.2", house.address).await);
    }
    house.counted(Outcome::Received, "house", 3).await;
    is_closed(&mut from("127.0.0.2", house.address).await).await;
    house.counted(Outcome::Refused, "too_many_of_one_peer", 1).await;
    let mut other = from("127.0.0.3", house.address).await;
    house.counted(Outcome::Received, "house", 5).await;
    is_closed(&mut from("127.0.0.4", house.address).await).await;
    house.counted(Outcome::Refused, "too_many_connections", 1).await;
    is_answered(&mut other).await;
    drop(greedy);
    house.emptied().await;
    is_answered(&mut from("127.0.0.2", house.address).await).await;
}

/// Peers outside `allow` are told so, a few at a time; they take no place from those who are let in.
#[tokio::test]
async fn strangers_take_no_place() {
    let limits = Limits { connections: 1, ..Limits::DEFAULT };
    let access = Access::of(vec!["127.0.0.1/32".parse().unwrap()]);
    let house = House::open_with(Protocol::Http1, access, limits, Clock::system()).await;
    let mut strangers = Vec::new();
    for _ in 0..16 {
        strangers.push(from("127.0.0.9", house.address).await);
    }
    until("all are in", || house.gauge("fanlight_connections") == Some(16.0)).await;
    is_closed(&mut from("127.0.0.9", house.address).await).await;
    house.counted(Outcome::Refused, "too_many_strangers", 1).await;
    is_answered(&mut from("127.0.0.1", house.address).await).await;
    let stranger = &mut strangers[0];
    stranger.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stranger.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.ends_with("Address"), "{answer}");
}

#[tokio::test]
async fn the_shutdown_ends_what_is_idle_and_lets_the_rest_be_answered() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let mut idle = TcpStream::connect(house.address).await.unwrap();
    let mut busy = TcpStream::connect(house.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.read_exact(&mut [0; 25]).await.unwrap();
    until("both are in", || house.gauge("fanlight_connections") == Some(2.0)).await;
    house.tools.shutdown.begin();
    is_closed(&mut idle).await;
    busy.write_all(b"abc").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, busy.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.contains("3 bytes"), "{answer}");
    house.emptied().await;
}
