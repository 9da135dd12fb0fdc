//! Handshakes: good ones, broken ones, slow ones.

use fanlight_listen::{Access, Limits, Protocol};
use fanlight_runtime::{Clock, Outcome, spawn};
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::certificates::{Authority, NAME, day};
use crate::client::Client;
use crate::frames::{DATA, HELLO, get, read};
use crate::house::{House, PATIENCE};
use crate::slow::LONG;

struct Case {
    house: House,
    client: Client,
    authority: Authority,
    _folder: TempDir,
}

async fn case(protocol: Protocol, limits: Limits) -> Case {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("test"));
    let tls = Some(authority.issue(NAME, 1, day(2100)).write(folder.path()));
    let access = Access { tls, ..Access::default() };
    let house = House::open_with(protocol, access, limits, Clock::system()).await;
    let client = Client::trusting(authority.roots(), day(2030));
    Case { house, client, authority, _folder: folder }
}

#[tokio::test]
async fn both_versions_are_spoken_with_the_listeners_protocol() {
    let Case { house, authority, client, _folder } = case(Protocol::Web, Limits::DEFAULT).await;
    for version in [&TLS12, &TLS13] {
        let client = Client::of_version(authority.roots(), day(2030), version);
        let answer = client.get(house.address).await.unwrap();
        assert!(answer.ends_with("0 bytes from nobody, secure: true"), "{answer}");
    }
    for (asked, agreed) in [(&b"h2"[..], &b"h2"[..]), (b"http/1.1", b"http/1.1")] {
        let stream = client.clone().speaking(asked).connect(house.address).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(agreed));
    }
    assert!(client.speaking(b"smtp").connect(house.address).await.is_err());
    house.counted(Outcome::Refused, "tls_incompatible", 1).await;
    house.emptied().await;
}

/// HTTP/2 is served over TLS to whoever asks for it, on the same port.
#[tokio::test]
async fn http2_is_served_over_tls() {
    let Case { house, client, .. } = case(Protocol::Web, Limits::DEFAULT).await;
    let mut stream = client.speaking(b"h2").connect(house.address).await.unwrap();
    stream.write_all(HELLO).await.unwrap();
    stream.write_all(&get(1, "/")).await.unwrap();
    let answered = async {
        loop {
            let (kind, _, payload) = read(&mut stream).await.expect("no answer");
            if kind == DATA {
                return String::from_utf8(payload).unwrap();
            }
        }
    };
    assert_eq!(timeout(PATIENCE, answered).await.unwrap(), "0 bytes from nobody, secure: true");
}

/// rustls 2024-0399 class: a hello that comes a byte at a time is a hello all the same.
#[tokio::test]
async fn a_hello_byte_by_byte_is_served() {
    let Case { house, client, .. } = case(Protocol::Http1, Limits::DEFAULT).await;
    let through = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (between, behind) = (through.local_addr().unwrap(), house.address);
    drop(spawn("test", async move {
        let (mut from, _) = through.accept().await.unwrap();
        let mut to = TcpStream::connect(behind).await.unwrap();
        to.set_nodelay(true).unwrap();
        let (mut from_read, mut from_write) = from.split();
        let (mut to_read, mut to_write) = to.split();
        let there = async {
            while let Ok(byte) = from_read.read_u8().await {
                to_write.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let back = tokio::io::copy(&mut to_read, &mut from_write);
        tokio::select! { () = there => {}, _ = back => {} }
    }));
    let answer = client.get(between).await.unwrap();
    assert!(answer.ends_with("secure: true"), "{answer}");
}

/// None of these reaches the app, each is counted, and the next good client is served.
#[tokio::test]
async fn what_is_no_handshake_is_refused_and_counted() {
    let Case { house, client, .. } = case(Protocol::Http1, Limits::DEFAULT).await;
    let hello_of_nothing: &[u8] = &[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0];
    let half_a_hello: &[u8] = &[0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3];
    let mut garbage = vec![0x16];
    garbage.extend((0..4_000_u32).map(|byte| (byte * 7 % 251) as u8));
    for (bytes, word) in [
        (&b""[..], "tls_broken_off"),
        (half_a_hello, "tls_broken_off"),
        (hello_of_nothing, "tls_broken"),
        (&garbage, "tls_broken"),
        (&[0x16, 3, 1, 0xff, 0xff], "tls_broken"),
    ] {
        let before = house.count(Outcome::Refused, word);
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        house.counted(Outcome::Refused, word, before + 1).await;
    }
    assert!(client.get(house.address).await.is_ok());
    house.emptied().await;
}

#[tokio::test]
async fn a_client_without_tls_is_told_to_use_it() {
    let Case { house, .. } = case(Protocol::Http1, Limits::DEFAULT).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("this port speaks TLS"), "{answer}");
    house.counted(Outcome::Refused, "tls_missing", 1).await;
}

/// The clock stands still while anything can happen and jumps when nothing can.
#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_given_up_after_ten_seconds() {
    let Case { house, .. } = case(Protocol::Http1, Limits::DEFAULT).await;
    for first in [&b""[..], &[0x16, 3, 1]] {
        let started = tokio::time::Instant::now();
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        let mut rest = Vec::new();
        timeout(LONG, stream.read_to_end(&mut rest)).await.expect("it ends").unwrap_or_default();
        assert!((9..=11).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    }
    house.counted(Outcome::Refused, "tls_too_slow", 2).await;
}

/// Whoever holds up its own handshake holds up no more than its turns; the next one comes in as soon as one is free.
#[tokio::test]
async fn handshakes_take_turns() {
    let limits = Limits { handshakes: 1, ..Limits::DEFAULT };
    let Case { house, client, .. } = case(Protocol::Http1, limits).await;
    let mut slow = TcpStream::connect(house.address).await.unwrap();
    slow.write_all(&[0x16, 3, 1]).await.unwrap();
    house.counted(Outcome::Received, "house", 1).await;
    let address = house.address;
    let waiting = spawn("test", async move { client.get(address).await.unwrap() });
    house.counted(Outcome::Received, "house", 2).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished(), "there is one turn, and it is taken");
    drop(slow);
    assert!(timeout(PATIENCE, waiting).await.unwrap().unwrap().ends_with("secure: true"));
}
