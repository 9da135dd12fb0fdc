//! HTTP/2 frames, written by hand.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The preface, and settings that set nothing.
pub(crate) const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RESET: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// `:method`, `:scheme`, `:path`, `:authority`, each without a table of its own.
pub(crate) fn fields(is_post: bool, path: &str) -> Vec<u8> {
    let mut fields = vec![if is_post { 0x83 } else { 0x82 }, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
    fields.extend_from_slice(path.as_bytes());
    fields.extend_from_slice(&[0x01, 1, b'x']);
    fields
}

/// A whole request without a body.
pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields(false, path))
}

/// Reads one frame: its kind, flags and payload; nothing at the end of the connection.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let [a, b, c, kind, flags, ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).await.ok()?;
    Some((kind, flags, payload))
}

/// Answers every ping, until the connection ends; the code of the last GOAWAY.
pub(crate) async fn answer_pings(stream: &mut TcpStream) -> Option<u32> {
    let mut code = None;
    let began = tokio::time::Instant::now();
    while let Some((kind, flags, payload)) = read(stream).await {
        assert!(began.elapsed() < crate::slow::LONG, "it never ends");
        match kind {
            // Whether it still arrives is seen at the next read.
            PING if flags & ACK == 0 => {
                stream.write_all(&frame(PING, ACK, 0, &payload)).await.unwrap_or_default();
            }
            GOAWAY => code = payload.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap())),
            _ => {}
        }
    }
    code
}
