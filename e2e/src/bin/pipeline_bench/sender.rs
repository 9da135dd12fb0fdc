//! Sends pre-encoded bodies over HTTP/1.1 on a few connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::clock;
use crate::payload::Payload;

/// Requests get numbers that never repeat within a run, so that no span comes twice.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Sends `requests` bodies; a refusal for want of room is sent again after a moment. Seconds until each acknowledgement.
pub(crate) fn send(
    to: SocketAddr,
    payload: &Payload,
    requests: usize,
    connections: usize,
) -> Result<Vec<f64>> {
    let left = AtomicUsize::new(requests);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(|| work(to, payload, &left))).collect();
        let mut all = Vec::with_capacity(requests);
        for worker in workers {
            match worker.join() {
                Ok(latencies) => all.extend(latencies?),
                Err(_) => bail!("a sender panicked"),
            }
        }
        Ok(all)
    })
}

fn work(to: SocketAddr, payload: &Payload, left: &AtomicUsize) -> Result<Vec<f64>> {
    let mut connection = connect(to)?;
    let mut latencies = Vec::new();
    while left.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let body = payload.body(NEXT.fetch_add(1, Ordering::Relaxed));
        let began = clock();
        for attempt in 0_u64.. {
            match post(&mut connection, to, &body, false)? {
                200..=299 => break,
                429 | 503 if attempt < 12_000 => std::thread::park_timeout(Duration::from_millis(5)),
                status => bail!("`{to}` answered {status}"),
            }
        }
        latencies.push(began.elapsed().as_secs_f64());
    }
    Ok(latencies)
}

/// One body on a connection of its own: its status, and the seconds until it.
pub(crate) fn post_once(to: SocketAddr, body: &[u8], is_gzip: bool) -> Result<(u16, f64)> {
    let mut connection = connect(to)?;
    let began = clock();
    let status = post(&mut connection, to, body, is_gzip)?;
    Ok((status, began.elapsed().as_secs_f64()))
}

fn connect(to: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(to).with_context(|| format!("cannot connect to `{to}`"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(BufReader::new(stream))
}

fn post(connection: &mut BufReader<TcpStream>, to: SocketAddr, body: &[u8], is_gzip: bool) -> Result<u16> {
    let encoding = if is_gzip { "Content-Encoding: gzip\r\n" } else { "" };
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/x-protobuf\r\n{encoding}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let stream = connection.get_mut();
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    read_answer(connection)
}

fn read_answer(connection: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .with_context(|| format!("not an HTTP answer: {line:?}"))?;
    let (mut length, mut is_chunked) = (0_usize, false);
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
    }
    match is_chunked {
        true => skip_chunks(connection)?,
        false => {
            std::io::copy(&mut connection.by_ref().take(length as u64), &mut std::io::sink())?;
        }
    }
    Ok(status)
}

fn skip_chunks(connection: &mut BufReader<TcpStream>) -> Result<()> {
    loop {
        let mut line = String::new();
        connection.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16)?;
        std::io::copy(&mut connection.by_ref().take(length + 2), &mut std::io::sink())?;
        if length == 0 {
            return Ok(());
        }
    }
}
