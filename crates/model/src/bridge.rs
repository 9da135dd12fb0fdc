//! What a proxy between the edge and the app knows of both of its sides.

use std::sync::Arc;

use crate::{Endpoint, SpanId, TraceId};

/// The far side of a record of Envoy or nginx. The near side is the access event's own: `connector` is the peer that the proxy saw,
/// which is the app connector's socket, and `server_address:server_port` the proxy's own socket towards it. So an access event of the
/// edge joins the record by sockets, and the record joins a span by one of these ids, or by `upstream_local`, which is the peer that
/// the app's span names. `None` is "the record does not say".
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bridge {
    /// The proxy's own socket towards the app: Envoy `UPSTREAM_LOCAL_ADDRESS`; nginx cannot tell it.
    pub upstream_local: Option<Endpoint>,
    /// The app's socket, the last that was tried: Envoy `UPSTREAM_HOST`, nginx `upstream_addr`.
    pub upstream_remote: Option<Endpoint>,
    /// `x-request-id`, which the app's span may hold too.
    pub request_id: Option<Arc<str>>,
    /// The trace of the request, from the proxy or from the request's `traceparent`.
    pub trace_id: Option<TraceId>,
    /// The span that the request was made in, or that the proxy made for it.
    pub span_id: Option<SpanId>,
    /// The proxy's own number of the connection towards the peer; unique while the proxy runs.
    pub connection_number: Option<Arc<str>>,
    /// Envoy's response flags as sent, such as `UF,URX`.
    pub response_flags: Option<Arc<str>>,
    /// The whole request at the proxy, microseconds.
    pub duration_us: Option<u64>,
    /// Connecting to the app, microseconds; nginx only.
    pub upstream_connect_us: Option<u64>,
    /// Until the app's answer began, microseconds.
    pub upstream_first_byte_us: Option<u64>,
    /// Sending the answer, from its first byte to its last, microseconds; Envoy only.
    pub response_transmit_us: Option<u64>,
    /// How often the app was tried.
    pub attempts: Option<u64>,
}
