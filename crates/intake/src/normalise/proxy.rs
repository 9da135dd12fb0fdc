//! Access logs of Envoy and nginx to the access event, with the proxy's far side as its bridge.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use fanlight_model::{AccessEvent, Bridge, Disposition, Effect, Endpoint, SpanId, TraceId};

use super::logged::{Anchor, Logged, date, logged};
use super::proxy_refusal::{Refusal, by_flags, has_flag};
use super::reader::Reader;
use super::zia::begin;
use super::zia_firewall::nanos_of_millis;
use super::zia_policy::effects;
use super::zia_web::split_port;
use crate::decode::feed_table::Token;
use crate::decode::note::Note;
use crate::decode::table::envoy::T as E;
use crate::decode::table::nginx::T as N;

/// TCP: both proxies are for HTTP over it. HTTP/3 is UDP and has other sockets.
const TCP: u8 = 6;

/// One request through Envoy.
pub(crate) fn envoy(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    // Two proxies in a row log the same request id: the connection and the start tell their records apart.
    let parts = [E::rid, E::cid, E::start_time, E::ddra].map(|token| reader.value(token).unwrap_or_default());
    let uid = reader.value(E::rid).map(|_| Arc::from(parts.join("#")));
    let mut event = begin(reader, uid, raw);
    event.connector = socket(reader, E::ddra.index());
    let peer = reader.value(E::ddra).and_then(address_of);
    event.connector_address = peer.filter(|peer| event.connector.is_none() && !peer.is_unspecified());
    let local = socket(reader, E::dla.index());
    (event.server_address, event.server_port) =
        (local.map(|local| local.address), local.map(|local| local.port));
    event.client_address =
        reader.value(E::dra).and_then(address_of).map(|address| reader.memo.text(&address.to_string()));
    event.method = reader.text(E::m);
    event.path = reader.own_text(E::p);
    if let Some(authority) = reader.value(E::a) {
        fill_authority(&mut event, reader, authority);
    }
    event.app = reader.text(E::cluster);
    event.status = status(reader, E::code.index());
    fill_envoys_answer(&mut event, reader);
    event.total_bytes =
        [reader.number(E::rx), reader.number(E::tx)].into_iter().flatten().fold(0, u64::saturating_add);
    let header = reader.value(E::tp).and_then(traceparent);
    let millis = reader.number(E::dur);
    let micros =
        |millis: Option<u64>| millis.map(|millis| millis.saturating_mul(1_000)).filter(|micros| *micros > 0);
    event.bridge = Some(Box::new(Bridge {
        upstream_local: socket(reader, E::ula.index()),
        upstream_remote: socket(reader, E::uh.index()),
        request_id: reader.own_text(E::rid),
        trace_id: reader.value(E::tid).and_then(trace_id).or(header.map(|(trace, _)| trace)),
        span_id: reader.value(E::sid).and_then(span_id).or(header.map(|(_, span)| span)),
        connection_number: reader.own_text(E::cid),
        response_flags: reader.text(E::flags),
        duration_us: micros(millis),
        upstream_connect_us: None,
        upstream_first_byte_us: micros(reader.number(E::ust)),
        response_transmit_us: micros(reader.number(E::rtx)),
        attempts: reader.number(E::att).filter(|attempts| *attempts > 0),
    }));
    let (time, exact) = reader.log_time(E::start_time);
    finish(reader, event, Logged { time, exact }, millis.map(nanos_of_millis), Anchor::Start)
}

/// One request through nginx.
pub(crate) fn nginx(reader: &mut Reader<'_, '_>, raw: Arc<str>) -> AccessEvent {
    let parts = [N::request_id, N::connection, N::connection_requests]
        .map(|token| reader.value(token).unwrap_or_default());
    let uid = reader.value(N::request_id).map(|_| Arc::from(parts.join("#")));
    let mut event = begin(reader, uid, raw);
    let port = reader.port(N::realip_remote_port);
    event.set_connector(reader.address(N::realip_remote_addr), port);
    event.client_address =
        reader.address(N::remote_addr).map(|address| reader.memo.text(&address.to_string()));
    event.server_address = reader.address(N::server_addr);
    event.server_port = reader.port(N::server_port);
    event.method = reader.text(N::request_method);
    let was_mended = reader.notes.iter().any(|note| *note == Note::BadEscape);
    let plain = |text| if was_mended { without_escapes(text) } else { Cow::Borrowed(text) };
    event.path = reader.value(N::request_uri).map(|path| Arc::from(plain(path)));
    if let Some(host) = reader.value(N::host).map(plain) {
        fill_authority(&mut event, reader, &host);
    }
    event.status = status(reader, N::status.index());
    event.disposition = by_flags(None, event.status);
    event.total_bytes = [reader.number(N::bytes_sent), reader.number(N::request_length)]
        .into_iter()
        .flatten()
        .fold(0, u64::saturating_add);
    let header = reader.value(N::traceparent).and_then(traceparent);
    let micros = reader.value(N::request_time).and_then(micros_of_seconds);
    let last = |token: N| reader.value(token).and_then(last_of_list);
    event.bridge = Some(Box::new(Bridge {
        upstream_local: None,
        upstream_remote: last(N::upstream_addr).and_then(parse_socket),
        request_id: reader.own_text(N::http_x_request_id).or_else(|| reader.own_text(N::request_id)),
        trace_id: reader.value(N::trace_id).and_then(trace_id).or(header.map(|(trace, _)| trace)),
        span_id: reader.value(N::span_id).and_then(span_id).or(header.map(|(_, span)| span)),
        connection_number: reader.own_text(N::connection),
        response_flags: None,
        duration_us: micros.filter(|micros| *micros > 0),
        upstream_connect_us: last(N::upstream_connect_time)
            .and_then(micros_of_seconds)
            .filter(|micros| *micros > 0),
        upstream_first_byte_us: last(N::upstream_header_time)
            .and_then(micros_of_seconds)
            .filter(|micros| *micros > 0),
        response_transmit_us: None,
        attempts: reader
            .value(N::upstream_addr)
            .map(|list| list.split([',', ':']).filter(|part| part.contains('.')).count() as u64)
            .filter(|count| *count > 0),
    }));
    let nanos = micros.and_then(|micros| i64::try_from(micros.saturating_mul(1_000)).ok());
    let logged = logged(reader);
    finish(reader, event, logged, nanos, Anchor::End)
}

