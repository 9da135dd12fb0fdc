//! A request to the internet, through ZIA: a SaaS host, or a public app of the company's own.

use std::net::SocketAddrV4;

use fanlight_model::{EventUid, Feed, SpanId, Timestamp};

use super::private::Sent;
use super::serve::{Arrival, Served};
use super::{Ask, Journey};
use crate::clock::{MICRO, MILLI, SECOND};
use crate::company::Company;
use crate::edge::bandwidth::Throttled;
use crate::edge::client::{Client, Target, Who};
use crate::edge::connection::Connection;
use crate::feeds::zia_web::Transaction;
use crate::incident::Fault;
use crate::random::Random;
use crate::settings::ZiaDialect;
use crate::spans::span::Trace;
use crate::timeline::Segment;
use crate::truth::request::Observed;

const POLICY_NS: i64 = 300 * MICRO;
const INSPECTION_NS: i64 = MILLI;
/// From a service edge to the company's public door.
const PUBLIC_NS: i64 = 8 * MILLI;
const ORIGIN_BYTES_PER_SECOND: u64 = 50_000_000;
/// Of the fast requests, the share that bears the flag all the same.
const STRAY_FLAGS: f64 = 0.01;
const BLOCKED: f64 = 0.003;

/// What the edge measured.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    received: Timestamp,
    stime_ns: i64,
    throttled: Throttled,
    /// Of the way back, the distance: the edge cannot see it.
    last_half_ns: i64,
}

impl Company {
    /// The whole of it, told to feeds, spans and truth.
    pub(crate) fn web(&mut self, client: &Client, saas: usize, ask: &Ask, random: &mut Random) -> Sent {
        let is_agent = matches!(client.who, Who::Agent(_));
        let service = self.topology.saas.get(saas).service;
        let makes_span = is_agent || (service.is_some() && ask.rum);
        let share = if makes_span || service.is_some() { 1.0 } else { 0.0 };
        let trace = Trace::begin(random.id(), share);
        let mut journey = Journey::new(ask.at, trace);
        let own = if makes_span { journey.span_id(random) } else { SpanId::default() };
        let (key, mut connection) = match self.reusable(client, Target::Saas(saas), ask.at) {
            Some(key) => match self.connections.take(key) {
                Some(connection) => (Some(key), connection),
                None => return self.web_sent(&journey, own, 0),
            },
            None => (None, Box::new(self.open_web(&mut journey, client, saas, random))),
        };
        let half = client.half_trip(random);
        self.last_mile(&mut journey, client, half, ask.bytes_up, random);
        let blocked = service.is_none() && !is_agent && random.chance(BLOCKED);
        let mut measured = Measured { received: journey.timeline.now, ..Measured::default() };
        let inspected = self.topology.saas.get(saas).inspected;
        journey.timeline.spend(Segment::EdgePolicy, random.nanos_lognormal(POLICY_NS, 0.4), POLICY_NS);
        if inspected {
            journey.timeline.spend(
                Segment::EdgeInspection,
                random.nanos_lognormal(INSPECTION_NS, 0.5),
                INSPECTION_NS,
            );
        }
        let (mut status, mut served) = (ask.status, None);
        if blocked {
            status = 403;
        } else {
            served = self.origin(&mut journey, &connection, saas, ask, own, random);
            status = served.map_or(status, |served| served.status);
            measured.stime_ns = journey.timeline.now.nanos_since(measured.received);
            measured.throttled = self.throttle(&mut journey, client, saas, ask.bytes_down);
        }
        measured.last_half_ns = client.half_trip(random);
        self.last_mile(&mut journey, client, measured.last_half_ns, ask.bytes_down, random);
        let done = journey.timeline.now;
        connection.traffic.client_rx.pass(measured.received, measured.received, ask.bytes_up);
        connection.traffic.client_tx.pass(done, done, ask.bytes_down);
        connection.requests += 1;
        connection.busy_until = connection.busy_until.max(done);
        let record = self.tell_web(&journey, &connection, saas, ask, &measured, (status, blocked), random);
        self.tell_web_truth(&journey, &connection, client, (own, status), (record, served));
        self.count("requests.web");
        match key {
            Some(key) => self.connections.put(key, connection),
            None => {
                self.keep(*connection);
            }
        }
        self.web_sent(&journey, own, status)
    }

