//! Takes OTLP/HTTP from anyone, counts spans by walking tags, and answers at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// How long the last spans may take from the acknowledgement to here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A listening sink; its threads end with the process.
pub(crate) struct Sink {
    address: SocketAddr,
    counted: Arc<Counted>,
}

#[derive(Default)]
struct Counted {
    spans: Mutex<u64>,
    more: Condvar,
}

impl Sink {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let counted = Arc::new(Counted::default());
        let shared = Arc::clone(&counted);
        std::thread::Builder::new().name("sink".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A connection that breaks ends its thread; its spans then lack in the count, which the round reports.
                drop(std::thread::Builder::new().spawn(move || serve(stream, &shared)));
            }
        })?;
        Ok(Self { address, counted })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn spans(&self) -> u64 {
        *self.counted.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until exactly this many spans have come.
    pub(crate) fn wait_for(&self, spans: u64) -> Result<()> {
        let seen = self.counted.spans.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, late) = self
            .counted
            .more
            .wait_timeout_while(seen, PATIENCE, |seen| *seen < spans)
            .unwrap_or_else(PoisonError::into_inner);
        ensure!(!late.timed_out(), "only {} of {spans} spans came within {} s", *seen, PATIENCE.as_secs());
        ensure!(*seen == spans, "{} spans came where {spans} were sent", *seen);
        Ok(())
    }
}

fn serve(stream: TcpStream, counted: &Counted) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = BufReader::with_capacity(256 << 10, stream);
    let mut body = Vec::new();
    loop {
        body.clear();
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if read_request(&mut connection, &mut body)? {
            body = inflate(&body)?;
        }
        let spans = count(&body).context("not an OTLP request")?;
        connection.get_mut().write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
        )?;
        *counted.spans.lock().unwrap_or_else(PoisonError::into_inner) += spans;
        counted.more.notify_all();
    }
}

/// True where the body is gzip.
fn read_request(connection: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<bool> {
    let (mut length, mut is_chunked, mut is_gzip) = (0_u64, false, false);
    let mut line = String::new();
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        is_chunked |= header == "transfer-encoding: chunked";
        is_gzip |= header == "content-encoding: gzip";
    }
    if !is_chunked {
        connection.by_ref().take(length).read_to_end(body)?;
        return Ok(is_gzip);
    }
    loop {
        line.clear();
        connection.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16)?;
        connection.by_ref().take(length).read_to_end(body)?;
        line.clear();
        connection.read_line(&mut line)?;
        if length == 0 {
            return Ok(is_gzip);
        }
    }
}

fn inflate(gzip: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::with_capacity(gzip.len() * 8);
    flate2::read::GzDecoder::new(gzip).read_to_end(&mut body)?;
    Ok(body)
}

/// Spans in a request: field 2 of field 2 of field 1.
fn count(request: &[u8]) -> Option<u64> {
    let mut spans = 0;
    for (field, resource) in fields(request)? {
        for (inner, scope) in if field == 1 { fields(resource)? } else { Vec::new() } {
            if inner == 2 {
                spans += fields(scope)?.iter().filter(|(field, _)| *field == 2).count() as u64;
            }
        }
    }
    Some(spans)
}

/// The length-delimited fields of a message.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = varint(bytes)?;
        bytes = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            5 => rest.get(4..)?,
            2 => {
                let (length, rest) = varint(rest)?;
                let (content, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                found.push((tag >> 3, content));
                rest
            }
            _ => return None,
        };
    }
    Some(found)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}
