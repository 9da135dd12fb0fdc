//! How many may be inside, and who.

use std::net::SocketAddr;

use fanlight_listen::{Access, Limits, Places, Protocol, Tools};
use fanlight_runtime::{Clock, Ledger, Metrics, Outcome, Shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::house::{House, PATIENCE, until};
use crate::slow::LONG;

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

/// Whether a request on a connection of its own is answered.
async fn is_served(to: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(to).await.unwrap();
    // A connection that is refused may be reset before or after the request is written.
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap_or_default();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it ends").unwrap_or_default();
    answer.starts_with(b"HTTP/1.1 200")
}

/// Connections are open files, of which the process has so many whatever each listener may have; what is given back can be had
/// again, by any of them.
#[tokio::test]
async fn all_listeners_together_have_no_more_than_there_are_places() {
    let tools = Tools {
        clock: Clock::system(),
        ledger: Ledger::default(),
        metrics: Metrics::default(),
        shutdown: Shutdown::new(),
        places: Places::new(2),
    };
    let open = || House::open_among(tools.clone(), Protocol::Http1, Access::open(), Limits::DEFAULT);
    let (one, other) = (open().await, open().await);
    let first = TcpStream::connect(one.address).await.unwrap();
    one.counted(Outcome::Received, "house", 1).await;
    let _second = TcpStream::connect(other.address).await.unwrap();
    one.counted(Outcome::Received, "house", 2).await;
    for house in [&one, &other] {
        is_closed(&mut TcpStream::connect(house.address).await.unwrap()).await;
    }
    one.counted(Outcome::Refused, "too_few_descriptors", 2).await;
    drop(first);
    let again = async { while !is_served(other.address).await {} };
    timeout(PATIENCE, again).await.expect("a place that is given back");
}

/// Whoever runs a listener knows from its end that nobody is inside any more.
#[tokio::test]
async fn a_listener_ends_with_its_last_connection() {
    let mut house = House::open(Protocol::Http1, Access::open()).await;
    let mut busy = TcpStream::connect(house.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.read_exact(&mut [0; 25]).await.unwrap();
    house.tools.shutdown.begin();
    let is_deaf = async { while TcpStream::connect(house.address).await.is_ok() {} };
    timeout(PATIENCE, is_deaf).await.expect("nobody is taken any more");
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!house.running.is_finished(), "one is still inside");
    busy.write_all(b"abc").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, busy.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.contains("3 bytes"), "{answer}");
    timeout(PATIENCE, &mut house.running).await.expect("it ends").unwrap();
    assert_eq!(house.gauge("fanlight_connections"), Some(0.0));
}

/// The clock stands still while anything can happen and jumps when nothing can.
#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_end_holds_up_the_end_for_ten_seconds() {
    let mut house = House::open(Protocol::Http1, Access::open()).await;
    let mut hanging = TcpStream::connect(house.address).await.unwrap();
    let head = "POST /hang HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
    hanging.write_all(head.as_bytes()).await.unwrap();
    hanging.read_exact(&mut [0; 25]).await.unwrap();
    hanging.write_all(b"abc").await.unwrap();
    let began = Instant::now();
    house.tools.shutdown.begin();
    timeout(LONG, &mut house.running).await.expect("it ends").unwrap();
    assert!((9..=11).contains(&began.elapsed().as_secs()), "after {:?}", began.elapsed());
}