    /// DNS, TCP and TLS.
    fn open_web(
        &mut self,
        journey: &mut Journey,
        client: &Client,
        saas: usize,
        random: &mut Random,
    ) -> Connection {
        let resolver = random.nanos_lognormal(2 * MILLI, 0.8);
        journey.timeline.spend(
            Segment::LastMile,
            client.half_trip(random) * 2 + resolver,
            client.rtt_ns + 2 * MILLI,
        );
        let record_id = 7_400_000_000_000_000_000 + random.below(1 << 60);
        let host = self.topology.saas.get(saas);
        let line = self.dns_line(client, host, (resolver / MILLI).max(1), record_id, journey.timeline.now);
        self.count("records.zia_dns");
        self.send_nss(Feed::ZiaDns, journey.timeline.now, line, random);
        journey.timeline.spend(Segment::LastMile, client.half_trip(random) * 4, client.rtt_ns * 2);
        let mut connection = self.bare(client, Target::Saas(saas), journey.timeline.now, random.fork());
        connection.connector_port = 1_024 + random.below(64_000) as u16;
        connection
    }

    /// The host's answer: a SaaS provider's, or our own service's.
    fn origin(
        &mut self,
        journey: &mut Journey,
        connection: &Connection,
        saas: usize,
        ask: &Ask,
        parent: SpanId,
        random: &mut Random,
    ) -> Option<Served> {
        let (site, edge) = (connection.client.site, connection.client.edge);
        journey.pass(|| format!("service_edge:{site}/{edge}"));
        let origin = self.topology.saas.get(saas);
        let (median, service) = (origin.median_ns, origin.service);
        if let Some(service) = service {
            let host = origin.host.clone();
            journey.timeline.spend(Segment::InternetSaas, random.nanos_lognormal(PUBLIC_NS, 0.3), PUBLIC_NS);
            let egress = self.topology.sites.get(site).edges.get(edge).egress;
            let behind = self.topology.services.get(service);
            let pod = random.index(behind.pods.len());
            let arrival = Arrival {
                service,
                pod,
                route: ask.route,
                id: ask.id,
                peer: SocketAddrV4::new(egress, connection.connector_port),
                local: SocketAddrV4::new(behind.pods.get(pod).address, behind.port),
                host: &host,
                host_port: 443,
                scheme: "https",
                user_agent: ask.user_agent,
                forwarded_for: Some(connection.client.public),
                parent,
                status: ask.status,
                is_grpc: false,
                depth: 0,
            };
            let served = self.serve(journey, &arrival, random);
            journey.timeline.spend(Segment::InternetSaas, random.nanos_lognormal(PUBLIC_NS, 0.3), PUBLIC_NS);
            return Some(served);
        }
        let usual = random.nanos_lognormal(median, 0.4);
        let transfer = (ask.bytes_down * 1_000_000_000 / ORIGIN_BYTES_PER_SECOND) as i64;
        journey.timeline.spend(Segment::InternetSaas, usual + transfer, median);
        if let Some((incident, factor)) = self.incidents.of(journey.timeline.now, &Fault::SaasSlow { saas }) {
            journey.timeline.inject(Segment::InternetSaas, (usual as f64 * (factor - 1.0)) as i64, incident);
        }
        None
    }

    fn throttle(&mut self, journey: &mut Journey, client: &Client, saas: usize, bytes: u64) -> Throttled {
        let Some(department) = client.department else { return Throttled::default() };
        let people = self.people_of.get(department).copied().unwrap_or(1);
        let class = self.topology.saas.get(saas).bandwidth_class;
        let now = journey.timeline.now;
        let throttled = self.bandwidth.pass(now, (department, people), class, bytes, &self.incidents);
        match throttled.incident {
            Some(incident) if throttled.delay_ns > 0 => {
                journey.timeline.inject(Segment::EdgeThrottle, throttled.delay_ns, incident);
            }
            _ => journey.timeline.spend(Segment::EdgeThrottle, throttled.delay_ns, 0),
        }
        throttled
    }

