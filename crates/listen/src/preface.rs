//! The first bytes of HTTP/2.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::linger::let_go;
use crate::stream::Stream;

/// What every HTTP/2 client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads the preface within a deadline and puts it back in front. A client of another protocol is told which one this port speaks.
pub(crate) async fn expect(mut stream: Stream, deadline: Duration, otherwise: &[u8]) -> Option<Stream> {
    let mut read = Vec::with_capacity(PREFACE.len());
    let whole = async {
        while read.len() < PREFACE.len() && PREFACE.starts_with(&read) {
            let mut rest = (&mut stream).take((PREFACE.len() - read.len()) as u64);
            if rest.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    };
    timeout(deadline, whole).await.ok().flatten()?;
    if read != PREFACE {
        tracing::debug!(name: "listen.peer.other_protocol", "a client does not speak HTTP/2");
        if stream.write_all(otherwise).await.is_ok() {
            let_go(stream).await;
        }
        return None;
    }
    stream.unread(Bytes::from(read));
    Some(stream)
}
