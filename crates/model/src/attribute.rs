//! Every attribute key that Fanlight reads or writes, in one place.

/// OpenTelemetry: the principal's id; here its pseudonym.
pub const USER_ID: &str = "user.id";
/// OpenTelemetry: the vendor rule.
pub const SECURITY_RULE_NAME: &str = "security_rule.name";
/// OpenTelemetry: the rule set that the vendor rule stands in; for ZPA its app segment group's policy is not told, so it is absent there.
pub const SECURITY_RULE_RULESET_NAME: &str = "security_rule.ruleset.name";

/// Where the principal really came from; the span's own `client.address` is often the app connector's.
pub const ACCESS_CLIENT_ADDRESS: &str = "fanlight.access.client.address";
/// `zpa`, `zia`, `envoy`, `gate`.
pub const ACCESS_PRODUCT: &str = "fanlight.access.product";
/// `allowed`, `blocked`, `failed`.
pub const ACCESS_DISPOSITION: &str = "fanlight.access.disposition";
/// List of effects.
pub const ACCESS_EFFECTS: &str = "fanlight.access.effects";
/// The vendor's reason code.
pub const ACCESS_REASON: &str = "fanlight.access.reason";
/// The app.
pub const ACCESS_APP: &str = "fanlight.access.app";
/// The app segment.
pub const ACCESS_APP_SEGMENT: &str = "fanlight.access.app_segment";
/// The service edge.
pub const ACCESS_SERVICE_EDGE: &str = "fanlight.access.service_edge";
/// The app connector.
pub const ACCESS_APP_CONNECTOR: &str = "fanlight.access.app_connector";
/// The access event's id, hex.
pub const ACCESS_EVENT_UID: &str = "fanlight.access.event.uid";
/// The feed that the event came from.
pub const ACCESS_EVENT_TYPE: &str = "fanlight.access.event.type";
/// The connection's true start, RFC 3339, on a synthetic span whose own times are clipped.
pub const ACCESS_CONNECTION_START: &str = "fanlight.access.connection.start";
/// The connection's true end, RFC 3339, likewise.
pub const ACCESS_CONNECTION_END: &str = "fanlight.access.connection.end";
/// Seconds: `PolicyProcessingTime`.
pub const ACCESS_PHASE_POLICY: &str = "fanlight.access.phase.policy.duration";
/// Seconds: `CAProcessingTime`.
pub const ACCESS_PHASE_DISPATCH: &str = "fanlight.access.phase.dispatch.duration";
/// Seconds: `ConnectorZENSetupTime`.
pub const ACCESS_PHASE_CONNECTOR_SETUP: &str = "fanlight.access.phase.connector_setup.duration";
/// Seconds: the whole set-up.
pub const ACCESS_PHASE_SETUP: &str = "fanlight.access.phase.setup.duration";
/// Seconds: `ServerSetupTime`.
pub const ACCESS_PHASE_SERVER_CONNECT: &str = "fanlight.access.phase.server_connect.duration";

/// The link's id, hex.
pub const LINK_ID: &str = "fanlight.link.id";
/// `R0` to `R8`.
pub const LINK_RUNG: &str = "fanlight.link.rung";
/// 0 to 1.
pub const LINK_CONFIDENCE: &str = "fanlight.link.confidence";
/// 0 to 1.
pub const LINK_RUNNER_UP: &str = "fanlight.link.runner_up";
/// Milliseconds.
pub const LINK_RESIDUAL_MS: &str = "fanlight.link.residual_ms";
/// Milliseconds.
pub const LINK_LATE_BY_MS: &str = "fanlight.link.late_by_ms";

/// `true` on a span that Fanlight made.
pub const SYNTHETIC: &str = "fanlight.synthetic";
/// Set to `true` on a span in which something was mended.
pub const REPAIRED: &str = "fanlight.repaired";

/// OpenTelemetry resource: the service's name.
pub const SERVICE_NAME: &str = "service.name";
/// OpenTelemetry resource: the service's namespace.
pub const SERVICE_NAMESPACE: &str = "service.namespace";
/// OpenTelemetry resource: the deployment environment.
pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment.environment.name";
/// The same before semantic conventions 1.27.
pub const DEPLOYMENT_ENVIRONMENT: &str = "deployment.environment";
/// OpenTelemetry resource: the host's addresses; a string array.
pub const HOST_IP: &str = "host.ip";
/// OpenTelemetry resource: the pod's address.
pub const K8S_POD_IP: &str = "k8s.pod.ip";

/// The socket's other side, stable conventions.
pub const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
/// Its port.
pub const NETWORK_PEER_PORT: &str = "network.peer.port";
/// The socket's own side, stable conventions; opt-in.
pub const NETWORK_LOCAL_ADDRESS: &str = "network.local.address";
/// Its port.
pub const NETWORK_LOCAL_PORT: &str = "network.local.port";
/// The socket's other side, conventions before 1.20.
pub const NET_SOCK_PEER_ADDR: &str = "net.sock.peer.addr";
/// Its port.
pub const NET_SOCK_PEER_PORT: &str = "net.sock.peer.port";
/// The socket's other side, conventions before 1.13.
pub const NET_PEER_IP: &str = "net.peer.ip";
/// Its port.
pub const NET_PEER_PORT: &str = "net.peer.port";
/// The listening port, old conventions.
pub const NET_HOST_PORT: &str = "net.host.port";
/// De-proxied client; the socket's peer only under scopes known to put it there.
pub const CLIENT_ADDRESS: &str = "client.address";
/// Its port.
pub const CLIENT_PORT: &str = "client.port";
/// The Host header; never the socket, but under Go's otelgrpc.
pub const SERVER_ADDRESS: &str = "server.address";
/// The Host header's port, likewise.
pub const SERVER_PORT: &str = "server.port";
/// The same before 1.21.
pub const NET_HOST_NAME: &str = "net.host.name";
/// The matched route.
pub const HTTP_ROUTE: &str = "http.route";
/// The response's status, stable conventions.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// The response's status, old conventions.
pub const HTTP_STATUS_CODE: &str = "http.status_code";
