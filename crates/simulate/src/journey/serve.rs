//! A service serves a request: its own code, and what that waits for.

use std::net::{Ipv4Addr, SocketAddrV4};

use fanlight_model::{SpanId, Timestamp};

use super::{Entry, Journey};
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;
use crate::spans::protobuf::Attributes;
use crate::spans::server::{Inbound, Told, describe, status_text};
use crate::spans::span::{Kind, Span};
use crate::timeline::{Part, Segment};
use crate::topology::service::{Call, MAX_DEPTH};

/// A request at the door of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) service: usize,
    pub(crate) pod: usize,
    pub(crate) route: usize,
    pub(crate) id: u64,
    pub(crate) peer: SocketAddrV4,
    pub(crate) local: SocketAddrV4,
    pub(crate) host: &'a str,
    pub(crate) host_port: u16,
    pub(crate) scheme: &'static str,
    pub(crate) user_agent: &'static str,
    pub(crate) forwarded_for: Option<Ipv4Addr>,
    pub(crate) parent: SpanId,
    pub(crate) status: u16,
    /// Both sides speak gRPC.
    pub(crate) is_grpc: bool,
    pub(crate) depth: usize,
}

/// How it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) span: SpanId,
    pub(crate) status: u16,
    pub(crate) told: Told,
}

impl Company {
    /// Serves it; the timeline moves on to the answer.
    pub(crate) fn serve(
        &mut self,
        journey: &mut Journey,
        arrival: &Arrival<'_>,
        random: &mut Random,
    ) -> Served {
        let span = journey.span_id(random);
        let (begin, before) = (journey.timeline.now, journey.timeline.parts);
        let services = &self.topology.services;
        journey.pass(|| format!("service:{}", services.get(arrival.service).name));
        journey.pass(|| format!("pod:{}", services.get(arrival.service).pods.get(arrival.pod).name));
        let mut status = arrival.status;
        if status < 500 {
            status = self.work(journey, arrival, span, random);
        } else {
            journey.timeline.spend(Segment::OurCode, random.nanos_lognormal(3_000_000, 0.5), 3_000_000);
        }
        if arrival.depth == 0 {
            let inside = inside(&before, &journey.timeline.parts);
            journey.entry = Some(Entry { span, start: begin, end: journey.timeline.now, inside_ns: inside });
        }
        let told = match journey.trace.is_sampled {
            true => self.server_span(journey, arrival, (begin, span, status)),
            false => Told::default(),
        };
        Served { span, status, told }
    }

    /// The route's own code in stretches, with what it waits for between them.
    fn work(
        &mut self,
        journey: &mut Journey,
        arrival: &Arrival<'_>,
        span: SpanId,
        random: &mut Random,
    ) -> u16 {
        let service = self.topology.services.get(arrival.service);
        let route = service.routes.get(arrival.route);
        let (median, calls) = (route.median_ns, route.calls.len());
        let stretches = calls as i64 + 1;
        let own = random.nanos_lognormal(median, 0.5);
        let deploy = self.incidents.of(journey.timeline.now, &Fault::BadDeploy { service: arrival.service });
        let mut status = arrival.status;
        for at in 0..=calls {
            journey.timeline.spend(Segment::OurCode, own / stretches, median / stretches);
            if let Some((incident, more_ms)) = deploy.filter(|_| at == 0)
                && self.topology.services.get(arrival.service).pods.get(arrival.pod).is_new
            {
                let more = random.nanos_lognormal((more_ms * 1e6) as i64, 0.1);
                journey.timeline.inject(Segment::OurCode, more, incident);
            }
            let call =
                self.topology.services.get(arrival.service).routes.get(arrival.route).calls.get(at).copied();
            let failed = match call {
                Some(Call::Database { database, shard, writes }) => {
                    self.query(journey, arrival, span, (database, shard, writes), random);
                    false
                }
                Some(Call::Service { service, route }) if arrival.depth + 1 < MAX_DEPTH => {
                    self.call(journey, arrival, span, (service, route), random) >= 500
                }
                _ => false,
            };
            if failed {
                status = 502;
                break;
            }
        }
        status
    }

    fn server_span(
        &mut self,
        journey: &Journey,
        arrival: &Arrival<'_>,
        (begin, id, status): (Timestamp, SpanId, u16),
    ) -> Told {
        let service = self.topology.services.get(arrival.service);
        let (pod, route) = (service.pods.get(arrival.pod), service.routes.get(arrival.route));
        let path = if route.has_id { format!("{}/{}", route.stem, arrival.id) } else { route.stem.clone() };
        let inbound = Inbound {
            method: route.method,
            scheme: arrival.scheme,
            host: arrival.host,
            host_port: arrival.host_port,
            path: &path,
            route: &route.template,
            status,
            user_agent: arrival.user_agent,
            peer: arrival.peer,
            local: arrival.local,
            forwarded_for: arrival.forwarded_for,
            is_grpc: arrival.is_grpc,
            service: &service.name,
        };
        let mut attributes = Attributes::of_span();
        let (name, scope, told) = describe(service.stack, &inbound, &mut attributes);
        let end = journey.timeline.now;
        let span = Span {
            trace: journey.trace,
            id,
            parent: arrival.parent,
            name,
            kind: Kind::Server,
            start: pod.clock.read(begin),
            end: pod.clock.read(end),
            scope,
            attributes,
            failed: (status >= 500).then(|| status_text(status)),
        };
        let exporter = pod.number;
        self.export(exporter, &span, end);
        told
    }
}

fn inside(before: &[Part; 12], after: &[Part; 12]) -> [i64; 12] {
    let mut inside = [0; 12];
    for (at, (before, after)) in inside.iter_mut().zip(before.iter().zip(after)) {
        *at = after.ns - before.ns;
    }
    inside
}
