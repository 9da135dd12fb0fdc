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

/// MadeYouReset: streams that we have to reset, because of a window update of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_we_are_made_to_reset_end_the_connection() {
    let house = House::open(Protocol::Http2, Access::open()).await;
    cut_off(&house, |number| {
        let stream = 2 * number + 1;
        [get(stream, "/hang"), frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 0])].concat()
    })
    .await;
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