    /// The record of a transaction that was decrypted; the id of its access event.
    #[expect(clippy::too_many_arguments, reason = "all that there is to tell of one transaction")]
    fn tell_web(
        &mut self,
        journey: &Journey,
        connection: &Connection,
        saas: usize,
        ask: &Ask,
        measured: &Measured,
        (status, blocked): (u16, bool),
        random: &mut Random,
    ) -> Option<EventUid> {
        let host = self.topology.saas.get(saas);
        if !host.inspected && !blocked {
            return None;
        }
        let client = &connection.client;
        let path = match host.service {
            Some(service) => self.path_of(service, ask.route, ask.id),
            // Some have what a feed must escape.
            None if ask.id % 20 == 7 => "/search?q=final report, \"v2\"".to_owned(),
            None => format!("/p/{}", ask.id % 200),
        };
        let stray = random.chance(STRAY_FLAGS);
        let record_id = 7_300_000_000_000_000_000 + random.below(1 << 60);
        let now = journey.timeline.now;
        let clock = &self.topology.sites.get(client.site).edges.get(client.edge).clock;
        let ctime_ns = now.nanos_since(measured.received) - measured.last_half_ns;
        let line = self.web_line(&Transaction {
            client,
            saas: host,
            path: &path,
            method: self.method_of(host.service, ask),
            status,
            user_agent: self.user_agent(ask, random),
            bytes_up: ask.bytes_up,
            bytes_down: if blocked { 13_800 } else { ask.bytes_down },
            ctime_ms: ctime_ns / MILLI,
            stime_ms: measured.stime_ns / MILLI,
            throttled: measured.throttled.delay_ns > 0 || stray,
            throttled_bytes: if stray { ask.bytes_down / 20 } else { measured.throttled.bytes },
            blocked,
            record_id,
            client_port: connection.client_port,
            logged: clock.read(now),
        });
        let uid = self.web_uid(record_id, &line);
        self.count("records.zia_web");
        self.send_nss(Feed::ZiaWeb, now, line, random);
        Some(uid)
    }

    /// A connection is over: the firewall tells of it, and the web log where it was not decrypted.
    pub(crate) fn tell_web_connection(&mut self, connection: &mut Connection, saas: usize, now: Timestamp) {
        let mut random = connection.random.fork();
        let host = self.topology.saas.get(saas);
        let line = self.firewall_line(connection, host, now);
        if !host.inspected {
            let client = &connection.client;
            let clock = &self.topology.sites.get(client.site).edges.get(client.edge).clock;
            // Here both hold the tunnel's lifetime.
            let life_ms = now.nanos_since(connection.started) / MILLI;
            let web = self.web_line(&Transaction {
                client,
                saas: host,
                path: "",
                method: "",
                status: 0,
                user_agent: "Unknown",
                bytes_up: connection.traffic.client_rx.bytes,
                bytes_down: connection.traffic.client_tx.bytes,
                ctime_ms: life_ms,
                stime_ms: life_ms,
                throttled: false,
                throttled_bytes: 0,
                blocked: false,
                record_id: connection.record_id,
                client_port: connection.client_port,
                logged: clock.read(now),
            });
            self.count("records.zia_web");
            self.send_nss(Feed::ZiaWeb, now, web, &mut random);
        }
        self.count("records.zia_firewall");
        self.send_nss(Feed::ZiaFirewall, now.shifted(SECOND / 10), line, &mut random);
    }

    fn tell_web_truth(
        &mut self,
        journey: &Journey,
        connection: &Connection,
        client: &Client,
        (own, status): (SpanId, u16),
        (record, served): (Option<EventUid>, Option<Served>),
    ) {
        if !journey.trace.is_sampled {
            return;
        }
        let timed = self.settings.zia == ZiaDialect::Tokens || self.settings.zia == ZiaDialect::Csv;
        let observed = match (timed && record.is_some(), own.is_zero()) {
            (_, true) => Observed::SpansOnly,
            (true, false) => Observed::WebTimed,
            (false, false) => Observed::WebUntimed,
        };
        self.truth.web_links(journey, connection, own, (record, served));
        self.truth.request(journey, None, client, (own, status), observed);
    }

    /// CSV has no record id: there the line itself is the id.
    fn web_uid(&self, record_id: u64, line: &str) -> EventUid {
        match self.settings.zia {
            ZiaDialect::Csv => EventUid::of_raw_line("zia", "zia_web", line.as_bytes()),
            _ => EventUid::of_vendor_uid("zia", "zia_web", &record_id.to_string()),
        }
    }

    fn web_sent(&self, journey: &Journey, span: SpanId, status: u16) -> Sent {
        Sent { trace: journey.trace, span, start: journey.timeline.start, end: journey.timeline.now, status }
    }

    fn method_of(&self, service: Option<usize>, ask: &Ask) -> &'static str {
        match service {
            Some(service) => self.topology.services.get(service).routes.get(ask.route).method,
            None if ask.bytes_up > 4_000 => "POST",
            None => "GET",
        }
    }

    /// With the feed's plain tokens a quote stays as it is.
    fn user_agent(&self, ask: &Ask, random: &mut Random) -> &'static str {
        if self.settings.raw_quotes && random.chance(0.02) {
            "Mozilla/5.0 \"kiosk\" build"
        } else {
            ask.user_agent
        }
    }
}
