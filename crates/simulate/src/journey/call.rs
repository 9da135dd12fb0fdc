//! One service calls another through the mesh.

use std::net::SocketAddrV4;

use fanlight_model::SpanId;

use super::Journey;
use super::serve::{Arrival, Served};
use crate::company::Company;
use crate::incident::Fault;
use crate::random::Random;
use crate::spans::client::{Outbound, describe};
use crate::spans::protobuf::Attributes;
use crate::spans::server::status_text;
use crate::spans::span::{Kind, Span};
use crate::timeline::Segment;
use crate::topology::service::Stack;

const LAN_NS: i64 = 250_000;
const SIDECAR_NS: i64 = 400_000;
/// Of the calls in a storm, the share that meets a refusal.
const REFUSED: f64 = 0.5;

impl Company {
    /// A client span, the way there, a server span, the way back. In a storm the sidecar tries again; the status is the last one's.
    pub(crate) fn call(
        &mut self,
        journey: &mut Journey,
        caller: &Arrival<'_>,
        parent: SpanId,
        (service, route): (usize, usize),
        random: &mut Random,
    ) -> u16 {
        let id = journey.span_id(random);
        let begin = journey.timeline.now;
        let callee = self.topology.services.get(service);
        let (pod, name, port) = (random.index(callee.pods.len()), callee.name.clone(), callee.port);
        let host = format!("{name}.shop.svc.cluster.local");
        let own = self.topology.services.get(caller.service).pods.get(caller.pod);
        let to = self.topology.services.get(service).pods.get(pod);
        let sidecars = i64::from(own.sidecar) + i64::from(to.sidecar);
        // A sidecar hands on from loopback; without one the caller's own address is the peer.
        let from = if to.sidecar { std::net::Ipv4Addr::new(127, 0, 0, 6) } else { own.address };
        let arrival = Arrival {
            service,
            pod,
            route,
            id: random.below(100_000),
            peer: SocketAddrV4::new(from, 32_768 + random.below(28_000) as u16),
            local: SocketAddrV4::new(to.address, port),
            host: &host,
            host_port: port,
            scheme: "http",
            user_agent: "shop-client/1.4",
            forwarded_for: None,
            parent: id,
            status: 200,
            is_grpc: callee.stack == Stack::GoGrpc && is_go(self.topology.services.get(caller.service).stack),
            depth: caller.depth + 1,
        };
        self.refused_attempts(journey, &arrival, random);
        let way = LAN_NS + sidecars * SIDECAR_NS;
        journey.timeline.spend(Segment::Mesh, random.nanos_lognormal(way, 0.3), way);
        let Served { status, .. } = self.serve(journey, &arrival, random);
        journey.timeline.spend(Segment::Mesh, random.nanos_lognormal(way, 0.3), way);
        if journey.trace.is_sampled {
            self.client_span(journey, caller, &arrival, (begin, id, parent, status));
        }
        status
    }

    /// In a storm: two to four attempts that the service refuses, and the sidecar's pauses between them.
    fn refused_attempts(&mut self, journey: &mut Journey, arrival: &Arrival<'_>, random: &mut Random) {
        let storm = self.incidents.of(journey.timeline.now, &Fault::RetryStorm { service: arrival.service });
        let Some((incident, _)) = storm.filter(|_| random.chance(REFUSED)) else { return };
        for attempt in 0..2 + random.below(3) {
            let begin = journey.timeline.now;
            let refused = Arrival { status: 503, ..arrival.clone() };
            self.serve(journey, &refused, random);
            journey.timeline.blame("dependency", journey.timeline.now.nanos_since(begin), incident);
            let pause = random.nanos_lognormal(25_000_000 << attempt, 0.2);
            journey.timeline.inject(Segment::Mesh, pause, incident);
        }
    }

    fn client_span(
        &mut self,
        journey: &Journey,
        caller: &Arrival<'_>,
        arrival: &Arrival<'_>,
        (begin, id, parent, status): (fanlight_model::Timestamp, SpanId, SpanId, u16),
    ) {
        let services = &self.topology.services;
        let (service, callee) = (services.get(caller.service), services.get(arrival.service));
        let (pod, route) = (service.pods.get(caller.pod), callee.routes.get(arrival.route));
        let path = if route.has_id { format!("{}/{}", route.stem, arrival.id) } else { route.stem.clone() };
        let outbound = Outbound {
            method: route.method,
            scheme: "http",
            host: arrival.host,
            port: arrival.host_port,
            path: &path,
            status,
            peer: arrival.local,
            service: &callee.name,
        };
        let mut attributes = Attributes::of_span();
        let (name, scope) =
            describe(service.stack, service.client_tells_peer, arrival.is_grpc, &outbound, &mut attributes);
        let end = journey.timeline.now;
        let span = Span {
            trace: journey.trace,
            id,
            parent,
            name,
            kind: Kind::Client,
            start: pod.clock.read(begin),
            end: pod.clock.read(end),
            scope,
            attributes,
            failed: (status >= 500).then(|| status_text(status)),
        };
        let exporter = pod.number;
        self.export(exporter, &span, end);
    }
}

const fn is_go(stack: Stack) -> bool {
    matches!(stack, Stack::GoHttp | Stack::GoGrpc)
}
