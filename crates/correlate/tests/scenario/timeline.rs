//! The words of a timeline, read and written.

#![expect(clippy::expect_used, reason = "a test that cannot read its timeline fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use fanlight_correlate::{Counts, Declared, Settings};
use fanlight_model::{
    AccessEvent, Disposition, Endpoint, EventUid, Feed, Link, LocalEndpoint, Probe, ServiceId, SpanId,
    SpanKind, Timestamp, TraceId, hash_parts,
};

pub(crate) enum Step {
    Span(Probe),
    Event(Box<AccessEvent>),
}

#[derive(Default)]
pub(crate) struct Expected {
    pub(crate) links: BTreeMap<(String, String), BTreeSet<String>>,
    pub(crate) events: BTreeMap<String, BTreeSet<String>>,
    pub(crate) counts: BTreeMap<(), BTreeSet<String>>,
}

pub(crate) struct Timeline {
    pub(crate) settings: Settings,
    pub(crate) steps: Vec<(String, Step)>,
    pub(crate) times: Vec<Timestamp>,
    pub(crate) expected: Expected,
    pub(crate) order_matters: bool,
}

impl Timeline {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut timeline = Self {
            settings: Settings::default(),
            steps: Vec::new(),
            times: Vec::new(),
            expected: Expected::default(),
            order_matters: false,
        };
        let mut is_past_rule = false;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with("----") {
                is_past_rule = true;
                continue;
            }
            for line in each(line)? {
                let words: Vec<&str> = line.split_whitespace().collect();
                let done = if is_past_rule { timeline.expect(&words) } else { timeline.happen(&words) };
                done.ok_or_else(|| format!("  cannot read `{line}`"))?;
            }
        }
        Ok(timeline)
    }

    fn happen(&mut self, words: &[&str]) -> Option<()> {
        match words {
            ["declared", service, server] => {
                self.settings
                    .declared
                    .push(Declared { service: service_id(service), server: endpoint(server)? });
            }
            ["budget", bytes] => self.settings.budget_bytes = bytes.parse().ok()?,
            ["order", "matters"] => self.order_matters = true,
            [at, "span", name, rest @ ..] => {
                self.times.push(time(at)?);
                self.steps.push(((*name).to_owned(), Step::Span(span(name, rest)?)));
            }
            [at, "event", name, rest @ ..] => {
                self.times.push(time(at)?);
                self.steps.push(((*name).to_owned(), Step::Event(Box::new(event(name, rest)?))));
            }
            _ => return None,
        }
        Some(())
    }

    fn expect(&mut self, words: &[&str]) -> Option<()> {
        let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        match words {
            ["link", span, event, rest @ ..] => {
                self.expected.links.insert(((*span).to_owned(), (*event).to_owned()), set(rest));
            }
            ["event", name, rest @ ..] => {
                self.expected.events.insert((*name).to_owned(), set(rest));
            }
            ["count", rest @ ..] => {
                self.expected.counts.insert((), set(rest));
            }
            _ => return None,
        }
        Some(())
    }

    pub(crate) fn span_name(&self, probe: &Probe) -> String {
        let is_it = |step: &Step| matches!(step, Step::Span(one) if one.span_id == probe.span_id);
        self.name(is_it)
    }

    pub(crate) fn event_name(&self, event: &AccessEvent) -> String {
        let is_it = |step: &Step| matches!(step, Step::Event(one) if one.event_uid == event.event_uid);
        self.name(is_it)
    }

    fn name(&self, is_it: impl Fn(&Step) -> bool) -> String {
        self.steps.iter().find(|(_, step)| is_it(step)).map(|(name, _)| name.clone()).expect("a known name")
    }
}

/// `each 10..12 … {n} …` stands for three lines.
fn each(line: &str) -> Result<Vec<String>, String> {
    let Some(rest) = line.strip_prefix("each ") else { return Ok(vec![line.to_owned()]) };
    let bad = || format!("  cannot read `{line}`");
    let (range, rest) = rest.split_once(' ').ok_or_else(bad)?;
    let (from, to) = range.split_once("..").ok_or_else(bad)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| bad());
    Ok((number(from)?..=number(to)?).map(|n| rest.replace("{n}", &n.to_string())).collect())
}

/// Seconds since the timeline's beginning.
fn time(text: &str) -> Option<Timestamp> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let sign = if seconds.starts_with('-') { -1 } else { 1 };
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(
        Timestamp::from_seconds(1_795_330_800 + seconds.parse::<i64>().ok()?)
            .shifted(sign * millis * 1_000_000),
    )
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let socket: std::net::SocketAddr = text.parse().ok()?;
    Endpoint::new(socket.ip(), socket.port())
}

