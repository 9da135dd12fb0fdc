//! From the app connector to the pod: a balancer, an ingress, a sidecar, or nothing.

use std::net::{Ipv4Addr, SocketAddrV4};

use fanlight_model::{EventUid, SpanId, Timestamp};

use super::serve::{Arrival, Served};
use super::{Ask, Journey};
use crate::company::Company;
use crate::edge::connection::Connection;
use crate::feeds::envoy::AccessLog;
use crate::random::Random;
use crate::spans::envoy::{Proxied, downstream, upstream};
use crate::spans::protobuf::Attributes;
use crate::spans::scope::Scope;
use crate::spans::span::{Kind, Span};
use crate::timeline::Segment;
use crate::topology::app::Fronting;

/// What the server's side saw of the app connector's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fronted {
    pub(crate) served: Served,
    pub(crate) sight: Sight,
    /// The status as the edge sees it.
    pub(crate) status: u16,
}

/// How much of the connection is left at the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Both halves.
    Whole,
    /// The app connector's half; the own one is not the record's.
    Peer,
    /// What a proxy's access log tells: this event.
    Bridged(EventUid),
    Nothing,
}

const PROXY_NS: i64 = 500_000;

impl Company {
    /// The request on its connection, to the pod and back to the app connector.
    pub(crate) fn front(
        &mut self,
        journey: &mut Journey,
        connection: &Connection,
        app: usize,
        ask: &Ask,
        parent: SpanId,
        random: &mut Random,
    ) -> Fronted {
        let number = app;
        let app = self.topology.apps.get(app);
        let (service, host, port, fronting) = (app.service, app.host.clone(), app.port, app.fronting);
        let peer = connection.peer(self.topology.connectors.get(connection.connector).address);
        let behind = self.topology.services.get(service);
        let local = SocketAddrV4::new(behind.pods.get(connection.pod).address, behind.port);
        let arrival = Arrival {
            service,
            pod: connection.pod,
            route: ask.route,
            id: ask.id,
            peer,
            local,
            host: &host,
            host_port: port,
            scheme: "https",
            user_agent: ask.user_agent,
            forwarded_for: None,
            parent,
            status: ask.status,
            is_grpc: false,
            depth: 0,
        };
        match fronting {
            Fronting::Direct => self.unfronted(journey, &arrival, Sight::Whole, random),
            Fronting::BalancerKeeps => self.unfronted(journey, &arrival, Sight::Peer, random),
            Fronting::BalancerTranslates => {
                let balancer = self.topology.proxies.get(number % self.topology.sizes.balancers);
                let translated =
                    SocketAddrV4::new(balancer.inside, 1_024 + (connection.record_id % 60_000) as u16);
                self.unfronted(journey, &Arrival { peer: translated, ..arrival }, Sight::Nothing, random)
            }
            Fronting::Ingress(at) => {
                let pods = self.topology.services.get(service).pods.len();
                let pod = random.index(pods);
                let address = self.topology.services.get(service).pods.get(pod).address;
                let local = SocketAddrV4::new(address, local.port());
                let proxy = Hop { proxy: Some(at), outer: connection.server, inner: None };
                self.proxied(journey, Arrival { pod, local, ..arrival }, proxy, connection, random)
            }
            Fronting::Sidecar => {
                let proxy = Hop { proxy: None, outer: local, inner: Some(Ipv4Addr::new(127, 0, 0, 6)) };
                self.proxied(journey, arrival, proxy, connection, random)
            }
        }
    }

    fn unfronted(
        &mut self,
        journey: &mut Journey,
        arrival: &Arrival<'_>,
        sight: Sight,
        random: &mut Random,
    ) -> Fronted {
        let served = self.serve(journey, arrival, random);
        Fronted { served, sight, status: served.status }
    }

