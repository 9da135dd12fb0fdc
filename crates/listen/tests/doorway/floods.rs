//! HTTP/2 peers that make work for the sake of it: F19. Each is cut off, and others are served meanwhile.

use fanlight_listen::{Access, Protocol};
use fanlight_runtime::{Outcome, spawn};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, HELLO, PING, RESET, WINDOW_UPDATE,
    fields, frame, get, read,
};
use crate::house::{House, PATIENCE};

const ENHANCE_YOUR_CALM: u32 = 11;
const CANCEL: &[u8] = &[0, 0, 0, 8];
/// Added to any window, it is past 2^31 - 1: an error of the stream alone. An update by nothing ends the connection.
const TOO_MUCH: &[u8] = &[0x7f, 0xff, 0xff, 0xff];
/// Far more than any bound.
const MANY: u32 = 20_000;

async fn peer(house: &House) -> TcpStream {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(HELLO).await.unwrap();
    stream
}

/// Another peer's request is answered.
async fn served(house: &House) {
    let mut stream = peer(house).await;
    stream.write_all(&get(1, "/")).await.unwrap();
    let answered = async {
        while let Some((kind, _, payload)) = read(&mut stream).await {
            if kind == DATA {
                assert!(String::from_utf8_lossy(&payload).starts_with("0 bytes from nobody"));
                return;
            }
            assert!(kind != GOAWAY, "no answer");
        }
        panic!("no answer");
    };
    timeout(PATIENCE, answered).await.expect("an answer in time");
}

/// Writes frames for as long as they are taken; the connection is ended by the other side. The code of its GOAWAY, where that
/// was still to be read.
async fn cut_off(house: &House, mut next: impl FnMut(u32) -> Vec<u8> + Send + 'static) -> Option<u32> {
    let (mut from, mut to) = peer(house).await.into_split();
    let writing = spawn("test", async move {
        for number in 0..MANY {
            if to.write_all(&next(number)).await.is_err() {
                return (number, to);
            }
        }
        (MANY, to)
    });
    let reading = async {
        let (mut read, mut code) = (Vec::new(), None);
        while tokio::io::AsyncReadExt::read_buf(&mut from, &mut read).await.unwrap_or(0) > 0 {}
        let mut rest = &read[..];
        while let Some((head, after)) = rest.split_first_chunk::<9>() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some((payload, after)) = after.split_at_checked(length) else { break };
            if head[3] == GOAWAY {
                code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
            rest = after;
        }
        code
    };
    served(house).await;
    let code = timeout(PATIENCE, reading).await.expect("it is cut off");
    timeout(PATIENCE, writing).await.expect("it is cut off").unwrap();
    house.emptied().await;
    served(house).await;
    code
}

/// Rapid reset: streams that are reset before anybody takes them.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_reset_at_once_end_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let code = cut_off(&house, |number| {
        let stream = 2 * number + 1;
        [get(stream, "/hang"), frame(RESET, 0, stream, CANCEL)].concat()
    })
    .await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
}

/// The same, slow enough for each stream to be taken before it is reset.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_reset_once_they_are_taken_end_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let mut stream = peer(&house).await;
    let mut number = 0;
    'flood: while number < MANY {
        for _ in 0..10 {
            number += 1;
            let written = stream.write_all(&get(2 * number - 1, "/hang")).await;
            if written.is_err() || !ponged(&mut stream).await {
                break 'flood;
            }
            if stream.write_all(&frame(RESET, 0, 2 * number - 1, CANCEL)).await.is_err() {
                break 'flood;
            }
        }
    }
    assert!((100..400).contains(&number), "ended after {number} streams");
    house.counted(Outcome::Dropped, "too_many_resets", 1).await;
    served(&house).await;
}

/// Frames that come all at once: each stream is reset before anybody can take it. Some senders do that now and then.
async fn check_reset_at_once(streams: u32, expected: Option<u32>) {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let mut burst = HELLO.to_vec();
    for stream in (1..).step_by(2).take(streams as usize) {
        burst.extend([get(stream, "/hang"), frame(RESET, 0, stream, CANCEL)].concat());
    }
    burst.extend(frame(PING, 0, 0, b"fanlight"));
    stream.write_all(&burst).await.unwrap();
    assert_eq!(timeout(PATIENCE, ended(&mut stream)).await.expect("a word"), expected, "{streams} streams");
    assert_eq!(house.count(Outcome::Dropped, "too_many_resets"), 0, "it does not come to that");
}

#[tokio::test]
async fn twenty_streams_may_be_reset_before_they_are_taken_and_no_more() {
    check_reset_at_once(20, None).await;
    check_reset_at_once(21, Some(ENHANCE_YOUR_CALM)).await;
}

/// The code of the GOAWAY; nothing where the connection goes on.
async fn ended(stream: &mut TcpStream) -> Option<u32> {
    loop {
        match read(stream).await.expect("a word before the end") {
            (PING, flags, _) if flags & ACK != 0 => return None,
            (GOAWAY, _, payload) => return Some(u32::from_be_bytes(payload[4..8].try_into().unwrap())),
            _ => {}
        }
    }
}

/// Everything written before was read by the other side.
async fn ponged(stream: &mut TcpStream) -> bool {
    if stream.write_all(&frame(PING, 0, 0, b"fanlight")).await.is_err() {
        return false;
    }
    while let Some((kind, flags, _)) = read(stream).await {
        if kind == PING && flags & ACK != 0 {
            return true;
        }
    }
    false
}

/// MadeYouReset: streams that we have to reset, because their windows would be larger than any may be.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_we_are_made_to_reset_end_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let code = cut_off(&house, |number| {
        let stream = 2 * number + 1;
        [get(stream, "/hang"), frame(WINDOW_UPDATE, 0, stream, TOO_MUCH)].concat()
    })
    .await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_goes_on_and_on_ends_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let code = cut_off(&house, |number| match number {
        0 => frame(HEADERS, END_STREAM, 1, &fields(false, "/")),
        // A field of sixteen bytes that is in no table.
        _ => frame(CONTINUATION, 0, 1, b"\0\x05x-abc\x08abcdefgh"),
    })
    .await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_continuations_end_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    cut_off(&house, |number| match number {
        0 => frame(HEADERS, END_STREAM, 1, &fields(false, "/")),
        _ => frame(CONTINUATION, 0, 1, b""),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_without_data_ends_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    cut_off(&house, |number| match number {
        0 => frame(HEADERS, END_HEADERS, 1, &fields(true, "/")),
        _ => frame(DATA, 0, 1, b""),
    })
    .await;
}

/// The same one by one: the sixty-fourth goes, the next is one too many.
#[tokio::test]
async fn sixty_four_streams_may_make_us_reset_them_and_no_more() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    let mut stream = peer(&house).await;
    for number in 1..=65 {
        let id = 2 * number - 1;
        let wrong = [get(id, "/hang"), frame(WINDOW_UPDATE, 0, id, TOO_MUCH), frame(PING, 0, 0, b"fanlight")];
        stream.write_all(&wrong.concat()).await.unwrap();
        let expected = (number == 65).then_some(ENHANCE_YOUR_CALM);
        assert_eq!(timeout(PATIENCE, ended(&mut stream)).await.expect("a word"), expected, "{number}");
    }
    house.emptied().await;
    served(&house).await;
}
