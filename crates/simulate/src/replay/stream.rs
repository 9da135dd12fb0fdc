//! A log stream: one TCP connection, its lines in order, no acknowledgement.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::error::ReplayError;
use super::post::{Lane, pause};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// At the end the receiver has so long to read what is on its way.
const FINISH: Duration = Duration::from_secs(10);

/// Writes a stream's lines. A chunk that was not wholly written is written again over the next connection: twice is better
/// than never.
pub(super) async fn run(mut lane: Lane, address: String) -> Result<(), ReplayError> {
    let mut connection = None;
    loop {
        let chunk = tokio::select! {
            biased;
            () = lane.shutdown.begun() => break,
            chunk = lane.queue.recv() => chunk,
        };
        let Some(chunk) = chunk else { break };
        let mut tried = 0;
        loop {
            let written = tokio::select! {
                biased;
                written = write(&mut connection, &address, &chunk.bytes) => written,
                () = lane.shutdown.begun() => return Ok(()),
            };
            let Err(cause) = written else { break };
            connection = None;
            tried += 1;
            if tried >= lane.tries {
                let (target, stream, last) = (address, lane.name, cause.to_string());
                return Err(ReplayError::GaveUp { target, stream, piece: chunk.first, tries: tried, last });
            }
            lane.tally.retried();
            tracing::debug!(name: "simulate.replay.reconnected", stream = lane.name, %cause, "a receiver has gone and is sought again");
            tokio::select! {
                () = lane.shutdown.begun() => return Ok(()),
                () = sleep(pause(tried)) => {}
            }
        }
        lane.tally.done(&chunk);
    }
    if let Some(stream) = connection {
        let finished = timeout(FINISH, finish(stream)).await;
        if !matches!(finished, Ok(Ok(()))) {
            tracing::warn!(name: "simulate.replay.unread", stream = lane.name, "the receiver did not end its connection: its last lines may be lost");
        }
    }
    Ok(())
}

async fn write(connection: &mut Option<TcpStream>, address: &str, bytes: &[u8]) -> io::Result<()> {
    if let Some(stream) = connection {
        return write_over(stream, bytes).await;
    }
    let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
    let stream = connection.insert(connected.map_err(io::Error::other)??);
    stream.set_nodelay(true)?;
    write_over(stream, bytes).await
}

/// The receiver never speaks: whatever comes of reading is the end of it, and is seen before a write gets lost.
async fn write_over(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let (mut read, mut write) = stream.split();
    tokio::select! {
        biased;
        ended = hung_up(&mut read) => Err(ended),
        written = write.write_all(bytes) => written,
    }
}

async fn hung_up(read: &mut (impl AsyncReadExt + Unpin)) -> io::Error {
    let mut buffer = [0; 256];
    loop {
        match read.read(&mut buffer).await {
            Ok(0) => return io::ErrorKind::ConnectionAborted.into(),
            Ok(_) => {}
            Err(cause) => return cause,
        }
    }
}

/// Ends the stream in order and waits for the receiver's own end, so that the last lines are not cut off by a reset.
async fn finish(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    hung_up(&mut stream).await;
    Ok(())
}
