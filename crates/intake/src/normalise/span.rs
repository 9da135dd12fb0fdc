//! A server span to its probe: which socket it was served on, as far as the span says.

use std::net::IpAddr;

use fanlight_model::{Endpoint, LocalEndpoint, Probe, ServiceId, SpanKind, hash_parts};
use fanlight_otlp::{Batch, JoinAttributes, ResourceView, SpanView};

/// Scopes that put the socket's peer into `client.address` and `client.port`: Python's servers, under the new conventions.
/// A server that trusts proxy headers rewrites the pair and sets port 0, which is no key.
const PEER_IS_CLIENT: &[&str] =
    &["asgi", "wsgi", "fastapi", "starlette", "flask", "django", "falcon", "pyramid"];
const PYTHON_SCOPE: &str = "opentelemetry.instrumentation.";

/// The scope that puts the socket's own side into `server.address` and `server.port`; everywhere else that is the Host header.
const LOCAL_IS_SERVER: &str = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc";

/// A service that never said its name is called this by its SDK, with the executable's name behind it.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The probes of a batch: one for each server span with a usable peer, in the order of the batch.
pub(crate) fn probes(batch: &Batch) -> Vec<Probe> {
    let mut probes = Vec::new();
    let mut known: Option<(u32, Resource)> = None;
    for (index, span) in (0..).zip(batch.spans()) {
        if !matches!(span.kind(), SpanKind::Server | SpanKind::Consumer) {
            continue;
        }
        let join = span.join();
        let Some(peer) = peer(&join, span.scope_name()) else { continue };
        let resource = match &known {
            Some((of, resource)) if *of == span.resource_index() => resource,
            _ => &known.insert((span.resource_index(), Resource::read(span.resource()))).1,
        };
        probes.push(probe(
            &span,
            index,
            peer,
            local(&join, span.scope_name(), peer, resource),
            resource.service,
        ));
    }
    probes
}

fn probe(span: &SpanView<'_>, index: u32, peer: Endpoint, local: LocalEndpoint, service: ServiceId) -> Probe {
    Probe {
        trace_id: span.trace_id(),
        span_id: span.span_id(),
        parent_span_id: span.parent_span_id(),
        start: span.start(),
        end: span.end(),
        kind: span.kind(),
        service,
        peer,
        local,
        index,
    }
}

/// The socket's other side, by the first of these that holds an IP address and a port: stable conventions, those before 1.20,
/// those before 1.13, and under Python's server scopes the client.
fn peer(join: &JoinAttributes<'_>, scope: &str) -> Option<Endpoint> {
    let pairs = [
        (join.network_peer_address, join.network_peer_port),
        (join.net_sock_peer_addr, join.net_sock_peer_port),
        (join.net_peer_ip, join.net_peer_port),
    ];
    pairs.into_iter().find_map(|(address, port)| endpoint(address, port)).or_else(|| {
        puts_peer_into_client(scope).then(|| endpoint(join.client_address, join.client_port)).flatten()
    })
}

fn puts_peer_into_client(scope: &str) -> bool {
    scope.strip_prefix(PYTHON_SCOPE).is_some_and(|framework| PEER_IS_CLIENT.contains(&framework))
}

fn endpoint(address: Option<&str>, port: Option<u16>) -> Option<Endpoint> {
    Endpoint::new(address.and_then(literal)?, port?)
}

/// The socket's own side: `network.local.*`; else the port of the old `net.host.port` and the resource's address.
fn local(join: &JoinAttributes<'_>, scope: &str, peer: Endpoint, resource: &Resource) -> LocalEndpoint {
    let socket = scope == LOCAL_IS_SERVER;
    let address = join
        .network_local_address
        .or_else(|| join.server_address.filter(|_| socket))
        .and_then(literal)
        .filter(|address| !address.is_unspecified())
        .or_else(|| resource.reached_from(peer.address));
    let port = join.network_local_port.or(join.net_host_port).or_else(|| join.server_port.filter(|_| socket));
    LocalEndpoint { address, port: port.filter(|port| *port != 0) }
}

/// An IP address in canonical form. Names are refused, and link-local addresses, which mean another host on every link.
fn literal(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    let address = address.to_canonical();
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    (!link_local).then_some(address)
}

/// What a resource says, read once for all its spans.
struct Resource {
    service: ServiceId,
    pod: Option<IpAddr>,
    host: Vec<IpAddr>,
}

/// A host with more addresses than this cannot be told by them.
const MAX_HOST_ADDRESSES: usize = 64;

impl Resource {
    fn read(resource: ResourceView<'_>) -> Self {
        let usable = |text: &str| literal(text).filter(|address| !address.is_unspecified());
        let mut host: Vec<IpAddr> = resource.host_ips().take(MAX_HOST_ADDRESSES).filter_map(usable).collect();
        host.sort_unstable();
        host.dedup();
        Self { service: service(resource), pod: resource.k8s_pod_ip().and_then(usable), host }
    }

    /// The one address under which `peer` can have reached this resource: the pod's, else the host's, of the peer's family,
    /// loopback only for a loopback peer. A host with several such addresses has none: a wrong one would rule out the right
    /// connection, while without one the join falls back to the port or to what it learned.
    fn reached_from(&self, peer: IpAddr) -> Option<IpAddr> {
        let same_family = |address: &&IpAddr| address.is_ipv4() == peer.is_ipv4();
        if let Some(pod) = self.pod.as_ref().filter(same_family) {
            return Some(*pod);
        }
        let (loopback, others): (Vec<IpAddr>, Vec<IpAddr>) =
            self.host.iter().filter(same_family).partition(|address| address.is_loopback());
        let candidates = if peer.is_loopback() && !loopback.is_empty() { loopback } else { others };
        match candidates.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }
}

fn service(resource: ResourceView<'_>) -> ServiceId {
    let name = resource.service_name().unwrap_or_default();
    if name.is_empty() || name.starts_with(UNKNOWN_SERVICE) {
        return ServiceId::UNKNOWN;
    }
    service_id(
        resource.service_namespace().unwrap_or_default(),
        name,
        resource.deployment_environment().unwrap_or_default(),
    )
}

/// The id of a service: the first eight bytes of `H(service.namespace, service.name, deployment.environment.name)`; what is absent
/// is the empty text.
pub fn service_id(namespace: &str, name: &str, environment: &str) -> ServiceId {
    let hash = hash_parts(&[namespace.as_bytes(), name.as_bytes(), environment.as_bytes()]);
    ServiceId(hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)))
}

#[cfg(test)]
mod tests;
