//! Ending a connection so that its last answer arrives.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stream::Stream;

/// What the peer still sends is read away this far, so that the answer is not lost to a reset.
const MAX_DRAINED_BYTES: usize = 64 << 10;
const DEADLINE: Duration = Duration::from_secs(2);

/// Ends a connection after its last answer.
pub(crate) async fn let_go(mut stream: Stream) {
    let read_away = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut scratch = [0; 4_096];
        let mut drained = 0;
        while drained < MAX_DRAINED_BYTES {
            match stream.read(&mut scratch).await {
                Ok(0) | Err(_) => return,
                Ok(read) => drained += read,
            }
        }
    };
    if tokio::time::timeout(DEADLINE, read_away).await.is_err() {
        tracing::debug!(name: "listen.peer.lingers", "a peer did not hang up in time");
    }
}