/// What Envoy did: its filters refused by a rule or a limit, it could not reach the app, or it let the request through.
fn fill_envoys_answer(event: &mut AccessEvent, reader: &mut Reader<'_, '_>) {
    // A connection that was refused before there was a request has its reason in the other field.
    let ended = reader.text(E::connection_termination_details);
    event.reason = reader.text(E::details).or(ended).or_else(|| reader.text(E::flags));
    let flags = reader.value(E::flags);
    let refusal = event.reason.as_deref().and_then(Refusal::of);
    event.disposition = match refusal {
        Some(_) => Some(Disposition::Blocked),
        None => by_flags(flags, event.status),
    };
    let throttled = has_flag(flags, &["RL"]) || matches!(refusal, Some(Refusal::Limit));
    event.effects = effects(&[(Effect::Throttled, throttled)]);
    if let Some(Refusal::Rule(Some(rule))) = refusal {
        event.rule = Some(reader.memo.text(rule));
    }
}

/// The `Host` that was asked for, perhaps with a port.
fn fill_authority(event: &mut AccessEvent, reader: &mut Reader<'_, '_>, authority: &str) {
    let (host, port) = split_port(authority);
    event.host = (!host.is_empty()).then(|| reader.memo.text(host));
    event.service_port = port;
}

/// nginx writes bytes as `\xHH` where its `log_format` says nothing of JSON; a backslash of the request's own is written so too.
fn without_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.zip(after.get(2..)) {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn finish(
    reader: &mut Reader<'_, '_>,
    mut event: AccessEvent,
    logged: Logged,
    nanos: Option<i64>,
    anchor: Anchor,
) -> AccessEvent {
    if logged.time.is_none() {
        reader.notes.add(Note::NoTime);
    }
    event.ip_protocol = Some(TCP);
    date(&mut event, logged, nanos, anchor);
    event.parse_level = reader.level();
    event
}

fn status(reader: &mut Reader<'_, '_>, index: usize) -> Option<u16> {
    reader.number_at(index).and_then(|status| u16::try_from(status).ok()).filter(|status| *status != 0)
}

/// `192.0.2.7:443`, `[2001:db8::1]:443`; a Unix socket is none, and neither is port 0.
fn socket(reader: &mut Reader<'_, '_>, index: usize) -> Option<Endpoint> {
    let text = reader.wire.at(index)?;
    if address_of(text).is_none() && !text.contains('/') {
        reader.notes.add(Note::UnreadableAddress(reader.name_of(index)));
    }
    parse_socket(text)
}

/// The address of a socket with any port, or without one.
fn address_of(text: &str) -> Option<IpAddr> {
    let socket = text.parse::<SocketAddr>().map(|socket| socket.ip());
    socket.or_else(|_| text.parse()).ok().map(|address| address.to_canonical())
}

fn parse_socket(text: &str) -> Option<Endpoint> {
    let socket: SocketAddr = text.trim().parse().ok()?;
    Endpoint::new(socket.ip(), socket.port())
}

/// nginx separates tries by commas, and internal redirects by colons between blanks.
fn last_of_list(text: &str) -> Option<&str> {
    let there = |part: &&str| !matches!(*part, "" | "-");
    text.rsplit(", ").find_map(|part| part.rsplit(" : ").map(str::trim).find(there))
}

/// `0.125` to microseconds, without a double.
fn micros_of_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    let micros = fraction.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

fn trace_id(text: &str) -> Option<TraceId> {
    text.to_ascii_lowercase().parse().ok().filter(|id: &TraceId| !id.is_zero())
}

fn span_id(text: &str) -> Option<SpanId> {
    text.to_ascii_lowercase().parse().ok().filter(|id: &SpanId| !id.is_zero())
}

/// W3C `traceparent`: `00-<trace>-<span>-<flags>`.
fn traceparent(text: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    (version.len() == 2 && version != "ff").then(|| Some((trace_id(trace)?, span_id(span)?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_times_and_trace_headers_are_read() {
        assert_eq!(last_of_list("192.0.2.1:80, 192.0.2.2:80 : 192.0.2.3:80"), Some("192.0.2.3:80"));
        assert_eq!(last_of_list("0.001, -"), Some("0.001"));
        assert_eq!(micros_of_seconds("1.0025"), Some(1_002_500));
        assert_eq!((micros_of_seconds("-1"), micros_of_seconds("1e3")), (None, None));
        let header = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
        assert!(traceparent(header).is_some());
        assert_eq!(traceparent("00-00000000000000000000000000000000-0123456789abcdef-01"), None);
        assert_eq!(traceparent("x"), None);
    }

    #[test]
    fn nginxs_escapes_are_undone() {
        assert_eq!(without_escapes("/a?q=\\x22b\\x22"), "/a?q=\"b\"");
        assert_eq!(without_escapes("/caf\\xC3\\xA9\\x5C"), "/café\\");
        assert_eq!(without_escapes("/\\xzz\\x2"), "/\\xzz\\x2");
        assert_eq!(without_escapes("/\\xé"), "/\\xé");
    }
}