fn service_id(name: &str) -> ServiceId {
    let [a, b, c, d, e, f, g, h, ..] = hash_parts(&[name.as_bytes()]);
    ServiceId(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

fn span(name: &str, words: &[&str]) -> Option<Probe> {
    let [a, b, c, d, e, f, g, h, ..] = hash_parts(&[name.as_bytes()]);
    let mut lasts_ms = 10;
    let mut probe = Probe {
        trace_id: TraceId(hash_parts(&[b"trace", name.as_bytes()])),
        span_id: SpanId([a, b, c, d, e, f, g, h]),
        parent_span_id: SpanId::default(),
        start: Timestamp::default(),
        end: Timestamp::default(),
        kind: SpanKind::Server,
        service: ServiceId::UNKNOWN,
        peer: Endpoint { address: IpAddr::from([192, 0, 2, 255]), port: 1 },
        local: LocalEndpoint::default(),
        index: 0,
    };
    for word in words {
        match word.split_once('=')? {
            ("peer", value) => probe.peer = endpoint(value)?,
            ("local", value) => probe.local = local(value)?,
            ("at", value) => probe.start = time(value)?,
            ("lasts", value) => lasts_ms = (value.parse::<f64>().ok()? * 1e3) as i64,
            ("service", value) => probe.service = service_id(value),
            _ => return None,
        }
    }
    probe.end = probe.start.shifted(lasts_ms * 1_000_000);
    Some(probe)
}

/// `192.0.2.7:443`, `192.0.2.7` or `:443`.
fn local(text: &str) -> Option<LocalEndpoint> {
    if let Some(port) = text.strip_prefix(':') {
        return Some(LocalEndpoint { address: None, port: Some(port.parse().ok()?) });
    }
    if let Ok(address) = text.parse() {
        return Some(LocalEndpoint { address: Some(address), port: None });
    }
    let both = endpoint(text)?;
    Some(LocalEndpoint { address: Some(both.address), port: Some(both.port) })
}

fn event(name: &str, words: &[&str]) -> Option<AccessEvent> {
    let uid = EventUid::of_vendor_uid("zpa", "zpa_user_activity", name);
    let start = Timestamp::default();
    let mut event = AccessEvent::empty(uid, Feed::ZpaUserActivity, start, words.join(" "));
    event.vendor_uid = Some(name.into());
    event.last_time = Timestamp::MIN;
    for word in words {
        match word.split_once('=')? {
            ("status", value) => event.connection_status = Some(value.into()),
            // Port 0 is the wire's "not measured": it never becomes an endpoint.
            ("connector", value) => event.connector = endpoint(value),
            ("server", value) => {
                let server: std::net::SocketAddr = value.parse().ok()?;
                event.server_address = Some(server.ip());
                event.server_port = (server.port() != 0).then_some(server.port());
            }
            ("began", value) => {
                event.start_time = time(value)?;
                event.stamps.connection_start = Some(event.start_time);
            }
            ("ended", value) => event.end_time = Some(time(value)?),
            ("first-tx", value) => event.stamps.first_tx_connector = Some(time(value)?),
            ("last", value) => event.last_time = time(value)?,
            ("log", value) => event.log_time = Some(time(value)?),
            ("total", value) => event.total_bytes = value.parse().ok()?,
            ("by", value) => event.user_name = Some(value.into()),
            ("rule", value) => event.rule = Some(value.into()),
            ("protocol", value) => event.ip_protocol = Some(value.parse().ok()?),
            ("disposition", "blocked") => event.disposition = Some(Disposition::Blocked),
            ("disposition", "failed") => event.disposition = Some(Disposition::Failed),
            ("disposition", "allowed") => event.disposition = Some(Disposition::Allowed),
            _ => return None,
        }
    }
    let stamps = [Some(event.start_time), event.end_time, event.log_time, event.stamps.first_tx_connector];
    event.last_time = stamps.into_iter().flatten().fold(event.last_time, Timestamp::max);
    event.stamps.connection_end = event.end_time;
    Some(event)
}

pub(crate) fn link_words(link: &Link) -> BTreeSet<String> {
    let mut words = BTreeSet::from([
        link.rung.to_string(),
        link.state.as_str().to_owned(),
        format!("late={:.3}", link.late_by_ms / 1e3),
        format!("residual={:.3}", link.residual_ms / 1e3),
        format!("confidence={:.4}", link.confidence),
        format!("runner-up={:.2}", link.runner_up),
        format!("revision={}", link.revision),
    ]);
    words.insert(if link.first_on_connection { "first" } else { "not-first" }.to_owned());
    words
}

pub(crate) fn event_words(event: &AccessEvent) -> BTreeSet<String> {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
    let mut words = BTreeSet::from([
        format!("revision={}", event.revision),
        format!("status={}", text(&event.connection_status)),
        format!("by={}", text(&event.user_name)),
        format!("rule={}", text(&event.rule)),
        format!("total={}", event.total_bytes),
    ]);
    words.insert(event.end_time.map_or("not-ended".to_owned(), |_| "ended".to_owned()));
    words
}

pub(crate) fn count_words(counts: &Counts) -> BTreeSet<String> {
    BTreeSet::from([
        format!("connections={}", counts.connections),
        format!("pending={}", counts.pending_probes),
        format!("evicted-connections={}", counts.evicted_connections),
        format!("evicted-probes={}", counts.evicted_probes),
        format!("near-duplicates={}", counts.near_duplicates),
        format!("duplicates={}", counts.duplicates),
    ])
}
