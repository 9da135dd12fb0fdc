//! Peers that take their time: F18. The clock of these tests stands still while anything can happen and jumps when nothing can.

use std::time::Duration;

use fanlight_listen::{Access, Protocol};
use fanlight_runtime::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::house::{BUSY, House, OTHER_PROTOCOL, until};

/// On the clock of these tests, longer than any bound.
pub(crate) const LONG: Duration = Duration::from_secs(300);

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Writes a request, and reads to the end of the connection.
pub(crate) async fn exchange(house: &House, request: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    // A connection that is dropped with unread bytes ends in a reset.
    timeout(LONG, stream.read_to_end(&mut read)).await.expect("it ends").unwrap_or_default();
    String::from_utf8_lossy(&read).into_owned()
}

async fn answered(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"secure: false") {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "no answer");
    }
}

fn check(started: Instant, seconds: std::ops::RangeInclusive<u64>) {
    assert!(seconds.contains(&started.elapsed().as_secs()), "after {:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_header_that_does_not_end_is_given_up_after_ten_seconds() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    // The second header on a connection has the same bound as the first.
    stream.write_all(GET).await.unwrap();
    answered(&mut stream).await;
    let started = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    rest(&mut stream).await;
    check(started, 9..=11);
    house.counted(Outcome::Dropped, "slow_header", 1).await;
    house.emptied().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_given_up_after_a_minute() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    for first in [&b""[..], GET] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        if !first.is_empty() {
            answered(&mut stream).await;
        }
        let started = Instant::now();
        rest(&mut stream).await;
        check(started, 59..=66);
    }
    house.emptied().await;
}

#[tokio::test(start_paused = true)]
async fn an_http2_connection_without_a_request_is_given_up_after_a_minute() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(crate::frames::HELLO).await.unwrap();
    let started = Instant::now();
    crate::frames::answer_pings(&mut stream).await;
    check(started, 59..=66);
    house.emptied().await;
}

/// A body of a byte now and then is given up with a word; one that is slow, but not as slow as that, is taken.
#[tokio::test(start_paused = true)]
async fn a_body_needs_a_thousand_bytes_a_second_after_a_grace() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n";
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(head).await.unwrap();
    stream.write_all(b"abc").await.unwrap();
    let started = Instant::now();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("comes too slowly"), "{answer}");
    check(started, 9..=11);

    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(head).await.unwrap();
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..50 {
        ticks.tick().await;
        stream.write_all(&[b'x'; 1_200]).await.unwrap();
    }
    let answer = rest(&mut stream).await;
    assert!(answer.contains("60000 bytes"), "{answer}");
    check(started, 48..=52);
}

/// A peer asks for a large answer and reads nothing of it, or a little now and then.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_given_up_after_half_a_minute() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    for is_dripping in [false, true] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(house.address).await.unwrap();
        let started = Instant::now();
        stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        until("it is in", || house.gauge("fanlight_connections") == Some(1.0)).await;
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        while house.gauge("fanlight_connections") == Some(1.0) {
            seconds.tick().await;
            assert!(started.elapsed() < LONG, "it never ends");
            if is_dripping {
                stream.read_exact(&mut [0; 100]).await.unwrap();
            }
        }
        check(started, 29..=75);
    }
}

/// A large answer over a thin line takes minutes, and is not cut while it is being taken.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_slowly_comes_whole() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(house.address).await.unwrap();
    let started = Instant::now();
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut read, mut piece) = (0, vec![0; 512 << 10]);
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        seconds.tick().await;
        let mut this = 0;
        while this < piece.len() {
            match stream.read(&mut piece[this..]).await.unwrap() {
                0 => {
                    let took = started.elapsed();
                    assert!(read + this > 64 << 20, "cut off after {took:?} and {} bytes", read + this);
                    assert!(took > Duration::from_secs(100), "{took:?} is not slow");
                    return;
                }
                some => this += some,
            }
        }
        read += this;
    }
}

#[tokio::test(start_paused = true)]
async fn an_http2_answer_without_a_window_is_given_up() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(crate::frames::PREFACE).await.unwrap();
    // SETTINGS_INITIAL_WINDOW_SIZE = 0: nothing of any answer may be sent.
    stream.write_all(&crate::frames::frame(4, 0, 0, &[0, 4, 0, 0, 0, 0])).await.unwrap();
    stream.write_all(&crate::frames::get(1, "/")).await.unwrap();
    let started = Instant::now();
    crate::frames::answer_pings(&mut stream).await;
    check(started, 29..=75);
    house.counted(Outcome::Dropped, "slow_reader", 1).await;
}

/// Neither silence nor half a preface keeps a connection.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_begin_http2_is_given_up_after_ten_seconds() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    for first in [&b""[..], &crate::frames::PREFACE[..12]] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        let started = Instant::now();
        assert_eq!(rest(&mut stream).await, "");
        check(started, 9..=11);
    }
    house.emptied().await;
}

/// One wrong byte says that it will not be HTTP/2; the rest need not come.
#[tokio::test]
async fn a_client_of_another_protocol_is_told_so_at_its_first_byte() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    for first in ["G", "POST / HTTP/1.1\r\n", "PRI * HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await.as_bytes(), OTHER_PROTOCOL, "{first}");
    }
    house.emptied().await;
}

/// Each byte comes soon after the last one; what counts is how long all of them took.
#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_given_up_as_soon_as_one_that_does_not_come() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 60000\r\n\r\n";
    to.write_all(head).await.unwrap();
    let started = Instant::now();
    let dripping = async {
        let mut ticks = tokio::time::interval(Duration::from_secs(4));
        loop {
            ticks.tick().await;
            // It may have been given up meanwhile.
            to.write_all(b"x").await.unwrap_or_default();
        }
    };
    let mut answer = [0; 12];
    let answered = timeout(LONG, from.read_exact(&mut answer));
    tokio::select! {
        () = dripping => {}
        read = answered => drop(read.expect("it is given up").unwrap()),
    }
    assert_eq!(&answer, b"HTTP/1.1 408");
    check(started, 9..=13);
}

/// The app does something else for a minute before it reads: that is not the peer's time.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_waited_for_is_not_slow() {
    let house = House::open(Protocol::Http1, Access::open()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let started = Instant::now();
    let head = b"POST /late HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 6\r\n\r\nabc";
    stream.write_all(head).await.unwrap();
    let mut ticks = tokio::time::interval(BUSY + Duration::from_secs(5));
    ticks.tick().await;
    ticks.tick().await;
    stream.write_all(b"def").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.contains("6 bytes"), "{answer}");
    check(started, 65..=66);
}