    /// Through an Envoy: it has its own connection to the pod, an access log, and where it is an ingress perhaps spans.
    fn proxied(
        &mut self,
        journey: &mut Journey,
        mut arrival: Arrival<'_>,
        hop: Hop,
        connection: &Connection,
        random: &mut Random,
    ) -> Fronted {
        let outside = arrival.peer;
        let pod = self.topology.services.get(arrival.service).pods.get(arrival.pod).number;
        let pair = (hop.proxy.unwrap_or(1_000_000 + pod), pod);
        let begin = journey.timeline.now;
        let inside = hop.inner.unwrap_or_else(|| self.topology.proxies.get(pair.0).inside);
        arrival.peer = SocketAddrV4::new(inside, self.hops.take(pair, begin, random));
        arrival.forwarded_for = Some(*outside.ip());
        let traces = hop.proxy.filter(|at| self.topology.proxies.get(*at).traces);
        let ids = traces.map(|_| (journey.span_id(random), journey.span_id(random)));
        let parent = arrival.parent;
        if let Some((_, upstream)) = ids {
            arrival.parent = upstream;
        }
        journey.timeline.spend(Segment::Mesh, random.nanos_lognormal(PROXY_NS, 0.4), PROXY_NS);
        let sent = journey.timeline.now;
        let served = self.serve(journey, &arrival, random);
        let answered = journey.timeline.now;
        journey.timeline.spend(Segment::Mesh, random.nanos_lognormal(PROXY_NS, 0.4), PROXY_NS);
        self.hops.release(pair, arrival.peer.port(), answered);
        let request_id = request_id(random);
        let times = [begin, sent, answered, journey.timeline.now];
        if let (Some((outer, inner)), Some(at)) = (ids, traces) {
            let path = self.path_of(arrival.service, arrival.route, arrival.id);
            let proxied = Proxied {
                method: self.topology.services.get(arrival.service).routes.get(arrival.route).method,
                host: arrival.host,
                path: &path,
                status: served.status,
                request_id: &request_id,
                user_agent: arrival.user_agent,
            };
            self.proxy_spans(journey, at, proxied, (outer, inner, parent), (outside, arrival.local), times);
        }
        let log = AccessLog {
            proxy: hop.proxy,
            outside,
            outer: hop.outer,
            connection: connection.record_id % 1_000_000,
            request_id,
            times,
            status: served.status,
            bytes: [200, 4_000],
        };
        let uid = self.log_access(journey, &arrival, &log, random);
        Fronted { served, sight: Sight::Bridged(uid), status: served.status }
    }

    fn proxy_spans(
        &mut self,
        journey: &Journey,
        at: usize,
        proxied: Proxied<'_>,
        (outer, inner, parent): (SpanId, SpanId, SpanId),
        (outside, to): (SocketAddrV4, SocketAddrV4),
        [begin, sent, answered, end]: [Timestamp; 4],
    ) {
        if !journey.trace.is_sampled {
            return;
        }
        let clock = self.topology.proxies.get(at).clock.clone();
        let cluster = format!("outbound|{}||{}", to.port(), proxied.host);
        let (mut down, mut up) = (Attributes::of_span(), Attributes::of_span());
        downstream(proxied, outside, &mut down);
        upstream(proxied, to, &cluster, &mut up);
        let exporter = self.topology.sizes.pods + at;
        for (id, parent, kind, from, to, name, attributes) in [
            (outer, parent, Kind::Server, begin, end, "ingress".to_owned(), down),
            (inner, outer, Kind::Client, sent, answered, format!("router {cluster} egress"), up),
        ] {
            let span = Span {
                trace: journey.trace,
                id,
                parent,
                name,
                kind,
                start: clock.read(from),
                end: clock.read(to),
                scope: Scope::Envoy,
                attributes,
                failed: None,
            };
            self.export(exporter, &span, to);
        }
    }
}

/// Which Envoy: an ingress, or with `None` the pod's sidecar; the socket that it listens on; where it hands on from.
#[derive(Clone, Copy, Debug)]
struct Hop {
    proxy: Option<usize>,
    outer: SocketAddrV4,
    inner: Option<Ipv4Addr>,
}

/// A version 4 UUID.
fn request_id(random: &mut Random) -> String {
    let (high, low) = (random.word(), random.word());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
